//! Requests that do not come to their end.

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use throng_core::hub::State;
use throng_tests::http::upgrade;
use throng_tests::raw::Raw;
use throng_tests::wait::eventually;

use crate::behaviours::hub::draining::{LONG, leave, over};
use crate::behaviours::hub::refusals::{HERE, knock};
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

pub(crate) fn a_shutdown_does_not_wait_for_a_request(host: &Host) {
    let server = host.server(|_| {});
    let _silent = Raw::connect(server.address);
    let mut dawdling = Raw::connect(server.address);
    dawdling.send(b"GET /echo HTTP/1.1\r\n");
    eventually("their handshakes have begun", || server.hub.stats().handshakes == 2);
    server.hub.shutdown();
    eventually("serving has ended", || server.has_ended());
}
