//! What became of single messages, told to whoever asks.
//!
//! A message of which somebody wants to know is known by its client and the number of its publish. Nothing is kept of
//! others, neither here nor in the hub, which is asked before leases are returned and when something was dropped: what it
//! has on lease, and what still waits. While nobody asks, that is one look at an empty map for each event.

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

/// Waits until a message was written or will not be: [`Client::send_with_receipt`].
#[must_use = "a future does nothing unless it is polled"]
pub struct ReceiptWait {
    member: Arc<Member>,
    id: ReceiptId,
    is_over: bool,
}

impl Client {
    /// Sends to this client, and says when the message was written, or that it will not be and why.
    ///
    /// It is sent at once, in order with all else; the receipt always comes, at the latest when the transport has ended.
    /// Cancel-safe: who does not wait for the receipt loses nothing but that. Who does not want to wait for each, but to be told
    /// which were dropped, [detaches](ReceiptWait::detach) it.
    ///
    /// Cost: one more entry of a map, and O(messages that wait for this client) under the lock when it is written, or
    /// something is dropped. Messages that [`Coalesce`](crate::Coalesce) joins count as written when the transport has taken
    /// a part of their frame, short ones that are compressed in a context a little too early.
    ///
    /// ```
    /// use throng_runtime::{Client, Receipt, SendError};
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
        let frame = &shared.deflating.send(self.member.window(), message.into_frame()?);
        let targets = &[Target::Client(client)];
        let (result, sequence) = shared.publish_by(frame.payload().len(), |inner, now| {
            let result = inner
                .handle(now, Event::Publish { publisher: None, targets, except: &[], frame, policy: None });
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
    /// Which message it is about: what [`Dropped::receipts`](crate::Dropped::receipts) names.
    #[must_use]
    pub const fn id(&self) -> ReceiptId {
        self.id
    }

    /// Does not wait for the receipt, and still has the message named if it is dropped, by the hook
    /// [`dropped`](crate::Handler::dropped). (Of one that is neither detached nor waited for nothing is known.)
    ///
    /// That it was written nobody says. But no more messages wait for a client than
    /// [`outbox.messages`](throng_core::hub::Outbox::messages), so that of those sent with a receipt the last so many are all that a
    /// hook can name. And what is dropped after the client has ended, while that which was queued is flushed before the close
    /// frame, is in no hook: after [`disconnected`](crate::Handler::disconnected) there is none.
    ///
    /// ```
    /// use std::collections::VecDeque;
    /// use std::sync::{Arc, Mutex};
    /// use throng_runtime::{Client, Hub, ReceiptId, SendError};
    ///
    /// /// The orders that one client was sent last: as many as may wait for it.
    /// #[derive(Clone, Default)]
    /// struct Orders(Arc<Mutex<VecDeque<(ReceiptId, String)>>>);
    ///
    /// fn send(client: &Client, order: &str) -> Result<(), SendError> {
    ///     const MOST: usize = 256;
    ///     let orders = client.get::<Orders>().unwrap_or_default();
    ///     // Locked until it is noted down: the hook may be called before this returns.
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
