//! Serving a listener.

use core::future::Future;
use core::time::Duration;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use throng_core::hub::Drain;
use throng_core::runtime::Hub;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::host::Tokio;
use crate::log::Limit;
use crate::signal::Signals;
use crate::stream::{split, split_tcp};

/// How a listener is served, and when that ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServeOptions {
    /// What begins the end.
    pub stop: Stop,
    /// How clients are drained then.
    pub drain: Drain,
    /// How long that may take before the rest is closed by force. Default 60 s.
    pub drain_deadline: Duration,
}

/// What begins the end of serving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stop {
    /// SIGTERM or Ctrl-C drains; the second one closes everybody at once.
    OnSignal,
    /// Only [`Hub::drain`] and [`Hub::shutdown`].
    OnHub,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self { stop: Stop::OnSignal, drain: Drain::default(), drain_deadline: Duration::from_secs(60) }
    }
}

/// Serves a hub on a listener: WebSockets on every path but `/healthz` and `/readyz`. SIGTERM and Ctrl-C drain
/// it, the second one forces. Returns when the last connection is gone.
///
/// Dropped before that, no more connections are taken; those there are live on.
pub async fn serve(listener: TcpListener, hub: Hub) {
    serve_with(listener, hub, ServeOptions::default()).await;
}

/// [`serve`] with options.
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
/// # Panics
/// Outside a tokio runtime.
pub fn drained(hub: Hub, options: ServeOptions) -> impl Future<Output = ()> + Send + 'static {
    start(&hub);
    let signals = match options.stop {
        Stop::OnSignal => Signals::catch(),
        Stop::OnHub => None,
    };
    async move {
        let by_signal = async {
            match signals {
                Some(signals) => drain_on_signal(&hub, options, signals).await,
                None => core::future::pending().await,
            }
        };
        tokio::select! {
            () = hub.stopped() => {}
            () = by_signal => {}
        }
    }
}

/// Gives the hub its host, if it has none: the runtime that the caller runs in.
pub(crate) fn start(hub: &Hub) {
    hub.start(|| Arc::new(Tokio::current()));
}

/// Ready after a signal, when the drain is done, or nothing more can be waited for.
async fn drain_on_signal(hub: &Hub, options: ServeOptions, mut signals: Signals) {
    signals.next().await;
    tracing::info!("draining");
    tokio::select! {
        drained = hub.drain(options.drain, options.drain_deadline) => match drained {
            Ok(()) => return,
            Err(error) => tracing::warn!(error.remaining, "the drain took too long"),
        },
        () = signals.next() => tracing::info!("forced"),
    }
    hub.shutdown();
    // Close frames have their deadline inside the hub; the application's last hooks have this one.
    tokio::time::sleep(LAST_HOOKS).await;
    tracing::warn!("some last hooks have not returned");
}

/// How long the hooks of clients that a shutdown has closed may still run.
const LAST_HOOKS: Duration = Duration::from_secs(10);

/// Connections that may wait to be accepted. std and tokio ask for 128, and whoever finds no place tries again after a
/// second: after a restart, when everybody comes back at once, that would be most of them.
#[cfg(unix)]
const BACKLOG: i32 = 4096;

#[cfg(unix)]
fn raise_backlog(listener: &TcpListener) {
    if let Err(error) = rustix::net::listen(listener, BACKLOG) {
        tracing::debug!(%error, "the backlog stays as it is");
    }
}

#[cfg(not(unix))]
fn raise_backlog(_: &TcpListener) {}

/// Takes connections for as long as it is polled, whatever goes wrong.
async fn accept_loop(listener: TcpListener, hub: Hub) {
    static FAILURES: Limit = Limit::new();
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => {
                prepare(&stream);
                let (reader, writer) = split_tcp(stream);
                tokio::spawn(hub.connect(reader, writer, Some(remote)));
            }
            Err(error) => {
                if let Some(unsaid) = FAILURES.allows() {
                    tracing::warn!(%error, unsaid, "accept failed");
                }
                if !concerns_one_peer(&error) {
                    // No file descriptor or memory is left: some will be given back.
                    tokio::time::sleep(Duration::from_millis(50)).await;
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

fn concerns_one_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}
