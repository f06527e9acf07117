//! The deadline of a peer that takes nothing, or too little.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy};
use crate::hub::{Action, DropReason, Policy, Target};
use crate::id::ClientId;
use crate::outbox::{Progress, Transport};
use core::time::Duration;

fn stuck(bench: &Bench, client: ClientId) -> [Action; 2] {
    let why = disconnected(client, CloseCode::ABNORMAL, ClosedBy::Hub, "write deadline");
    [why, bench.abort(client)]
}

#[test]
fn a_client_that_takes_nothing_for_10_seconds_is_gone() {
    let mut bench = Bench::new();
    let [client, other] = [bench.connect_in("lobby"), bench.connect_in("lobby")];
    bench.stall(client);
    bench.publish(&[Target::Room("lobby")], "hello").expect("published");
    bench.write_all();
    bench.quiet();
    bench.wait(secs(10) - TICK);
    assert_eq!(bench.actions(), []);
    bench.wait(TICK);
    let [why, abort] = stuck(&bench, client);
    let lost = lost(client, 1, 5, DropReason::Closed);
    assert_eq!(bench.actions(), [lost, left(client, "lobby"), why, abort]);
    assert_eq!(bench.hub.stats().write_timeouts, 1);
    assert!(bench.hub.is_open(other));
    bench.wait(secs(100));
    assert_eq!(bench.actions(), [], "an abort is asked for once");
}

#[test]
fn without_a_rate_each_byte_that_is_taken_postpones_the_write_deadline() {
    let mut bench = Bench::with(|config| config.deadlines.write_rate = None);
    let client = bench.connect();
    bench.tell(client, "a message");
    bench.quiet();
    for taken in 1..9 {
        bench.lease(client, PLENTY).expect("leased");
        bench.wrote_part(client, 0, taken);
        bench.wait(secs(10) - TICK);
        assert_eq!(bench.actions(), []);
        bench.writable(client);
    }
    bench.lease(client, PLENTY).expect("leased");
    bench.wrote_part(client, 0, 8);
    bench.wait(TICK);
    assert_eq!(bench.actions().len(), 3, "no byte was taken before the write deadline");
}

#[test]
fn without_a_rate_each_message_that_is_taken_whole_postpones_the_write_deadline() {
    let mut bench = Bench::with(|config| config.deadlines.write_rate = None);
    let client = bench.connect();
    for text in ["one", "two", "three"] {
        bench.tell(client, text);
    }
    bench.quiet();
    for items in [0, 1, 1] {
        bench.lease(client, PLENTY).expect("leased");
        bench.wrote_part(client, items, 0);
        bench.wait(secs(10) - TICK);
        assert_eq!(bench.actions(), []);
        bench.writable(client);
    }
}

/// Lets a client take `bytes` of 100,000 bytes at each `every`. Returns after how long the hub ends it.
fn trickle(bytes: u32, every: Duration) -> Option<Duration> {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.publish_by(Policy::DropNewest, Target::Client(client), &frame_of(100_000)).expect("published");
    let (began, mut taken) = (bench.now, 0);
    while taken < 100_000 {
        if bench.lease(client, PLENTY).is_none() {
            return Some(bench.now.since(began));
        }
        taken += bytes;
        bench.wrote_part(client, 0, taken.min(99_999));
        bench.wait(every);
        if bench.hub.is_open(client) {
            bench.writable(client);
        }
    }
    None
}

#[test]
fn a_byte_now_and_then_does_not_put_off_the_write_deadline() {
    // With one byte now and then, or one byte a second too few, the client ends after the write deadline.
    assert_eq!(trickle(1, secs(9)), Some(secs(18)));
    assert_eq!(trickle(1, secs(1)), Some(secs(10)));
    assert_eq!(trickle(1_023, secs(1)), Some(secs(10)));
    // A slow but honest reader gets all bytes, in any steps.
    assert_eq!(trickle(1_139, secs(1)), None);
    assert_eq!(trickle(10_240, secs(9)), None);
}

#[test]
fn who_takes_all_that_it_is_given_is_in_time_however_little_that_is() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.quiet();
    for _ in 0..5 {
        bench.tell(client, "hello");
        bench.lease(client, PLENTY).expect("leased");
        bench.tell(client, "more");
        bench.give_back(client, Progress::All, Transport::Blocked);
        bench.wait(secs(9));
        bench.writable(client);
        bench.lease(client, PLENTY).expect("leased");
        bench.wrote(client);
    }
    assert_eq!(bench.actions(), []);
}

#[test]
fn what_one_write_takes_counts_once() {
    let mut bench = Bench::new();
    let client = bench.connect();
    for size in [6_000, 6_000] {
        bench.publish_by(Policy::DropNewest, Target::Client(client), &frame_of(size)).expect("published");
    }
    bench.quiet();
    bench.lease(client, PLENTY).expect("leased");
    bench.wrote_part(client, 0, 5_000);
    bench.wait(secs(5));
    // Each lease tells again how many bytes were written before.
    for _ in 0..5 {
        bench.writable(client);
        bench.lease(client, PLENTY).expect("leased");
        bench.wrote_part(client, 0, 5_000);
    }
    bench.wait(secs(5));
    assert_eq!(bench.hub.stats().write_timeouts, 1);
}

#[test]
fn control_frames_that_are_taken_count_with_their_bytes() {
    let mut bench = Bench::with(|config| {
        config.deadlines.write_rate = Some(10);
        config.inbound.control = None;
    });
    let client = bench.connect();
    bench.publish_by(Policy::DropNewest, Target::Client(client), &frame_of(6_000)).expect("published");
    bench.quiet();
    bench.lease(client, PLENTY).expect("leased");
    bench.wrote_part(client, 0, 0);
    for _ in 0..4 {
        bench.wait(secs(9));
        bench.ping(client, &"p".repeat(98));
        bench.writable(client);
        bench.lease(client, PLENTY).expect("leased");
        bench.wrote_part(client, 1, 0);
        assert!(bench.hub.is_open(client), "a hundred bytes in ten seconds are enough");
    }
}

#[test]
fn what_is_on_lease_when_the_write_deadline_comes_is_late() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "a message");
    bench.quiet();
    bench.lease(client, PLENTY).expect("leased");
    bench.wrote_part(client, 0, 1);
    bench.wait(secs(4));
    bench.writable(client);
    bench.lease(client, PLENTY).expect("leased");
    bench.wait(secs(6) - TICK);
    assert_eq!(bench.actions(), []);
    bench.wait(TICK);
    assert_eq!(bench.actions().len(), 3, "nothing was taken for ten seconds");
}

#[test]
fn a_client_that_takes_all_has_no_write_deadline() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "hello");
    bench.lease(client, PLENTY).expect("leased");
    bench.wrote_part(client, 0, 1);
    bench.wait(secs(5));
    bench.resume(client);
    bench.write_all();
    bench.quiet();
    bench.wait(secs(100));
    assert_eq!(bench.actions(), []);
}

#[test]
fn a_transport_that_is_full_with_nothing_left_to_write_is_not_late() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "hello");
    bench.lease(client, PLENTY).expect("leased");
    bench.quiet();
    bench.give_back(client, Progress::All, Transport::Blocked);
    bench.wait(secs(100));
    assert_eq!(bench.actions(), [], "nothing is being written");
    bench.writable(client);
    bench.wait(secs(100));
    assert_eq!(bench.actions(), []);
    bench.tell(client, "more");
    bench.lease(client, PLENTY).expect("leased");
    bench.wrote_part(client, 0, 0);
    bench.wait(secs(10) - TICK);
    assert_eq!(bench.actions(), [], "it has its time from now");
    bench.wait(TICK);
    assert_eq!(bench.actions().len(), 3);
}

#[test]
fn a_full_transport_is_late_once_something_waits_for_it() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "hello");
    bench.lease(client, PLENTY).expect("leased");
    bench.give_back(client, Progress::All, Transport::Blocked);
    bench.wait(secs(100));
    bench.tell(client, "more");
    bench.quiet();
    bench.wait(secs(10));
    assert_eq!(bench.actions().len(), 3);
    assert!(!bench.hub.is_open(client));
}

#[test]
fn a_transport_that_was_writable_meanwhile_is_not_late() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "hello");
    bench.lease(client, PLENTY).expect("leased");
    bench.wrote_part(client, 0, 1);
    bench.wait(secs(9));
    bench.writable(client);
    bench.lease(client, PLENTY).expect("leased");
    bench.writable(client);
    bench.wrote_part(client, 0, 3);
    bench.quiet();
    bench.wait(secs(2));
    assert_eq!(bench.actions(), [], "it took something two seconds ago");
}
