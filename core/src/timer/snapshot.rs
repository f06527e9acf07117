//! A wheel as bytes, and back.

use super::{Due, Link, NIL, SLOTS, Timer, Wheel, tick_of};
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
    /// Writes all timers in the order in which those of the same moment fire; `put` writes an owner. Also what makes
    /// [`poll_timeout`](Self::poll_timeout) early: cancelled timers. The hub measures by it how long its host stood still, so that a
    /// wheel that is restored must answer the same.
    pub(crate) fn snapshot(&self, log: &mut Vec<u8>, put: impl Fn(T, &mut Vec<u8>)) {
        self.tick.put(log);
        (self.nodes.len() as u64).put(log);
        (self.due_live as u64).put(log);
        for node in self.in_order() {
            let node = &self.nodes[node as usize];
            node.deadline.put(log);
            put(node.owner, log);
        }
        self.due.peek().map_or(Instant::FAR_FUTURE, |Reverse(first)| first.deadline).put(log);
        for (level, slot) in self.occupied_slots() {
            self.slots[level * SLOTS + slot].soonest.put(log);
        }
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
        let (count, due) = (input.count()?, u64::take(input)?);
        for at in 0..count as u64 {
            let deadline = Instant::take(input)?;
            let owner = take(input)?;
            let timer = wheel.insert(deadline, owner);
            if at < due {
                wheel.make_due(timer, deadline)?;
            }
            timers.push((timer, owner));
        }
        wheel.restore_cancelled(input)?;
        Ok((wheel, timers))
    }

    /// Moves a timer of the wheel's own tick, which is the only one in a slot, into the heap.
    fn make_due(&mut self, timer: Timer, deadline: Instant) -> Result<(), Wrong> {
        if tick_of(deadline) > self.tick {
            return Err(Wrong::Malformed);
        }
        self.gather();
        match self.nodes[timer.0 as usize].link {
            Link::Due { .. } => Ok(()),
            _ => Err(Wrong::Malformed),
        }
    }

    /// Reads how early cancelled timers make [`poll_timeout`](Self::poll_timeout).
    fn restore_cancelled(&mut self, input: &mut Input<'_>) -> Result<(), Wrong> {
        let first = Instant::take(input)?;
        let live = self.due.peek().map_or(Instant::FAR_FUTURE, |Reverse(first)| first.deadline);
        if first > live || first < live && tick_of(first) > self.tick {
            return Err(Wrong::Malformed);
        }
        if first < live {
            // No node has this number: the entry counts as cancelled.
            self.due.push(Reverse(Due { deadline: first, order: self.due_count, node: NIL }));
            self.due_count += 1;
        }
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

    /// First those that came to the heap, as they came there, then each list, then those set to never.
    fn in_order(&self) -> Vec<u32> {
        let mut due: Vec<_> = self
            .nodes
            .iter()
            .filter_map(|(node, inside)| match inside.link {
                Link::Due { order } => Some((order, node as u32)),
                _ => None,
            })
            .collect();
        due.sort_unstable();
        let mut order: Vec<u32> = due.into_iter().map(|(_, node)| node).collect();
        for slot in &self.slots {
            let mut node = slot.head;
            while node != NIL {
                order.push(node);
                node = self.next(node);
            }
        }
        let idle = self.nodes.iter().filter(|(_, inside)| matches!(inside.link, Link::Idle));
        order.extend(idle.map(|(node, _)| node as u32));
        order
    }
}
