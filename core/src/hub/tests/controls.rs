//! Pongs, pings and the close frame among messages.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy};
use crate::hub::{Config, Error, Event, Flush};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

#[test]
fn every_ping_gets_its_pong_in_order_and_before_messages() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "text");
    for payload in ["a", "", "c"] {
        bench.ping(client, payload);
    }
    assert_eq!(bench.write_to(client), ["pong a", "pong ", "pong c", "text"]);
    assert_eq!(bench.hub.stats().controls, 3);
}

#[test]
fn beyond_sixteen_pongs_the_latest_takes_the_place_of_the_one_before() {
    let mut bench = Bench::new();
    let client = bench.connect();
    for ping in 0..100 {
        bench.ping(client, &format!("{ping}"));
    }
    let mut expected: Vec<String> = (0..15).map(|ping| format!("pong {ping}")).collect();
    expected.push("pong 99".into());
    assert_eq!(bench.write_to(client), expected);
}

#[test]
fn pongs_that_come_back_from_a_lease_do_not_add_up() {
    let mut bench = Bench::new();
    let client = bench.connect();
    for round in 0..20 {
        for ping in 0..16 {
            bench.ping(client, &format!("{round}.{ping}"));
        }
        let held = bench.lease(client, PLENTY).expect("leased");
        assert!(held.items.len() <= 17, "{} pongs wait", held.items.len());
        for ping in 16..32 {
            bench.ping(client, &format!("{round}.{ping}"));
        }
        bench.wrote_part(client, 0, 1);
        bench.writable(client);
    }
    let held = bench.lease(client, PLENTY).expect("leased");
    assert_eq!((held.skip, &*held.items[0]), (1, "pong 0.0"), "what is half written is finished");
    assert_eq!(held.items.last().map(String::as_str), Some("pong 19.31"), "the latest is answered");
}

#[test]
fn a_pong_fits_in_its_frame() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.ping(client, &"x".repeat(126));
    assert_eq!(bench.write_to(client), [format!("pong {}", "x".repeat(125))]);
}

#[test]
fn control_frames_have_a_rate_over_which_the_client_is_closed() {
    let mut bench = Bench::new();
    let client = bench.connect();
    for _ in 0..500 {
        bench.ping(client, "x");
        bench.pong(client);
    }
    bench.wait(millis(10));
    bench.ping(client, "within the rate");
    bench.quiet();
    bench.tell(client, "queued");
    bench.ping(client, "one too many");
    let flood = disconnected(client, CloseCode::POLICY, ClosedBy::Hub, "too many control frames");
    assert!(bench.actions().contains(&flood));
    let taken = bench.write_to(client);
    assert_eq!(taken.last().map(String::as_str), Some("close 1008 too many control frames"));
    assert!(!taken.contains(&"queued".into()) && !taken.contains(&"pong one too many".into()), "{taken:?}");
}

#[test]
fn control_frames_may_have_no_rate() {
    let mut bench = Bench::with(|config| config.inbound.control = None);
    let client = bench.connect();
    for _ in 0..10_000 {
        bench.ping(client, "x");
    }
    assert_eq!(bench.write_to(client).len(), 16);
}

#[test]
fn control_frames_are_no_messages() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.ping(client, "x");
    bench.pong(client);
    let stats = bench.hub.stats();
    assert_eq!((stats.received, stats.controls, stats.queued, stats.frames), (0, 2, 0, 0));
    bench.write_all();
    assert_eq!(bench.hub.stats().written, 0);
}

#[test]
fn a_ping_waits_only_once() {
    let mut bench = Bench::of(Config::default());
    let client = bench.connect();
    for _ in 0..5 {
        bench.wait(secs(54));
        bench.hear(client);
    }
    assert_eq!(bench.hub.stats().pings, 5);
    assert_eq!(bench.write_to(client), ["ping"]);
}

#[test]
fn a_closing_client_is_not_answered() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.close(client, Flush::First);
    let connection = bench.on(client);
    for event in
        [Event::Ping { connection, payload: b"x" }, Event::Pong { connection }, Event::Heard { connection }]
    {
        assert_eq!(bench.refused(|hub, now| hub.handle(now, event)), Error::NotOpen);
    }
    assert_eq!(bench.write_to(client), ["close 1000 bye"]);
}
