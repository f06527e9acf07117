//! What is answered by HTTP.

use crate::common::Server;
use throng_tokio::{Hub, Refusal, hub};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn ask(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap()
}

#[tokio::test]
async fn health_is_served_on_the_same_port() {
    let server = Server::start(Hub::builder()).await;
    let _client = server.connect("/").await;
    for path in ["/healthz", "/readyz"] {
        let answer = ask(&server, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
        assert_eq!(status(&answer), "200");
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let json: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(json["alive"], true);
        assert_eq!(json["ready"], true);
        assert_eq!(json["state"], "running");
        assert_eq!(json["connections"], 2);
        assert!(json["uptime"].as_f64().unwrap() >= 0.0);
    }
}

#[tokio::test]
async fn what_opens_no_websocket_is_told_so() {
    let server = Server::start(Hub::builder()).await;
    let long = "x".repeat(9 << 10);
    for (request, expected) in [
        ("GET /page HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), "426"),
        ("POST / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), "405"),
        (format!("GET / HTTP/1.1\r\nHost: x\r\nLong: {long}\r\n\r\n"), "431"),
        ("\r\n\r\n\r\n".to_owned(), "400"),
    ] {
        assert_eq!(status(&ask(&server, &request).await), expected, "{request:.40}");
    }
    server.until(|hub| hub.connection_count() == 0).await;
}

const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[tokio::test]
async fn a_foreign_origin_is_refused() {
    let server = Server::start(Hub::builder()).await;
    let answer = ask(&server, &format!("{UPGRADE}Origin: http://elsewhere\r\n\r\n")).await;
    assert_eq!(status(&answer), "403");
}

#[tokio::test]
async fn the_application_may_refuse() {
    let server = Server::start(Hub::builder().before_connect(|_| Err(Refusal::NotFound))).await;
    assert_eq!(status(&ask(&server, &format!("{UPGRADE}\r\n")).await), "404");
    let server = Server::start(Hub::builder().before_connect(|_| panic!("on purpose"))).await;
    assert_eq!(status(&ask(&server, &format!("{UPGRADE}\r\n")).await), "500");
    server.until(|hub| hub.connection_count() == 0).await;
}

#[tokio::test]
async fn limits_are_answered_before_the_101() {
    let mut config = hub::Config::default();
    config.admission.connections = Some(1);
    let server = Server::start(Hub::builder().config(config)).await;
    let _client = server.connect("/").await;
    let answer = ask(&server, &format!("{UPGRADE}\r\n")).await;
    assert_eq!(status(&answer), "503");
    assert!(answer.contains("retry-after") || answer.contains("Retry-After"), "{answer}");

    let mut config = hub::Config::default();
    config.admission.per_address = Some(1);
    let server = Server::start(Hub::builder().config(config)).await;
    let _client = server.connect("/").await;
    assert_eq!(status(&ask(&server, &format!("{UPGRADE}\r\n")).await), "429");
}

#[tokio::test]
async fn a_handshake_that_dawdles_is_given_up() {
    let mut config = hub::Config::default();
    config.deadlines.handshake = std::time::Duration::from_millis(100);
    let server = Server::start(Hub::builder().config(config)).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    server.until(|hub| hub.connection_count() == 1).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.is_empty());
    server.until(|hub| hub.connection_count() == 0).await;
}
