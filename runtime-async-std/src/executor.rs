//! Serving on any executor: what the functions of the crate's root do on async-std's, and those of `smol` on smol's.
//!
//! Sockets, timers and signals are those of async-io, which needs nothing but a thread that it starts by itself; so all that
//! is left to an executor is to run tasks.
//!
//! ```
//! use std::net::TcpListener;
//! use throng_async_std::executor::{self, Spawn};
//! use throng_async_std::Hub;
//!
//! /// A thread for each task: few tasks are needed to see that any executor will do.
//! #[derive(Clone)]
//! struct Threads;
//!
//! impl Spawn for Threads {
//!     fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
//!         std::thread::spawn(move || async_io::block_on(task));
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let hub = Hub::builder().build()?;
//! let serving = executor::serve(Threads, TcpListener::bind("127.0.0.1:0")?, hub.clone());
//! hub.shutdown();
//! async_io::block_on(serving)?;
//! # Ok(())
//! # }
//! ```
//!
//! A hub stays with the executor that serves it first: its lanes and its timer are tasks of that one. When that executor has been
//! dropped, and its tasks with it, the hub refuses newcomers with 503 and reports
//! [`HostIsGone`](throng_runtime::Report::HostIsGone): build another hub for another executor. The hub keeps its [`Spawn`]. If that
//! owns the executor, as with an `Arc`, the executor is never dropped while there is a handle of the hub; if nothing runs it any more
//! then, nothing is written and no deadline holds, and the hub cannot tell. So either run it for as long as the hub is used, or let the
//! [`Spawn`] have only a `Weak`.

use async_io::Async;
use core::future::Future;
use futures_io::{AsyncRead, AsyncWrite};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use throng_runtime::{Hub, PanicOutput, ServeOptions};

use crate::accept::{accept_loop, raise_backlog};
use crate::host::{AsyncIo, limit_panic_output};
use crate::leash::Leash;
use crate::signal::Caught;
pub use crate::spawn::Spawn;
use crate::stream::split;

/// Serves a hub on a listener: WebSockets on every path but `/healthz` and `/readyz`. SIGTERM and Ctrl-C drain
/// it, the second one forces; SIGHUP does nothing. Returns when the last connection is gone.
///
/// Dropped before that, no more connections are taken; those there are live on. What it caught stays caught, so that
/// SIGTERM and Ctrl-C do not end the process either.
///
/// # Errors
/// The listener cannot be made non-blocking or watched.
pub async fn serve(executor: impl Spawn, listener: TcpListener, hub: Hub) -> io::Result<()> {
    serve_with(executor, listener, hub, ServeOptions::default()).await
}

/// [`serve`] with options, and like it when it is dropped.
///
/// # Errors
/// As [`serve`].
pub async fn serve_with(
    executor: impl Spawn,
    listener: TcpListener,
    hub: Hub,
    options: ServeOptions,
) -> io::Result<()> {
    raise_backlog(&listener);
    let listener = Async::new(listener)?;
    // Signals are caught before anybody can see that the server is up.
    let drained = drained(executor.clone(), hub.clone(), options);
    // Newcomers are answered while others are drained: health and readiness, and a refusal that says when to
    // return. A task of its own, because the thread that waits for the end would have to be woken for each of them.
    let (leash, accepting) = Leash::tie(accept_loop(executor.clone(), listener, hub));
    executor.spawn(accepting);
    drained.await;
    drop(leash);
    Ok(())
}

/// Serves one connection to its end on any stream: TLS, a Unix socket, a pipe in a test. Dropping it ends the
/// connection.
///
/// For TCP [`serve`] is faster: here both halves of the stream share a lock.
pub async fn serve_stream<S>(executor: impl Spawn, hub: &Hub, stream: S, remote: Option<SocketAddr>)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    start(hub, executor);
    let (reader, writer) = split(stream);
    hub.connect(reader, writer, remote).await;
}

/// Ready when a hub has stopped: after the signals that `options` name, or by [`Hub::drain`] or
/// [`Hub::shutdown`]. For servers other than [`serve`]: this drives the drain. Signals are caught from the call on, not
/// from the first poll.
///
/// Dropped before it is ready, a drain that has begun goes on, and no signal or deadline forces it any more. What it caught
/// stays caught, so that SIGTERM and Ctrl-C do not end the process either.
pub fn drained(
    executor: impl Spawn,
    hub: Hub,
    options: ServeOptions,
) -> impl Future<Output = ()> + Send + 'static {
    start(&hub, executor);
    hub.stopped_by(options, Caught::signals)
}

/// Gives the hub its host, if it has none.
fn start(hub: &Hub, executor: impl Spawn) {
    hub.start(|| {
        if hub.panic_output() == PanicOutput::Limited {
            limit_panic_output();
        }
        Arc::new(AsyncIo::new(executor))
    });
}
