//! Serving on smol: on its global executor, or with [`executor`] on one of one's own.
//!
//! ```
//! use std::net::TcpListener;
//! use throng_async_std::{Hub, smol::serve};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let hub = Hub::builder()
//!     .on_message(|client, message| {
//!         let _ = client.hub().broadcast(message);
//!     })
//!     .build()?;
//! # hub.shutdown();
//! smol::block_on(serve(TcpListener::bind("127.0.0.1:0")?, hub))?;
//! # Ok(())
//! # }
//! ```
//!
//! smol's documentation advises programs to have an [`Executor`] of their own:
//!
//! ```
//! use smol::Executor;
//! use std::net::TcpListener;
//! use std::sync::Arc;
//! use throng_async_std::{Hub, executor::serve};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let executor = Arc::new(Executor::new());
//! let hub = Hub::builder().build()?;
//! # hub.shutdown();
//! let serving = serve(Arc::clone(&executor), TcpListener::bind("127.0.0.1:0")?, hub);
//! smol::block_on(executor.run(serving))?;
//! # Ok(())
//! # }
//! ```

use ::smol::Executor;
use core::future::Future;
use futures_io::{AsyncRead, AsyncWrite};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use throng_runtime::{Hub, ServeOptions};

use crate::executor::{self, Spawn};

/// smol's global executor.
#[derive(Clone, Copy, Debug)]
struct Global;

impl Spawn for Global {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        ::smol::spawn(task).detach();
    }
}

impl Spawn for Arc<Executor<'static>> {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        Executor::spawn(self, task).detach();
    }
}

impl Spawn for &'static Executor<'static> {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        Executor::spawn(self, task).detach();
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
    executor::serve(Global, listener, hub).await
}

/// [`serve`] with options, and like it when it is dropped.
///
/// # Errors
/// As [`serve`].
pub async fn serve_with(listener: TcpListener, hub: Hub, options: ServeOptions) -> io::Result<()> {
    executor::serve_with(Global, listener, hub, options).await
}

/// Serves one connection to its end on any stream: TLS, a Unix socket, a pipe in a test. Dropping it ends the
/// connection.
///
/// For TCP [`serve`] is faster: here both halves of the stream share a lock.
pub async fn serve_stream<S>(hub: &Hub, stream: S, remote: Option<SocketAddr>)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    executor::serve_stream(Global, hub, stream, remote).await;
}

/// Ready when a hub has stopped: after the signals that `options` name, or by [`Hub::drain`] or
/// [`Hub::shutdown`]. For servers other than [`serve`]: this drives the drain. Signals are caught from the call on, not
/// from the first poll.
///
/// Dropped before it is ready, a drain that has begun goes on, and no signal or deadline forces it any more. What it caught
/// stays caught, so that SIGTERM and Ctrl-C do not end the process either.
pub fn drained(hub: Hub, options: ServeOptions) -> impl Future<Output = ()> + Send + 'static {
    executor::drained(Global, hub, options)
}
