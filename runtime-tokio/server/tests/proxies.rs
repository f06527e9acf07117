//! Clients behind proxies: their addresses are what the limits per address count.

#![allow(clippy::unwrap_used)]

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use support::proxy_server::ProxyServer;
use support::{PATIENCE, Program, refusal, request};
use tokio::net::TcpSocket;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, client_async};

type Connected = Result<support::Socket, Error>;

/// A program that lets an address have two connections, and trusts 127.0.0.1 as a proxy. Other addresses of this machine are no proxies.
fn config(more: &str) -> String {
    format!(
        "listen: 127.0.0.1:0\nclients: {{ anonymous: true }}\nhub: {{ admission: {{ per_address: 2 }} }}\nproxies: {{ trusted: \
         [127.0.0.1]{more} }}\n"
    )
}

/// A WebSocket from an address of this machine, with more headers.
async fn connect(from: &str, to: SocketAddr, headers: &[(&'static str, &str)]) -> Connected {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    let stream = MaybeTlsStream::Plain(socket.connect(to).await.unwrap());
    let mut request = format!("ws://{to}/ws").into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    Ok(tokio::time::timeout(PATIENCE, client_async(request, stream)).await.unwrap()?.0)
}

fn is_refused(connected: Connected) {
    let (status, body) = refusal(connected);
    assert_eq!(status, 429, "{body}");
}

/// The third client of an address is refused, and one of another address is not.
async fn counts_clients(proxy: SocketAddr) {
    let spoofed = [("X-Forwarded-For", "198.51.100.7"), ("Forwarded", "for=198.51.100.7")];
    let first = connect("127.0.0.2", proxy, &[]).await.unwrap();
    let second = connect("127.0.0.2", proxy, &spoofed).await.unwrap();
    is_refused(connect("127.0.0.2", proxy, &[]).await);
    is_refused(connect("127.0.0.2", proxy, &spoofed).await);
    let other = connect("127.0.0.3", proxy, &[]).await.unwrap();
    drop((first, second, other));
}

#[tokio::test]
#[ignore = "needs nginx"]
async fn nginx_tells_the_client_in_x_forwarded_for() {
    let program = Program::start(&config(""));
    let nginx = ProxyServer::nginx(program.address);
    counts_clients(nginx.address).await;
    // A client of the proxy is not a peer of this machine, whatever it says.
    let page = request(nginx.address, "GET", "/metrics", &[("Host", "localhost")], b"");
    assert_eq!(page.status, 403);
}

#[tokio::test]
#[ignore = "needs haproxy"]
async fn haproxy_tells_the_client_in_x_forwarded_for() {
    let program = Program::start(&config(""));
    counts_clients(ProxyServer::haproxy(program.address, "http", "").address).await;
}

#[tokio::test]
#[ignore = "needs haproxy"]
async fn haproxy_tells_the_client_by_the_proxy_protocol() {
    for options in ["send-proxy", "send-proxy-v2"] {
        let program = Program::start(&config(", protocol: true"));
        counts_clients(ProxyServer::haproxy(program.address, "tcp", options).address).await;
    }
}

#[tokio::test]
#[ignore = "needs nginx and haproxy"]
async fn two_proxies_in_a_row_are_both_passed() {
    let program = Program::start(&config(", protocol: true"));
    // The inner proxy tells of the outer one, which tells of the client.
    let inner = ProxyServer::haproxy(program.address, "tcp", "send-proxy-v2");
    let outer = ProxyServer::nginx(inner.address);
    counts_clients(outer.address).await;
}

#[tokio::test]
async fn what_other_peers_say_is_ignored() {
    let program = Program::start(&config(""));
    let mut kept = Vec::new();
    for n in 1..=2 {
        let told = format!("198.51.100.{n}");
        kept.push(connect("127.0.0.9", program.address, &[("X-Forwarded-For", &told)]).await.unwrap());
    }
    is_refused(connect("127.0.0.9", program.address, &[("X-Forwarded-For", "198.51.100.9")]).await);
    // No proxy has taken 198.51.100.1.
    let of_proxy = connect("127.0.0.1", program.address, &[("X-Forwarded-For", "198.51.100.1")]).await;
    kept.push(of_proxy.unwrap());
    drop(kept);

    // Without trusted proxies, nobody is believed.
    let program = Program::start(&config("").replace("127.0.0.1]", "10.0.0.0/8]"));
    let mut kept = Vec::new();
    for n in 1..=2 {
        let told = format!("198.51.100.{n}");
        kept.push(connect("127.0.0.1", program.address, &[("X-Forwarded-For", &told)]).await.unwrap());
    }
    is_refused(connect("127.0.0.1", program.address, &[("X-Forwarded-For", "198.51.100.3")]).await);
}

#[tokio::test]
async fn a_network_of_ipv6_counts_as_one_address_and_one_header_is_read() {
    for (header, name, [one, two, three, other]) in [
        (
            "x-forwarded-for",
            "X-Forwarded-For",
            ["2001:db8::1", "2001:db8::2", "[2001:db8::3]:80", "2001:db8:0:1::1"],
        ),
        (
            "forwarded",
            "Forwarded",
            [
                "for=\"[2001:db8::1]\"",
                "for=\"[2001:db8::2]:80\"",
                "proto=https;for=\"[2001:db8::3]\"",
                "for=\"[2001:db8:0:1::1]\"",
            ],
        ),
    ] {
        let program = Program::start(&config(&format!(", header: {header}")));
        let from_proxy =
            async |headers: &[(&'static str, &str)]| connect("127.0.0.1", program.address, headers).await;
        let connect = async |value: &str| from_proxy(&[(name, value)]).await;
        let kept = [connect(one).await.unwrap(), connect(two).await.unwrap()];
        is_refused(connect(three).await);
        assert!(connect(other).await.is_ok());
        // The other header says nothing.
        let other = if header == "forwarded" {
            ("X-Forwarded-For", "2001:db8::4")
        } else {
            ("Forwarded", "for=\"[2001:db8::4]\"")
        };
        assert!(from_proxy(&[other]).await.is_ok());
        drop(kept);
    }
}

/// What the program answers to these bytes of a peer until it closes.
fn answer_to(from: &str, to: SocketAddr, bytes: &[u8]) -> String {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&format!("{from}:0").parse::<SocketAddr>().unwrap().into()).unwrap();
    socket.connect(&to.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn the_proxy_protocol_is_only_for_trusted_peers_and_must_come_in_time() {
    const REQUEST: &[u8] = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let text = config(", protocol: true")
        .replace("per_address: 2 }", "per_address: 2 }, deadlines: { handshake: 500ms }");
    let program = Program::start(&text);
    let from = |peer: &str, header: &[u8]| answer_to(peer, program.address, &[header, REQUEST].concat());
    let elsewhere = b"PROXY TCP4 198.51.100.7 127.0.0.1 1 2\r\n";
    assert!(from("127.0.0.1", elsewhere).starts_with("HTTP/1.1 403 "), "not a peer of this machine");
    assert!(from("127.0.0.1", b"PROXY TCP4 127.0.0.5 127.0.0.1 1 2\r\n").starts_with("HTTP/1.1 200 "));
    // A check of the proxy itself.
    assert!(from("127.0.0.1", b"PROXY UNKNOWN\r\n").starts_with("HTTP/1.1 200 "));
    // Another peer speaks HTTP.
    assert!(from("127.0.0.2", b"").starts_with("HTTP/1.1 200 "));
    assert!(from("127.0.0.2", elsewhere).starts_with("HTTP/1.1 400 "));
    // A trusted peer without the protocol is closed without an answer, and so is one that does not finish it.
    for header in [&b""[..], b"PROXY TCP4 nonsense\r\n"] {
        assert_eq!(from("127.0.0.1", header), "");
    }
    let begun = Instant::now();
    assert_eq!(answer_to("127.0.0.1", program.address, b"PROXY TCP4 198.51"), "");
    assert!(begun.elapsed() < Duration::from_secs(10));
    let page = from("127.0.0.2", b"");
    assert!(page.contains("throng_server_proxy_protocol_bad_total 2\n"), "{page}");
}

#[tokio::test]
async fn an_unfinished_request_through_the_proxy_protocol_counts_for_its_client() {
    let program = Program::start(&config(", protocol: true"));
    let silent = |client: &str| {
        let mut stream = TcpStream::connect(program.address).unwrap();
        stream.write_all(format!("PROXY TCP4 {client} 127.0.0.1 1 2\r\nGET /ws HT").as_bytes()).unwrap();
        stream
    };
    let upgrade = |client: &str| {
        let head = format!(
            "PROXY TCP4 {client} 127.0.0.1 1 2\r\nGET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: \
             websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        let mut stream = TcpStream::connect(program.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        String::from_utf8_lossy(&status).into_owned()
    };
    support::soon("they are counted", || {
        // Whoever asks before they are counted has one of their places: they come anew then.
        let _attackers = [silent("198.51.100.7"), silent("198.51.100.7")];
        std::thread::sleep(Duration::from_millis(200));
        (upgrade("198.51.100.7") == "HTTP/1.1 429").then_some(())
    })
    .await;
    assert_eq!(upgrade("198.51.100.8"), "HTTP/1.1 101");
}

#[tokio::test]
async fn operators_see_the_address_of_the_client_and_not_that_of_the_proxy() {
    let program = Program::start(
        "listen: 127.0.0.1:0\nclients: { anonymous: true }\nprotocol: { anonymous: true }\ndemo: { enabled: true }\n\
         api: { keys: [key] }\nproxies: { trusted: [127.0.0.1] }\n",
    );
    let of_proxy = [("X-Forwarded-For", "198.51.100.7")];
    let mut open = Vec::new();
    for path in ["/ws", "/connection/websocket", "/demo/ws?room=lobby&name=Ann"] {
        open.push(program.try_connect(path, &of_proxy).await.unwrap());
    }
    let key = ("X-API-Key", "key");
    // The answer to a request may arrive before its client is open.
    let clients = support::soon("all three are listed", || {
        let answer = program.post("/api/clients", &[key], "").json();
        answer["result"]["clients"].as_array().filter(|clients| clients.len() == 3).cloned()
    })
    .await;
    for client in clients {
        assert!(client["address"].as_str().unwrap().starts_with("198.51.100.7:"), "{client}");
    }
    assert_eq!(program.post("/api/info", &[of_proxy[0], ("X-API-Key", "wrong")], "").status, 401);
    let events = program.post("/api/events", &[key], "").body;
    assert!(events.contains("a request for the API from 198.51.100.7: 401"), "{events}");
}
