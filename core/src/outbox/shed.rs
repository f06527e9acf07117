//! The hub's budget: at the limit the largest outboxes shed first.

use super::nodes::Node;
use super::{DropReason, Outboxes, Phase};
use alloc::vec::Vec;
use core::cmp::Reverse;

impl Outboxes {
    /// Whether a frame that holds `size` bytes fits in the budget, after shedding if need be: room is made for it and
    /// for the queue entries that `recipients` may need.
    ///
    /// Shedding sorts all clients once, O(n log n), and frees an eighth of the budget, so that it is rare.
    pub(super) fn make_room(&mut self, size: u64, recipients: usize) -> bool {
        let budget = self.limits.hub_bytes;
        let spare = budget / 8;
        // Few recipients need an entry: most join on to a span they have.
        let entries = (recipients as u64).saturating_mul(size_of::<Node>() as u64).min(spare);
        let need = size + entries;
        if self.used_bytes() + need > budget {
            self.shed_to(budget.saturating_sub(need).min(budget - spare));
        }
        self.used_bytes() + size <= budget
    }

    /// How many nodes there may be beside the frames there are.
    pub(super) fn most_nodes(&self) -> u32 {
        let left = self.limits.hub_bytes.saturating_sub(self.frames.bytes());
        u32::try_from(left / size_of::<Node>() as u64).unwrap_or(u32::MAX)
    }

    /// Sheds if the budget is exceeded: what comes back from a lease needs queue entries again, whose room may
    /// have been given away meanwhile.
    pub(crate) fn keep_to_budget(&mut self) {
        let budget = self.limits.hub_bytes;
        if self.used_bytes() > budget {
            self.shed_to(budget - budget / 8);
        }
    }

    fn shed_to(&mut self, target: u64) {
        let mut largest: Vec<(u32, u32)> = (0..self.entries.len() as u32)
            .filter(|&index| {
                let entry = &self.entries[index];
                entry.phase >= Phase::Open && entry.count > 0
            })
            .map(|index| (self.entries[index].bytes, index))
            .collect();
        largest.sort_unstable_by_key(|&(bytes, index)| (Reverse(bytes), index));
        for (_, index) in largest {
            if self.used_bytes() <= target {
                return;
            }
            self.drop_queue(index, DropReason::HubFull);
        }
    }
}
