//! The hub's budget is used up: what waits is shed, and if that does not help, whoever holds memory by a frame that is
//! written in part is ended.
//!
//! A frame of which a transport has taken a part cannot be dropped: the rest must follow, or the stream is lost. A peer that
//! takes a byte now and then could hold its frame for as long as its write deadline lets it, and enough of them all of the
//! budget, so that nobody gets a message any more. Therefore they end before a message is dropped for everybody.

use super::Hub;
use crate::close::ClosedBy;
use crate::outbox::Phase;

/// Connections that one publish ends at most: there is room after one slice, or the next publish ends more.
pub(super) const SLICE: usize = 64;

impl Hub {
    /// Makes room for a frame that holds `size` bytes and for the queue entries that `recipients` may need.
    ///
    /// Mostly there is room. Else O(n log n) for all clients, and an eighth of the budget is free afterwards; or what is left
    /// is on lease, and nothing is looked at again before a lease has come back.
    #[inline]
    pub(super) fn make_room(&mut self, size: u64, recipients: usize) {
        if self.outboxes.is_short_of(size, recipients) {
            self.shed_for(size, recipients);
        }
    }

    #[cold]
    fn shed_for(&mut self, size: u64, recipients: usize) {
        let target = self.outboxes.shed_for(size, recipients);
        if self.outboxes.used_bytes() <= target {
            return;
        }
        let cut = self.outboxes.cut_frames();
        for &index in cut.iter().take(SLICE) {
            if self.outboxes.used_bytes() <= target {
                return;
            }
            self.end_for_budget(index);
        }
        if cut.len() <= SLICE && self.outboxes.used_bytes() > target {
            self.outboxes.remember_shortage();
        }
    }

    /// What is half written is not finished, so that no close frame can follow.
    fn end_for_budget(&mut self, index: u32) {
        self.totals.ended_for_budget += 1;
        match self.outboxes.entries[index].phase {
            Phase::Open => self.end_abruptly(index, "out of memory for its messages", ClosedBy::Hub),
            _ => self.abort(index),
        }
    }
}
