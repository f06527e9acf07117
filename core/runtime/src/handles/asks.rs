//! Questions to a client's peer, and the futures of their replies.

use crate::handles::client::Client;
use crate::notice::ask::{AskError, AskOptions};
use crate::notice::message::{IntoFrame, SendError, published};
use crate::state::member::Member;
use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use throng_core::hub::{AskId, Event, OnResume, Outcome, Published, Target};
use throng_core::websocket::Message;
use throng_core::{Frame, hub};

/// Waits for the reply to a question: [`Client::ask_with`] and [`Client::ask`](Client::ask). The question is sent already; dropping the future
/// cancels it.
#[must_use = "dropping the future cancels the question"]
pub struct Asking {
    member: Arc<Member>,
    state: State,
}

enum State {
    Open(AskId),
    /// It could not be asked.
    Failed(AskError),
    Over,
}

impl Client {
    /// Asks the client's peer something; the returned future is its reply. `message` makes the question, in any format of your own, with
    /// the id that the peer must repeat. By [`Builder::replies_by`](crate::Builder::replies_by) the hub finds the id in a reply, which then
    /// reaches this future and no hook. (If your handler reads replies itself, let it call [`resolve`](Self::resolve).) For JSON there is
    /// `Client::ask`.
    ///
    /// The question is queued at once, in order with all other messages. The future is ready at the latest at its deadline (a [`Duration`](core::time::Duration)
    /// from now, else [`asks.deadline`](throng_core::hub::Asks::deadline)), when the client ends, or, unless it is to be [asked
    /// again](AskOptions::again_on_resume), when the client gets another connection. An away client is asked when it returns. Dropping the
    /// future cancels the question; a reply that comes later goes to [`Handler::unmatched_reply`](crate::Handler::unmatched_reply).
    ///
    /// Do **not** await the reply in a hook of the same client: nothing is read from a client while its hook waits, so its reply could not arrive.
    /// Spawn a task for it:
    ///
    /// ```
    /// use std::time::Duration;
    /// use throng_runtime::{AskError, Client};
    ///
    /// async fn confirm(client: Client, order: u32) -> Result<bool, AskError> {
    ///     let reply = client.ask_with(Duration::from_secs(5), |ask| format!("confirm {ask} {order}")).await?;
    ///     Ok(reply.as_bytes().ends_with(b" yes"))
    /// }
    /// ```
    pub fn ask_with<M: IntoFrame>(
        &self,
        options: impl Into<AskOptions>,
        message: impl FnOnce(AskId) -> M,
    ) -> Asking {
        self.ask_frame(options.into(), |ask| message(ask).into_frame())
    }

    pub(crate) fn ask_frame(
        &self,
        options: AskOptions,
        make: impl FnOnce(AskId) -> Result<Frame, SendError>,
    ) -> Asking {
        let (member, client) = (Arc::clone(&self.member), self.id());
        let AskOptions { deadline, on_resume } = options;
        let asked = member.shared.with(|inner, now| {
            let lasts = deadline.unwrap_or_else(|| inner.hub.config().asks.deadline);
            let outcome = inner.handle(now, Event::Ask { client, lasts, on_resume })?;
            // The event has no other outcome.
            let Outcome::Asked(ask) = outcome else { return Err(hub::Error::NotOpen) };
            inner.asks.open(ask);
            Ok(ask)
        });
        let ask = match asked {
            Ok(ask) => ask,
            Err(error) => return Asking { member, state: State::Failed(error.into()) },
        };
        // From here on, dropping it cancels the question, also if `make` panics.
        let mut asking = Asking { member, state: State::Open(ask) };
        if let Err(error) = self.send_question(ask, on_resume, make) {
            asking.cancel();
            asking.state = State::Failed(error);
        }
        asking
    }

    fn send_question(
        &self,
        ask: AskId,
        on_resume: OnResume,
        make: impl FnOnce(AskId) -> Result<Frame, SendError>,
    ) -> Result<(), AskError> {
        let shared = &self.member.shared;
        let frame = &shared.deflating.send(self.member.window(), make(ask)?);
        let targets = &[Target::Client(self.id())];
        let (result, ()) = shared.publish_by(frame.payload().len(), |inner, now| {
            let event =
                Event::Publish { publisher: None, targets, except: &[], frame, policy: None, dedup: None };
            let result = inner.handle(now, event);
            if on_resume == OnResume::AskedAgain
                && matches!(result, Ok(Outcome::Published(Published { queued: 1, .. })))
            {
                let sequence = inner.hub.sequence();
                inner.asks.keep(ask, frame.clone(), sequence);
            }
            (result, ())
        });
        // A client that ended since it was asked has ended the question, too, which says how.
        match published(result) {
            Ok(Published { queued: 0, .. }) => Err(AskError::NotSent(SendError::Full)),
            Ok(_) | Err(hub::Error::Gone | hub::Error::NotOpen) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives a question its reply: for an application whose own handler reads the id in a message. With
    /// [`Builder::replies_by`](crate::Builder::replies_by) the hub does this.
    ///
    /// # Errors
    /// Gives the message back if this client has no such open question: it has ended, was never asked, or another client was asked. That is counted, too.
    pub fn resolve(&self, ask: AskId, reply: Message) -> Result<(), Message> {
        let client = self.id();
        self.member.shared.with(|inner, now| match inner.handle(now, Event::Replied { client, ask }) {
            Ok(_) => {
                inner.asks.end(ask, Ok(reply), &mut inner.wakes);
                Ok(())
            }
            Err(_) => Err(reply),
        })
    }

    /// Cancels a question; its future is ready with [`AskError::Cancelled`]. Whether it was still open.
    pub fn cancel_ask(&self, ask: AskId) -> bool {
        let client = self.id();
        self.member.shared.with(|inner, now| {
            let outcome = inner.handle(now, Event::CancelAsk { client, ask });
            let was_open = outcome == Ok(Outcome::Cancelled(true));
            if was_open {
                inner.asks.end(ask, Err(AskError::Cancelled), &mut inner.wakes);
            }
            was_open
        })
    }
}

impl Asking {
    /// The id of the question; `None` if it could not be asked, or has its reply.
    #[must_use]
    pub const fn id(&self) -> Option<AskId> {
        if let State::Open(ask) = self.state { Some(ask) } else { None }
    }

    /// A question that could not be asked.
    #[cfg(feature = "router")]
    pub(crate) fn failed(client: &Client, error: AskError) -> Self {
        Self { member: Arc::clone(&client.member), state: State::Failed(error) }
    }

    fn cancel(&mut self) {
        let State::Open(ask) = self.state else { return };
        self.state = State::Over;
        let client = self.member.id;
        let old = self.member.shared.with(|inner, now| {
            // The client may have ended, and the question with it.
            let _ = inner.handle(now, Event::CancelAsk { client, ask });
            inner.asks.forget(ask)
        });
        drop(old);
    }
}

impl Future for Asking {
    type Output = Result<Message, AskError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let ask = match this.state {
            State::Open(ask) => ask,
            State::Failed(error) => {
                this.state = State::Over;
                return Poll::Ready(Err(error));
            }
            State::Over => return Poll::Pending,
        };
        let (polled, waker, old) = this.member.shared.with(|inner, _| inner.asks.poll(ask, cx.waker()));
        drop((waker, old));
        if polled.is_ready() {
            this.state = State::Over;
        }
        polled
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl core::fmt::Debug for Asking {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Asking").field("client", &self.member.id).field("ask", &self.id()).finish()
    }
}
