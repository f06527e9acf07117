//! The smallest server: one room, and what one says, all hear.
//!
//! Run `cargo run --release --example simple` and open http://127.0.0.1:8080 twice.

#![allow(clippy::print_stdout)]

use axum::Router;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::Html;
use axum::routing::get;
use throng_tokio::axum::connect;
use throng_tokio::hub::ConfigError;
use throng_tokio::{Fatal, Hub};

pub(crate) fn app() -> Result<(Hub, Router), ConfigError> {
    let hub = Hub::builder()
        .on_connect(|client| _ = client.hub().join(client.id(), "lobby"))
        .on_message(|client, message| _ = client.hub().send_to_room("lobby", message))
        .build()?;
    let page = ([(CONTENT_SECURITY_POLICY, "frame-ancestors 'none'")], Html(include_str!("simple.html")));
    let app = Router::new().route("/", get(page)).route("/ws", get(connect)).with_state(hub.clone());
    Ok((hub, app))
}

#[tokio::main]
async fn main() -> Result<(), Fatal> {
    let (hub, app) = app()?;
    let listening = tokio::net::TcpListener::bind("127.0.0.1:8080").await;
    let listener = listening.map_err(|error| format!("cannot listen on 127.0.0.1:8080: {error}"))?;
    let serving = throng_tokio::axum::serve(listener, app, hub);
    println!("open http://127.0.0.1:8080 twice");
    serving.await;
    Ok(())
}
