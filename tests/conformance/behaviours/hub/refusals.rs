//! Who is refused before the 101: the HTTP status, and that it costs nobody else anything.

use std::net::Ipv4Addr;
use std::thread;
use std::time::{Duration, Instant};

use throng_core::Rate;
use throng_core::hub::PerUser;
use throng_core::websocket::handshake::{AbsentOrigin, Origin, Protocol, UnmatchedProtocol};
use throng_tests::http::{head, upgrade};
use throng_tests::raw::{Connect, Raw};
use throng_tests::server::Server;

use crate::hosts::Host;

pub(crate) fn the_same_origin_or_none_may_connect_unless_the_hub_says_otherwise(host: &Host) {
    let with_origin =
        |origin: &str| upgrade("/sink").replace("\r\n\r\n", &format!("\r\nOrigin: {origin}\r\n\r\n"));
    let status = |server: &Server, request: &str| {
        let mut raw = Raw::connect(server.address);
        raw.send(request.as_bytes());
        let status = raw.response().status;
        if status != 101 {
            raw.ended();
        }
        status
    };
    let server = host.server(|_| {});
    assert_eq!(status(&server, &upgrade("/sink")), 101);
    assert_eq!(status(&server, &with_origin("http://throng.test")), 101);
    assert_eq!(status(&server, &with_origin("HTTP://THRONG.test:80")), 101);
    let strict = host.application(|builder| builder.absent_origin(AbsentOrigin::Refuse));
    assert_eq!(status(&strict, &upgrade("/sink")), 403);
    assert_eq!(status(&strict, &with_origin("http://throng.test")), 101);
    let list = Origin::list(["https://*.shop.test", "null", "file://"]).expect("they are origins");
    let listed = host.application(|builder| builder.origin(list));
    for (origin, expected) in [
        ("https://a.shop.test", 101),
        ("null", 101),
        ("file://", 101),
        ("https://shop.test", 403),
        ("http://throng.test", 403),
    ] {
        assert_eq!(status(&listed, &with_origin(origin)), expected, "{origin}");
    }
}

pub(crate) fn a_subprotocol_is_chosen_by_the_server(host: &Host) {
    let protocols = || ["two", "one"].map(|name| Protocol::new(name).expect("a token"));
    let server = host.application(|builder| builder.subprotocols(protocols()));
    let offer = "\r\nSec-WebSocket-Protocol: zero, one, two\r\n\r\n";
    let mut raw = Raw::connect(server.address);
    raw.send(upgrade("/sink").replace("\r\n\r\n", offer).as_bytes());
    let response = raw.response();
    assert_eq!((response.status, response.header("sec-websocket-protocol")), (101, Some("two")));
}

pub(crate) fn a_request_without_a_common_subprotocol_is_refused_if_the_hub_says_so(host: &Host) {
    let server = host.application(|builder| {
        let protocols = [Protocol::new("one").expect("a token")];
        builder.subprotocols(protocols).unmatched_subprotocol(UnmatchedProtocol::Refuse)
    });
    for (offer, status) in [("", 400), ("zero", 400), ("zero, one", 101)] {
        let header = format!("\r\nSec-WebSocket-Protocol: {offer}\r\n\r\n");
        let header = if offer.is_empty() { "\r\n\r\n" } else { &header };
        let mut raw = Raw::connect(server.address);
        raw.send(upgrade("/sink").replace("\r\n\r\n", header).as_bytes());
        assert_eq!(raw.response().status, status, "{offer:?}");
    }
    assert_eq!(server.hub.numbers().refused_requests["no common protocol"], 2);
}

pub(crate) fn a_head_is_answered_without_a_body(host: &Host) {
    let server = host.server(|config| config.admission.per_address = Some(1));
    // It fails if anything follows the head.
    for path in ["/sink", "/nowhere"] {
        assert_eq!(head(server.address, path).status, 405);
        server.returns_to(0);
    }
    let _only = server.open("/sink");
    let status = head(server.address, "/sink").status;
    assert!([429, 405].contains(&status), "{status}");
}

/// The status of a request for a WebSocket, and when to come again; the WebSocket itself if there is one.
pub(crate) fn knock(server: &Server, connect: Connect, path: &str) -> (u16, Option<u64>, Raw) {
    let mut raw = connect.to(server.address);
    raw.send(upgrade(path).as_bytes());
    let response = raw.response();
    let retry = response.header("retry-after").map(|value| value.parse().expect("seconds"));
    (response.status, retry, raw)
}

pub(crate) const HERE: Connect = Connect { from: None, receive_buffer: None, offer: None };
pub(crate) const ELSEWHERE: Connect = Connect { from: Some(Ipv4Addr::new(127, 0, 0, 9)), ..HERE };

pub(crate) fn too_many_connections_are_answered_503_with_when_to_come_again(host: &Host) {
    let server = host.server(|config| config.admission.connections = Some(3));
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

pub(crate) fn too_many_connections_of_one_address_are_answered_429(host: &Host) {
    let server = host.server(|config| config.admission.per_address = Some(3));
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

pub(crate) fn a_storm_of_connects_from_one_address_is_answered_429_with_when_to_come_again(host: &Host) {
    let server = host.server(|config| {
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

pub(crate) fn a_user_with_too_many_clients_is_answered_429(host: &Host) {
    let server = host.server(|config| config.admission.per_user = PerUser::RefuseNewest(2));
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

pub(crate) fn a_user_with_too_many_clients_loses_the_oldest(host: &Host) {
    let server = host.server(|config| {
        config.admission.per_user = PerUser::EvictOldest(2);
        config.deadlines.close = Duration::from_millis(300);
    });
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

pub(crate) fn names_that_are_too_long_are_answered_400(host: &Host) {
    let server = host.server(|_| {});
    assert_eq!(knock(&server, HERE, &format!("/user/{}", "a".repeat(256))).0, 400);
    assert_eq!(knock(&server, HERE, "/user/").0, 400);
    assert_eq!(knock(&server, HERE, &format!("/user/{}", "a".repeat(255))).0, 101);
    assert_eq!(knock(&server, HERE, &format!("/room/{}", "a".repeat(256))).0, 400);
    assert_eq!(knock(&server, HERE, &format!("/room/{}", "a".repeat(255))).0, 101);
}
