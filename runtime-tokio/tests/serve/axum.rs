//! A route beside other routes.

use crate::common::{Client, PATIENCE};
use axum::{Router, response::Response, routing::get};
use std::net::SocketAddr;
use std::time::Duration;
use throng_tokio::axum::{Upgrade, connect, healthz, readyz};
use throng_tokio::{Drain, Hub, ServeOptions, Stop};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn as_alice(mut upgrade: Upgrade) -> Response {
    upgrade.connecting().set_user("alice");
    upgrade.accept().await
}

/// Whoever asks first, a load balancer for one that sends nobody before it hears yes.
#[tokio::test]
async fn health_routes_speak_for_a_hub_to_which_nobody_has_come() {
    for asked_first in ["/readyz", "/healthz"] {
        let hub = Hub::builder().build().unwrap();
        assert!(!hub.health().is_ready, "nothing serves it");
        let app = Router::new()
            .route("/healthz", get(healthz))
            .route("/readyz", get(readyz))
            .with_state(hub.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, app).into_future());
        let ask = async |method: &str, path: &str| {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            (head.to_lowercase(), body.to_owned())
        };
        let (head, body) = ask("GET", asked_first).await;
        assert!(head.starts_with("http/1.1 200") && head.contains("cache-control: no-store"), "{head}");
        assert!(body.starts_with(r#"{"alive":true,"ready":true,"state":"running","uptime":"#), "{body}");
        let (head, body) = ask("HEAD", "/readyz").await;
        assert!(head.starts_with("http/1.1 200") && body.is_empty(), "{head}");
        assert!(hub.health().is_ready);
        hub.shutdown();
        for path in ["/healthz", "/readyz"] {
            let (head, body) = ask("GET", path).await;
            assert!(head.starts_with("http/1.1 503"), "{head}");
            assert!(body.starts_with(r#"{"alive":false,"ready":false,"state":"stopped","#), "{body}");
        }
    }
}

#[tokio::test]
async fn a_websocket_is_a_route_beside_others() {
    let hub = Hub::builder()
        .on_message(|client, message| {
            let _ = client.hub().broadcast(message);
        })
        .build()
        .unwrap();
    let app = Router::new()
        .route("/", get(|| async { "a page" }))
        .route("/readyz", get(readyz))
        .route("/ws", get(connect))
        .route("/alice", get(as_alice))
        .with_state(hub.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut options = ServeOptions::default();
    options.stop = Stop::OnHub;
    let serving = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(throng_tokio::drained(hub.clone(), options));
    let serving = tokio::spawn(serving.into_future());

    let mut one = Client::connect(address, "/ws").await;
    let mut alice = Client::connect(address, "/alice").await;
    while hub.client_count() < 2 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let client = hub.client(hub.clients_of("alice")[0]).unwrap();
    assert_eq!(client.user().as_deref(), Some("alice"));
    one.send("hello").await;
    assert_eq!(one.text().await, "hello");
    assert_eq!(alice.text().await, "hello");

    let ask = async |path: &str| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    assert!(ask("/").await.ends_with("a page"));
    assert!(ask("/readyz").await.contains("\"ready\":true"));
    assert!(ask("/ws").await.starts_with("HTTP/1.1 426"));

    let drain = Drain { idle: Duration::ZERO, spread: Duration::from_millis(10) };
    let drain = tokio::spawn(hub.drain(drain, PATIENCE));
    assert_eq!(one.closed().await.0, 1001);
    assert_eq!(alice.closed().await.0, 1001);
    drain.await.unwrap().unwrap();
    tokio::time::timeout(PATIENCE, serving).await.unwrap().unwrap().unwrap();
}
