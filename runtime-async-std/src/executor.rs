//! Serving on any executor: these functions take the executor as an argument. The functions of the crate's root use
//! async-std's, and those of `smol` use smol's.
//!
//! Sockets, timers and signals are those of async-io, which needs only a thread that it starts by itself. An executor
//! therefore only runs tasks.
//!
//! ```
//! use std::net::TcpListener;
//! use throng_async_std::executor::{self, Spawn};
//! use throng_async_std::Hub;
//!
//! /// A thread per task, to show that any executor will do.
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
//! A hub stays with the executor that serves it first, because its lanes and its timer are tasks there. If that executor is
//! kept but no longer run, the hub stands still and nothing reports it, even if another executor serves the hub.

use async_io::Async;
use core::future::{Future, ready};
use futures_io::{AsyncRead, AsyncWrite};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use throng_runtime::hosting::{HostedHub, SignalListener};
use throng_runtime::{Hub, PanicOutput, ServeOptions};

use crate::abort_on_drop::AbortOnDrop;
use crate::accept::{accept_loop, check_open_files, raise_backlog};
use crate::host::{AsyncIo, limit_panic_output};
use crate::signal::signals;
pub use crate::spawn::Spawn;
use crate::stream::split;

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
pub fn serve(
    executor: impl Spawn,
    listener: TcpListener,
    hub: Hub,
) -> impl Future<Output = io::Result<()>> + Send + 'static {
    serve_with(executor, listener, hub, ServeOptions::default())
}

/// [`serve`] with options.
///
/// # Errors
/// As [`serve`].
pub fn serve_with(
    executor: impl Spawn,
    listener: TcpListener,
    hub: Hub,
    options: ServeOptions,
) -> impl Future<Output = io::Result<()>> + Send + 'static {
    // Before the first poll, and so before a peer can see that the server is up.
    let caught = signals(&hub, options);
    accept_until_stopped(executor, listener, hub, options, caught)
}

async fn accept_until_stopped(
    executor: impl Spawn,
    listener: TcpListener,
    hub: Hub,
    options: ServeOptions,
    caught: Option<SignalListener>,
) -> io::Result<()> {
    raise_backlog(&listener);
    let listener = Async::new(listener)?;
    let hosted = start(hub, executor.clone());
    check_open_files(&hosted);
    let drained = hosted.clone().stopped_by(options, || caught, ready(()));
    // During a drain, newcomers still get answers: health, readiness, and a refusal with Retry-After. A task of its
    // own: otherwise each accept would have to wake the thread that waits for the end.
    let (guard, accepting) = AbortOnDrop::wrap(accept_loop(executor.clone(), listener, hosted));
    executor.spawn(accepting);
    drained.await;
    drop(guard);
    Ok(())
}

/// Serves one connection on any stream (TLS, a Unix socket, a pipe in a test) until it ends. Dropping the future ends
/// the connection.
///
/// For TCP, [`serve`] is faster: here both halves of the stream share a lock.
pub async fn serve_stream<S>(executor: impl Spawn, hub: &Hub, stream: S, remote: Option<SocketAddr>)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (reader, writer) = split(stream);
    start(hub.clone(), executor).connect(reader, writer, remote).await;
}

/// Drains a hub as [`serve`] does, for other servers: ready when the hub has stopped, after the signals that `options`
/// name, or after [`Hub::drain`] or [`Hub::shutdown`]. Signals are caught from the call on, not from the first poll.
///
/// If the future is dropped, a drain that has begun goes on, but no signal or deadline forces its end. The signals stay
/// caught, so SIGTERM and Ctrl-C do not end the process.
pub fn drained(
    executor: impl Spawn,
    hub: Hub,
    options: ServeOptions,
) -> impl Future<Output = ()> + Send + 'static {
    let caught = signals(&hub, options);
    start(hub, executor).stopped_by(options, || caught, ready(()))
}

/// Gives the hub its host, if it has none.
fn start(hub: Hub, executor: impl Spawn) -> HostedHub {
    HostedHub::start(hub, |panic_output| {
        if panic_output == PanicOutput::Limited {
            limit_panic_output();
        }
        Arc::new(AsyncIo::new(executor))
    })
}
