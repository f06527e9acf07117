//! Refused connections: few of them are read at a time, and those that ask for health are answered.

use super::host::World;
use super::peer::Peer;
use crate::Hub;
use crate::hosting::Report;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use throng_core::hub::{Config, Refusal};

const ATTACKER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

/// A hub whose handshakes are all in use.
fn full(change: impl FnOnce(&mut Config)) -> (World, Vec<Peer>) {
    let mut config = Config::default();
    config.admission.handshakes = Some(2);
    change(&mut config);
    let mut world = World::new(Hub::builder().config(config));
    let silent = (0..2).map(|_| from(&mut world, ATTACKER)).collect();
    (world, silent)
}

fn from(world: &mut World, address: IpAddr) -> Peer {
    world.accept_from(Some(SocketAddr::new(address, 50_000)))
}

fn request(method: &str, path: &str) -> Vec<u8> {
    format!("{method} {path} HTTP/1.1\r\nHost: h\r\n\r\n").into_bytes()
}

/// The status line and the body of the answer.
fn answer(peer: &Peer) -> (String, String) {
    let (head, body) = peer.answer();
    (head.lines().next().unwrap_or_default().to_owned(), body.concat())
}

const OK: &str = "HTTP/1.1 200 OK";
const UNAVAILABLE: &str = "HTTP/1.1 503 Service Unavailable";

#[test]
fn health_is_answered_also_if_there_is_no_place_for_a_newcomer() {
    let (mut world, _silent) = full(|_| {});
    for address in [ATTACKER, OTHER] {
        let alive = from(&mut world, address);
        alive.push(&request("GET", "/healthz"));
        let ready = from(&mut world, address);
        ready.push(&request("GET", "/readyz"));
        let head = from(&mut world, address);
        head.push(&request("HEAD", "/healthz"));
        let page = from(&mut world, address);
        page.push(&request("GET", "/"));
        let upgrade = from(&mut world, address);
        upgrade.ask_for("/healthz", &[]);
        world.run();
        let (status, body) = answer(&alive);
        assert_eq!(status, OK);
        assert!(body.starts_with(r#"{"alive":true,"ready":false,"#), "{body}");
        let (status, body) = answer(&ready);
        assert_eq!(status, UNAVAILABLE);
        assert!(body.contains(r#""reason":"limit of open handshakes reached (2)""#), "{body}");
        assert_eq!(answer(&head), (OK.into(), String::new()));
        assert_eq!(answer(&page).0, UNAVAILABLE);
        assert_eq!(answer(&upgrade).0, UNAVAILABLE, "a WebSocket is no probe");
    }
    assert_eq!(
        world.hub.numbers().refused_requests["unavailable"],
        4,
        "whoever asked for health was not refused"
    );
    let refused = world.reports().into_iter().filter(|report| *report == Report::Refused { status: 503 });
    assert_eq!(refused.count(), 4);
}

#[test]
fn whoever_is_refused_and_says_nothing_is_answered_within_a_second_and_gone_after_another() {
    let (mut world, _silent) = full(|_| {});
    let (silent, half) = (from(&mut world, OTHER), from(&mut world, OTHER));
    half.push(b"GET /heal");
    world.pass(Duration::from_millis(999));
    assert!(silent.take().is_empty() && half.take().is_empty());
    assert_eq!(world.hub.numbers().refused_connections.reading, 2);
    world.pass(Duration::from_millis(1));
    // The request may be a HEAD, which is unknown here.
    assert_eq!(answer(&silent), (UNAVAILABLE.into(), String::new()));
    let (status, body) = answer(&half);
    assert_eq!(status, UNAVAILABLE);
    assert!(!body.is_empty());
    assert!(silent.is_shut() && half.is_shut());
    let now = world.hub.numbers().refused_connections;
    assert_eq!((now.reading, now.lingering, now.unread), (0, 2, 2));
    assert!(!world.is_over(&silent));
    world.pass(Duration::from_secs(1));
    assert!(world.is_over(&silent) && world.is_over(&half));
    assert_eq!(world.hub.numbers().refused_connections.lingering, 0);
}

#[test]
fn a_crowd_of_silent_connections_takes_its_own_places_and_no_others() {
    let (mut world, _silent) = full(|config| config.admission.probes = 8);
    let other = from(&mut world, OTHER);
    other.push(b"GET /heal");
    let crowd: Vec<_> = (0..1_000).map(|_| from(&mut world, ATTACKER)).collect();
    let now = world.hub.numbers().refused_connections;
    assert_eq!((now.reading, now.unread), (8, 993));
    assert!(now.lingering <= 1_024);
    assert_eq!(answer(&crowd[0]).0, UNAVAILABLE, "it had to make room and was answered at once");
    assert!(crowd[999].take().is_empty(), "the last one is still read");
    // The other connection has kept its slot, and the crowd's address gets one, too.
    other.push(b"thz HTTP/1.1\r\nHost: h\r\n\r\n");
    let same = from(&mut world, ATTACKER);
    same.push(&request("GET", "/healthz"));
    world.run();
    assert_eq!((answer(&other).0, answer(&same).0), (OK.into(), OK.into()));
}

#[test]
fn a_network_of_ipv6_is_one_address() {
    let (mut world, _silent) = full(|config| config.admission.probes = 4);
    let other = from(&mut world, OTHER);
    for host in 0..100 {
        from(&mut world, IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, host)));
    }
    other.push(&request("GET", "/healthz"));
    world.run();
    assert_eq!(answer(&other).0, OK);
}

#[test]
fn a_crowd_from_many_addresses_makes_room_in_turn() {
    let (mut world, _silent) = full(|config| config.admission.probes = 4);
    let peers: Vec<_> =
        (0..9).map(|number| from(&mut world, IpAddr::V4(Ipv4Addr::new(198, 51, 100, number)))).collect();
    for (number, peer) in peers.iter().enumerate() {
        peer.push(&request("GET", "/healthz"));
        world.run();
        let status = answer(peer).0;
        assert_eq!(status, if number < 5 { UNAVAILABLE } else { OK }, "{number}");
    }
}

#[test]
fn a_request_that_comes_while_its_place_is_taken_is_answered() {
    let (mut world, _silent) = full(|config| config.admission.probes = 1);
    let probe = from(&mut world, ATTACKER);
    // Both happen before its task is polled.
    probe.push(&request("GET", "/healthz"));
    let place = world.hosted.read_refused(Some(SocketAddr::new(ATTACKER, 1)));
    world.run();
    assert_eq!(answer(&probe).0, OK);
    drop(place);
    assert_eq!(world.hub.numbers().refused_connections.reading, 0);
}

#[test]
fn refused_connections_linger_within_their_bound_and_are_cut_beyond_it() {
    let (mut world, _silent) = full(|config| config.admission.lingering = 3);
    let peers: Vec<_> = (0..10)
        .map(|_| {
            let peer = from(&mut world, ATTACKER);
            peer.ask();
            world.run();
            peer
        })
        .collect();
    let now = world.hub.numbers().refused_connections;
    assert_eq!((now.reading, now.lingering, now.cut), (0, 3, 7));
    for (number, peer) in peers.iter().enumerate() {
        assert_eq!(answer(peer).0, UNAVAILABLE);
        assert!(peer.is_shut());
        assert_eq!(world.is_over(peer), number >= 3, "{number}");
    }
    // A connection that hangs up frees its slot.
    peers[0].end();
    world.run();
    assert!(world.is_over(&peers[0]));
    assert_eq!(world.hub.numbers().refused_connections.lingering, 2);
    let place = world.hub.linger();
    assert!(place.is_some() && world.hub.linger().is_none());
    drop(place);
    assert!(world.hub.linger().is_some());
}

#[test]
fn a_transport_that_takes_nothing_is_not_waited_for_when_too_many_linger() {
    let (mut world, _silent) = full(|config| config.admission.lingering = 0);
    let peer = from(&mut world, ATTACKER);
    peer.set_room(Some(0));
    peer.ask();
    world.run();
    assert!(world.is_over(&peer));
}

#[test]
fn a_peer_that_hangs_up_or_whose_task_is_dropped_frees_its_place() {
    let (mut world, _silent) = full(|_| {});
    let (gone, dropped) = (from(&mut world, ATTACKER), from(&mut world, ATTACKER));
    assert_eq!(world.hub.numbers().refused_connections.reading, 2);
    gone.end();
    world.run();
    world.cancel(&dropped);
    assert_eq!(world.hub.numbers().refused_connections.reading, 0);
    assert!(world.is_over(&gone) && gone.take().is_empty());
}

#[test]
fn a_limit_that_is_lowered_holds_for_the_next() {
    let (mut world, _silent) = full(|_| {});
    let _crowd: Vec<_> = (0..20).map(|_| from(&mut world, ATTACKER)).collect();
    let mut config = world.hub.config();
    config.admission.probes = 4;
    world.hub.reconfigure(&config).expect("it can stand");
    let _one = from(&mut world, ATTACKER);
    assert_eq!(world.hub.numbers().refused_connections.reading, 4);
}

#[test]
fn whoever_asks_for_health_takes_no_place_of_a_newcomer() {
    let mut config = Config::default();
    config.admission.handshakes = Some(1);
    let mut world = World::new(Hub::builder().config(config));
    let probe = from(&mut world, OTHER);
    probe.push(&request("GET", "/readyz"));
    world.run();
    let (status, body) = answer(&probe);
    assert_eq!(status, OK, "its own handshake does not make the hub full: {body}");
    assert!(body.contains(r#""connections":0"#), "{body}");
    assert_eq!((world.hub.connection_count(), world.hub.numbers().refused_connections.lingering), (0, 1));
    assert!(!world.is_over(&probe), "until it hangs up");
}

#[test]
fn full_connections_are_a_reason_not_to_be_ready() {
    let mut config = Config::default();
    config.admission.connections = Some(1);
    let mut world = World::new(Hub::builder().config(config));
    assert!(world.hub.health().is_ready);
    let client = world.connect();
    let health = world.hub.health();
    assert_eq!(health.refuses, Some(Refusal::TooManyConnections { limit: 1 }));
    assert!(health.is_alive && !health.is_ready);
    assert!(
        health.to_json().ends_with(r#","reason":"connection limit reached (1)"}"#),
        "{}",
        health.to_json()
    );
    client.end();
    world.run();
    assert!(world.hub.health().is_ready);
}

#[test]
fn an_upgrade_to_something_else_is_ignored_where_health_is_asked_for() {
    let mut world = World::new(Hub::builder());
    for (path, status) in [("/healthz", OK), ("/readyz", OK), ("/", "HTTP/1.1 426 Upgrade Required")] {
        let peer = from(&mut world, OTHER);
        let h2c = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk";
        peer.push(format!("GET {path} HTTP/1.1\r\nHost: h\r\n{h2c}\r\n\r\n").as_bytes());
        world.run();
        assert_eq!(answer(&peer).0, status, "{path}");
    }
}

#[test]
fn the_answer_to_a_head_has_no_body_whatever_is_wrong_with_it() {
    let mut world = World::new(
        Hub::builder().before_connect(|_| Err(throng_core::websocket::handshake::Refusal::NotFound)),
    );
    for (request, status) in [
        ("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", 405),
        ("HEAD /\r\n\r\n", 400),
        ("HEAD / HTTP/1.1\r\nno header\r\n\r\n", 400),
        (&*format!("HEAD /{}", "a".repeat(9_000)), 431),
    ] {
        let peer = from(&mut world, OTHER);
        peer.push(request.as_bytes());
        world.run();
        let (line, body) = answer(&peer);
        assert!(line.contains(&format!(" {status} ")) && body.is_empty(), "{line}: {body}");
    }
}

#[test]
fn a_refused_origin_is_reported_with_the_host_that_was_asked() {
    let mut world = World::new(Hub::builder());
    let peer = from(&mut world, OTHER);
    let long = "a".repeat(1_000);
    let origins =
        [("http://evil.test", "http://evil.test"), ("x\u{e9}\ty", r"x\xc3\xa9\ty"), (&long, &long[..255])];
    for (origin, shown) in origins {
        let peer = from(&mut world, OTHER);
        peer.push(
            format!(
                "GET / HTTP/1.1\r\nHost: chat.test:81\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: {origin}\r\n\r\n"
            )
            .as_bytes(),
        );
        world.run();
        assert_eq!(answer(&peer).0, "HTTP/1.1 403 Forbidden");
        let expected = Report::OriginRefused { origin: shown.into(), host: "chat.test:81".into() };
        assert!(world.reports().contains(&expected), "{:?}", world.reports());
    }
    drop(peer);
}
