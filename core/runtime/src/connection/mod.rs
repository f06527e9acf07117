//! The whole life of a connection, as one future for a task of the host.

pub(crate) mod accept;
pub(crate) mod answer;
pub(crate) mod attendant;
pub(crate) mod authenticate;
pub(crate) mod calls;
pub(crate) mod driver;
mod expiry;
pub(crate) mod handshake_transport;
pub(crate) mod last;
mod opening;
pub(crate) mod place;
mod predecessors;
pub(crate) mod rare_state;
pub(crate) mod serves;
pub(crate) mod service;
pub(crate) mod waiting_hook;

use crate::connection::accept::{Accepted, Reserved};
use crate::connection::driver::Driver;
use crate::connection::handshake_transport::{HandshakeTransport, Leave, Read, write_all};
use crate::handles::health::{health, is_health, is_probe};
use crate::handles::hosted::HostedHub;
use crate::handles::refused::{Probe, refused};
use crate::handshake::request::Connecting;
use crate::handshake::span::ConnectionSpan;
use crate::host::Report;
use crate::host::transport::{Reader, Transport, Writer};
use crate::state::connection::ConnectionShared;
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::{Future, poll_fn};
use core::mem;
use core::net::SocketAddr;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, ready};
use http::StatusCode;
use throng_core::websocket::handshake::{Handshake, Refusal, Request, response_bytes};

/// A connection, from its first byte or from the 101 on, until its end. The host polls it in a task of its own.
/// Dropping it ends the connection at any stage: a waiting hook is dropped, and its slot in the hub is freed. A dropped
/// client leaves its rooms like any other, but its hooks are not called.
#[must_use = "a future does nothing unless it is polled"]
pub struct Connection<R> {
    stage: Stage<R>,
}

/// All stages except the last are boxed separately, so that an open connection does not carry the memory of a
/// handshake, nor a connection that waits for its request the memory of an answer.
enum Stage<R> {
    /// The request has not arrived yet.
    Reading(Box<Reading<R>>),
    /// The request is being answered.
    Opening(Opening<R>),
    /// The hub has refused the connection.
    Refusing(Pin<Box<dyn Future<Output = ()> + Send>>),
    Open(Driver<R>),
    Over,
}

struct Reading<R> {
    transport: HandshakeTransport<R>,
    accepted: Accepted,
    handshake: Handshake,
}

struct Opening<R> {
    connection: Arc<ConnectionShared>,
    span: ConnectionSpan,
    future: Pin<Box<dyn Future<Output = Option<Driver<R>>> + Send>>,
}

impl<R: Reader> Connection<R> {
    /// A connection whose client `future` reserves and opens, unless the hub aborts it before.
    pub(crate) fn opening(
        connection: Arc<ConnectionShared>,
        span: ConnectionSpan,
        future: impl Future<Output = Option<Driver<R>>> + Send + 'static,
    ) -> Self {
        Self { stage: Stage::Opening(Opening { connection, span, future: Box::pin(future) }) }
    }
}

impl<R: Reader> Future for Connection<R> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        loop {
            this.stage = match &mut this.stage {
                Stage::Reading(reading) => match ready!(reading.poll(cx)) {
                    Some(read) => match mem::replace(&mut this.stage, Stage::Over) {
                        Stage::Reading(reading) => Stage::Opening(reading.answer(read)),
                        _ => Stage::Over,
                    },
                    None => Stage::Over,
                },
                Stage::Opening(opening) => ready!(opening.poll(cx)).map_or(Stage::Over, Stage::Open),
                Stage::Refusing(refusing) => {
                    ready!(refusing.as_mut().poll(cx));
                    Stage::Over
                }
                Stage::Open(driver) => {
                    ready!(driver.poll(cx));
                    Stage::Over
                }
                Stage::Over => return Poll::Ready(()),
            };
        }
    }
}

impl HostedHub {
    /// Serves a bare transport: reads the request, answers it, and drives the client until its end. Requests for
    /// `/healthz` and `/readyz` are answered even if the hub refuses the connection; every other path opens a
    /// WebSocket.
    pub fn connect<R: Reader>(
        &self,
        reader: R,
        writer: Arc<dyn Writer>,
        remote: Option<SocketAddr>,
    ) -> Connection<R> {
        match Accepted::new(self.shared(), remote) {
            Ok(accepted) => {
                let transport = HandshakeTransport { reader, writer, hub: self.hub().clone() };
                let handshake = Handshake::new(self.shared().settings.config.head());
                Connection { stage: Stage::Reading(Box::new(Reading { transport, accepted, handshake })) }
            }
            Err(refusal) => self.refuse(reader, writer, remote, refusal),
        }
    }

    /// Refuses a bare transport that is not one of the hub's connections. Together such transports stay within
    /// [`admission.probes`](throng_core::hub::Admission::probes) and
    /// [`admission.lingering`](throng_core::hub::Admission::lingering).
    ///
    /// The request is read for at most 1 s and answered if it asks for `/healthz` or `/readyz`. Otherwise, or if it
    /// does not arrive in time, the answer is `refusal`.
    fn refuse<R: Reader>(
        &self,
        reader: R,
        writer: Arc<dyn Writer>,
        remote: Option<SocketAddr>,
        refusal: Refusal,
    ) -> Connection<R> {
        let probe = self.read_refused(remote);
        let transport = HandshakeTransport { reader, writer, hub: self.hub().clone() };
        Connection { stage: Stage::Refusing(Box::pin(turn_away(transport, probe, refusal))) }
    }

    /// Answers a connection that [`accept`](Self::accept) has refused and whose request did not come while it had a
    /// [slot](Self::read_refused), and counts it as [unread](crate::RefusedNow::unread). The peer is given a second to hang up, within
    /// [`admission.lingering`](throng_core::hub::Admission::lingering). For a host whose HTTP server reads requests itself.
    pub fn answer_unread<R: Reader>(
        &self,
        reader: R,
        writer: Arc<dyn Writer>,
        refusal: &Refusal,
    ) -> impl Future<Output = ()> + Send + 'static {
        self.shared().refused_connections.count_unread();
        let (transport, answer) =
            (HandshakeTransport { reader, writer, hub: self.hub().clone() }, refusal.to_bytes());
        async move { transport.answer_refused(answer).await }
    }
}

impl<R: Reader> Reading<R> {
    /// The request that has come, or its refusal; `None` if the connection is over before that is a request.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Read>> {
        let Self { transport, accepted, handshake } = self;
        if accepted.slot.connection().poll_aborted(cx.waker()) {
            return Poll::Ready(None);
        }
        accepted.slot.span.in_scope(|| transport.poll_request(handshake, cx))
    }

    /// Continues with the request, in a future that is no larger than its answer needs.
    fn answer(self, read: Read) -> Opening<R> {
        let Self { transport, accepted, handshake } = self;
        let (connection, span) = (Arc::clone(accepted.slot.connection()), accepted.slot.span.clone());
        let read = read.and_then(|(request, rest)| request.check().map(|()| (request, rest)));
        let future = span.in_scope(|| -> Pin<Box<dyn Future<Output = Option<Driver<R>>> + Send>> {
            match read {
                Ok((request, _)) if is_probe(&request) => {
                    // A health probe takes no slot.
                    drop(accepted);
                    let page = health(&transport.hub, &request);
                    let answer = page.map_or_else(Vec::new, |page| handshake.respond(&page));
                    Box::pin(async move {
                        transport.answer_refused(answer).await;
                        None
                    })
                }
                Ok((request, rest)) => match check(&accepted, request) {
                    Ok(connecting) => Box::pin(open(transport, accepted, Box::new(connecting), rest)),
                    Err(refusal) => refuse(transport, accepted, handshake.refuse(&refusal)),
                },
                Err(refusal) => {
                    let refusal = refused(transport.hub.shared(), refusal);
                    refuse(transport, accepted, handshake.refuse(&refusal))
                }
            }
        });
        Opening { connection, span, future }
    }
}

/// [`Accepted::check`], and that no WebSocket is asked for where health is answered.
fn check(accepted: &Accepted, request: Request) -> Result<Connecting, Refusal> {
    if is_health(&request) && request.asks_for_websocket() {
        return Err(refused(&accepted.slot.connection().shared, Refusal::NotFound));
    }
    accepted.check(request)
}

impl<R> Opening<R> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Driver<R>>> {
        let Self { connection, span, future } = self;
        if connection.poll_aborted(cx.waker()) {
            return Poll::Ready(None);
        }
        span.in_scope(|| future.as_mut().poll(cx))
    }
}

/// The answer to a peer that ends its sending direction while the application is asked about its request.
const STOPPED_SENDING: &str = "The connection was half-closed before the request was answered.\n";

/// Asks the application and the hub, and opens the WebSocket. Each step that waits is boxed by itself: whoever waits for the
/// application carries nothing of what comes later.
async fn open<R: Reader>(
    mut transport: HandshakeTransport<R>,
    accepted: Accepted,
    mut connecting: Box<Connecting>,
    mut rest: Vec<u8>,
) -> Option<Driver<R>> {
    let asked = {
        let mut asking = pin!(accepted.ask(&mut connecting));
        poll_fn(|cx| match asking.as_mut().poll(cx) {
            Poll::Ready(asked) => Poll::Ready(Ok(asked)),
            // The hook is dropped then: nobody is there who would hear its answer.
            Poll::Pending => transport.poll_left(&mut rest, cx).map(Err),
        })
        .await
    };
    let asked = match asked {
        Ok(asked) => asked,
        Err(leave) => {
            transport.hub.shared().report(Report::Abandoned);
            if leave == Leave::Broken {
                return None;
            }
            let refusal =
                Refusal::Custom { status: StatusCode::BAD_REQUEST, body: Cow::Borrowed(STOPPED_SENDING) };
            return refuse(transport, accepted, refusal.to_bytes()).await;
        }
    };
    let answer =
        asked.map_err(|refusal| response_bytes(&connecting.refusal_response(&refusal).map(Cow::into_owned)));
    match answer {
        Ok(()) => Box::pin(reserve(transport, accepted, connecting, rest)).await,
        Err(answer) => refuse(transport, accepted, answer).await,
    }
}

/// Reserves a slot in the hub, and opens the WebSocket.
async fn reserve<R: Reader>(
    transport: HandshakeTransport<R>,
    accepted: Accepted,
    connecting: Box<Connecting>,
    rest: Vec<u8>,
) -> Option<Driver<R>> {
    let reserved = match reserve_boxed(accepted, connecting) {
        Ok(reserved) => reserved,
        Err((accepted, refusal)) => return refuse(transport, accepted, refusal.to_bytes()).await,
    };
    // Nothing else can be written before the answer, because the lane does not have the transport yet.
    let answer = reserved.upgrade().to_bytes();
    write_all(&*transport.writer, &answer).await.ok()?;
    let HandshakeTransport { reader, writer, .. } = transport;
    Box::pin(reserved.into_driver(Transport { reader, writer, rest })).await
}

/// Not a part of the future above, which would otherwise keep the memory of the request and of the unboxed result until the WebSocket is
/// open.
fn reserve_boxed(
    accepted: Accepted,
    connecting: Box<Connecting>,
) -> Result<Box<Reserved>, (Accepted, Refusal)> {
    accepted.reserve(*connecting).map(Box::new)
}

/// Answers a connection that the hub refuses, or that asks for health.
async fn turn_away<R: Reader>(mut transport: HandshakeTransport<R>, mut probe: Probe, refusal: Refusal) {
    let hub = transport.hub.clone();
    let mut handshake = Handshake::new(hub.shared().settings.config.head());
    let read = poll_fn(|cx| {
        let is_over = probe.poll_over(cx).is_ready();
        // Polled even when its time is over: the request may have arrived at this moment.
        match transport.poll_request(&mut handshake, cx) {
            Poll::Pending if is_over => Poll::Ready(None),
            polled => polled.map(Some),
        }
    })
    .await;
    drop(probe);
    let response = match read {
        None => {
            hub.shared().refused_connections.count_unread();
            None
        }
        Some(Some(Ok((request, _)))) => request.check().ok().and_then(|()| health(&hub, &request)),
        Some(Some(Err(_))) => None,
        // The peer has gone.
        Some(None) => return,
    };
    let bytes = match response {
        Some(page) => handshake.respond(&page),
        None => handshake.refuse(&refused(hub.shared(), refusal)),
    };
    transport.answer_refused(bytes).await;
}

/// Answers one of the hub's connections, which keeps its slot until the answer has arrived. Boxed separately: earlier
/// steps do not need this memory.
fn refuse<R: Reader, T>(
    transport: HandshakeTransport<R>,
    accepted: Accepted,
    response: Vec<u8>,
) -> Pin<Box<dyn Future<Output = Option<T>> + Send>> {
    Box::pin(async move {
        transport.answer(&response).await;
        drop(accepted);
        None
    })
}

impl Reserved {
    /// Drives the client from here on, for a host whose HTTP server writes the answer. `transport` must be ready after
    /// that has happened; `None` if it fails.
    pub fn open<R: Reader>(
        self,
        transport: impl Future<Output = Option<Transport<R>>> + Send + 'static,
    ) -> Connection<R> {
        let connection = Arc::clone(self.slot.connection());
        let span = self.slot.span.clone();
        // Boxed first, so that what waits for the transport is small.
        let reserved = Box::new(self);
        let opening = async move { Box::pin(reserved.into_driver(transport.await?)).await };
        Connection::opening(connection, span, opening)
    }
}
