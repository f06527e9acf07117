//! What is refused before the 101: the HTTP status, also while the peer goes on sending; and that it costs nobody
//! else anything.

use std::io::Write;
use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

use throng_core::websocket::handshake::{AbsentOrigin, Protocol};
use throng_tests::http::upgrade;
use throng_tests::raw::{Connect, Raw};
use throng_tests::server::{Server, listener};
use throng_tests::wait::within;
use throng_tokio::Rate;
use throng_tokio::hub::PerUser;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// What it is, what is replaced in a good request and by what, the status, and a header that the answer must have.
type Row = (&'static str, &'static str, String, u16, Option<(&'static str, &'static str)>);

fn rows() -> Vec<Row> {
    const END: &str = "\r\n\r\n";
    let added = |headers: &str| format!("\r\n{headers}{END}");
    let row = |name, from, to: &str, status| (name, from, to.to_owned(), status, None);
    let protocol = |value: &str| added(&format!("Sec-WebSocket-Protocol: {value}"));
    let extension = |value: &str| added(&format!("Sec-WebSocket-Extensions: {value}"));
    let version = Some(("sec-websocket-version", "13"));
    vec![
        row("a foreign origin", END, &added("Origin: http://evil.test"), 403),
        row("another port", END, &added("Origin: http://throng.test:81"), 403),
        row("a name that begins the same", END, &added("Origin: http://throng.test.evil.test"), 403),
        row("no origin at all", END, &added("Origin: null"), 403),
        row("two origins", END, &added("Origin: http://throng.test\r\nOrigin: http://evil.test"), 403),
        row("101 headers", END, &added("X: y\r\n".repeat(96).trim_end()), 431),
        row("thousands of headers", END, &added("X:y\r\n".repeat(1_500).trim_end()), 431),
        row("a long request line", "/sink", &format!("/{}", "a".repeat(9_000)), 431),
        row("a long header", END, &added(&format!("Cookie: {}", "a".repeat(9_000))), 431),
        row("POST", "GET", "POST", 405),
        row("HEAD", "GET", "HEAD", 405),
        row("HTTP/1.0", "HTTP/1.1", "HTTP/1.0", 400),
        row("HTTP/0.9", " HTTP/1.1", "", 400),
        row("HTTP/2.0", "HTTP/1.1", "HTTP/2.0", 400),
        row("no host", "Host: throng.test\r\n", "", 400),
        row("two hosts", END, &added("Host: evil.test"), 400),
        row("no Connection", "Connection: Upgrade\r\n", "", 400),
        row("another Connection", "Connection: Upgrade", "Connection: keep-alive", 400),
        ("no Upgrade", "Upgrade: websocket\r\n", String::new(), 426, Some(("upgrade", "websocket"))),
        ("another Upgrade", "Upgrade: websocket", "Upgrade: h2c".into(), 426, Some(("upgrade", "websocket"))),
        ("no version", "Sec-WebSocket-Version: 13\r\n", String::new(), 426, version),
        ("version 8", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8".into(), 426, version),
        ("version 14", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 14".into(), 426, version),
        row("no key", "Sec-WebSocket-Key", "X-Key", 400),
        row("an empty key", KEY, "", 400),
        row("a key of 15 bytes", KEY, "dGhlIHNhbXBsZSBub25j", 400),
        row("a key that is no base64", KEY, "dGhlIHNhbXBsZSBub25j!!==", 400),
        row("two keys", END, &added(&format!("Sec-WebSocket-Key: {KEY}")), 400),
        row("a subprotocol that is no token", END, &protocol("chat, a b"), 400),
        row("a subprotocol of quotes", END, &protocol("\"chat\""), 400),
        row("a subprotocol of spaces", END, &protocol(&format!("a{}b", " ".repeat(7_000))), 400),
        row("an extension without a name", END, &extension("; a=b"), 400),
        row("an extension with an open quote", END, &extension("a; b=\"c"), 400),
        row("an extension of spaces", END, &extension(&format!("a;{}=", " ".repeat(7_000))), 400),
        row("a path that is not there", "/sink", "/nowhere", 404),
        row("a bare line feed in a name", "Host:", "Ho\nst:", 400),
        row("a fold", END, &added("X: a\r\n b"), 400),
        row("garbage", "GET", "\u{1}\u{2}\u{3}", 400),
    ]
}

#[test]
fn a_request_that_is_wrong_is_refused_and_nobody_else_notices() {
    let server = Server::start(|_| {});
    let mut witness = server.witness();
    for (count, (name, from, to, status, header)) in (1..).zip(rows()) {
        let request = upgrade("/sink").replacen(from, &to, 1);
        assert_ne!(request, upgrade("/sink"), "{name}: nothing was replaced");
        let mut raw = Raw::connect(server.address);
        raw.send(request.as_bytes());
        let response = raw.response();
        assert_eq!(response.status, status, "{name}: {response:?}");
        raw.ended();
        assert_eq!(response.header("connection").map(|value| value.contains("close")), Some(true), "{name}");
        if let Some((header, value)) = header {
            assert_eq!(response.header(header), Some(value), "{name}");
        }
        drop(raw);
        witness.is_served();
        server.returns_to(1);
        assert_eq!(server.hub.refusals().values().sum::<u64>(), count, "{name}: it is counted");
    }
    assert_eq!(server.hub.stats().opened, 1, "only the witness");
}

#[test]
fn the_refusal_arrives_although_the_peer_goes_on_sending() {
    let server = Server::start(|_| {});
    let mut witness = server.witness();
    for (name, from, to, status, _) in rows() {
        let mut raw = Raw::connect(server.address);
        let mut writer = raw.writer();
        let request = upgrade("/sink").replacen(from, &to, 1);
        let writing = thread::spawn(move || {
            writer.write_all(request.as_bytes())?;
            (0..4).try_for_each(|_| writer.write_all(&vec![0x55; 1 << 20]))
        });
        writing.join().expect("it writes").unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(raw.response().status, status, "{name}");
        witness.is_served();
    }
    server.returns_to(1);
}

#[test]
fn a_head_that_comes_byte_by_byte_is_taken_or_refused_all_the_same() {
    let server = Server::start(|_| {});
    let mut raw = Raw::connect(server.address);
    for byte in upgrade("/sink").into_bytes() {
        raw.send(&[byte]);
    }
    assert_eq!(raw.response().status, 101);
    let mut raw = Raw::connect(server.address);
    raw.send(b"GET /");
    for _ in 0..8 << 10 {
        if raw.writer().write_all(b"a").is_err() {
            break;
        }
    }
    assert_eq!(raw.response().status, 431);
}

#[test]
fn the_same_origin_or_none_may_connect_unless_the_hub_says_otherwise() {
    let with_origin =
        |origin: &str| upgrade("/sink").replace("\r\n\r\n", &format!("\r\nOrigin: {origin}\r\n\r\n"));
    let status = |server: &Server, request: &str| {
        let mut raw = Raw::connect(server.address);
        raw.send(request.as_bytes());
        raw.response().status
    };
    let server = Server::start(|_| {});
    assert_eq!(status(&server, &upgrade("/sink")), 101);
    assert_eq!(status(&server, &with_origin("http://throng.test")), 101);
    assert_eq!(status(&server, &with_origin("HTTP://THRONG.test:80")), 101);
    let strict = Server::with(listener(None), |_| {}, |builder| builder.absent_origin(AbsentOrigin::Refuse));
    assert_eq!(status(&strict, &upgrade("/sink")), 403);
    assert_eq!(status(&strict, &with_origin("http://throng.test")), 101);
}

#[test]
fn a_subprotocol_is_chosen_by_the_server() {
    let protocols = || ["two", "one"].map(|name| Protocol::new(name).expect("a token"));
    let server = Server::with(listener(None), |_| {}, |builder| builder.subprotocols(protocols()));
    let offer = "\r\nSec-WebSocket-Protocol: zero, one, two\r\n\r\n";
    let mut raw = Raw::connect(server.address);
    raw.send(upgrade("/sink").replace("\r\n\r\n", offer).as_bytes());
    let response = raw.response();
    assert_eq!((response.status, response.header("sec-websocket-protocol")), (101, Some("two")));
}

/// The status of a request for a WebSocket, and when to come again; the WebSocket itself if there is one.
fn knock(server: &Server, connect: Connect, path: &str) -> (u16, Option<u64>, Raw) {
    let mut raw = connect.to(server.address);
    raw.send(upgrade(path).as_bytes());
    let response = raw.response();
    let retry = response.header("retry-after").map(|value| value.parse().expect("seconds"));
    (response.status, retry, raw)
}

const HERE: Connect = Connect { from: None, receive_buffer: None };
const ELSEWHERE: Connect = Connect { from: Some(Ipv4Addr::new(127, 0, 0, 9)), receive_buffer: None };

#[test]
fn too_many_connections_are_answered_503_with_when_to_come_again() {
    let server = Server::start(|config| config.admission.connections = Some(3));
    let mut witness = server.witness();
    let (first, second) = (server.open("/sink"), server.open("/sink"));
    for _ in 0..5 {
        let (status, retry, _) = knock(&server, HERE, "/sink");
        assert_eq!(status, 503);
        assert!(retry.is_some_and(|seconds| seconds > 0));
        witness.is_served();
    }
    assert_eq!(server.hub.stats().refused_connections, 5);
    drop((first, second));
    server.returns_to(1);
    assert_eq!(knock(&server, HERE, "/sink").0, 101, "there is room again");
}

#[test]
fn too_many_open_handshakes_are_answered_503() {
    let server = Server::start(|config| config.admission.handshakes = Some(2));
    let mut witness = server.witness();
    let open = [Raw::connect(server.address), Raw::connect(server.address)];
    assert!(within(Duration::from_secs(20), || server.hub.stats().handshakes == 2));
    assert_eq!(knock(&server, HERE, "/sink").0, 503);
    witness.is_served();
    assert_eq!(server.hub.stats().refused_connections, 1);
    drop(open);
    server.returns_to(1);
    assert_eq!(knock(&server, HERE, "/sink").0, 101);
}

#[test]
fn too_many_connections_of_one_address_are_answered_429() {
    let server = Server::start(|config| config.admission.per_address = Some(3));
    let mut witness = server.witness();
    let held: Vec<_> = (0..2).map(|_| knock(&server, HERE, "/sink")).collect();
    assert!(held.iter().all(|(status, ..)| *status == 101));
    let (status, retry, _) = knock(&server, HERE, "/sink");
    assert_eq!(status, 429);
    assert!(retry.is_some_and(|seconds| seconds > 0));
    assert_eq!(knock(&server, ELSEWHERE, "/sink").0, 101, "another address is not concerned");
    witness.is_served();
    assert_eq!(server.hub.stats().refused_connections, 1);
    drop(held);
    server.returns_to(1);
}

#[test]
fn a_storm_of_connects_from_one_address_is_answered_429_with_when_to_come_again() {
    let server = Server::start(|config| {
        config.admission.connect_rate = Some(Rate::per_second(1).burst(5));
    });
    let mut witness = server.witness();
    let start = Instant::now();
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..100 {
        match knock(&server, HERE, "/sink") {
            (101, ..) => taken += 1,
            (429, retry, _) => {
                assert_eq!(retry, Some(1));
                refused += 1;
            }
            (status, ..) => panic!("{status}"),
        }
    }
    assert!(taken >= 4 && taken <= 5 + start.elapsed().as_secs(), "{taken} were taken");
    assert_eq!(server.hub.stats().refused_connections, refused);
    assert_eq!(knock(&server, ELSEWHERE, "/sink").0, 101, "another address is not concerned");
    witness.is_served();
    // Whoever waits as long as it is told gets in.
    thread::sleep(Duration::from_millis(1_100));
    assert_eq!(knock(&server, HERE, "/sink").0, 101);
    server.returns_to(1);
}

#[test]
fn a_user_with_too_many_clients_is_answered_429() {
    let server = Server::start(|config| config.admission.per_user = PerUser::RefuseNewest(2));
    let mut witness = server.witness();
    let held: Vec<_> = (0..2).map(|_| knock(&server, HERE, "/user/ann")).collect();
    assert!(held.iter().all(|(status, ..)| *status == 101));
    assert_eq!(knock(&server, ELSEWHERE, "/user/ann").0, 429);
    assert_eq!(knock(&server, HERE, "/user/bob").0, 101, "another user is not concerned");
    witness.is_served();
    assert_eq!(server.hub.stats().refused_connections, 1);
    drop(held);
    server.returns_to(1);
    assert_eq!(knock(&server, HERE, "/user/ann").0, 101);
}

#[test]
fn a_user_with_too_many_clients_loses_the_oldest() {
    let server = Server::start(|config| config.admission.per_user = PerUser::EvictOldest(2));
    let mut witness = server.witness();
    let mut first = server.open("/user/ann");
    let second = server.open("/user/ann");
    let third = server.open("/user/ann");
    assert_eq!(first.closed().code, 1008);
    first.ended();
    witness.is_served();
    assert_eq!((server.hub.clients_of("ann").len(), server.hub.stats().evicted), (2, 1));
    drop((second, third));
    server.returns_to(1);
}

#[test]
fn names_that_are_too_long_are_answered_400() {
    let server = Server::start(|_| {});
    assert_eq!(knock(&server, HERE, &format!("/user/{}", "a".repeat(256))).0, 400);
    assert_eq!(knock(&server, HERE, "/user/").0, 400);
    assert_eq!(knock(&server, HERE, &format!("/user/{}", "a".repeat(255))).0, 101);
    // A room is joined after the 101.
    let (status, _, mut raw) = knock(&server, HERE, &format!("/room/{}", "a".repeat(256)));
    assert_eq!((status, raw.closed().code), (101, 1013));
}
