//! Writes a wheel as bytes and reads it back.

use super::{DIGIT_BITS, Due, Link, NIL, Node, SLOTS, Spreading, TICK_BITS, Timer, Wheel, is_live, tick_of};
use crate::field::{Field, Input, Wrong};
use crate::time::Instant;
use alloc::vec::Vec;
use core::cmp::Reverse;

impl Timer {
    /// A timer of no wheel.
    pub(crate) const fn none() -> Self {
        Self(NIL)
    }
}

impl<T: Copy> Wheel<T> {
    /// Writes all timers, those of one moment in the order in which they fire; `put` writes an owner. Also writes
    /// cancelled timers as far as they are visible: they take steps and make [`poll_timeout`](Self::poll_timeout) early,
    /// by which the hub measures standstills. A restored wheel must return the same.
    pub(crate) fn snapshot(&self, log: &mut Vec<u8>, put: impl Fn(T, &mut Vec<u8>)) {
        let put_node = |node: u32, log: &mut Vec<u8>| {
            let node = &self.nodes[node as usize];
            node.deadline.put(log);
            put(node.owner, log);
        };
        self.tick.put(log);
        let mut due: Vec<Due> = self.due.iter().map(|&Reverse(due)| due).collect();
        due.sort_unstable_by_key(|due| due.order);
        (due.len() as u64).put(log);
        for due in due {
            let is_live = is_live(&self.nodes, &due);
            log.push(u8::from(is_live));
            match is_live {
                true => put_node(due.node, log),
                false => due.deadline.put(log),
            }
        }
        let placed = self.placed();
        (placed.len() as u64).put(log);
        placed.into_iter().for_each(|node| put_node(node, log));
        for (level, slot) in self.occupied_slots() {
            self.slots[level * SLOTS + slot].soonest.put(log);
        }
        self.spreading.map(|spreading| spreading.shift).put(log);
        let spreading = self.list(self.spreading.map_or(NIL, |spreading| spreading.head));
        (spreading.len() as u64).put(log);
        spreading.into_iter().for_each(|node| put_node(node, log));
    }

    /// Reads what [`snapshot`](Self::snapshot) wrote: the wheel, and each timer with its owner.
    pub(crate) fn restore<'a>(
        input: &mut Input<'a>,
        now: Instant,
        take: impl Fn(&mut Input<'a>) -> Result<T, Wrong>,
    ) -> Result<(Self, Vec<(Timer, T)>), Wrong> {
        let mut wheel = Self::new();
        wheel.tick = u64::take(input)?;
        if wheel.tick > tick_of(now) {
            return Err(Wrong::Malformed);
        }
        let mut timers = Vec::new();
        for _ in 0..input.count()? {
            let (is_live, deadline) = (bool::take(input)?, Instant::take(input)?);
            if tick_of(deadline) > wheel.tick {
                return Err(Wrong::Malformed);
            }
            let owner = if is_live { Some(take(input)?) } else { None };
            let timer = wheel.push_due(deadline, owner);
            timers.extend(owner.map(|owner| (timer, owner)));
        }
        for _ in 0..input.count()? {
            let (deadline, owner) = (Instant::take(input)?, take(input)?);
            timers.push((wheel.insert(deadline, owner), owner));
        }
        wheel.restore_soonest(input)?;
        let shift: Option<u32> = Field::take(input)?;
        let spreading = input.count()?;
        if shift.is_some() != (spreading > 0) || shift.is_some_and(|shift| !wheel.may_spread(shift)) {
            return Err(Wrong::Malformed);
        }
        for at in 0..spreading {
            let (deadline, owner) = (Instant::take(input)?, take(input)?);
            let timer = wheel.insert(Instant::FAR_FUTURE, owner);
            wheel.nodes[timer.0 as usize].deadline = deadline;
            match (at, shift) {
                (0, Some(shift)) => {
                    wheel.nodes[timer.0 as usize].link = Link::Slot { prev: NIL, next: NIL };
                    wheel.spreading = Some(Spreading { shift, head: timer.0, tail: timer.0 });
                }
                // `check` finds a timer in the wrong slot.
                _ => wheel.link(timer.0),
            }
            timers.push((timer, owner));
        }
        Ok((wheel, timers))
    }

    /// Whether a slot of this width can be the one entered last.
    fn may_spread(&self, shift: u32) -> bool {
        let is_level = shift > 0 && shift.is_multiple_of(DIGIT_BITS) && shift < u64::BITS - TICK_BITS;
        is_level && self.tick.trailing_zeros() >= shift
    }

    /// Adds an entry to the heap, for a timer with an owner or for a cancelled one.
    fn push_due(&mut self, deadline: Instant, owner: Option<T>) -> Timer {
        let order = self.due_count;
        self.due_count += 1;
        // The entry of a cancelled timer has the number of no node.
        let node = match owner {
            Some(owner) => {
                self.due_live += 1;
                self.nodes.insert(Node { deadline, owner, link: Link::Due { order } }) as u32
            }
            None => NIL,
        };
        self.due.push(Reverse(Due { deadline, order, node }));
        Timer(node)
    }

    /// Reads how early cancelled timers make [`poll_timeout`](Self::poll_timeout).
    fn restore_soonest(&mut self, input: &mut Input<'_>) -> Result<(), Wrong> {
        for (level, slot) in self.occupied_slots() {
            let soonest = Instant::take(input)?;
            if soonest > self.slots[level * SLOTS + slot].soonest || self.place(soonest) != (level, slot) {
                return Err(Wrong::Malformed);
            }
            self.slots[level * SLOTS + slot].soonest = soonest;
        }
        Ok(())
    }

    /// The slots that are not empty, in order.
    fn occupied_slots(&self) -> Vec<(usize, usize)> {
        let is_occupied = |&(level, slot): &(usize, usize)| self.occupied[level] & 1 << slot != 0;
        let levels = 0..self.occupied.len();
        levels.flat_map(|level| (0..SLOTS).map(move |slot| (level, slot))).filter(is_occupied).collect()
    }

    /// The timers of all slots, then those that never fire.
    fn placed(&self) -> Vec<u32> {
        let mut placed: Vec<u32> = self.slots.iter().flat_map(|slot| self.list(slot.head)).collect();
        let idle = self.nodes.iter().filter(|(_, inside)| matches!(inside.link, Link::Idle));
        placed.extend(idle.map(|(node, _)| node as u32));
        placed
    }

    /// The nodes of a list.
    fn list(&self, head: u32) -> Vec<u32> {
        let first = (head != NIL).then_some(head);
        core::iter::successors(first, |&node| Some(self.next(node)).filter(|&next| next != NIL)).collect()
    }
}
