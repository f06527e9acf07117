//! What the locked state does for those who want to know of a message.

use crate::notice::dropped::Dropped;
use crate::notice::receipt::{Receipt, ReceiptId};
use crate::state::receipts::Asks;
use crate::state::types::Inner;
use throng_core::hub::{DropReason, Progress, Written};
use throng_core::id::ClientId;

impl Inner {
    /// The message that has just been queued is one of which somebody wants to know; its number.
    pub(crate) fn expect_receipt(&mut self, client: ClientId) -> u64 {
        let sequence = self.hub.sequence();
        let id = ReceiptId { client, sequence };
        if self.hub.is_waiting(client, sequence) {
            self.receipts.waiting.insert(id, Asks::One(None));
        } else {
            // It was dropped at once, and that was said before it could be known who wants to know: the transport takes
            // nothing any more, or the hub has made room for others.
            let (receipt, reason) = match self.hub.takes_nothing(client) {
                true => (Receipt::Gone, DropReason::Closed),
                false => (Receipt::Dropped(DropReason::HubFull), DropReason::HubFull),
            };
            self.receipts.told.insert(id, receipt);
            if self.wants.dropped {
                self.tell_more_dropped(client, Dropped::named(reason, id));
            }
        }
        sequence
    }

    /// Leases are about to be returned: what is written of them?
    #[cold]
    pub(crate) fn tell_written(&mut self, results: &[Written]) {
        for written in results {
            for id in self.receipts.of(written.client) {
                let leased_at = self.hub.leased_at(written.client, id.sequence);
                let is_written = leased_at.is_some_and(|at| match written.progress {
                    Progress::All => true,
                    Progress::Part { items, .. } => items as usize > at,
                });
                if is_written {
                    self.receipts.tell(id, Receipt::Written, &mut self.wakes);
                }
            }
        }
    }

    /// Something of this client was dropped, and why. Which of the messages that somebody wants to know of.
    #[cold]
    pub(crate) fn tell_dropped(&mut self, client: ClientId, reason: DropReason) -> Vec<ReceiptId> {
        let receipt = match reason {
            DropReason::Closed => Receipt::Gone,
            reason => Receipt::Dropped(reason),
        };
        let mut dropped = self.receipts.of(client);
        dropped.retain(|id| !self.hub.is_waiting(client, id.sequence));
        for id in &dropped {
            self.receipts.tell(*id, receipt, &mut self.wakes);
        }
        dropped
    }

    /// The transport has ended: nothing more is written.
    #[cold]
    pub(crate) fn tell_gone(&mut self, client: ClientId) {
        for id in self.receipts.of(client) {
            self.receipts.tell(id, Receipt::Gone, &mut self.wakes);
        }
    }
}
