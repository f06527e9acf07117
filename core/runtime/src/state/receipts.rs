//! The messages that were sent with a receipt, and the receipts that were not fetched yet.

use crate::notice::receipt::{Receipt, ReceiptId};
use crate::state::wakes::{Wakes, replace};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::mem;
use core::task::{Poll, Waker};
use throng_core::ClientId;

/// The messages that were sent with a receipt. For a client at most as many can wait as its outbox may hold messages.
#[derive(Default)]
pub(crate) struct Receipts {
    /// Messages whose result is not known yet.
    pub(crate) waiting: BTreeMap<ReceiptId, Asks>,
    /// Receipts that their future has not fetched yet.
    pub(crate) told: BTreeMap<ReceiptId, Receipt>,
}

/// What receives the result of a message.
pub(crate) enum Asks {
    /// A future that will fetch the receipt, with its waker if it waits.
    One(Option<Waker>),
    /// Only the `dropped` hook, if the message is dropped.
    Hook,
}

impl Receipts {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// All messages with a receipt, whether their result is known or not.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.waiting.len() + self.told.len()
    }

    /// The messages to a client whose result is not known yet.
    pub(crate) fn of(&self, client: ClientId) -> Vec<ReceiptId> {
        let at = |sequence| ReceiptId { client, sequence };
        self.waiting.range(at(0)..=at(u64::MAX)).map(|(id, _)| *id).collect()
    }

    /// Sets the result of a message.
    pub(crate) fn tell(&mut self, id: ReceiptId, receipt: Receipt, wakes: &mut Wakes) {
        if let Some(Asks::One(waker)) = self.waiting.remove(&id) {
            self.told.insert(id, receipt);
            if let Some(waker) = waker {
                wakes.push(waker);
            }
        }
    }

    /// Fetches a receipt; pending while the result is not known. Drop the returned waker after the lock is released.
    pub(crate) fn poll(&mut self, id: ReceiptId, waker: &Waker) -> (Poll<Receipt>, Option<Waker>) {
        if let Some(Asks::One(place)) = self.waiting.get_mut(&id) {
            return (Poll::Pending, replace(place, waker));
        }
        (Poll::Ready(self.told.remove(&id).unwrap_or(Receipt::Gone)), None)
    }

    /// Forgets a message whose result is no longer of interest. Drop the returned waker after the lock is released.
    pub(crate) fn forget(&mut self, id: ReceiptId) -> Option<Waker> {
        self.told.remove(&id);
        match self.waiting.remove(&id) {
            Some(Asks::One(waker)) => waker,
            _ => None,
        }
    }

    /// Leaves the result to the `dropped` hook, in place of a future. Drop the returned waker after the lock is released.
    pub(crate) fn detach(&mut self, id: ReceiptId) -> Option<Waker> {
        self.told.remove(&id);
        match mem::replace(self.waiting.get_mut(&id)?, Asks::Hook) {
            Asks::One(waker) => waker,
            Asks::Hook => None,
        }
    }
}
