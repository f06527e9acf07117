//! Requests that do not come to their end.

use std::collections::VecDeque;
use std::future::pending;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use throng_core::hub::State;
use throng_core::websocket::handshake::Refusal;
use throng_runtime::{Connecting, Handler};
use throng_tests::http::upgrade;
use throng_tests::process::allow_open_files;
use throng_tests::raw::{Connect, Raw};
use throng_tests::server::{Server, listener};
use throng_tests::wait::{PATIENCE, eventually, within};

use crate::behaviours::hub::draining::{LONG, leave, over};
use crate::behaviours::hub::refusals::{ELSEWHERE, HERE, knock};
use crate::behaviours::peer::run;
use crate::hosts::Host;

pub(crate) fn a_hundred_handshakes_that_dawdle_are_ended_by_the_deadline(host: &Host) {
    const DEADLINE: Duration = Duration::from_millis(1_500);
    const PEERS: usize = 100;
    let server = host.server(|config| config.deadlines.handshake = DEADLINE);
    let watch = server.witness().watch();
    let start = Instant::now();
    let mut slow: Vec<_> = (0..PEERS).map(|_| Raw::connect(server.address)).collect();
    let request = upgrade("/ws");
    // Each byte comes in time, but all of them do not. Some say nothing at all.
    let mut bytes = request.bytes();
    while server.hub.stats().handshake_timeouts < PEERS as u64 {
        assert!(start.elapsed() < Duration::from_secs(20), "the deadline passes and nothing happens");
        let byte = bytes.next().expect("the deadline comes before the last byte");
        for raw in slow.iter().skip(PEERS / 4) {
            let _ = raw.writer().write_all(&[byte]);
        }
        thread::sleep(Duration::from_millis(20));
    }
    assert!(start.elapsed() >= DEADLINE);
    server.returns_to(1);
    slow.iter_mut().for_each(Raw::ended);
    let stats = server.hub.stats();
    assert_eq!((stats.handshake_timeouts, stats.opened), (PEERS as u64, 1));
    assert!(watch.end().trips() > 0);
}

pub(crate) fn too_many_open_handshakes_are_answered_503(host: &Host) {
    let server = host.server(|config| config.admission.handshakes = Some(2));
    let mut witness = server.witness();
    let open = [Raw::connect(server.address), Raw::connect(server.address)];
    eventually("their handshakes have begun", || server.hub.stats().handshakes == 2);
    assert_eq!(knock(&server, HERE, "/sink").0, 503);
    witness.is_served();
    assert_eq!(server.hub.stats().refused_connections, 1);
    drop(open);
    server.returns_to(1);
    assert_eq!(knock(&server, HERE, "/sink").0, 101);
}

pub(crate) fn a_peer_that_leaves_while_it_is_asked_about_gives_its_place_back(host: &Host) {
    const PEERS: usize = 10;
    let server = host.server(|config| {
        // Nothing passes because a deadline ended it.
        config.deadlines.handshake = Duration::from_secs(600);
        config.hooks.limit = None;
    });
    for is_reset in [false, true] {
        let mut asked: Vec<_> = (0..PEERS).map(|_| Raw::connect(server.address)).collect();
        asked.iter_mut().for_each(|raw| raw.send(upgrade("/ask").as_bytes()));
        eventually("the application is asked", || server.told.asked() == PEERS as u64);
        if is_reset {
            asked.into_iter().for_each(Raw::reset);
        } else {
            for raw in &mut asked {
                raw.end_sending();
                assert_eq!(raw.response().status, 400);
                raw.ended();
            }
        }
        eventually("nobody is asked about who has left", || server.told.asked() == 0);
        server.returns_to(0);
    }
    assert_eq!(server.hub.numbers().abandoned, 2 * PEERS as u64);
}

pub(crate) fn silent_sockets_do_not_make_the_server_look_dead(host: &Host) {
    const SILENT: usize = 1_000;
    const HANDSHAKES: u32 = 100;
    const LINGERING: u32 = 64;
    allow_open_files(4 * SILENT);
    let server = host.server(|config| {
        config.admission.handshakes = Some(HANDSHAKES);
        config.admission.lingering = LINGERING;
        config.deadlines.handshake = Duration::from_secs(600);
    });
    let mut witness = server.witness();
    let silent: Vec<_> = (0..SILENT).map(|_| Raw::connect(server.address)).collect();
    eventually("all handshakes are taken", || server.hub.stats().handshakes == HANDSHAKES);
    // The refused ones have their second, and their answer.
    for connect in [HERE, ELSEWHERE] {
        is_alive(&server, connect).expect("at once");
    }
    eventually("they are answered", || server.hub.numbers().refused_connections.reading == 0);
    assert_eq!(knock(&server, ELSEWHERE, "/sink").0, 503);
    // And now more of them come all the time.
    let is_over = AtomicBool::new(false);
    let most = thread::scope(|scope| {
        let storm = scope.spawn(|| {
            let (mut crowd, mut most) = (VecDeque::new(), 0);
            while !is_over.load(Ordering::Relaxed) {
                crowd.push_back(Raw::connect(server.address));
                if crowd.len() > SILENT {
                    crowd.pop_front();
                }
                let now = server.hub.numbers().refused_connections;
                most = most.max(now.reading + now.lingering);
                thread::sleep(Duration::from_millis(1));
            }
            most
        });
        eventually("they have begun", || server.hub.numbers().refused_connections.reading > 0);
        for connect in [HERE, ELSEWHERE] {
            let answered = within(Duration::from_secs(2), || is_alive(&server, connect).is_some());
            assert!(answered, "{connect:?}");
        }
        is_over.store(true, Ordering::Relaxed);
        storm.join().expect("it ends")
    });
    assert!(most > 0 && most <= 256 + LINGERING, "{most} refused connections at a time");
    assert_eq!(server.hub.connection_count(), HANDSHAKES as usize + 1);
    witness.is_served();
    drop(silent);
    server.returns_to(1);
}

/// Asks for health within two seconds.
fn is_alive(server: &Server, connect: Connect) -> Option<()> {
    let mut raw = connect.to(server.address);
    raw.patience(Duration::from_secs(2));
    raw.try_send(b"GET /healthz HTTP/1.1\r\nHost: throng.test\r\n\r\n").ok()?;
    raw.response_head().filter(|response| response.status == 200).map(drop)
}

pub(crate) fn refused_connections_are_answered_whoever_they_are(host: &Host) {
    let server = host.server(|config| {
        config.admission.handshakes = Some(1);
        (config.admission.probes, config.admission.lingering) = (4, 4);
    });
    let _silent = Raw::connect(server.address);
    eventually("its handshake has begun", || server.hub.stats().handshakes == 1);
    let mut crowd: Vec<_> = (0..50).map(|_| Raw::connect(server.address)).collect();
    for raw in &mut crowd {
        assert_eq!(raw.response().status, 503);
    }
    // Nobody hangs up, and nobody is waited for longer than a second.
    for raw in &mut crowd {
        raw.ended();
    }
    eventually("they are gone", || {
        let now = server.hub.numbers().refused_connections;
        now.reading + now.lingering == 0 && now.unread == 50 && now.cut > 0
    });
}

pub(crate) fn a_handshake_that_began_before_a_drain_is_sent_away(host: &Host) {
    let server = host.server(|_| {});
    // Without somebody there it would be over at once.
    let there = server.open("/echo");
    let mut late = Raw::connect(server.address);
    late.send(b"GET /echo HTTP/1.1\r\n");
    eventually("its handshake has begun", || server.hub.stats().handshakes == 1);
    run(async {
        let draining = tokio::spawn(server.hub.drain(over(Duration::from_secs(3600)), LONG));
        eventually("it drains", || server.hub.state() == State::Draining);
        let rest = upgrade("/echo").split_once("\r\n").expect("a request").1.to_owned();
        late.send(rest.as_bytes());
        let response = late.response();
        assert_eq!(response.status, 503);
        assert!(response.header("retry-after").is_some());
        server.hub.shutdown();
        draining.await.expect("no panic").expect("a shutdown releases it");
    });
    leave(there);
}

/// Never says whether a request may open a WebSocket.
struct Undecided;

impl Handler for Undecided {
    async fn before_connect(&self, _: &mut Connecting) -> Result<(), Refusal> {
        pending().await
    }
}

pub(crate) fn a_request_that_the_application_never_answers_ends_by_the_deadline_or_a_shutdown(host: &Host) {
    for deadline in [Duration::from_millis(300), 2 * PATIENCE] {
        let server = host.server_on(
            listener(None),
            |config| config.deadlines.handshake = deadline,
            |builder| builder.handler(Undecided).hook_limit(None),
        );
        let mut raw = Raw::connect(server.address);
        raw.send(upgrade("/ws").as_bytes());
        if deadline < PATIENCE {
            eventually("the deadline ends it", || server.hub.stats().handshake_timeouts == 1);
            raw.ended();
            server.returns_to(0);
        } else {
            eventually("its handshake has begun", || server.hub.stats().handshakes == 1);
        }
        server.hub.shutdown();
        eventually("serving has ended", || server.has_ended());
        raw.ended();
    }
}

pub(crate) fn a_shutdown_does_not_wait_for_a_request(host: &Host) {
    let server = host.server(|_| {});
    let _silent = Raw::connect(server.address);
    let mut dawdling = Raw::connect(server.address);
    dawdling.send(b"GET /echo HTTP/1.1\r\n");
    eventually("their handshakes have begun", || server.hub.stats().handshakes == 2);
    server.hub.shutdown();
    eventually("serving has ended", || server.has_ended());
}
