//! The serialised view: what happens in a hub, in one order, as a stream.

mod intake;

pub(crate) use intake::{Room, Told, take_in};

use crate::handles::client::Client;
use crate::handles::hub::Hub;
use crate::state::backlog::{Happened, NoEvents};
use crate::state::mailbox::Disconnected;
use crate::state::member::Member;
use crate::state::settings::KeepRequests;
use crate::state::shared::Shared;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::Stream;
use throng_core::hub::Event;
use throng_core::id::Name;
use throng_core::websocket::Message;

/// All that happens, one after another: the application as one loop that owns its state, with no lock and no other task to
/// think of. [`Hub::events`] hands it out, if the hub was [built](crate::Builder::events) to have it.
///
/// ```
/// use throng_runtime::{EventsOptions, Hub, HubEvent};
///
/// # async fn run() -> Result<(), Box<dyn core::error::Error>> {
/// let hub = Hub::builder().events(EventsOptions::default()).build()?;
/// let mut events = hub.events()?;
/// // A runtime crate serves the hub, in a task of its own.
/// let mut present = 0;
/// while let Some(event) = events.next().await {
///     match event {
///         HubEvent::Connected { client, .. } => {
///             present += 1;
///             let _ = client.send(format!("You are number {present}."));
///         }
///         HubEvent::Message { client, message } => {
///             let _ = client.hub().broadcast(message);
///         }
///         HubEvent::Disconnected { .. } => present -= 1,
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Order
///
/// There is one order for the whole hub: that in which the hub itself was told, under its lock. Whatever threads there are:
///
/// - a client is connected before its first message, and after its disconnection nothing of it comes;
/// - the messages of one client come as it sent them;
/// - an evicted client's disconnection comes before the connection that caused it;
/// - a client that closes is open until the application has been told what came before that and asks for more, at most
///   for [`deadlines.close`](throng_core::hub::Deadlines::close): its answers are written before our close frame;
/// - of what was done to the hub, by the application too, the consequences come in the order in which it was done.
///
/// A client that is ended from this side may have sent something that had not come so far; that is not told.
///
/// # An application that lags
///
/// What waits for the application is bounded in number and bytes by [`EventsOptions`](crate::EventsOptions), which also say what happens at the bound.
/// Connections and disconnections are never lost: while the bound is reached nobody new is admitted, so that they are no
/// more than the connections there are. A handshake waits for room as long as a [hook](crate::Builder::hook_limit) may take, and
/// is answered by 503 then.
///
/// # The end
///
/// After the last disconnection of a hub that has [stopped](Hub::stopped) the stream ends. A hub that stops does not wait for
/// its events to be taken: who wants them all goes on until the end, and ends the process after that.
///
/// **Dropped before that, the stream shuts the hub down**: it is the application, and clients of an application that is
/// gone, maybe by a panic, would talk to nobody. Everybody is closed with 1001, nobody is admitted any more, and who serves the
/// hub returns.
pub struct Events {
    shared: Arc<Shared>,
    /// Taken from the backlog, not told yet.
    taken: VecDeque<Happened<Arc<Member>>>,
    /// Whose connection was told last: its request is kept until the next event.
    newcomer: Option<Client>,
}

/// Something that happened in a hub: what [`Events`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HubEvent {
    /// A client is open. Its [request](Client::request) is there until the next event is asked for, or longer if the hub was
    /// [told](crate::Builder::keep_requests) to keep it.
    #[non_exhaustive]
    Connected {
        /// Who.
        client: Client,
        /// The user that it belonged to then: as `before_connect` or `authenticate` has said.
        user: Option<Name>,
    },
    /// A message arrived.
    Message {
        /// From whom.
        client: Client,
        /// What.
        message: Message,
    },
    /// A client has ended: the last of it. What was [kept with it](Client::get) is still there.
    Disconnected {
        /// Who.
        client: Client,
        /// How, and what there was of it.
        disconnected: Disconnected,
    },
    /// Here messages are missing that came while the application lagged: only under [`Lag::Drop`](crate::Lag::Drop).
    Lagged {
        /// How many, of all clients.
        messages: u64,
        /// Bytes of their payloads.
        bytes: u64,
    },
}

impl Hub {
    /// All that happens in the hub from its first moment on, in one order: once.
    ///
    /// # Errors
    /// The hub was not [built](crate::Builder::events) to have events, or they were handed out before.
    pub fn events(&self) -> Result<Events, NoEvents> {
        self.shared().with(|inner, _| match &mut inner.backlog {
            Some(backlog) => backlog.hand_out(),
            None if self.shared().settings.events.is_some() => Err(NoEvents::Taken),
            None => Err(NoEvents::NotAsked),
        })?;
        Ok(Events { shared: Arc::clone(self.shared()), taken: VecDeque::new(), newcomer: None })
    }
}

impl From<Happened<Arc<Member>>> for HubEvent {
    fn from(happened: Happened<Arc<Member>>) -> Self {
        match happened {
            Happened::Connected { client, user } => Self::Connected { client: Client::new(client), user },
            Happened::Message { client, message } => Self::Message { client: Client::new(client), message },
            Happened::Disconnected { client, disconnected } => {
                Self::Disconnected { client: Client::new(client), disconnected }
            }
            Happened::Lagged { messages, bytes } => Self::Lagged { messages, bytes },
        }
    }
}

impl Events {
    /// What happens next; `None` when the hub has stopped and everything is told.
    ///
    /// Cancel-safe: dropped before it is ready, nothing is lost.
    pub async fn next(&mut self) -> Option<HubEvent> {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// The hub.
    #[must_use]
    pub fn hub(&self) -> Hub {
        Hub::of(Arc::clone(&self.shared))
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<HubEvent>> {
        self.forget_request();
        if self.taken.is_empty() {
            let (is_over, old) = self.shared.with(|inner, _| inner.take_events(&mut self.taken, cx.waker()));
            drop(old);
            if self.taken.is_empty() {
                return if is_over { Poll::Ready(None) } else { Poll::Pending };
            }
        }
        let event = self.taken.pop_front().map(HubEvent::from);
        if let Some(HubEvent::Connected { client, .. }) = &event {
            self.newcomer = Some(client.clone());
        }
        Poll::Ready(event)
    }

    fn forget_request(&mut self) {
        if let Some(client) = self.newcomer.take()
            && self.shared.settings.requests == KeepRequests::UntilConnected
        {
            let request = client.member.details().request.take();
            drop(request);
        }
    }
}

impl Stream for Events {
    type Item = HubEvent;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<HubEvent>> {
        self.get_mut().poll(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.taken.len(), None)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.forget_request();
        let backlog = self.shared.with(|inner, now| {
            if !inner.stopped {
                // A second one is no error.
                let _ = inner.handle(now, Event::Shutdown);
                inner.is_shut_down = true;
                inner.release_drains();
            }
            inner.drop_events()
        });
        // Outside the lock: with its events, handles of clients go.
        drop(backlog);
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("taken", &self.taken.len()).finish_non_exhaustive()
    }
}
