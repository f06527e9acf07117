//! Serving a listener.

use core::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use throng_runtime::{Hub, PanicOutput, ServeOptions};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::host::{Tokio, limit_panic_output};
use crate::signal::Caught;
use crate::stream::{split, split_tcp};

/// Serves a hub on a listener: WebSockets on every path but `/healthz` and `/readyz`. SIGTERM and Ctrl-C drain
/// it, the second one forces; SIGHUP does nothing. Returns when the last connection is gone.
///
/// A hook that blocks its thread blocks a worker of the runtime, and with it the tasks that tokio leaves to that worker, maybe one
/// that writes for others. A second signal ends the process all the same, at the latest a second after `deadlines.close`
/// ([`Force::Exit`](crate::Force::Exit)), as long as the thread that waits for this future is another one: on a runtime of one
/// thread, a hook that blocks it blocks this, too, and only SIGKILL helps.
///
/// Dropped before that, no more connections are taken; those there are live on. What it caught stays caught, so that
/// SIGTERM and Ctrl-C do not end the process either.
pub async fn serve(listener: TcpListener, hub: Hub) {
    serve_with(listener, hub, ServeOptions::default()).await;
}

/// [`serve`] with options, and like it when it is dropped.
pub async fn serve_with(listener: TcpListener, hub: Hub, options: ServeOptions) {
    raise_backlog(&listener);
    // Signals are caught before anybody can see that the server is up.
    let drained = drained(hub.clone(), options);
    // Newcomers are answered while others are drained: health and readiness, and a refusal that says when to
    // return. A task of its own, because what `main` blocks on is not run by a worker, and accepts too slowly.
    let mut accepting = JoinSet::new();
    accepting.spawn(accept_loop(listener, hub));
    drained.await;
}

/// Serves one connection to its end on any stream: TLS, a Unix socket, a pipe in a test. Dropping it ends the
/// connection.
///
/// For a `TcpStream` [`serve`] is faster: here both halves of the stream share a lock.
pub async fn serve_stream<S>(hub: &Hub, stream: S, remote: Option<SocketAddr>)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    start(hub);
    let (reader, writer) = split(stream);
    hub.connect(reader, writer, remote).await;
}

/// Ready when a hub has stopped: after the signals that `options` name, or by [`Hub::drain`] or
/// [`Hub::shutdown`]. For servers other than [`serve`]: this drives the drain. Signals are caught from the call on, not
/// from the first poll.
///
/// Dropped before it is ready, a drain that has begun goes on, and no signal or deadline forces it any more. What it caught
/// stays caught, so that SIGTERM and Ctrl-C do not end the process either.
///
/// # Panics
/// Outside a tokio runtime.
pub fn drained(hub: Hub, options: ServeOptions) -> impl Future<Output = ()> + Send + 'static {
    start(&hub);
    hub.stopped_by(options, Caught::signals)
}

/// Gives the hub its host, if it has none: the runtime that the caller runs in.
pub(crate) fn start(hub: &Hub) {
    hub.start(|| {
        if hub.panic_output() == PanicOutput::Limited {
            limit_panic_output();
        }
        Arc::new(Tokio::current())
    });
}

/// Connections that may wait to be accepted. std and tokio ask for 128, and whoever finds no place tries again after a
/// second: after a restart, when everybody comes back at once, that would be most of them.
#[cfg(unix)]
const BACKLOG: i32 = 4096;

#[cfg(unix)]
pub(crate) fn raise_backlog(listener: &TcpListener) {
    if let Err(error) = rustix::net::listen(listener, BACKLOG) {
        tracing::debug!(%error, "the backlog stays as it is");
    }
}

#[cfg(not(unix))]
pub(crate) fn raise_backlog(_: &TcpListener) {}

/// Takes connections for as long as it is polled, whatever goes wrong.
async fn accept_loop(listener: TcpListener, hub: Hub) {
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

/// What is written is whole: waiting for more to put beside it would only delay it.
pub(crate) fn prepare(stream: &TcpStream) {
    // A socket that is broken says so when it is read.
    let _ = stream.set_nodelay(true);
}
