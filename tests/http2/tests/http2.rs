//! Plain `axum::serve` in an application that turns on axum's feature `http2` offers WebSockets over HTTP/2 (RFC 8441). The hub does
//! not speak that: such a request is answered 405, whichever way its route is made, and WebSockets over HTTP/1.1 go on.

use axum::Router;
use axum::routing::{any, get};
use h2::client;
use h2::ext::Protocol;
use http::{Method, Request, StatusCode};
use std::future::poll_fn;
use std::net::SocketAddr;
use std::time::Duration;
use throng_tokio::Hub;
use throng_tokio::axum::connect;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

async fn serve() -> (SocketAddr, Hub) {
    let hub = Hub::builder().build().expect("the config can stand");
    let app = Router::new().route("/ws", get(connect)).route("/any", any(connect)).with_state(hub.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, hub)
}

/// The status of the answer to an extended CONNECT for a path.
async fn ask(address: SocketAddr, path: &str) -> StatusCode {
    let stream = TcpStream::connect(address).await.expect("it listens");
    let (requests, connection) = client::handshake(stream).await.expect("it speaks HTTP/2");
    let driver = tokio::spawn(connection);
    let mut requests = requests.ready().await.expect("it takes a request");
    // The settings of the server come first.
    let request = Request::get(format!("http://{address}/none")).body(()).expect("a request");
    let (response, _) = requests.send_request(request, true).expect("it is sent");
    assert_eq!(response.await.expect("an answer").status(), StatusCode::NOT_FOUND);
    assert!(requests.is_extended_connect_protocol_enabled(), "axum offers it");
    poll_fn(|cx| requests.poll_ready(cx)).await.expect("it takes another one");
    let request = Request::builder()
        .method(Method::CONNECT)
        .uri(format!("http://{address}{path}"))
        .extension(Protocol::from_static("websocket"))
        .header("sec-websocket-version", "13")
        .body(())
        .expect("a request");
    let (response, _stream) = requests.send_request(request, false).expect("it is sent");
    let status = response.await.expect("an answer").status();
    driver.abort();
    status
}

#[tokio::test]
async fn a_websocket_over_http2_is_answered_405_and_one_over_http1_is_opened() {
    let (address, hub) = serve().await;
    for path in ["/ws", "/any"] {
        let status = timeout(PATIENCE, ask(address, path)).await.expect("in time");
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    assert_eq!(hub.connection_count(), 0, "nothing is left of them");
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("it is sent");
    let mut status = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut status)).await.expect("in time").expect("an answer");
    assert_eq!(&status, b"HTTP/1.1 101");
}
