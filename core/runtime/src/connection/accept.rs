//! From an accepted transport to a client.

use crate::compression::Negotiated;
use crate::connection::authenticate::{Asked, AuthenticationResult, authenticate};
use crate::connection::driver::Driver;
use crate::connection::expiry::set_reserved;
use crate::connection::handshake_transport::HandshakeTransport;
use crate::connection::opening::{Opened, close_bytes, open, serve};
use crate::connection::place::foresee;
use crate::connection::predecessors::wait_for;
use crate::connection::rare_state::RareState;
use crate::connection::serves::Serves;
use crate::events::BacklogRoom;
use crate::handler::application::Application;
use crate::handler::limit::{Failure, within};
use crate::handles::client::Client;
use crate::handles::hosted::HostedHub;
use crate::handles::hub::Hub;
use crate::handles::refused::refused;
use crate::handshake::request::{Connecting, Request};
use crate::handshake::span::ConnectionSpan;
use crate::host::Report;
use crate::host::transport::{Reader, Transport};
use crate::notice::hook::Hook;
use crate::state::connection::{ConnectionShared, IsServed};
use crate::state::member::Member;
use crate::state::session_name;
use crate::state::shared::Shared;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::mem;
use core::net::SocketAddr;
use core::task::{Context, Poll};
use core::time::Duration;
use http::{HeaderValue, StatusCode, header};
use throng_core::hub::{Event, Outcome};
use throng_core::websocket::handshake::{Forbidden, Refusal, Upgrade};
use throng_core::{Address, Instant, hub, websocket};

/// A connection whose handshake is in progress, under a deadline. Dropping it gives the connection up.
#[derive(Debug)]
pub struct Accepted {
    pub(crate) slot: SlotGuard,
    remote: Option<SocketAddr>,
    since: Instant,
}

/// A connection, and the client that the hub has reserved for it. Dropping it gives both up.
pub struct Reserved {
    pub(crate) slot: SlotGuard,
    member: Arc<Member>,
    connecting: Connecting,
    since: Instant,
}

/// Holds a connection's slot in the hub, and that of its client. Dropping it frees both, unless the driver has taken them.
pub(crate) struct SlotGuard {
    connection: Arc<ConnectionShared>,
    /// The client, once it is reserved.
    member: Option<Arc<Member>>,
    pub(crate) span: ConnectionSpan,
    /// The driver has taken the slots, and frees them.
    is_taken: bool,
}

impl HostedHub {
    /// Accepts a connection whose handshake begins now, for a host whose HTTP server reads the request.
    ///
    /// # Errors
    /// The HTTP answer, if the hub refuses the connection.
    pub fn accept(&self, remote: Option<SocketAddr>) -> Result<Accepted, Refusal> {
        Accepted::new(self.shared(), remote).map_err(|refusal| refused(self.shared(), refusal))
    }

    /// Accepts a connection of a proxy whose client is not known yet: the limits per address do not hold for it. Once the client is
    /// known, the host drops what this returns and [accepts](Self::accept) the client.
    ///
    /// # Errors
    /// The HTTP answer, if the hub refuses the connection.
    pub fn accept_from_proxy(&self) -> Result<Accepted, Refusal> {
        Accepted::begin(self.shared(), None).map_err(|refusal| refused(self.shared(), refusal))
    }
}

impl Accepted {
    /// The caller must [count](refused) the refusal when it sends it.
    pub(crate) fn new(shared: &Arc<Shared>, remote: Option<SocketAddr>) -> Result<Self, Refusal> {
        let accepted = Self::begin(shared, remote);
        if remote.is_none() {
            let is_limited = shared.with(|inner, _| {
                let limits = &inner.hub.config().admission;
                limits.per_address.is_some() || limits.connect_rate.is_some()
            });
            if is_limited {
                shared.tell_of_addresses();
            }
        }
        accepted
    }

    fn begin(shared: &Arc<Shared>, remote: Option<SocketAddr>) -> Result<Self, Refusal> {
        let address = remote.map(|remote| Address::from(remote.ip()));
        // Made outside the lock: the subscriber may be slow.
        let span = ConnectionSpan::new(remote);
        if shared.has_lost_host() {
            shared.report(Report::HostIsGone);
            return Err(Refusal::UNAVAILABLE);
        }
        let accepted = shared.with(|inner, now| {
            let lane = inner.choose_lane();
            let outcome = inner.handle(now, Event::Accept { address, lane });
            let Outcome::Accepted(id) = outcome.map_err(|error| Refusal::unadmitted(error, now))? else {
                return Err(Refusal::UNAVAILABLE);
            };
            let connection = Arc::new(ConnectionShared::new(id, lane, Arc::clone(shared)));
            inner.insert_connection(Arc::clone(&connection));
            Ok((connection, now))
        });
        match accepted {
            Ok((connection, since)) => {
                span.set_connection(connection.id);
                Ok(Self {
                    slot: SlotGuard { connection, member: None, span, is_taken: false },
                    remote,
                    since,
                })
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// Checks that a request may open a WebSocket: by RFC 6455, and by its origin.
    ///
    /// # Errors
    /// The HTTP answer that refuses the request.
    pub fn check(&self, request: websocket::handshake::Request) -> Result<Connecting, Refusal> {
        let shared = &self.slot.connection.shared;
        let upgrade: Upgrade = request.upgrade(&shared.settings.policy).map_err(|refusal| {
            if refusal == Refusal::Forbidden(Forbidden::Origin) {
                shared.report(origin_refused(&request));
            }
            refused(shared, refusal)
        })?;
        let compression = Negotiated::new(&shared.deflating, &upgrade);
        Ok(Connecting::new(Request::new(request, self.remote), upgrade, compression))
    }

    /// Asks the application: [`Handler::before_connect`](crate::Handler::before_connect).
    ///
    /// Cancel-safe: if the future is dropped before it is ready, a waiting hook is dropped. Its settings stay, and the
    /// application may be asked again.
    ///
    /// # Errors
    /// The application's answer, to be sent by [`Connecting::refusal_response`]; 500 if the hook panics, 503 if it
    /// exceeds its time limit.
    pub async fn ask(&self, connecting: &mut Connecting) -> Result<(), Refusal> {
        let shared = &self.slot.connection.shared;
        let limit = shared.settings.limit_of(Hook::BeforeConnect);
        self.wait_for_room(limit).await?;
        let asking = within(shared, limit, || Application::of(shared).hooks.before_connect(connecting));
        let asked = self.slot.span.around(asking).await;
        asked
            .unwrap_or_else(|failure| {
                shared.report(failure.report(None, Hook::BeforeConnect));
                Err(match failure {
                    Failure::Panicked => custom(StatusCode::INTERNAL_SERVER_ERROR, "Internal error.\n"),
                    Failure::TimedOut => Refusal::UNAVAILABLE,
                })
            })
            .map_err(|refusal| refused(shared, refusal))
    }

    /// Delays newcomers while the application lags: their events are never dropped, so their number must be limited.
    async fn wait_for_room(&self, limit: Option<Duration>) -> Result<(), Refusal> {
        let shared = &self.slot.connection.shared;
        if shared.settings.events.is_none() {
            return Ok(());
        }
        let room = within(shared, limit, || Box::pin(BacklogRoom::for_newcomer(shared))).await;
        room.map_err(|_| refused(shared, Refusal::UNAVAILABLE))
    }

    /// Reserves a client for the connection.
    ///
    /// # Errors
    /// The HTTP answer, and the connection to which it must be sent.
    pub fn reserve(mut self, mut connecting: Connecting) -> Result<Reserved, (Self, Refusal)> {
        if let Some(negotiated) = &connecting.compression {
            negotiated.answer(&mut connecting.upgrade);
        }
        let connection = &self.slot.connection;
        let user = connecting.user.as_deref();
        let session = match session_of(&connecting, &connection.shared) {
            Ok(session) => session,
            Err(refusal) => {
                let refusal = refused(&connection.shared, refusal);
                return Err((self, refusal));
            }
        };
        let session = session.as_deref();
        if let Some(user) = user
            && let Err(denial) = foresee(&connection.shared, &connecting, user, session)
        {
            let refusal = refused(&connection.shared, denial.into());
            return Err((self, refusal));
        }
        let reserved = connection.shared.with(|inner, now| {
            let reserved = inner.reserve(now, connection, user, session, &connecting.rooms);
            reserved.map_err(|error| Refusal::unadmitted(error, now))
        });
        match reserved {
            Ok(member) => {
                // A client with a session may turn out to be another one.
                if connecting.session.is_none() && connecting.place.is_none() {
                    self.slot.span.set_client(member.id);
                }
                set_reserved(&member.shared, member.id, connecting.expiry.as_ref());
                self.slot.member = Some(Arc::clone(&member));
                Ok(Reserved { slot: self.slot, member, connecting, since: self.since })
            }
            Err(refusal) => {
                let refusal = refused(&connection.shared, refusal);
                Err((self, refusal))
            }
        }
    }

    /// Ready when the hub has given up the handshake, because of its deadline or the hub's end: drop the transport
    /// then. Only the task that polled last is woken.
    pub fn poll_given_up(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.slot.connection.poll_aborted(cx.waker()) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Reserved {
    /// The answer that opens the WebSocket.
    #[must_use]
    pub fn upgrade(&self) -> &Upgrade {
        &self.connecting.upgrade
    }

    /// Opens the client. The transport must have taken the whole answer before. `None` if the hub has
    /// given up the connection meanwhile; the peer, whose WebSocket is open, has been sent a close frame then.
    pub(crate) async fn into_driver<R: Reader>(
        mut self: Box<Self>,
        mut transport: Transport<R>,
    ) -> Option<Driver<R>> {
        let (connection, member) = (Arc::clone(&self.slot.connection), Arc::clone(&self.member));
        let shared = Arc::clone(&member.shared);
        let hub = || Hub::of(Arc::clone(&shared));
        if let Some(user) = &self.connecting.user {
            self.slot.span.set_user(user);
        }
        let mut kept = self.connecting.compression.take().and_then(|negotiated| {
            connection.set_compression(negotiated.window(), negotiated.keeps_context());
            negotiated.begin(&member.shared.deflating)
        });
        if self.connecting.is_bare {
            connection.set_bare();
        }
        let mut decoder = None;
        if self.connecting.authenticates {
            let (since, kept) = (self.since, kept.as_deref_mut());
            let asked = Asked { connection: &connection, member: &member, span: &self.slot.span };
            let settled = authenticate(asked, &mut self.connecting, &mut transport, since, kept);
            // Boxed, because few connections need it.
            match Box::pin(settled).await {
                AuthenticationResult::Authenticated(within, left) => {
                    (decoder, transport.rest) = (within, left);
                }
                AuthenticationResult::Rejected(bytes) => {
                    let Transport { reader, writer, .. } = transport;
                    HandshakeTransport { reader, writer, hub: hub() }.answer(&bytes).await;
                    return None;
                }
            }
        }
        let Transport { reader, writer, rest } = transport;
        let Connecting { request, session, place, metadata, rooms, joins, own, .. } = self.connecting;
        {
            let mut details = member.details();
            *details = metadata;
            details.set_request(request);
        }
        let layered = match &mut kept {
            Some(kept) => kept.layer(Arc::clone(&writer)),
            None => Arc::clone(&writer),
        };
        let first = (&*rooms, &*joins);
        let Opened { earlier, continued } =
            match open(&connection, &member, first, place.as_deref(), &layered) {
                Ok(opened) => opened,
                Err(rejection) => {
                    let close = close_bytes(&rejection);
                    HandshakeTransport { reader, writer, hub: hub() }.answer(&close).await;
                    return None;
                }
            };
        let (member, serves) = serve(continued, member, place.as_ref());
        if session.is_some() || place.is_some() || serves == Serves::Later {
            self.slot.span.set_client(member.id);
        }
        // From here on the driver reports the end of the transport, also if it is dropped while it waits below: a client that is open
        // may be away then, and needs somebody who calls its hooks.
        self.slot.is_taken = true;
        // A client that continues has handlers of its own already.
        let own = if serves == Serves::Later { None } else { own };
        let (client, rare) = (Client::new(member), RareState::of(own, kept));
        let mut driver = Driver::new(connection, client, reader, &rest, decoder, rare, serves);
        driver.set_span(mem::take(&mut self.slot.span));
        if earlier.is_empty() {
            return Some(driver);
        }
        // Boxed, because few connections need it.
        Box::pin(async move {
            wait_for(&shared, earlier).await;
            Some(driver)
        })
        .await
    }
}

impl SlotGuard {
    pub(crate) const fn connection(&self) -> &Arc<ConnectionShared> {
        &self.connection
    }
}

impl Drop for SlotGuard {
    fn drop(&mut self) {
        if self.is_taken {
            return;
        }
        let member = self.member.take();
        drop(self.connection.end(member.as_deref().map(|member| (member, IsServed::Here))));
    }
}

impl core::fmt::Debug for SlotGuard {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("SlotGuard").field(&self.connection.id).finish()
    }
}

impl core::fmt::Debug for Reserved {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { slot, member, connecting, since } = self;
        let mut debug = f.debug_struct("Reserved");
        debug.field("slot", slot).field("client", &member.id).field("connecting", connecting);
        debug.field("since", since).finish()
    }
}

/// The name of the session with which a connection reserves its client.
fn session_of<'a>(connecting: &'a Connecting, shared: &Shared) -> Result<Option<Cow<'a, str>>, Refusal> {
    let Some(place) = &connecting.place else {
        let session = connecting.session.as_deref();
        if session.is_some_and(session_name::is_reserved) {
            return Err(Refusal::unadmitted(hub::Refusal::SessionOfAnotherUser.into(), shared.now()));
        }
        return Ok(session.map(Cow::Borrowed));
    };
    let session = place.session();
    let limit = shared.look(|inner| inner.hub.config().sessions.name_bytes);
    if session.len() > limit as usize {
        let (room, id) = (place.room.len(), place.id.len());
        let most = (limit as usize).saturating_sub(session.len() - room - id);
        let body = format!(
            "Invalid participant: its room ({room} bytes) and its id ({id} bytes) have more than {most} bytes together.\n"
        );
        return Err(custom(StatusCode::BAD_REQUEST, body));
    }
    Ok(Some(Cow::Owned(session)))
}

fn custom(status: StatusCode, body: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::Custom { status, body: body.into() }
}

/// The report of a refused origin: the origin, and the host that was asked.
fn origin_refused(request: &websocket::handshake::Request) -> Report {
    let headers = request.headers();
    let values = |name| headers.get_all(name).iter().map(HeaderValue::as_bytes);
    let host = match request.uri().authority() {
        // It counts, and not the Host header: over HTTP/2, and if the target of the request names a host.
        Some(authority) => shown([authority.as_str().as_bytes()]),
        None => shown(values(header::HOST)),
    };
    Report::OriginRefused { origin: shown(values(header::ORIGIN)), host }
}

/// Values for a log: one line of at most 255 visible characters.
fn shown<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Arc<str> {
    const MOST: usize = 255;
    let mut text = String::new();
    for value in values {
        let separator = if text.is_empty() { "" } else { ", " };
        text.push_str(separator);
        text.extend(value.iter().take(MOST).flat_map(|byte| byte.escape_ascii()).map(char::from));
    }
    // All characters are ASCII, so any length is a boundary.
    text.truncate(MOST);
    text.into()
}
