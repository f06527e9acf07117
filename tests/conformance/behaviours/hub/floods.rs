//! Peers that send too much, by policy.

use std::io::Write;
use std::time::{Duration, Instant};

use throng_core::Rate;
use throng_core::hub::OverRate;
use throng_tests::raw::{TEXT, frame};
use throng_tests::wait::{eventually, within};

use crate::hosts::Host;

const FLOOD: u64 = 2_000;

/// 100 messages at once, and one each 10 ms.
const RATE: Rate = Rate::per_second(100).burst(100);

fn flood() -> Vec<u8> {
    frame(TEXT, b"more").repeat(FLOOD as usize)
}

pub(crate) fn a_flood_is_dropped_with_notice(host: &Host) {
    let server = host.server(|config| {
        config.inbound.messages = Some(RATE);
        config.inbound.over_rate = OverRate::Drop;
    });
    let mut witness = server.witness();
    let mut raw = server.open("/sink");
    let start = Instant::now();
    raw.send(&flood());
    witness.is_served();
    // Each is either with the application or in a notice to it, and none is in both.
    eventually("all are accounted for", || server.told.messages() + server.told.over_rate() > FLOOD);
    assert_eq!(server.told.messages() + server.told.over_rate(), FLOOD + 1);
    assert_eq!(server.hub.stats().over_rate, server.told.over_rate());
    let most = 100 + 1 + start.elapsed().as_millis() as u64 / 10 + 1;
    assert!((101..=most).contains(&server.told.messages()), "{} of {most}", server.told.messages());
    drop(raw);
    server.returns_to(1);
}

pub(crate) fn a_flood_is_read_no_faster_than_it_may_come(host: &Host) {
    let server = host.server(|config| {
        config.inbound.messages = Some(RATE.burst(1));
        config.inbound.over_rate = OverRate::Pause;
    });
    let idle = server.witness();
    let mut raw = server.open("/sink");
    let start = Instant::now();
    const SOME: u64 = 100;
    raw.send(&frame(TEXT, b"more").repeat(SOME as usize));
    eventually("all arrive, late", || server.told.messages() >= SOME);
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(950), "{SOME} messages in {took:?}");
    assert_eq!((server.told.messages(), server.told.over_rate()), (SOME, 0), "none is lost");
    assert!(server.hub.stats().over_rate > 0);
    // What a peer has sent when it goes is handled at the same pace; then it is gone.
    raw.send(&frame(TEXT, b"more").repeat(20));
    drop(raw);
    server.returns_to(1);
    assert_eq!(server.told.messages(), SOME + 20);
    drop(idle);
}

pub(crate) fn a_flood_is_a_violation(host: &Host) {
    let server = host.server(|config| {
        config.inbound.messages = Some(RATE);
        config.inbound.over_rate = OverRate::Close;
    });
    let mut witness = server.witness();
    let mut raw = server.open("/sink");
    let _ = raw.writer().write_all(&flood());
    assert_eq!(raw.closed().code, 1008);
    drop(raw);
    server.returns_to(1);
    witness.is_served();
    let stats = server.hub.stats();
    assert_eq!((stats.over_rate, stats.policy_violations), (1, 1));
}

pub(crate) fn the_rate_of_a_user_is_that_of_all_its_clients_and_survives_them(host: &Host) {
    let server = host.server(|config| {
        config.inbound.user_messages = Some(Rate::per(100, Duration::from_secs(3600)));
        config.inbound.over_rate = OverRate::Close;
    });
    let mut witness = server.witness();
    let mut first = server.open("/user/ann");
    let mut second = server.open("/user/ann");
    for raw in [&mut first, &mut second] {
        raw.send(&frame(TEXT, b"more").repeat(50));
        (0..50).for_each(|_| assert_eq!(raw.message(), b"more"));
    }
    first.say("too much");
    assert_eq!(first.closed().code, 1008);
    drop((first, second));
    server.returns_to(1);
    let mut third = server.open("/user/ann");
    third.say("too much");
    assert_eq!(third.closed().code, 1008, "who comes again is not forgiven");
    witness.is_served();
}

pub(crate) fn bytes_have_a_rate_too(host: &Host) {
    let server = host.server(|config| {
        config.inbound.bytes = Some(Rate::per_second(100_000));
        config.inbound.over_rate = OverRate::Close;
    });
    let mut witness = server.witness();
    let mut raw = server.open("/echo");
    raw.send(&frame(TEXT, &[b'a'; 60_000]));
    assert_eq!(raw.message().len(), 60_000);
    raw.send(&frame(TEXT, &[b'a'; 100_000]));
    assert_eq!(raw.closed().code, 1008);
    witness.is_served();
}

pub(crate) fn a_paused_flood_stays_in_the_peers_own_buffers(host: &Host) {
    let server = host.server(|config| {
        config.inbound.messages = Some(Rate::per_second(1).burst(1));
        config.inbound.over_rate = OverRate::Pause;
    });
    let raw = server.open("/sink");
    let mut writer = raw.writer();
    writer.set_nonblocking(true).expect("a socket");
    let flood = frame(TEXT, &[b'a'; 1_000]).repeat(1_000);
    let is_full = within(Duration::from_secs(20), || (0..64).any(|_| writer.write(&flood).is_err()));
    assert!(is_full, "the server reads without end");
    assert!(server.told.messages() < 30);
}
