//! throng on tokio: by itself, and as a route of axum.

use std::net::{SocketAddr, TcpListener};

use axum::Router;
use axum::routing::get;
use throng_runtime::Hub;
use throng_tests::server::serve_on_tokio;
use throng_tokio::axum::{connect, healthz, readyz};
use throng_tokio::{ServeOptions, Stop};
use tokio::runtime::Builder;

use super::Host;

pub(crate) const BARE: Host = Host::here("tokio", serve_on_tokio);
pub(crate) const AXUM: Host = Host { answers: HYPER, ..Host::here("tokio + axum", serve_by_axum) };

/// hyper reads the heads, and its limit on their bytes is above ours.
const HYPER: &[(&str, u16)] = &[("a long request line", 404), ("a long header", 101)];

fn serve_by_axum(listener: TcpListener, hub: Hub) {
    let runtime =
        Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime starts");
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("a socket");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        let mut options = ServeOptions::default();
        options.stop = Stop::OnHub;
        let drained = throng_tokio::drained(hub.clone(), options);
        let app = Router::new()
            .route("/healthz", get(healthz))
            .route("/readyz", get(readyz))
            .route("/", get(connect))
            .route("/{*path}", get(connect))
            .with_state(hub);
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, app).with_graceful_shutdown(drained).await.expect("it serves");
    });
}
