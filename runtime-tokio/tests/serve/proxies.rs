//! Connections of proxies: the hub counts their clients.

use crate::common::PATIENCE;
use crate::served::{answer, by_hub, config, opening, request, routes};
use http::request::Parts;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use throng_tokio::axum::{Accept, serve_through};
use throng_tokio::{Builder, Hub};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Every peer is a proxy. It tells the client in a line at the beginning, or in the header X-Real-IP.
struct Proxies {
    has_line: bool,
}

impl Accept for Proxies {
    type Stream = TcpStream;

    fn is_proxy(&self, peer: SocketAddr) -> bool {
        peer.ip().is_loopback()
    }

    async fn accept(&self, mut stream: TcpStream, peer: SocketAddr) -> io::Result<(TcpStream, SocketAddr)> {
        if !self.has_line {
            return Ok((stream, peer));
        }
        let mut line = String::new();
        while !line.ends_with('\n') {
            line.push(char::from(stream.read_u8().await?));
        }
        Ok((stream, SocketAddr::new(line.trim().parse().map_err(io::Error::other)?, 7)))
    }

    fn client(&self, peer: SocketAddr, request: &Parts) -> SocketAddr {
        let header = request.headers.get("x-real-ip").and_then(|value| value.to_str().ok()?.parse().ok());
        header.map_or(peer, |ip| SocketAddr::new(ip, 0))
    }
}

async fn served(builder: Builder, has_line: bool) -> (Hub, SocketAddr) {
    let hub = builder.build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve_through(listener, routes(&hub), hub.clone(), by_hub(), Proxies { has_line }));
    (hub, address)
}

async fn status(stream: &mut TcpStream) -> String {
    let mut start = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut start)).await.unwrap().unwrap();
    String::from_utf8_lossy(&start[9..]).into_owned()
}

/// Asks for a WebSocket for a client.
async fn upgrade(address: SocketAddr, client: &str) -> (String, TcpStream) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let opening = opening().replacen("\r\n", &format!("\r\nX-Real-IP: {client}\r\n"), 1);
    stream.write_all(opening.as_bytes()).await.unwrap();
    (status(&mut stream).await, stream)
}

#[tokio::test]
async fn clients_of_a_proxy_are_counted_and_the_proxy_is_not() {
    let limits = config(|config| {
        config.admission.per_address = Some(2);
        config.admission.handshakes = Some(3);
    });
    let (hub, address) = served(limits, false).await;
    // Unfinished requests, of nobody yet.
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /ws HTTP/1.1\r\n").await.unwrap();
        open.push(stream);
    }
    let mut kept = Vec::new();
    for (client, expected) in [
        ("192.0.2.1", "101"),
        ("192.0.2.1", "101"),
        ("192.0.2.1", "429"),
        ("192.0.2.2", "101"),
        // A network of IPv6 is one address.
        ("2001:db8::1", "101"),
        ("2001:db8::2", "101"),
        ("2001:db8::3", "429"),
        ("2001:db8:0:1::1", "101"),
    ] {
        // One handshake is free: the client takes the place of the proxy's connection, and not another one.
        let (status, stream) = upgrade(address, client).await;
        assert_eq!(status, expected, "{client}");
        kept.push(stream);
    }
    assert_eq!(hub.stats().opened, 6);
    assert_eq!(hub.numbers().refused_connections.unread, 0);
}

#[tokio::test]
async fn a_kept_connection_of_a_proxy_serves_several_clients() {
    let (_hub, address) = served(config(|config| config.admission.per_address = Some(1)), false).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    for client in ["192.0.2.1", "192.0.2.2", "192.0.2.1"] {
        let header = format!("X-Real-IP: {client}\r\n");
        stream.write_all(request("/address", &header).as_bytes()).await.unwrap();
        let told = answer(&mut stream, &format!("{client}:0")).await;
        assert!(told.ends_with(&format!("{client}:0")), "{told}");
    }
    // Also for a WebSocket at last.
    let (first, _kept) = upgrade(address, "192.0.2.3").await;
    let opening = opening().replacen("\r\n", "\r\nX-Real-IP: 192.0.2.3\r\n", 1);
    stream.write_all(opening.as_bytes()).await.unwrap();
    assert_eq!((first.as_str(), status(&mut stream).await.as_str()), ("101", "429"));
}

#[tokio::test]
async fn a_client_that_is_told_at_the_beginning_is_counted_before_its_request() {
    let (hub, address) = served(config(|config| config.admission.per_address = Some(1)), true).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    silent.write_all(b"192.0.2.1\n").await.unwrap();
    let ask = async |client: &str| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("{client}\n{}", opening()).as_bytes()).await.unwrap();
        status(&mut stream).await
    };
    let wait = async {
        // Until the silent one is read, its address is free.
        while ask("192.0.2.1").await != "429" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap();
    assert_eq!(ask("192.0.2.2").await, "101");
    let so_far = hub.stats().opened;
    // A page is answered for whom no limit has room, as without a proxy.
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("192.0.2.1\n{}", request("/", "")).as_bytes()).await.unwrap();
    let told = answer(&mut stream, "a page").await;
    assert!(told.starts_with("HTTP/1.1 200") && told.to_lowercase().contains("connection: close"), "{told}");
    assert_eq!(hub.stats().opened, so_far);
}
