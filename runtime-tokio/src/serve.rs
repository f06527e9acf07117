//! Serving a listener.

use core::future::Future;
use core::pin::pin;
use core::time::Duration;
use std::io;
use std::sync::Arc;
use throng_core::hub::Drain;
use throng_core::runtime::Hub;
use tokio::net::{TcpListener, TcpStream};

use crate::host::Tokio;
use crate::log::Limit;
use crate::signal;
use crate::stream::split_tcp;

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
/// Cancel-safe in that nothing is lost when it is dropped: no more connections are taken, those there are live on.
pub async fn serve(listener: TcpListener, hub: Hub) {
    serve_with(listener, hub, ServeOptions::default()).await;
}

/// [`serve`] with options.
pub async fn serve_with(listener: TcpListener, hub: Hub, options: ServeOptions) {
    start(&hub);
    let mut accepting = pin!(accept_loop(listener, &hub));
    let mut ending = pin!(async {
        match options.stop {
            Stop::OnSignal => drain_on_signal(&hub, options).await,
            Stop::OnHub => core::future::pending().await,
        }
    });
    // Newcomers are answered while others are drained: health and readiness, and a refusal that says when to
    // return.
    let mut stopped = hub.stopped();
    core::future::poll_fn(|cx| {
        let _ = accepting.as_mut().poll(cx);
        let _ = ending.as_mut().poll(cx);
        pin!(&mut stopped).poll(cx)
    })
    .await;
}

/// Gives the hub its host, if it has none: the runtime that the caller runs in.
pub(crate) fn start(hub: &Hub) {
    hub.start(|| Arc::new(Tokio::current()));
}

async fn drain_on_signal(hub: &Hub, options: ServeOptions) {
    signal::first().await;
    tracing::info!("draining");
    let mut drain = pin!(hub.drain(options.drain, options.drain_deadline));
    tokio::select! {
        drained = &mut drain => if let Err(error) = drained {
            tracing::warn!(error.remaining, "the drain took too long");
        },
        () = signal::first() => tracing::info!("forced"),
    }
    hub.shutdown();
    core::future::pending().await
}

/// Takes connections for as long as it is polled, whatever goes wrong.
async fn accept_loop(listener: TcpListener, hub: &Hub) {
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
