//! What became of single messages, told to whoever asks.
//!
//! A message of which somebody wants to know is known by its client and the number of its publish. Nothing is kept of
//! others, neither here nor in the hub, which is asked before leases are returned and when something was dropped: what it
//! has on lease, and what still waits. While nobody asks, that is one look at an empty map for each event.

use super::client::Client;
use super::hub::published;
use super::inner::Inner;
use super::member::Member;
use super::message::{IntoFrame, SendError};
use super::wakes::Wakes;
use crate::hub::{DropReason, Event, Outcome, Progress, Published, Target, Written};
use crate::id::ClientId;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Receipt {
    /// The transport has taken all of it: a plain one is the kernel, any other may still hold some of it back. Whether it
    /// arrived, only the peer can say.
    Written,
    /// It was dropped before it was written, and this is why.
    Dropped(DropReason),
    /// The client ended, or its transport broke, before it was written.
    Gone,
}

/// Waits until a message was written or will not be: [`Client::send_with_receipt`].
#[must_use = "a future does nothing unless it is polled"]
pub struct ReceiptWait {
    member: Arc<Member>,
    sequence: u64,
    is_over: bool,
}

impl Client {
    /// Sends to this client, and says when the message was written, or that it will not be and why.
    ///
    /// It is sent at once, in order with all else; the receipt always comes, at the latest when the transport has ended.
    /// Cancel-safe: who does not wait for the receipt loses nothing but that.
    ///
    /// Cost: one more entry of a map, and O(messages that wait for this client) under the lock when it is written, or
    /// something is dropped. Messages that [`Coalesce`](super::Coalesce) joins, or that are compressed in a context, count as
    /// written when the transport has taken a part of them.
    ///
    /// ```
    /// use throng_core::runtime::{Client, Receipt, SendError};
    ///
    /// /// Whether the client has been given the invoice.
    /// async fn bill(client: &Client, invoice: &str) -> Result<bool, SendError> {
    ///     let receipt = client.send_with_receipt(invoice)?;
    ///     Ok(receipt.await == Receipt::Written)
    /// }
    /// ```
    ///
    /// # Errors
    /// As of [`send`](Self::send): nothing was queued.
    pub fn send_with_receipt(&self, message: impl IntoFrame) -> Result<ReceiptWait, SendError> {
        let (client, shared) = (self.id(), &self.member.shared);
        let frame = &shared.deflating.send(&self.member, message.into_frame()?);
        let targets = &[Target::Client(client)];
        let (result, sequence) = shared.publish_by(frame.payload().len(), |inner, now| {
            let result = inner.handle(now, Event::Publish { targets, except: &[], frame, policy: None });
            let is_queued = matches!(result, Ok(Outcome::Published(Published { queued: 1, .. })));
            (result, is_queued.then(|| inner.expect_receipt(client)))
        });
        published(result)?;
        let sequence = sequence.ok_or(SendError::Full)?;
        Ok(ReceiptWait { member: Arc::clone(&self.member), sequence, is_over: false })
    }
}

impl Future for ReceiptWait {
    type Output = Receipt;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Receipt> {
        let this = self.get_mut();
        if this.is_over {
            return Poll::Pending;
        }
        let key = (this.member.id, this.sequence);
        let (polled, old) = this.member.shared.with(|inner, _| inner.receipts.poll(key, cx.waker()));
        drop(old);
        this.is_over = polled.is_ready();
        polled
    }
}

impl Drop for ReceiptWait {
    fn drop(&mut self) {
        if !self.is_over {
            let key = (self.member.id, self.sequence);
            let old = self.member.shared.with(|inner, _| inner.receipts.forget(key));
            drop(old);
        }
    }
}

/// A message: whose, and the number of its publish.
type Key = (ClientId, u64);

/// The messages of which somebody wants to know. No more of one client wait than its outbox holds messages.
#[derive(Default)]
pub(super) struct Receipts {
    waiting: BTreeMap<Key, Option<Waker>>,
    /// Those that are not fetched yet.
    told: BTreeMap<Key, Receipt>,
}

impl Receipts {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Messages of which somebody wants to know, told or not.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.told.len()
    }

    fn of(&self, client: ClientId) -> Vec<u64> {
        self.waiting.range((client, 0)..=(client, u64::MAX)).map(|((_, sequence), _)| *sequence).collect()
    }

    fn tell(&mut self, key: Key, receipt: Receipt, wakes: &mut Wakes) {
        if let Some(waker) = self.waiting.remove(&key) {
            self.told.insert(key, receipt);
            if let Some(waker) = waker {
                wakes.push(waker);
            }
        }
    }

    /// What comes back beside the receipt is to be dropped after the lock.
    fn poll(&mut self, key: Key, waker: &Waker) -> (Poll<Receipt>, Option<Waker>) {
        if let Some(place) = self.waiting.get_mut(&key) {
            return (Poll::Pending, super::inner::replace(place, waker));
        }
        (Poll::Ready(self.told.remove(&key).unwrap_or(Receipt::Gone)), None)
    }

    fn forget(&mut self, key: Key) -> Option<Waker> {
        self.told.remove(&key);
        self.waiting.remove(&key).flatten()
    }
}

impl Inner {
    /// The message that has just been queued is one of which somebody wants to know; its number.
    fn expect_receipt(&mut self, client: ClientId) -> u64 {
        let sequence = self.hub.sequence();
        if self.hub.is_waiting(client, sequence) {
            self.receipts.waiting.insert((client, sequence), None);
        } else {
            // The hub has made room for others at once.
            self.receipts.told.insert((client, sequence), Receipt::Dropped(DropReason::HubFull));
        }
        sequence
    }

    /// Leases are about to be returned: what is written of them?
    #[cold]
    pub(super) fn tell_written(&mut self, results: &[Written]) {
        for written in results {
            for sequence in self.receipts.of(written.client) {
                let is_written =
                    self.hub.leased_at(written.client, sequence).is_some_and(|at| match written.progress {
                        Progress::All => true,
                        Progress::Part { items, .. } => items as usize > at,
                    });
                if is_written {
                    let key = (written.client, sequence);
                    self.receipts.tell(key, Receipt::Written, &mut self.wakes);
                }
            }
        }
    }

    /// Something of this client was dropped, and why.
    #[cold]
    pub(super) fn tell_dropped(&mut self, client: ClientId, reason: DropReason) {
        let receipt = match reason {
            DropReason::Closed => Receipt::Gone,
            reason => Receipt::Dropped(reason),
        };
        for sequence in self.receipts.of(client) {
            if !self.hub.is_waiting(client, sequence) {
                self.receipts.tell((client, sequence), receipt, &mut self.wakes);
            }
        }
    }

    /// The transport has ended: nothing more is written.
    #[cold]
    pub(super) fn tell_gone(&mut self, client: ClientId) {
        for sequence in self.receipts.of(client) {
            self.receipts.tell((client, sequence), Receipt::Gone, &mut self.wakes);
        }
    }
}
