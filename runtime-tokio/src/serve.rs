//! Serving a listener.

use core::future::{Future, ready};
use std::net::SocketAddr;
use std::sync::Arc;
use throng_runtime::hosting::HostedHub;
use throng_runtime::{Hub, PanicOutput, ServeOptions};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::host::{Tokio, limit_panic_output};
use crate::signal::signals;
use crate::stream::{split, split_tcp};

/// Serves a hub on a listener: WebSockets on every path except `/healthz` and `/readyz`. SIGTERM or Ctrl-C begins a
/// drain, a second one forces the end; SIGHUP is ignored. Returns when the last connection has ended.
///
/// A hook that blocks its thread blocks a worker of the runtime, with all tasks on that worker, possibly a lane or this
/// future. If the other workers happen to sleep, tokio wakes none of them to wait for sockets in its place: then the whole
/// server stands still until the hook returns. Use [`spawn_blocking`](tokio::task::spawn_blocking) for such work. A second
/// signal ends the process nevertheless, within `deadlines.close` ([`Force::Exit`](crate::Force::Exit)), also on a runtime
/// with one thread: signals are counted on a thread of their own. If this future is among what is blocked, nothing is
/// drained.
///
/// If the future is dropped, no more connections are accepted and present ones live on. The signals stay caught, so
/// SIGTERM and Ctrl-C do not end the process.
pub async fn serve(listener: TcpListener, hub: Hub) {
    serve_with(listener, hub, ServeOptions::default()).await;
}

/// [`serve`] with options.
pub async fn serve_with(listener: TcpListener, hub: Hub, options: ServeOptions) {
    raise_backlog(&listener);
    let hosted = start(hub);
    check_open_files(&hosted);
    // Signals are caught before any peer can see that the server is up.
    let drained = hosted.clone().stopped_by(options, signals, ready(()));
    // During a drain, newcomers still get answers: health, readiness, and a refusal with Retry-After. A task of its
    // own, because `main`'s task is not run by a worker and would accept too slowly.
    let mut accepting = JoinSet::new();
    accepting.spawn(accept_loop(listener, hosted));
    drained.await;
}

/// Serves one connection on any stream (TLS, a Unix socket, a pipe in a test) until it ends. Dropping the future ends
/// the connection.
///
/// For a `TcpStream`, [`serve`] is faster: here both halves of the stream share a lock.
pub async fn serve_stream<S>(hub: &Hub, stream: S, remote: Option<SocketAddr>)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (reader, writer) = split(stream);
    start(hub.clone()).connect(reader, writer, remote).await;
}

/// Drains a hub as [`serve`] does, for other servers: ready when the hub has stopped, after the signals that `options`
/// name, or after [`Hub::drain`] or [`Hub::shutdown`]. Signals are caught from the call on, not from the first poll.
///
/// If the future is dropped, a drain that has begun goes on, but no signal or deadline forces its end. The signals stay
/// caught, so SIGTERM and Ctrl-C do not end the process.
///
/// # Panics
/// If called outside a tokio runtime.
pub fn drained(hub: Hub, options: ServeOptions) -> impl Future<Output = ()> + Send + 'static {
    start(hub).stopped_by(options, signals, ready(()))
}

/// Gives the hub its host, if it has none: the runtime in which the caller runs.
pub(crate) fn start(hub: Hub) -> HostedHub {
    HostedHub::start(hub, |panic_output| {
        if panic_output == PanicOutput::Limited {
            limit_panic_output();
        }
        Arc::new(Tokio::current())
    })
}

/// Connections that may wait to be accepted. std and tokio ask for 128. A client beyond that retries after 1 s, which
/// after a restart, when all clients reconnect at once, would be most of them.
#[cfg(unix)]
const BACKLOG: i32 = 4096;

#[cfg(unix)]
pub(crate) fn raise_backlog(listener: &TcpListener) {
    if let Err(error) = rustix::net::listen(listener, BACKLOG) {
        tracing::debug!(%error, "cannot raise the listener's backlog to 4,096: many clients that reconnect at once may wait");
    }
}

#[cfg(not(unix))]
pub(crate) fn raise_backlog(_: &TcpListener) {}

#[cfg(unix)]
pub(crate) fn check_open_files(hub: &HostedHub) {
    hub.check_open_files(rustix::process::getrlimit(rustix::process::Resource::Nofile).current);
}

#[cfg(not(unix))]
pub(crate) fn check_open_files(_: &HostedHub) {}

/// Accepts connections for as long as it is polled, despite errors.
async fn accept_loop(listener: TcpListener, hub: HostedHub) {
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => {
                prepare(&stream);
                let (reader, writer) = split_tcp(stream);
                tokio::spawn(hub.connect(reader, writer, Some(remote)));
            }
            Err(error) => {
                let rest = hub.accept_failed(&error);
                if !rest.is_zero() {
                    tokio::time::sleep(rest).await;
                }
            }
        }
    }
}

/// Turns off Nagle's algorithm: each write is complete, so waiting for more would only delay it.
pub(crate) fn prepare(stream: &TcpStream) {
    // A broken socket reports its error at the next read.
    let _ = stream.set_nodelay(true);
}
