//! [`serve`]: accepts connections from a TCP listener until the hub is drained.

use core::future::{Future, ready};
use std::net::SocketAddr;
use std::sync::Arc;
use throng_runtime::hosting::{HostedHub, SignalListener};
use throng_runtime::{Hub, PanicOutput, ServeOptions};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::host::{Tokio, limit_panic_output};
use crate::signal::signals;
use crate::stream::{split, split_tcp};

/// Serves a hub on a listener: WebSockets on every path except `/healthz` and `/readyz`. SIGTERM or Ctrl-C begins a
/// drain; a second signal closes all connections by force. SIGHUP is ignored. Returns when the last connection has ended.
///
/// **Hooks must not block their thread.** A hook that does blocks a worker of the runtime and all tasks on that worker:
/// possibly this future, or a lane, a task that writes to many connections. If the other workers sleep at that moment,
/// tokio wakes none of them to wait for sockets in place of the blocked one: then the whole server stands still until the
/// hook returns. Use [`spawn_blocking`](tokio::task::spawn_blocking) for such work.
///
/// While a hook blocks this future, the first signal begins no drain. The second signal still ends the process, within
/// `deadlines.close` ([`Force::Exit`](crate::Force::Exit)), also on a runtime with one thread: signals are counted on a
/// thread of their own.
///
/// Signals are caught and counted from the call on, connections are accepted from the first poll on. Each signal counts by itself: a
/// SIGTERM and a SIGINT that come together are two. Only the system may merge signals, of the same kind, that come faster than it
/// delivers them.
///
/// If the future is dropped, no more connections are accepted, and open connections live on. SIGTERM and Ctrl-C stay
/// caught, so they no longer end the process.
pub fn serve(listener: TcpListener, hub: Hub) -> impl Future<Output = ()> + Send + 'static {
    serve_with(listener, hub, ServeOptions::default())
}

/// [`serve`] with options.
pub fn serve_with(
    listener: TcpListener,
    hub: Hub,
    options: ServeOptions,
) -> impl Future<Output = ()> + Send + 'static {
    // Before the first poll, and so before a peer can see that the server is up.
    let caught = signals(&hub, options);
    accept_until_stopped(listener, hub, options, caught)
}

async fn accept_until_stopped(
    listener: TcpListener,
    hub: Hub,
    options: ServeOptions,
    caught: Option<SignalListener>,
) {
    raise_backlog(&listener);
    let hosted = start(hub);
    check_open_files(&hosted);
    let drained = hosted.clone().stopped_by(options, || caught, ready(()));
    // Accepts until the drain is complete: new connections still get answers, which are health, readiness or a refusal with
    // Retry-After. Runs in a task of its own, because no worker runs the task of `main`, which would accept too slowly.
    let mut accepting = JoinSet::new();
    accepting.spawn(accept_loop(listener, hosted));
    drained.await;
}

/// Serves one connection on any stream (TLS, a Unix socket, a pipe in a test) until it ends. Dropping the future ends
/// the connection.
///
/// For a `TcpStream`, [`serve`] is faster: here the reading and the writing half of the stream share a lock.
pub async fn serve_stream<S>(hub: &Hub, stream: S, remote: Option<SocketAddr>)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (reader, writer) = split(stream);
    start(hub.clone()).connect(reader, writer, remote).await;
}

/// Drains a hub as [`serve`] does, for applications that have another server. The future is ready when the hub has stopped:
/// after SIGTERM or Ctrl-C (unless `options` say [`Stop::OnHub`](crate::Stop::OnHub)), [`Hub::drain`] or
/// [`Hub::shutdown`]. Signals are caught from the call on, not from the first poll.
///
/// If the future is dropped, a drain that has begun goes on, but no signal or deadline forces its end. SIGTERM and Ctrl-C
/// stay caught, so they no longer end the process.
///
/// # Panics
/// If called outside a tokio runtime.
pub fn drained(hub: Hub, options: ServeOptions) -> impl Future<Output = ()> + Send + 'static {
    let caught = signals(&hub, options);
    start(hub).stopped_by(options, || caught, ready(()))
}

/// Makes the runtime in which the caller runs the hub's host, unless the hub has one already.
pub(crate) fn start(hub: Hub) -> HostedHub {
    HostedHub::start(hub, |panic_output| {
        if panic_output == PanicOutput::Limited {
            limit_panic_output();
        }
        Arc::new(Tokio::current())
    })
}

/// The number of connections that may wait to be accepted. std and tokio ask for 128. Any further client retries after
/// 1 s, and after a restart, when all clients reconnect at once, these would be most of them.
#[cfg(unix)]
const BACKLOG: i32 = 4096;

#[cfg(unix)]
pub(crate) fn raise_backlog(listener: &TcpListener) {
    if let Err(error) = rustix::net::listen(listener, BACKLOG) {
        tracing::debug!(%error, "cannot raise the listener's backlog to 4,096: after a restart, many clients may wait 1 s");
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

/// Accepts connections until it is dropped. A failed accept is reported and retried.
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

/// Sets `TCP_NODELAY`: each write has all that there is to send, so Nagle's algorithm would only delay it.
pub(crate) fn prepare(stream: &TcpStream) {
    // An error here means that the socket is broken, which the next read reports.
    let _ = stream.set_nodelay(true);
}
