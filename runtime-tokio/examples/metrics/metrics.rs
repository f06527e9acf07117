//! A chat that is watched: by Prometheus, by a load balancer, by people.
//!
//! Run `cargo run --release --example metrics`, open http://127.0.0.1:8080/metrics, and say something in the
//! console of that page:
//!
//! ```js
//! socket = new WebSocket("ws://127.0.0.1:8080/ws"); socket.onmessage = (event) => console.log(event.data)
//! socket.send("Hello")
//! ```
//!
//! | path | |
//! | --- | --- |
//! | `/ws` | the chat: what one says, all hear |
//! | `/metrics` | for Prometheus; the names are in `throng_tokio::observe` |
//! | `/summary` | the same in words, and `POST` begins it anew |
//! | `/healthz`, `/readyz` | for a load balancer |
//!
//! `RUST_LOG=info,throng::connection=debug` keeps a span for each connection, so that each line of the log says whose it is.

#![allow(clippy::print_stdout)]

use axum::Router;
use axum::extract::{FromRef, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::convert::Infallible;
use std::time::Duration;
use throng_tokio::axum::{connect, healthz, readyz, serve};
use throng_tokio::middleware::{Incoming, MetricsLayer};
use throng_tokio::observe::{Histograms, Meters, Summary};
use throng_tokio::{Fatal, Hub};
use tokio::net::TcpListener;
use tokio::time::sleep;
use tower::{ServiceBuilder, service_fn};
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[derive(Clone)]
struct Watched {
    hub: Hub,
    meters: Meters,
    summary: Summary,
    prometheus: PrometheusHandle,
}

impl FromRef<Watched> for Hub {
    fn from_ref(watched: &Watched) -> Self {
        watched.hub.clone()
    }
}

async fn metrics(State(watched): State<Watched>) -> impl IntoResponse {
    watched.meters.publish();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], watched.prometheus.render())
}

async fn summary(State(watched): State<Watched>) -> String {
    watched.summary.read(&watched.hub).to_string()
}

async fn begin_anew(State(watched): State<Watched>) {
    watched.summary.reset(&watched.hub);
}

/// What one says, all hear.
async fn say(incoming: Incoming) -> Result<(), Infallible> {
    // A message that is too long for the others is not sent, and that is all.
    let _ = incoming.client.hub().broadcast(incoming.message);
    Ok(())
}

/// From 10 µs to 10 s; from one to a million.
fn install_recorder() -> Result<PrometheusHandle, BuildError> {
    const SECONDS: [f64; 13] = [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0, 3.0, 10.0];
    const COUNTS: [f64; 10] = [1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0, 65536.0, 1048576.0];
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_bytes".into()), &COUNTS)?
        .set_buckets_for_metric(Matcher::Suffix("_clients".into()), &COUNTS)?
        .install_recorder()
}

/// Writes the log to stderr: by what `RUST_LOG` asks for, else from INFO on.
fn log() -> Result<(), ParseError> {
    let wanted = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".into()).parse::<Targets>()?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(lines).with(wanted).init();
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    log()?;
    // Before whatever counts is made.
    let prometheus = install_recorder()?;
    let summary = Summary::new();
    let messages = ServiceBuilder::new().layer(MetricsLayer::new()).service(service_fn(say));
    let hub = Hub::builder().messages(messages).observe((summary.clone(), Histograms::new())).build()?;
    let watched =
        Watched { meters: Meters::new(&hub), summary, prometheus: prometheus.clone(), hub: hub.clone() };
    // What is measured would pile up if nobody fetched it.
    tokio::spawn(async move {
        loop {
            sleep(Duration::from_secs(5)).await;
            prometheus.run_upkeep();
        }
    });
    let app = Router::new()
        .route("/ws", get(connect))
        .route("/metrics", get(metrics))
        .route("/summary", get(self::summary).post(begin_anew))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(watched);
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".into());
    let listening = TcpListener::bind(&address).await;
    let listener = listening.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let address = listener.local_addr()?;
    let serving = serve(listener, app, hub);
    // Said once signals are caught: whoever reads it may send one.
    println!("metrics on http://{address}");
    serving.await;
    Ok(())
}
