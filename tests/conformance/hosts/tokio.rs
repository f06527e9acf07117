//! throng on tokio: by itself, and as a route of axum. What the hub recorded is replayed when the server ends.

use std::net::{SocketAddr, TcpListener};

use axum::Router;
use axum::routing::get;
use throng_tests::server::{Server, listener};
use throng_tokio::{Hub, ServeOptions, Stop};
use tokio::runtime::Builder;

use super::{Host, Running, Standard, roomy};

pub(crate) const BARE: Host = Host { name: "tokio", start: bare, standard: Standard::Best, answers: &[] };
pub(crate) const AXUM: Host =
    Host { name: "tokio + axum", start: axum, standard: Standard::Best, answers: HYPER };

/// hyper reads the heads, and its limit on their bytes is above ours.
const HYPER: &[(&str, u16)] = &[("a long request line", 404), ("a long header", 101)];

fn bare() -> Running {
    running(Server::start(roomy))
}

fn axum() -> Running {
    running(Server::served_by(serve, listener(None), roomy, |builder| builder))
}

fn running(server: Server) -> Running {
    Running::new(server.address, "/echo", server)
}

fn serve(listener: TcpListener, hub: Hub) {
    let runtime =
        Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime starts");
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("a socket");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        let mut options = ServeOptions::default();
        options.stop = Stop::OnHub;
        let drained = throng_tokio::drained(hub.clone(), options);
        let app = Router::new().route("/{*path}", get(throng_tokio::axum::connect)).with_state(hub);
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(listener, app).with_graceful_shutdown(drained).await.expect("it serves");
    });
}
