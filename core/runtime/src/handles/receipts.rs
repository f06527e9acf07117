//! Receipts: the fate of single messages, for callers that ask.
//!
//! A message with a receipt is known by its client and the sequence number of its publish. Nothing is stored for other
//! messages, here or in the hub. Before leases are returned, and after a drop, the hub is asked which messages are
//! leased and which still wait. Without open receipts this costs one look at an empty map per event.

use crate::handles::client::Client;
use crate::notice::message::published;
use crate::notice::message::{IntoFrame, SendError};
use crate::notice::receipt::{Receipt, ReceiptId};
use crate::state::member::Member;
use alloc::sync::Arc;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};
use throng_core::hub::{Event, Outcome, Published, Target};

/// Waits until a message was written or dropped: [`Client::send_with_receipt`].
#[must_use = "a future does nothing unless it is polled"]
pub struct ReceiptWait {
    member: Arc<Member>,
    id: ReceiptId,
    is_over: bool,
}

impl Client {
    /// Sends a message to this client; the returned future says when the message was written, or why it was dropped.
    ///
    /// The message is queued at once, in order with all others. The receipt always arrives, at the latest when the
    /// transport has ended. Cancel-safe: dropping the future loses only the receipt. To be told only of dropped
    /// messages, without waiting, [detach](ReceiptWait::detach) the receipt.
    ///
    /// Cost: one map entry, and O(messages in the client's outbox) under the lock when the message is written or
    /// something is dropped. Messages joined by [`Coalesce`](crate::Coalesce) count as written when the transport has
    /// taken a part of their frame; short messages compressed in a context count slightly too early.
    ///
    /// ```
    /// use throng_runtime::{Client, Receipt, SendError};
    ///
    /// /// Sends an invoice; returns whether it was written.
    /// async fn bill(client: &Client, invoice: &str) -> Result<bool, SendError> {
    ///     let receipt = client.send_with_receipt(invoice)?;
    ///     Ok(receipt.await == Receipt::Written)
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`send`](Self::send). Nothing was queued.
    pub fn send_with_receipt(&self, message: impl IntoFrame) -> Result<ReceiptWait, SendError> {
        let (client, shared) = (self.id(), &self.member.shared);
        let frame = &shared.deflating.send(self.member.window(), message.into_frame()?);
        let targets = &[Target::Client(client)];
        let (result, sequence) = shared.publish_by(frame.payload().len(), |inner, now| {
            let result = inner.handle(
                now,
                Event::Publish { publisher: None, targets, except: &[], frame, policy: None, dedup: None },
            );
            let is_queued = matches!(result, Ok(Outcome::Published(Published { queued: 1, .. })));
            (result, is_queued.then(|| inner.expect_receipt(client)))
        });
        published(result)?;
        let sequence = sequence.ok_or(SendError::Full)?;
        let id = ReceiptId { client, sequence };
        Ok(ReceiptWait { member: Arc::clone(&self.member), id, is_over: false })
    }
}

impl ReceiptWait {
    /// The id of this message, as it appears in [`DropNotice::receipts`](crate::DropNotice::receipts).
    #[must_use]
    pub const fn id(&self) -> ReceiptId {
        self.id
    }

    /// Stops waiting for the receipt. If the message is dropped, the hook [`dropped`](crate::Handler::dropped) still
    /// names it. (It does not name messages whose receipt was dropped without `detach`.)
    ///
    /// Nothing reports that a detached message was written. At most
    /// [`outbox.messages`](throng_core::hub::Outbox::messages) messages wait for a client, so a hook can name only that
    /// many of the latest messages sent with a receipt. Messages dropped after the client has ended, while its queue is
    /// flushed before the close frame, are named in no hook, since no hook follows
    /// [`disconnected`](crate::Handler::disconnected).
    ///
    /// ```
    /// use std::collections::VecDeque;
    /// use std::sync::{Arc, Mutex};
    /// use throng_runtime::{Client, Hub, ReceiptId, SendError};
    ///
    /// /// The orders last sent to one client: as many as may wait in its outbox.
    /// #[derive(Clone, Default)]
    /// struct Orders(Arc<Mutex<VecDeque<(ReceiptId, String)>>>);
    ///
    /// fn send(client: &Client, order: &str) -> Result<(), SendError> {
    ///     const MOST: usize = 256;
    ///     let orders = client.get::<Orders>().unwrap_or_default();
    ///     // Locked until the order is stored: the hook may be called before this function returns.
    ///     let mut orders = orders.0.lock().unwrap();
    ///     orders.push_back((client.send_with_receipt(order)?.detach(), order.to_owned()));
    ///     if orders.len() > MOST {
    ///         orders.pop_front();
    ///     }
    ///     Ok(())
    /// }
    ///
    /// let hub = Hub::builder()
    ///     .before_connect(|connecting| {
    ///         connecting.insert(Orders::default());
    ///         Ok(())
    ///     })
    ///     .on_dropped(|client, dropped| {
    ///         let orders = client.get::<Orders>().unwrap_or_default();
    ///         for (id, order) in &*orders.0.lock().unwrap() {
    ///             if dropped.receipts.contains(id) {
    ///                 println!("{} was not given {order}: {:?}", client.id(), dropped.reason);
    ///             }
    ///         }
    ///     })
    ///     .build()?;
    /// # let _ = (hub, |client: &Client| send(client, "two of each"));
    /// # Ok::<(), throng_core::hub::ConfigError>(())
    /// ```
    pub fn detach(mut self) -> ReceiptId {
        let id = self.id;
        if !mem::replace(&mut self.is_over, true) {
            let old = self.member.shared.with(|inner, _| inner.receipts.detach(id));
            drop(old);
        }
        id
    }
}

impl Future for ReceiptWait {
    type Output = Receipt;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Receipt> {
        let this = self.get_mut();
        if this.is_over {
            return Poll::Pending;
        }
        let (polled, old) = this.member.shared.with(|inner, _| inner.receipts.poll(this.id, cx.waker()));
        drop(old);
        this.is_over = polled.is_ready();
        polled
    }
}

impl Drop for ReceiptWait {
    fn drop(&mut self) {
        if !self.is_over {
            let old = self.member.shared.with(|inner, _| inner.receipts.forget(self.id));
            drop(old);
        }
    }
}
