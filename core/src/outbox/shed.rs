//! The hub's budget: at the limit the largest outboxes shed first.

use super::{DropReason, Outboxes, Phase};
use alloc::vec::Vec;
use core::cmp::Reverse;

impl Outboxes {
    /// Whether a frame of `size` bytes for at most `recipients` clients fits in the budget, after shedding if
    /// need be.
    ///
    /// Shedding sorts all clients once, O(n log n), and frees an eighth of the budget, so that it is rare.
    pub(super) fn make_room(&mut self, size: u32, recipients: usize) -> bool {
        let need = u64::from(size) + recipients as u64 * size_of::<super::nodes::Node>() as u64;
        let budget = self.limits.hub_bytes;
        if self.used_bytes() + need <= budget {
            return true;
        }
        self.shed_to(budget.saturating_sub(need).min(budget - budget / 8));
        self.used_bytes() + need <= budget
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
