//! Serving on smol: on its global executor, or with [`executor`] on your own.
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
//! smol's documentation advises programs to create their own [`Executor`]:
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
    executor::serve(Global, listener, hub)
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
    executor::serve_with(Global, listener, hub, options)
}

/// Serves one connection on any stream (TLS, a Unix socket, a pipe in a test) until it ends. Dropping the future ends
/// the connection.
///
/// For TCP, [`serve`] is faster: here both halves of the stream share a lock.
pub async fn serve_stream<S>(hub: &Hub, stream: S, remote: Option<SocketAddr>)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    executor::serve_stream(Global, hub, stream, remote).await;
}

/// Drains a hub as [`serve`] does, for other servers: ready when the hub has stopped, after the signals that `options`
/// name, or after [`Hub::drain`] or [`Hub::shutdown`]. Signals are caught from the call on, not from the first poll.
///
/// If the future is dropped, a drain that has begun goes on, but no signal or deadline forces its end. The signals stay
/// caught, so SIGTERM and Ctrl-C do not end the process.
pub fn drained(hub: Hub, options: ServeOptions) -> impl Future<Output = ()> + Send + 'static {
    executor::drained(Global, hub, options)
}
