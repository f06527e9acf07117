//! How connections end.

use crate::common::Server;
use std::sync::Arc;
use std::sync::Mutex;
use throng_tokio::{CloseCode, ClosedBy, Disconnected, Hub};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode as Code};

type Ends = Arc<Mutex<Vec<Disconnected>>>;

fn recording() -> (throng_tokio::Builder, Ends) {
    let ends = Ends::default();
    let seen = Arc::clone(&ends);
    let builder = Hub::builder().on_disconnect(move |_, end| seen.lock().unwrap().push(end));
    (builder, ends)
}

#[tokio::test]
async fn a_peer_that_closes_is_answered_in_kind() {
    let (builder, ends) = recording();
    let server = Server::start(builder).await;
    let mut client = server.connect("/").await;
    client.0.close(Some(CloseFrame { code: Code::Library(4000), reason: "done".into() })).await.unwrap();
    assert_eq!(client.closed().await.0, 4000);
    server.until(|hub| hub.connection_count() == 0).await;
    server.until(|_| !ends.lock().unwrap().is_empty()).await;
    let ends = ends.lock().unwrap();
    assert_eq!(ends.len(), 1);
    assert_eq!((ends[0].code, ends[0].by), (CloseCode(4000), ClosedBy::Peer));
    assert_eq!(ends[0].reason.as_deref(), Some("done"));
}

#[tokio::test]
async fn what_was_queued_is_written_before_the_close_frame() {
    let (builder, ends) = recording();
    let builder = builder.on_message(|client, message| {
        client.send(message).unwrap();
        client.close(CloseCode::NORMAL, "that was it").unwrap();
    });
    let server = Server::start(builder).await;
    let mut client = server.connect("/").await;
    client.send("last").await;
    assert_eq!(client.text().await, "last");
    assert_eq!(client.closed().await, (1000, "that was it".into()));
    server.until(|hub| hub.connection_count() == 0).await;
    server.until(|_| !ends.lock().unwrap().is_empty()).await;
    assert_eq!(ends.lock().unwrap()[0].by, ClosedBy::Application);
}

#[tokio::test]
async fn a_peer_that_vanishes_is_gone() {
    let (builder, ends) = recording();
    let server = Server::start(builder).await;
    drop(server.connect("/").await);
    server.until(|hub| hub.connection_count() == 0).await;
    server.until(|_| !ends.lock().unwrap().is_empty()).await;
    let ends = ends.lock().unwrap();
    assert_eq!((ends[0].code, ends[0].by), (CloseCode::ABNORMAL, ClosedBy::Transport));
}

/// The close frame arrives although the peer goes on sending.
#[tokio::test]
async fn a_peer_that_breaks_the_protocol_hears_why() {
    let (builder, ends) = recording();
    let server = Server::start(builder).await;
    let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.address
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    // A text frame without a mask, and much behind it.
    stream.write_all(&[0x81, 0x02, b'h', b'i']).await.unwrap();
    stream.write_all(&vec![0; 1 << 20]).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let frame = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(answer[frame], 0x88);
    assert_eq!(answer[frame + 2..frame + 4], 1002_u16.to_be_bytes());
    server.until(|hub| hub.connection_count() == 0).await;
    server.until(|_| !ends.lock().unwrap().is_empty()).await;
    assert_eq!(ends.lock().unwrap()[0].by, ClosedBy::Hub);
}

#[tokio::test]
async fn a_message_over_the_limit_closes_with_1009() {
    let server = Server::start(Hub::builder()).await;
    let mut client = server.connect("/").await;
    client.send(&"x".repeat((512 << 10) + 1)).await;
    assert_eq!(client.closed().await.0, 1009);
    // What it sent could not be understood to its end, so it is this that ends the transport.
    drop(client);
    server.until(|hub| hub.connection_count() == 0).await;
}
