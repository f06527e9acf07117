//! Reports the results of messages sent with a receipt.

use crate::notice::dropped::DropNotice;
use crate::notice::receipt::{Receipt, ReceiptId};
use crate::state::receipts::Asks;
use crate::state::types::Inner;
use throng_core::ClientId;
use throng_core::hub::DropReason;
use throng_core::outbox::{Progress, Written};

impl Inner {
    /// Registers the receipt of the message that was just queued; returns its sequence number.
    pub(crate) fn expect_receipt(&mut self, client: ClientId) -> u64 {
        let sequence = self.hub.sequence();
        let id = ReceiptId { client, sequence };
        if self.hub.is_waiting(client, sequence) {
            self.receipts.waiting.insert(id, Asks::One(None));
        } else {
            // The message was dropped during its publish, before the receipt was registered: the transport takes
            // nothing any more, or the hub made room for others.
            let (receipt, reason) = match self.hub.takes_nothing(client) {
                true => (Receipt::Gone, DropReason::Closed),
                false => (Receipt::Dropped(DropReason::HubFull), DropReason::HubFull),
            };
            self.receipts.told.insert(id, receipt);
            if self.written_hooks.dropped {
                self.tell_more_dropped(client, DropNotice::named(reason, id));
            }
        }
        sequence
    }

    /// Called before leases are returned: reports the messages that were written.
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

    /// Reports messages of this client that were dropped; returns their ids.
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

    /// Reports all messages of a client whose transport has ended.
    #[cold]
    pub(crate) fn tell_gone(&mut self, client: ClientId) {
        for id in self.receipts.of(client) {
            self.receipts.tell(id, Receipt::Gone, &mut self.wakes);
        }
    }
}
