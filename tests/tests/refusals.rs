//! What is refused before the 101: the HTTP status, also while the peer goes on sending; and that it costs nobody
//! else anything.

use std::io::Write;
use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

use throng_core::websocket::handshake::{AbsentOrigin, Protocol};
use throng_tests::http::upgrade;
use throng_tests::raw::{Connect, Raw};
use throng_tests::requests::wrong;
use throng_tests::server::{Server, listener};
use throng_tests::wait::within;
use throng_tokio::Rate;
use throng_tokio::hub::PerUser;

#[test]
fn a_request_that_is_wrong_is_refused_and_nobody_else_notices() {
    let server = Server::start(|_| {});
    let mut witness = server.witness();
    for (count, wrong) in (1..).zip(wrong()) {
        let (name, status, request) = (wrong.name, wrong.status, wrong.request("/sink"));
        let mut raw = Raw::connect(server.address);
        raw.send(request.as_bytes());
        let response = raw.response();
        assert_eq!(response.status, status, "{name}: {response:?}");
        raw.ended();
        assert_eq!(response.header("connection").map(|value| value.contains("close")), Some(true), "{name}");
        if let Some((header, value)) = wrong.header {
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
    for wrong in wrong() {
        let (name, status, request) = (wrong.name, wrong.status, wrong.request("/sink"));
        let mut raw = Raw::connect(server.address);
        let mut writer = raw.writer();
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
