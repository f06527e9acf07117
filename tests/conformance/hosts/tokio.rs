//! throng on tokio: by itself, and as a route of axum.

use std::net::TcpListener;

use axum::Router;
use axum::routing::get;
use throng_runtime::Hub;
use throng_tests::server::serve_on_tokio;
use throng_tokio::axum::{connect, healthz, readyz};
use throng_tokio::{ServeOptions, Stop};
use tokio::runtime::Builder;

use super::Host;

pub(crate) const BARE: Host = Host::here("tokio", serve_on_tokio);
pub(crate) const AXUM: Host = Host {
    uncounted: &["POST"],
    kept: &["no Upgrade", "another Upgrade"],
    ..Host::here("tokio + axum", serve_by_axum)
};

fn serve_by_axum(listener: TcpListener, hub: Hub) {
    let runtime =
        Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime starts");
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("a socket");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        let mut options = ServeOptions::default();
        options.stop = Stop::OnHub;
        let app = Router::new()
            .route("/healthz", get(healthz))
            .route("/readyz", get(readyz))
            .route("/", get(connect))
            .route("/{*path}", get(connect))
            .with_state(hub.clone());
        throng_tokio::axum::serve_with(listener, app, hub, options).await;
    });
}
