//! A hub and the runtime that it lives in.

use crate::common::{Client, PATIENCE};
use axum::{Router, routing::get};
use std::net::SocketAddr;
use throng_tokio::axum::{connect, readyz};
use throng_tokio::{Hub, ServeOptions, Stop};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

type Start = fn(TcpListener, Hub);

fn by_hub() -> ServeOptions {
    let mut options = ServeOptions::default();
    options.stop = Stop::OnHub;
    options
}

const BARE: Start = |listener, hub| drop(tokio::spawn(throng_tokio::serve_with(listener, hub, by_hub())));

fn app(hub: &Hub) -> Router {
    Router::new().route("/ws", get(connect)).route("/readyz", get(readyz)).with_state(hub.clone())
}

const AXUM: Start = |listener, hub| {
    drop(tokio::spawn(throng_tokio::axum::serve_with(listener, app(&hub), hub, by_hub())));
};

const PLAIN_AXUM: Start = |listener, hub| {
    drop(tokio::spawn(axum::serve(listener, app(&hub)).into_future()));
};

async fn start(start: Start, hub: &Hub) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    start(listener, hub.clone());
    address
}

async fn status(address: SocketAddr, path: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut start)).await.unwrap().unwrap();
    String::from_utf8(start[9..].to_vec()).unwrap()
}

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// Two kinds of runtimes: of one thread, and of several.
fn runtimes() -> [Runtime; 2] {
    [
        Builder::new_current_thread().enable_all().build().unwrap(),
        Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap(),
    ]
}

#[test]
fn a_hub_that_has_outlived_its_runtime_refuses_newcomers_instead_of_being_silent() {
    for served in [BARE, AXUM, PLAIN_AXUM] {
        for first in runtimes() {
            let hub = Hub::builder().on_message(|client, message| _ = client.send(message)).build().unwrap();
            first.block_on(async {
                let mut client = Client::connect(start(served, &hub).await, "/ws").await;
                client.send("hello").await;
                assert_eq!(client.text().await, "hello");
            });
            drop(first);
            for second in runtimes() {
                second.block_on(async {
                    let address = start(served, &hub).await;
                    assert_eq!(status(address, "/ws", UPGRADE).await, "503");
                    assert_eq!(status(address, "/readyz", "").await, "503");
                });
                let health = hub.health();
                assert!(!health.is_alive && !health.is_ready, "{health:?}");
                assert_eq!((hub.client_count(), hub.connection_count()), (0, 0));
            }
        }
    }
}
