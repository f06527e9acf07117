//! Serves an axum router with the deadlines, limits and drain of a hub.

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use core::convert::Infallible;
use core::future::{self, Future, poll_fn};
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Poll, ready};
use http::request::Parts;
use http::{HeaderValue, Request, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use throng_core::hub::State;
use throng_core::websocket::handshake::{BadRequest, HeadTooLarge, Refusal};
use throng_runtime::hosting::{HeadRules, HostedHub, SignalListener};
use throng_runtime::{Hub, ServeOptions};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower_service::Service;

use super::accept::{Accept, Direct};
use super::admission::{FirstRequest, HttpAdmission};
use super::deadline::Deadlines;
use super::head::{Head, Rewound, rewind};
use super::readers::{Reader, hang_up};
use super::respond;
use crate::serve::{check_open_files, prepare, raise_backlog, start};
use crate::signal::signals;
use crate::stream::split;

/// Serves an axum router that has WebSockets of a hub among its routes. SIGTERM or Ctrl-C drains the hub and ends the
/// server; a second signal closes all connections by force. See [`Stop::OnSignal`](crate::Stop::OnSignal). Returns when the
/// last WebSocket and the last HTTP connection have ended.
///
/// This function does everything that [plain `axum::serve`](super#what-plain-axumserve-lacks) does not.
///
/// Signals are caught and counted from the call on, as those of [`crate::serve`] are; connections are accepted from the first poll on.
///
/// If the future is dropped, no more connections are accepted and unanswered requests are dropped; WebSockets live on.
/// SIGTERM and Ctrl-C stay caught, so they no longer end the process.
pub fn serve(listener: TcpListener, router: Router, hub: Hub) -> impl Future<Output = ()> + Send + 'static {
    serve_with(listener, router, hub, ServeOptions::default())
}

/// [`serve`] with options.
pub fn serve_with(
    listener: TcpListener,
    router: Router,
    hub: Hub,
    options: ServeOptions,
) -> impl Future<Output = ()> + Send + 'static {
    serve_over(listener, router, hub, options, |stream| future::ready(Ok(stream)))
}

/// [`serve_with`] over a layer on top of TCP, such as TLS. `secure` turns the TCP stream of each connection into the stream
/// that is served, for example by a TLS handshake. Its future must be ready within `deadlines.handshake`; until then, the
/// connection counts as an open handshake.
///
/// ```no_run
/// # trait Acceptor: Clone + Send + Sync + 'static {
/// #     fn accept(&self, stream: tokio::net::TcpStream)
/// #     -> impl Future<Output = std::io::Result<tokio::net::TcpStream>> + Send;
/// # }
/// # async fn run(listener: tokio::net::TcpListener, router: axum::Router, hub: throng_tokio::Hub, tls: impl Acceptor) {
/// use throng_tokio::ServeOptions;
///
/// // `tls` is a tokio_rustls::TlsAcceptor
/// let secure = move |stream| {
///     let tls = tls.clone();
///     async move { tls.accept(stream).await }
/// };
/// throng_tokio::axum::serve_over(listener, router, hub, ServeOptions::default(), secure).await;
/// # }
/// ```
///
/// The complete example is the package `runtime-tokio/examples/tls`. Once a WebSocket is open, a `TcpStream` is taken back
/// from the HTTP server; any other stream stays wrapped, and its reading and writing halves share a lock.
pub fn serve_over<S, F>(
    listener: TcpListener,
    router: Router,
    hub: Hub,
    options: ServeOptions,
    secure: impl Fn(TcpStream) -> F + Send + Sync + 'static,
) -> impl Future<Output = ()> + Send + 'static
where
    F: Future<Output = io::Result<S>> + Send + 'static,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    serve_through(listener, router, hub, options, Direct(secure))
}

/// [`serve_with`] through proxies and layers on top of TCP: `accept` turns each connection into a stream, and says which peers are
/// proxies and for whom their requests are. Each request has its client's address as `ConnectInfo`, and the hub's limits per address
/// hold for clients, not for proxies.
pub fn serve_through(
    listener: TcpListener,
    router: Router,
    hub: Hub,
    options: ServeOptions,
    accept: impl Accept,
) -> impl Future<Output = ()> + Send + 'static {
    // Before the first poll, and so before a peer can see that the server is up.
    let caught = signals(&hub, options);
    accept_until_stopped(listener, router, hub, options, accept, caught)
}

async fn accept_until_stopped(
    listener: TcpListener,
    router: Router,
    hub: Hub,
    options: ServeOptions,
    accept: impl Accept,
    caught: Option<SignalListener>,
) {
    raise_backlog(&listener);
    let hub = start(hub);
    check_open_files(&hub);
    let (end, is_ending) = watch::channel(false);
    let mut http = http1::Builder::new();
    // `half_close`: a peer that has ended only its sending direction still gets its answer.
    http.timer(Deadlines(hub.clone())).half_close(true);
    let server = Arc::new(Server { router, hub: hub.clone(), http, accept });
    let mut accepting = JoinSet::new();
    accepting.spawn(accept_loop(listener, server, is_ending));
    let rest = async move {
        // An error means that the accept loop and all connections have ended already.
        let _ = end.send(true);
        while accepting.join_next().await.is_some() {}
    };
    hub.stopped_by(options, || caught, rest).await;
}

/// Ready when the hub has stopped: from now on, the server waits only for requests that are not answered yet.
async fn ending(is_ending: &mut watch::Receiver<bool>) {
    // An error means that the sender was dropped, which also ends the server.
    let _ = is_ending.wait_for(|is_ending| *is_ending).await;
}

struct Server<A> {
    router: Router,
    hub: HostedHub,
    /// hyper's settings that are the same for all connections.
    http: http1::Builder,
    accept: A,
}

/// Accepts connections until the hub has stopped; then waits for those whose request is not answered yet. A failed accept
/// is reported and retried.
async fn accept_loop<A: Accept>(
    listener: TcpListener,
    server: Arc<Server<A>>,
    mut is_ending: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    let accept = Arc::clone(&server);
    let mut handed_over = pin!(accept.accept.handed_over());
    // None once it is handed over.
    let mut listener = Some(listener);
    loop {
        let accepted = tokio::select! {
            () = ending(&mut is_ending) => break,
            () = &mut handed_over, if listener.is_some() => {
                listener = None;
                continue;
            }
            // Ignores the result: the panic hook has printed the panic of a handler already.
            Some(_) = connections.join_next() => continue,
            accepted = next(listener.as_ref()) => accepted,
        };
        match accepted {
            Ok((stream, remote)) => {
                prepare(&stream);
                let counted = (!server.accept.is_proxy(remote)).then_some(remote);
                let admission = Arc::new(HttpAdmission::new(&server.hub, counted));
                connections.spawn(serve_one(
                    Arc::clone(&server),
                    stream,
                    remote,
                    admission,
                    is_ending.clone(),
                ));
            }
            Err(error) => {
                let rest = server.hub.accept_failed(&error);
                if !rest.is_zero() {
                    tokio::time::sleep(rest).await;
                }
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// The next connection; none without a listener.
async fn next(listener: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => future::pending().await,
    }
}

/// Serves HTTP on one connection, until it ends or a WebSocket takes the stream.
async fn serve_one<A: Accept>(
    server: Arc<Server<A>>,
    stream: TcpStream,
    remote: SocketAddr,
    admission: Arc<HttpAdmission>,
    mut is_ending: watch::Receiver<bool>,
) {
    let begun = begin(&server, stream, remote, &admission, &mut is_ending).await;
    let Some((stream, peer)) = begun else { return };
    // Boxed, because a connection that has sent nothing yet does not need this memory.
    Box::pin(speak_http(&server, stream, peer, &admission, is_ending)).await;
}

/// Reads the head of the first request, and returns the stream and the address of the peer. `None` if the head does not arrive in time, or the peer or the server ends before, or if the head
/// is refused; that is answered here. If the time is over and the hub has refused the connection, the refusal is answered without the
/// request.
async fn begin<A: Accept>(
    server: &Server<A>,
    stream: TcpStream,
    remote: SocketAddr,
    admission: &Arc<HttpAdmission>,
    is_ending: &mut watch::Receiver<bool>,
) -> Option<(Rewound<A::Stream>, SocketAddr)> {
    // The hub has a deadline for each handshake that it has accepted. A drain stops without waiting for handshakes.
    let mut is_over = pin!(async {
        tokio::select! {
            biased;
            () = poll_fn(|cx| admission.poll_given_up(cx)) => {}
            () = ending(is_ending) => {}
        }
    });
    let (mut stream, peer) = tokio::select! {
        biased;
        // A peer that fails the TLS handshake gets no answer.
        accepted = server.accept.accept(stream, remote) => accepted.ok()?,
        () = &mut is_over => return None,
    };
    if !server.accept.is_proxy(peer) {
        admission.learn(peer);
    }
    let mut head = Head::new(server.hub.head_rules().limits);
    let read = tokio::select! {
        biased;
        // Polled before `is_over`: a head that has arrived counts, even if the time is over.
        read = head.read(&mut stream) => read?,
        () = &mut is_over => {
            if let Some(refusal) = admission.unread() {
                drop(head);
                let (reader, writer) = split(stream);
                Box::pin(server.hub.answer_unread(reader, writer, &refusal)).await;
            }
            return None;
        }
    };
    match read {
        Ok(head) => Some((rewind(head, stream, Reader::new(&server.hub, admission)), peer)),
        Err(refusal) => {
            // A connection that the hub has refused hears that, whatever else is wrong.
            let refusal = server.hub.count_refusal(admission.refusal().unwrap_or(refusal));
            let answer = head.refuse(&refusal);
            drop(head);
            let answering = Box::pin(async {
                if stream.write_all(&answer).await.is_ok() {
                    hang_up(&server.hub, stream).await;
                }
            });
            tokio::select! {
                biased;
                () = answering => {}
                () = is_over => {}
            }
            None
        }
    }
}

/// Serves HTTP/1.1 on a connection whose first head is complete, until the connection ends or the hub gives up its handshake.
async fn speak_http<A: Accept>(
    server: &Server<A>,
    stream: Rewound<A::Stream>,
    peer: SocketAddr,
    admission: &Arc<HttpAdmission>,
    mut is_ending: watch::Receiver<bool>,
) {
    let rules = server.hub.head_rules();
    let (has_asked, returned) = (AtomicBool::new(false), stream.returned());
    let is_proxy = server.accept.is_proxy(peer);
    let service = service_fn(|request: Request<Incoming>| {
        has_asked.store(true, Ordering::Relaxed);
        let (parts, body) = request.into_parts();
        let client = if is_proxy { server.accept.client(peer, &parts) } else { peer };
        let request = Request::from_parts(parts, body);
        answer(server.router.clone(), server.hub.clone(), Arc::clone(admission), client, rules, request)
    });
    let http = http(&server.http, rules);
    let mut is_over = pin!(ending(&mut is_ending));
    let mut is_ending = false;
    let ended = {
        // Pinned where it is made: it has more than a kilobyte.
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
        poll_fn(|cx| {
            // First, because the answer that opens a WebSocket mostly ends it at once.
            if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                return Poll::Ready(ended);
            }
            if !is_ending && is_over.as_mut().poll(cx).is_ready() {
                is_ending = true;
                admission.end();
                if !has_asked.load(Ordering::Relaxed) {
                    return Poll::Ready(Ok(()));
                }
                connection.as_mut().graceful_shutdown();
                return connection.as_mut().poll(cx);
            }
            ready!(admission.poll_given_up(cx));
            admission.end();
            Poll::Ready(Ok(()))
        })
        .await
    };
    if let Err(error) = ended {
        count(&server.hub, &error);
    }
    let returned = returned.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(stream) = returned.filter(|_| !admission.ends_at_once()) {
        tokio::select! {
            biased;
            () = hang_up(&server.hub, *stream) => {}
            () = is_over => {}
        }
    }
}

/// The size of hyper's buffer in bytes. hyper refuses a head that does not fit in it.
fn buffer(rules: HeadRules) -> usize {
    /// The smallest buffer that hyper allows.
    const SMALLEST: u32 = 8 << 10;
    rules.limits.max_bytes.max(SMALLEST) as usize
}

/// hyper's settings for a connection, by the present rules.
fn http(settings: &http1::Builder, rules: HeadRules) -> http1::Builder {
    let mut http = settings.clone();
    http.header_read_timeout(rules.deadline).max_buf_size(buffer(rules));
    // hyper's default is 100. Setting `max_headers`, even to 100, costs hyper an allocation per request.
    if rules.limits.max_headers != 100 {
        http.max_headers(rules.limits.max_headers as usize);
    }
    http
}

/// Counts a request whose head hyper has refused, as a refusal of the hub: not the first of its connection.
fn count(hub: &HostedHub, error: &hyper::Error) {
    if error.is_parse_too_large() {
        let _ = hub.count_refusal(Refusal::HeadTooLarge(HeadTooLarge::Bytes));
    } else if error.is_parse() {
        let _ = hub.count_refusal(Refusal::BadRequest(BadRequest::Head));
    }
}

/// Passes a request to the router, and decides whether the connection is kept after the answer.
async fn answer(
    mut router: Router,
    hub: HostedHub,
    admission: Arc<HttpAdmission>,
    client: SocketAddr,
    rules: HeadRules,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    let (parts, body) = request.into_parts();
    let request = throng_core::websocket::handshake::Request::from(parts);
    let asks_for_websocket = request.asks_for_websocket();
    if asks_for_websocket {
        admission.learn(client);
    }
    admission.head_is_complete(asks_for_websocket);
    let checked = check(request.parts(), rules).map_err(Refusal::HeadTooLarge).and_then(|()| request.check());
    if let Err(refusal) = checked {
        admission.is_answered();
        let refusal = hub.count_refusal(refusal);
        return Ok(closing(respond(&refusal)));
    }
    let mut parts = request.into_parts();
    parts.extensions.insert(ConnectInfo(client));
    if asks_for_websocket {
        parts.extensions.insert(FirstRequest(Arc::clone(&admission)));
    }
    let Ok(response) = router.call(Request::from_parts(parts, Body::new(body))).await;
    admission.is_answered();
    let is_upgrade = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    // The connection is closed after this answer if the hub drains or has stopped (the next request must go to another
    // server), if the hub refused the connection (no limit counts it), or if the request for a WebSocket was refused (as
    // on every host).
    let status = response.status();
    let is_refused = asks_for_websocket && (status.is_client_error() || status.is_server_error());
    let is_kept = hub.hub().state() == State::Running && !admission.was_refused() && !is_refused;
    if is_upgrade {
        admission.upgraded();
    }
    Ok(if is_upgrade || is_kept { response } else { closing(response) })
}

/// Adds `Connection: close`, after which hyper closes the connection. A header Upgrade is named there, too (RFC 9110 section 7.8).
fn closing(mut response: Response) -> Response {
    let upgrades = response.headers().contains_key(header::UPGRADE);
    let options = HeaderValue::from_static(if upgrades { "close, upgrade" } else { "close" });
    response.headers_mut().insert(header::CONNECTION, options);
    response
}

/// Checks the head's size in bytes and in headers, of the later requests of a connection. hyper's own check is not enough: it reads in
/// large steps, and accepts a head longer than its buffer if the head arrives in one step.
fn check(parts: &Parts, rules: HeadRules) -> Result<(), HeadTooLarge> {
    let target = parts.uri.path_and_query().map_or(1, |target| target.as_str().len());
    // The request line and the empty line at the end of the head. Below, each header: its name, `: `, its value, `\r\n`.
    let line = parts.method.as_str().len() + target + " HTTP/1.1\r\n\r\n".len() + 1;
    let headers =
        parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    if line + headers.sum::<usize>() > rules.limits.max_bytes as usize {
        return Err(HeadTooLarge::Bytes);
    }
    if parts.headers.len() > rules.limits.max_headers as usize {
        return Err(HeadTooLarge::Headers);
    }
    Ok(())
}
