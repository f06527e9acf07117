//! A wheel as bytes, and back.

use super::{Link, NIL, Timer, Wheel, tick_of};
use crate::field::{Field, Input, Wrong};
use crate::time::Instant;
use alloc::vec::Vec;

impl Timer {
    /// A timer of no wheel.
    pub(crate) const fn none() -> Self {
        Self(NIL)
    }
}

impl<T: Copy> Wheel<T> {
    /// Writes all timers in the order in which those of the same moment fire; `put` writes an owner.
    pub(crate) fn snapshot(&self, log: &mut Vec<u8>, put: impl Fn(T, &mut Vec<u8>)) {
        self.tick.put(log);
        (self.nodes.len() as u64).put(log);
        for node in self.in_order() {
            let node = &self.nodes[node as usize];
            node.deadline.put(log);
            put(node.owner, log);
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
        for _ in 0..input.count()? {
            let deadline = Instant::take(input)?;
            let owner = take(input)?;
            timers.push((wheel.insert(deadline, owner), owner));
        }
        Ok((wheel, timers))
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
