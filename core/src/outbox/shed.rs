//! The hub's budget: gives up histories first, then sheds the largest outboxes, and finds the clients that hold frames which cannot be shed.

use super::nodes::Node;
use super::{DropReason, Outboxes, Phase, Sending};
use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;

/// After how many dropped messages shedding stops, if there is room for what is needed now: about a millisecond of work, most of
/// it to free memory. An outbox is always dropped as a whole, so the last one may exceed this number.
pub(super) const AT_ONCE: u32 = 4_096;

impl Outboxes {
    /// Whether a frame of `size` bytes and the queue entries that `recipients` may need exceed the budget, and shedding may
    /// help. `false` for a frame that is larger than the budget: nothing is shed for it.
    #[inline]
    pub(crate) fn is_short_of(&self, size: u64, recipients: usize) -> bool {
        let used = self.used_bytes();
        used + self.need(size, recipients) > self.limits.hub_bytes
            && size <= self.limits.hub_bytes
            && !self.is_known_shortage(used)
    }

    /// Sheds the largest outboxes until there is room for the frame and an eighth of the budget is free, so that shedding is
    /// rare. Returns how many bytes may be used then; more are used if the rest is on lease. Returns `None` if it stopped
    /// earlier, with room for the frame, after [`AT_ONCE`] messages: later publishes shed the rest.
    ///
    /// O(n) for all clients, and O(log n) for each that sheds.
    pub(crate) fn shed_for(&mut self, size: u64, recipients: usize) -> Option<u64> {
        let budget = self.limits.hub_bytes;
        let target = budget.saturating_sub(self.need(size, recipients)).min(budget - budget / 8);
        self.shed_to(target, budget.saturating_sub(size)).then_some(target)
    }

    /// Notes that shedding did not help, since the rest is on lease. Until a lease comes back or an eighth of the budget
    /// has been queued, publishes do not try again; otherwise each of them would sort all clients in vain.
    pub(crate) fn remember_shortage(&mut self) {
        self.shortage = Some(self.used_bytes());
    }

    /// Notes that shedding may help again.
    #[inline]
    pub(crate) fn forget_shortage(&mut self) {
        self.shortage = None;
    }

    fn is_known_shortage(&self, used: u64) -> bool {
        // What was kept since then can be given up.
        !self.has_history()
            && self.shortage.is_some_and(|left| used < left.saturating_add(self.limits.hub_bytes / 8))
    }

    fn need(&self, size: u64, recipients: usize) -> u64 {
        // Few recipients need an entry, since most only extend their last span.
        let entries = (recipients as u64).saturating_mul(size_of::<Node>() as u64);
        size + entries.min(self.limits.hub_bytes / 8)
    }

    /// The clients whose transports have begun a message that is not on lease, in the order of the memory that their end frees,
    /// the most first. If several clients have begun the same frame, its bytes are divided among them. O(n log n).
    pub(crate) fn begun_frames(&self) -> Vec<u32> {
        let mut begun: Vec<(u64, u32, u64)> = Vec::new();
        for index in 0..self.entries.len() as u32 {
            let entry = &self.entries[index];
            if entry.phase >= Phase::Open
                && entry.sending != Sending::Leased
                && let Some(frame) = self.begun_items(index).and_then(|items| items.frames().next())
            {
                begun.push((self.frames.sequence(frame), index, self.frames.get(frame).held()));
            }
        }
        begun.sort_unstable();
        let mut ranked = Vec::with_capacity(begun.len());
        for same in begun.chunk_by(|one, other| one.0 == other.0) {
            let holders = same.len() as u64;
            ranked.extend(
                same.iter().map(|&(sequence, index, held)| (Reverse(held / holders), sequence, index)),
            );
        }
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, _, index)| index).collect()
    }

    /// The most nodes that fit into the budget beside the frames.
    pub(super) fn most_nodes(&self) -> u32 {
        let left = self.limits.hub_bytes.saturating_sub(self.frames.bytes());
        u32::try_from(left / size_of::<Node>() as u64).unwrap_or(u32::MAX)
    }

    /// Sheds if the budget is exceeded: frames that come back from a lease need queue entries again, and other frames
    /// may have taken that room.
    pub(crate) fn keep_to_budget(&mut self) {
        let (budget, used) = (self.limits.hub_bytes, self.used_bytes());
        if used > budget && (self.has_history() || self.shortage.is_none_or(|left| used > left)) {
            self.shed_to(budget - budget / 8, budget);
        }
    }

    /// Sheds the largest outboxes until at most `target` bytes are used. Stops earlier, and returns false, when [`AT_ONCE`]
    /// messages were dropped and at most `enough` bytes are used.
    fn shed_to(&mut self, target: u64, enough: u64) -> bool {
        let is_done = self.evict_history(target, enough);
        let used = self.used_bytes();
        if used <= target || !is_done && used <= enough {
            return is_done;
        }
        self.totals.sheds += 1;
        // A heap, because few of the outboxes are shed, and the others need no order.
        let mut largest: BinaryHeap<(u32, Reverse<u32>)> = (0..self.entries.len() as u32)
            .filter(|&index| {
                let entry = &self.entries[index];
                entry.phase >= Phase::Open && entry.count > 0
            })
            .map(|index| (self.entries[index].bytes, Reverse(index)))
            .collect();
        let mut left = AT_ONCE;
        while let Some((_, Reverse(index))) = largest.pop() {
            let used = self.used_bytes();
            if used <= target {
                return true;
            }
            if left == 0 && used <= enough {
                return false;
            }
            left = left.saturating_sub(self.entries[index].count);
            self.drop_queue(index, DropReason::HubFull);
        }
        true
    }
}
