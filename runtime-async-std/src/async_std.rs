//! Serving on async-std's executor.

use ::async_std::task;
use core::future::Future;
use futures_io::{AsyncRead, AsyncWrite};
use std::io;
use std::net::{SocketAddr, TcpListener};
use throng_runtime::{Hub, ServeOptions};

use crate::executor::{self, Spawn};

/// async-std's own executor.
#[derive(Clone, Copy, Debug)]
struct AsyncStd;

impl Spawn for AsyncStd {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        // Dropping the handle detaches the task.
        drop(task::spawn(task));
    }
}

/// Serves a hub on a listener: WebSockets on every path except `/healthz` and `/readyz`. SIGTERM or Ctrl-C begins a
/// drain, a second one forces the end within `deadlines.close`, even if hooks block all threads
/// ([`Force::Exit`](crate::Force::Exit)); SIGHUP is ignored. Returns when the last connection has ended.
///
/// Signals are caught and counted from the call on, connections are accepted from the first poll on. Each signal counts by itself: a
/// SIGTERM and a SIGINT that come together are two. Only the system may merge signals, of the same kind, that come faster than it
/// delivers them.
///
/// If the future is dropped, no more connections are accepted and present ones live on. The signals stay caught, so
/// SIGTERM and Ctrl-C do not end the process.
///
/// # Errors
/// The listener cannot be made non-blocking or watched.
pub fn serve(listener: TcpListener, hub: Hub) -> impl Future<Output = io::Result<()>> + Send + 'static {
    executor::serve(AsyncStd, listener, hub)
}

/// [`serve`] with options.
///
/// # Errors
/// As [`serve`].
pub fn serve_with(
    listener: TcpListener,
    hub: Hub,
    options: ServeOptions,
) -> impl Future<Output = io::Result<()>> + Send + 'static {
    executor::serve_with(AsyncStd, listener, hub, options)
}

/// Serves one connection on any stream (TLS, a Unix socket, a pipe in a test) until it ends. Dropping the future ends
/// the connection.
///
/// For TCP, [`serve`] is faster: here both halves of the stream share a lock.
pub async fn serve_stream<S>(hub: &Hub, stream: S, remote: Option<SocketAddr>)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    executor::serve_stream(AsyncStd, hub, stream, remote).await;
}

/// Drains a hub as [`serve`] does, for other servers: ready when the hub has stopped, after the signals that `options`
/// name, or after [`Hub::drain`] or [`Hub::shutdown`]. Signals are caught from the call on, not from the first poll.
///
/// If the future is dropped, a drain that has begun goes on, but no signal or deadline forces its end. The signals stay
/// caught, so SIGTERM and Ctrl-C do not end the process.
pub fn drained(hub: Hub, options: ServeOptions) -> impl Future<Output = ()> + Send + 'static {
    executor::drained(AsyncStd, hub, options)
}
