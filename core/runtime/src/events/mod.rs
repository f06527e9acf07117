//! The hub's events as a stream, in one order.

mod intake;

pub(crate) use intake::{BacklogRoom, EventsTaken, take_in};

use crate::handles::client::Client;
use crate::handles::hub::Hub;
use crate::notice::expiry::Expiring;
use crate::state::backlog::{Happened, NoEvents};
use crate::state::mailbox::{Away, Disconnected, Resumed};
use crate::state::member::Member;
use crate::state::request::Request;
use crate::state::settings::KeepRequests;
use crate::state::shared::Shared;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_core::Stream;
use throng_core::Name;
use throng_core::hub::{Event, PresenceChange};
use throng_core::websocket::Message;

/// Everything that happens in a hub, as one stream: the application is a single loop that owns its state, without locks
/// or other tasks. [`Hub::events`] returns the stream if the hub was [built](crate::Builder::events) with it.
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
/// The whole hub has one order: the order in which events entered the hub under its lock. Whatever threads there are:
///
/// - a client is connected before its first message, and no event of the client follows its disconnection;
/// - the messages of one client come in the order in which it sent them;
/// - an evicted client's disconnection comes before the connection that caused it;
/// - a closing client stays open until the application has taken all events before the close and asks for the next, at
///   most for [`deadlines.close`](throng_core::hub::Deadlines::close): the application's answers are written before our
///   close frame;
/// - effects of calls to the hub, the application's included, come in the order of the calls.
///
/// When this side ends a client, messages that it had sent but the server had not yet received are not told.
///
/// # An application that lags
///
/// [`EventsOptions`](crate::EventsOptions) bounds the events that wait for the application, in number and bytes, and
/// says what happens at the bound. Connections and disconnections are never lost: no newcomer is admitted at the bound,
/// so they stay within the number of connections. A handshake waits for room as long as a
/// [hook](crate::Builder::hook_limit) may take; then it is answered with 503.
///
/// # The end
///
/// The stream ends after the last disconnection of a hub that has [stopped](Hub::stopped). A stopping hub does not wait
/// for the application to take its events: to see them all, read to the end of the stream before you end the process.
///
/// **Dropping the stream earlier shuts the hub down**, because without it (after a panic, say) no application would
/// answer the clients. All clients are closed with 1001, newcomers are refused, and the call that serves the hub
/// returns.
pub struct Events {
    shared: Arc<Shared>,
    /// Events taken from the backlog and not yet returned.
    taken: VecDeque<Happened<Arc<Member>>>,
    /// The client of the last `Connected` or `Resumed` event: its request is kept until the next event.
    newcomer: Option<(Client, Arc<Request>)>,
}

/// Something that happened in a hub: an item of [`Events`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HubEvent {
    /// A client is open. Its [request](Client::request) is kept until the next event is asked for, or longer if
    /// [`Builder::keep_requests`](crate::Builder::keep_requests) says so.
    #[non_exhaustive]
    Connected {
        /// The new client.
        client: Client,
        /// The user at that moment, as `before_connect` or `authenticate` set it.
        user: Option<Name>,
    },
    /// A message arrived.
    Message {
        /// The client that sent it.
        client: Client,
        /// The message.
        message: Message,
    },
    /// A client with a session has lost its connection and stays: see [`Handler::away`](crate::Handler::away). A message that the hub had
    /// accepted before may follow.
    #[non_exhaustive]
    Away {
        /// The client without a connection.
        client: Client,
        /// How it lost its connection.
        away: Away,
    },
    /// A client has another connection: see [`Handler::resumed`](crate::Handler::resumed). Its [request](Client::request) is kept as for
    /// [`Connected`](Self::Connected).
    #[non_exhaustive]
    Resumed {
        /// The client, which was connected before.
        client: Client,
        /// How long it was away.
        resumed: Resumed,
    },
    /// A client's authorisation ends soon: see [`Handler::expiring`](crate::Handler::expiring).
    #[non_exhaustive]
    Expiring {
        /// The client, which was open at that moment.
        client: Client,
        /// How long it is still authorised.
        expiring: Expiring,
    },
    /// The presence of a room has changed: see [`Handler::presence_changed`](crate::Handler::presence_changed). While the application lags,
    /// changes of one room become one.
    #[non_exhaustive]
    PresenceChanged {
        /// The room.
        room: Name,
        /// The users that appeared and disappeared, and the counts.
        change: Box<PresenceChange>,
    },
    /// A client has ended; no event of it follows. Values [kept with it](Client::get) are still there.
    Disconnected {
        /// The client that ended.
        client: Client,
        /// How the client ended, and its counters.
        disconnected: Disconnected,
    },
    /// Messages that came while the application lagged were dropped here; only under [`Lag::Drop`](crate::Lag::Drop).
    Lagged {
        /// Number of dropped messages, of all clients.
        messages: u64,
        /// Bytes of the payloads of these messages.
        bytes: u64,
    },
}

impl Hub {
    /// Returns the stream of everything that happens in the hub from its first moment on. There is only one.
    ///
    /// # Errors
    /// The hub was not [built](crate::Builder::events) with events, or the stream was returned before.
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
            Happened::Away { client, away } => Self::Away { client: Client::new(client), away },
            Happened::Resumed { client, resumed } => Self::Resumed { client: Client::new(client), resumed },
            Happened::Expiring { client, expiring } => {
                Self::Expiring { client: Client::new(client), expiring }
            }
            Happened::PresenceChanged { room, change } => Self::PresenceChanged { room, change },
            Happened::Disconnected { client, disconnected } => {
                Self::Disconnected { client: Client::new(client), disconnected }
            }
            Happened::Lagged { messages, bytes } => Self::Lagged { messages, bytes },
        }
    }
}

impl Events {
    /// The next event; `None` when the hub has stopped and every event has been returned.
    ///
    /// Cancel-safe: no event is lost if the future is dropped before it is ready.
    pub async fn next(&mut self) -> Option<HubEvent> {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// The hub of this stream.
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
        if let Some(HubEvent::Connected { client, .. } | HubEvent::Resumed { client, .. }) = &event {
            let request = client.member.details().request().cloned();
            self.newcomer = request.map(|request| (client.clone(), request));
        }
        Poll::Ready(event)
    }

    fn forget_request(&mut self) {
        if let Some((client, request)) = self.newcomer.take()
            && self.shared.settings.requests == KeepRequests::UntilConnected
        {
            let mut details = client.member.details();
            // That of a newer connection is for the event that tells of it.
            let is_same = details.request().is_some_and(|current| Arc::ptr_eq(current, &request));
            let old = if is_same { details.take_request() } else { None };
            drop(details);
            drop(old);
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
                // A second shutdown is no error.
                let _ = inner.handle(now, Event::Shutdown);
                inner.is_shut_down = true;
                inner.release_drains();
            }
            inner.drop_events()
        });
        // Dropped outside the lock, since its events hold handles of clients.
        drop(backlog);
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("taken", &self.taken.len()).finish_non_exhaustive()
    }
}
