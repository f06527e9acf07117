//! Checks the invariants of a [`Wheel`], and returns what the hub's own checks need of it.

use super::{LEVELS, Link, NIL, SLOTS, Slot, Spreading, Timer, Wheel, is_live, tick_of};
use crate::invariant::{Broken, Invariant, ensure};
use crate::time::Instant;

impl<T: Copy> Wheel<T> {
    /// Checks that every timer is in the slot of its deadline or in the heap, once, and that the owner of every fired timer
    /// has set it again or has no deadline. O(timers).
    pub(crate) fn check(&self) -> Result<(), Broken> {
        let mut placed = self.check_spreading()?;
        for (number, slot) in self.slots.iter().enumerate() {
            placed += self.check_slot(number / SLOTS, number % SLOTS, slot)?;
        }
        let due = self.due.iter().filter(|due| is_live(&self.nodes, &due.0)).count();
        ensure(due == self.due_live, Invariant::TimerPlace, 0)?;
        let mut idle = 0;
        for (key, node) in &self.nodes {
            if let Link::Idle = node.link {
                ensure(node.deadline == Instant::FAR_FUTURE, Invariant::TimerLost, key as u32)?;
                idle += 1;
            }
        }
        ensure(placed + due + idle == self.nodes.len(), Invariant::TimerPlace, 0)
    }

    /// Checks the list of a slot, whose timers must all have their deadline in that slot. Returns the number of timers.
    fn check_slot(&self, level: usize, number: usize, slot: &Slot) -> Result<usize, Broken> {
        debug_assert!(level < LEVELS);
        let (mut at, mut before, mut count) = (slot.head, NIL, 0);
        while at != NIL {
            let node = self.nodes.get(at as usize);
            let is_here = node.is_some_and(|node| {
                matches!(node.link, Link::Slot { prev, .. } if prev == before)
                    && self.place(node.deadline) == (level, number)
                    && slot.soonest <= node.deadline
            });
            count += 1;
            ensure(is_here && count <= self.nodes.len(), Invariant::TimerPlace, at)?;
            (before, at) = (at, self.next(at));
        }
        let is_marked = self.occupied[level] & 1 << number != 0;
        ensure(slot.tail == before && is_marked == (count > 0), Invariant::TimerPlace, slot.head)?;
        Ok(count)
    }

    /// Checks the timers that still have to move down a level, from the slot that the wheel entered last. Returns their
    /// number.
    fn check_spreading(&self) -> Result<usize, Broken> {
        let Some(Spreading { shift, head, tail }) = self.spreading else { return Ok(0) };
        ensure(head != NIL && self.tick.trailing_zeros() >= shift, Invariant::TimerPlace, head)?;
        let (mut at, mut before, mut count) = (head, NIL, 0);
        while at != NIL {
            let is_here = self.nodes.get(at as usize).is_some_and(|node| {
                let tick = tick_of(node.deadline).max(self.tick);
                matches!(node.link, Link::Slot { prev, .. } if prev == before)
                    && node.deadline != Instant::FAR_FUTURE
                    && (tick ^ self.tick) >> shift == 0
            });
            count += 1;
            ensure(is_here && count <= self.nodes.len(), Invariant::TimerPlace, at)?;
            (before, at) = (at, self.next(at));
        }
        ensure(tail == before, Invariant::TimerPlace, head)?;
        Ok(count)
    }

    /// The deadline and the owner of a timer; `None` if the timer was removed.
    pub(crate) fn get(&self, timer: Timer) -> Option<(Instant, T)> {
        self.nodes.get(timer.0 as usize).map(|node| (node.deadline, node.owner))
    }

    /// The number of timers, both pending and fired, that their owners have not removed.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }
}
