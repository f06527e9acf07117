//! Serving on async-std's threads.

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
        // Dropping the handle leaves the task alone.
        drop(task::spawn(task));
    }
}

/// Serves a hub on a listener: WebSockets on every path but `/healthz` and `/readyz`. SIGTERM and Ctrl-C drain
/// it, the second one forces; SIGHUP does nothing. Returns when the last connection is gone.
///
/// Dropped before that, no more connections are taken; those there are live on. What it caught stays caught, so that
/// SIGTERM and Ctrl-C do not end the process either.
///
/// # Errors
/// The listener cannot be made non-blocking or watched.
pub async fn serve(listener: TcpListener, hub: Hub) -> io::Result<()> {
    executor::serve(AsyncStd, listener, hub).await
}

/// [`serve`] with options, and like it when it is dropped.
///
/// # Errors
/// As [`serve`].
pub async fn serve_with(listener: TcpListener, hub: Hub, options: ServeOptions) -> io::Result<()> {
    executor::serve_with(AsyncStd, listener, hub, options).await
}

/// Serves one connection to its end on any stream: TLS, a Unix socket, a pipe in a test. Dropping it ends the
/// connection.
///
/// For TCP [`serve`] is faster: here both halves of the stream share a lock.
pub async fn serve_stream<S>(hub: &Hub, stream: S, remote: Option<SocketAddr>)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    executor::serve_stream(AsyncStd, hub, stream, remote).await;
}

/// Ready when a hub has stopped: after the signals that `options` name, or by [`Hub::drain`] or
/// [`Hub::shutdown`]. For servers other than [`serve`]: this drives the drain. Signals are caught from the call on, not
/// from the first poll.
///
/// Dropped before it is ready, a drain that has begun goes on, and no signal or deadline forces it any more. What it caught
/// stays caught, so that SIGTERM and Ctrl-C do not end the process either.
pub fn drained(hub: Hub, options: ServeOptions) -> impl Future<Output = ()> + Send + 'static {
    executor::drained(AsyncStd, hub, options)
}
