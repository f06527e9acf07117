//! WebSockets of a hub as a route of an axum application.
//!
//! The short form, if the hub's handler decides everything:
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use axum::{Router, routing::get};
//! use throng_tokio::Hub;
//!
//! let hub = Hub::builder().on_message(|client, message| {
//!     let _ = client.hub().broadcast(message);
//! }).build()?;
//! let app = Router::new()
//!     .route("/", get(|| async { "Hello." }))
//!     .route("/ws", get(throng_tokio::axum::connect))
//!     .with_state(hub.clone());
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! throng_tokio::axum::serve(listener, app, hub).await;
//! # Ok(())
//! # }
//! ```
//!
//! In the long form the route's own function decides who the client is:
//!
//! ```
//! # use throng_tokio::Hub;
//! use axum::response::Response;
//! use throng_tokio::axum::Upgrade;
//!
//! async fn chat(mut upgrade: Upgrade) -> Response {
//!     upgrade.connecting().set_user("alice");
//!     upgrade.accept().await
//! }
//! # let _: axum::Router<Hub> = axum::Router::new().route("/chat", axum::routing::get(chat));
//! ```
//!
//! Once a WebSocket is open, HTTP plays no part: over plain TCP the socket is taken back from the HTTP server, and
//! reading and writing work as under [`serve`](crate::serve).
//!
//! # What `serve` does
//!
//! [`serve`] speaks HTTP/1.1 with hyper, and applies the hub's [config](crate::Config) to the whole application:
//!
//! - A connection counts as an open handshake from when it is accepted until its first request is complete: against
//!   `admission.handshakes`, `per_address` and `connect_rate`, and under `deadlines.handshake`. (`admission.connections`
//!   limits WebSockets: one too many is answered 503.) If that
//!   request asks for a WebSocket, the connection counts until it is answered; `Upgrade` to another protocol, such as
//!   `h2c`, is ignored. If the hub takes nobody, requests other than for WebSockets are answered all the
//!   same, and the connection is closed after that. Connections that are refused in this way are read within
//!   `admission.probes`, for a second at most, and answered without their request after that, within `admission.lingering`, as under
//!   [`crate::serve`]. A request for a WebSocket that is refused, by the hub or by the application, ends its connection.
//! - The next request of a connection that is kept open must be complete within `deadlines.handshake` and a second. Such
//!   connections are not counted: the number of open files is their limit. The time in which the
//!   process [stood still](throng_core::hub::Deadlines::standstill) does not count.
//! - The head of a connection's first request is read by the same rules as under [`crate::serve`], and refused with the same status and
//!   reason; hyper gets it only then. A later request on a connection that is kept open is read by hyper, which takes a line feed
//!   for the end of a line and several empty lines before the request, and answers what is not HTTP with 400 or 431 and no body.
//! - `websocket.head_bytes` and `websocket.headers` hold for every request: 431. Of a later request, hyper may read up to twice the
//!   bytes, at least 16 KiB, before that is said, and too many headers may be counted as `head too long`.
//! - Every request must have one Host header, and leave no doubt where its body ends:
//!   [`Request::check`](throng_core::websocket::handshake::Request::check).
//! - Every request has its [`ConnectInfo<SocketAddr>`](axum::extract::ConnectInfo). Behind a proxy
//!   that is the address of the proxy, unless [`serve_through`] is told which peers are proxies and for whom their requests are: then it
//!   is the client's, and the limits per address hold for clients. A layer of the application may replace it, too: the hub counts a
//!   request for a WebSocket by the address that it finds there.
//! - A peer that does not read its answer, or takes less of it than `deadlines.write_rate` on average, is ended 1 s after
//!   `deadlines.write`: otherwise it could keep pages in memory forever. Of what TLS has buffered, up to 64 KiB, no progress shows:
//!   the peer has the time that 64 KiB take at that rate besides, for each 64 KiB. For WebSockets the hub has deadlines of its own.
//! - There is no deadline for the body of a request until the server ends. Use layers of the application for that, such as
//!   `tower_http::timeout`.
//! - A peer that ends only its sending direction still gets its answers. So a handler is not cancelled when its peer goes.
//! - A peer that still sends when its connection is closed, such as the rest of a body that nobody reads, gets its answer all the same:
//!   what it sends is read and thrown away until it hangs up, for a second at most, on as many connections as `admission.lingering`.
//! - While the hub drains, requests are answered with `Connection: close`. When it has stopped, no more connections are
//!   accepted. Requests that are not answered then have until the drain's deadline; none after a second signal; and
//!   `deadlines.close` if no signal began the end. A request that has arrived in part delays nothing.
//! - The backlog is raised to 4,096; a failed accept is reported and retried.
//!
//! `serve` does not speak HTTP/2: behind TLS, offer only `http/1.1` with ALPN, as browsers do for WebSockets anyway. For WebSockets over
//! HTTP/2 use [`axum::serve`](#websockets-over-http2).
//!
//! # What plain `axum::serve` lacks
//!
//! The routes work under `axum::serve` as well, with the [drain](crate::drained) as its graceful shutdown; but then
//!
//! - a request head may take forever, on any number of connections, and one such connection keeps the process alive
//!   until a second signal, which ends it with code 1,
//! - limits per address apply only with `into_make_service_with_connect_info::<SocketAddr>()`; a
//!   [warning](throng_runtime::hosting::Report::AddressUnknown) says once if they do not,
//! - a peer that does not read its answer holds the answer, and its connection, forever,
//! - hyper's own rules apply to heads, and its limits: about 400 KiB and 100 headers, in place of `websocket.head_bytes` and
//!   `headers`,
//! - a peer that ends its sending before its answer has come, as `printf … | nc` does, gets the end of the connection in
//!   place of a slow answer, and its handler is dropped,
//! - connections that the hub refuses are not read within `admission.probes`, nor bounded by `admission.lingering`: `axum::serve`
//!   keeps them like any other,
//! - while the hub drains, connections are kept after their answer,
//! - the backlog is 128.
//!
//! # WebSockets over HTTP/2
//!
//! If the application turns on axum's feature `http2`, plain `axum::serve` offers WebSockets over HTTP/2 (RFC 8441) to peers
//! that start with HTTP/2 directly: extended CONNECT. throng itself does not turn that feature on. [`Upgrade`] then opens a WebSocket on
//! such a stream, under the same rules as over HTTP/1.1. The route must accept CONNECT, which axum's `get` does not pass on:
//!
//! ```
//! # use throng_tokio::Hub;
//! use axum::{Router, routing::any};
//!
//! let app: Router<Hub> = Router::new().route("/ws", any(throng_tokio::axum::connect));
//! ```
//!
//! - Each stream is a connection of the hub: an open handshake until it is answered, then a client. A stream that is reset is a
//!   connection that is lost, and ends no other stream.
//! - By default the origin must have the host and port of the request's authority, in place of the Host header.
//! - Flow control is the backpressure: what a peer's window does not admit waits in the client's outbox. hyper takes up to 64 KiB more
//!   of each stream, which count as written. hyper cannot reset a stream: if the hub ends a peer that does not read, those bytes stay in
//!   memory until the peer reads them or its HTTP/2 connection ends.
//! - The stream's halves share a lock, and HTTP/2 costs a copy and a task for each stream: HTTP/1.1 is faster.

mod accept;
mod admission;
mod deadline;
mod head;
mod http2;
mod participants;
mod readers;
mod serve;

pub use accept::Accept;
pub use participants::participants;
pub use serve::{serve, serve_over, serve_through, serve_with};

use self::admission::{FirstRequest, Taken};
use self::head::Rewound;
use self::http2::Stream;
use axum::body::Body;
use axum::extract::{ConnectInfo, FromRef, FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;
use http::request::Parts;
use http::{HeaderValue, StatusCode, Uri, Version, header};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use std::net::SocketAddr;
use throng_core::websocket::handshake::{BadRequest, Refusal, Request, UpgradeRequired};
use throng_runtime::hosting::{Accepted, Transport};
use throng_runtime::{Connecting, Health, Hub};
use tokio::net::TcpStream;

use crate::serve::{prepare, start};
use crate::stream::{StreamReader, split, split_tcp};

/// A route that opens WebSockets of the hub in the router's state. If the future is dropped before it is ready, the
/// request is given up; plain `axum::serve` does that when the peer goes while the application is asked.
pub async fn connect(upgrade: Upgrade) -> Response {
    upgrade.accept().await
}

/// An extractor: a request that opens a WebSocket. The hub counts it as an open handshake until it is accepted or
/// dropped.
#[derive(Debug)]
pub struct Upgrade {
    accepted: Accepted,
    /// Boxed, because axum and the application move this value several times.
    connecting: Box<Connecting>,
    on_upgrade: OnUpgrade,
}

/// A request that does not open a WebSocket, and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection(pub Refusal);

impl Upgrade {
    /// The connection, which has no client yet: its request, and its settings so far.
    pub fn connecting(&mut self) -> &mut Connecting {
        &mut self.connecting
    }

    /// Asks the hub's handler and the hub, and opens the WebSocket; otherwise the answer says why not.
    ///
    /// Cancel-safe: if the future is dropped before it is ready, the request is given up completely.
    pub async fn accept(mut self) -> Response {
        let asked = unless_given_up(&self.accepted, self.accepted.ask(&mut self.connecting)).await;
        if let Err(refusal) = asked {
            return self.refuse(&refusal);
        }
        match self.accepted.reserve(*self.connecting) {
            Err((_, refusal)) => respond(&refusal),
            Ok(reserved) => {
                let response = reserved.upgrade().response().map(|()| Body::empty());
                let is_stream = response.status() == StatusCode::OK;
                tokio::spawn(reserved.open(take_back(self.on_upgrade, is_stream)));
                response
            }
        }
    }

    /// Answers with a refusal, including its [headers](Connecting::set_refusal_header).
    #[must_use]
    pub fn refuse(self, refusal: &Refusal) -> Response {
        self.connecting.refusal_response(refusal).map(|body| Body::from(body.into_owned()))
    }
}

impl<S> FromRequestParts<S> for Upgrade
where
    S: Send + Sync,
    Hub: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let hub = start(Hub::from_ref(state));
        let remote = parts.extensions.get().map(|ConnectInfo(remote): &ConnectInfo<SocketAddr>| *remote);
        let on_upgrade = parts.extensions.remove::<OnUpgrade>();
        let taken = match parts.extensions.remove::<FirstRequest>() {
            Some(FirstRequest(admission)) => admission.take(&hub, remote),
            None => Taken::Nothing,
        };
        let accepted = match taken {
            Taken::Accepted(accepted) => accepted,
            Taken::Refused(refusal) => return Err(Rejection(refusal)),
            Taken::Nothing => hub.accept(remote).map_err(Rejection)?,
        };
        let connecting = accepted.check(Request::from(copy_of(parts))).map_err(Rejection)?;
        // The HTTP server cannot hand the connection over, or a layer has taken it.
        let on_upgrade = on_upgrade.ok_or_else(|| {
            Rejection(if parts.version > Version::HTTP_11 {
                BadRequest::Version.into()
            } else {
                Refusal::UpgradeRequired(UpgradeRequired::Upgrade)
            })
        })?;
        Ok(Self { accepted, connecting: Box::new(connecting), on_upgrade })
    }
}

/// Asks the application. The hub may end the handshake before, by its deadline or as it is shut down: the application may never answer.
async fn unless_given_up(
    accepted: &Accepted,
    asking: impl Future<Output = Result<(), Refusal>>,
) -> Result<(), Refusal> {
    let mut asking = pin!(asking);
    poll_fn(|cx| match accepted.poll_given_up(cx) {
        Poll::Ready(()) => Poll::Ready(Err(Refusal::UNAVAILABLE)),
        Poll::Pending => asking.as_mut().poll(cx),
    })
    .await
}

/// Copies a head, without sharing the buffer into which hyper has read it: otherwise the request would keep all 8 KiB of that.
fn copy_of(parts: &Parts) -> Parts {
    let mut copy = parts.clone();
    for value in copy.headers.values_mut() {
        let Ok(mut own) = HeaderValue::from_bytes(value.as_bytes()) else { continue };
        own.set_sensitive(value.is_sensitive());
        *value = own;
    }
    if let Ok(uri) = Uri::try_from(parts.uri.to_string()) {
        copy.uri = uri;
    }
    copy
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        respond(&self.0)
    }
}

fn respond(refusal: &Refusal) -> Response {
    let mut response = refusal.response().map(|body| Body::from(body.into_owned()));
    // RFC 9110 section 7.8: whoever sends Upgrade names it in Connection, which no proxy passes on.
    if response.headers().contains_key(header::UPGRADE) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    }
    response
}

/// Takes the transport back, once the HTTP server has written the answer. Over HTTP/2 it is a stream of the connection.
async fn take_back(on_upgrade: OnUpgrade, is_stream: bool) -> Option<Transport<StreamReader>> {
    let upgraded = on_upgrade.await.ok()?;
    if is_stream {
        let (reader, writer) = split(Stream(TokioIo::new(upgraded)));
        return Some(Transport { reader, writer, rest: Vec::new() });
    }
    Some(match tcp_of(upgraded) {
        Ok((stream, rest)) => {
            let (reader, writer) = split_tcp(stream);
            Transport { reader, writer, rest }
        }
        Err(upgraded) => {
            // Bytes that were read already come first from the stream.
            let (reader, writer) = split(TokioIo::new(*upgraded?));
            Transport { reader, writer, rest: Vec::new() }
        }
    })
}

/// The socket below an upgraded stream, and what was read from it already. An error if the server is not [`serve`], `axum::serve` or
/// plain hyper, or if the stream is not plain TCP: then the stream itself.
fn tcp_of(upgraded: Upgraded) -> Result<(TcpStream, Vec<u8>), Option<Box<Upgraded>>> {
    let upgraded = match upgraded.downcast::<TokioIo<Rewound<TcpStream>>>() {
        Ok(parts) => {
            let (stream, behind) = parts.io.into_inner().into_parts().ok_or(None)?;
            return Ok((stream, [&parts.read_buf[..], &behind].concat()));
        }
        Err(upgraded) => upgraded,
    };
    // These have not prepared their socket as `serve` has.
    let prepared = |stream: TokioIo<TcpStream>| {
        let stream = stream.into_inner();
        prepare(&stream);
        stream
    };
    let upgraded = match auto::upgrade::downcast::<TokioIo<TcpStream>>(upgraded) {
        Ok(parts) => return Ok((prepared(parts.io), parts.read_buf.to_vec())),
        Err(upgraded) => upgraded,
    };
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => Ok((prepared(parts.io), parts.read_buf.to_vec())),
        Err(upgraded) => Err(Some(Box::new(upgraded))),
    }
}

/// A route that tells whether the hub is alive: 200 or 503, with its [`Health`] as JSON. A request for a WebSocket is
/// refused, with 404 if not for another reason.
///
/// The route gives the hub its host if it has none, as [`readyz`] does, since the hub is served where the route is.
/// [`Hub::health`] changes nothing.
pub async fn healthz(State(hub): State<Hub>, request: axum::extract::Request) -> Response {
    probed(hub, request, |health| health.liveness())
}

/// A route that tells whether the hub accepts newcomers: 200 or 503, with its [`Health`] as JSON. A request for a
/// WebSocket is refused, with 404 if not for another reason.
///
/// The route gives the hub its host if it has none: a load balancer that waits for 200 before it sends the first
/// request would otherwise wait forever for a hub that starts with that request.
pub async fn readyz(State(hub): State<Hub>, request: axum::extract::Request) -> Response {
    probed(hub, request, |health| health.readiness())
}

/// Answers a request for health. A request for a WebSocket is none, as under [`crate::serve`].
fn probed(
    hub: Hub,
    request: axum::extract::Request,
    answer: impl FnOnce(Health) -> http::Response<String>,
) -> Response {
    let hub = start(hub);
    let mut parts = request.into_parts().0;
    let first = parts.extensions.remove::<FirstRequest>();
    if !Request::from(parts).asks_for_websocket() {
        return answer(hub.hub().health()).map(Body::from);
    }
    match first.and_then(|FirstRequest(admission)| admission.refusal()) {
        Some(refusal) => respond(&hub.count_refusal(refusal)),
        None => respond(&hub.count_refusal(Refusal::NotFound)),
    }
}
