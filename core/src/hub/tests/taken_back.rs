//! Leases that come back in part: a partly written frame is finished, and the rest is queued like any other message. All
//! expected values here are written out, not computed.

use super::bench::*;
use crate::hub::{DropReason, Policy};
use crate::id::ClientId;
use alloc::string::String;
use alloc::vec::Vec;

/// The bytes to skip of the next lease, and its messages.
fn next(bench: &mut Bench, client: ClientId) -> (u32, Vec<String>) {
    bench.writable(client);
    let held = bench.lease(client, PLENTY).expect("leased");
    (held.skip, held.items)
}

#[test]
fn drop_oldest_takes_the_first_that_came_back_whole() {
    let mut bench = Bench::with(|config| config.outbox.messages = 4);
    let client = bench.connect();
    for text in ["one", "two", "three"] {
        bench.tell(client, text);
    }
    bench.lease(client, PLENTY).expect("leased");
    bench.tell(client, "four");
    bench.quiet();
    // "one" is written, and one byte of "two".
    bench.wrote_part(client, 1, 1);
    assert_eq!(bench.waiting(client), (3, 12), "a message that has begun counts in full");
    bench.tell_by(Policy::DropOldest, client, "five");
    assert_eq!(bench.actions(), [], "there was room");
    bench.tell_by(Policy::DropOldest, client, "six");
    assert_eq!(bench.actions(), [lost(client, 1, 5, DropReason::OutboxFull)], "\"three\"");
    let left = ["two", "four", "five", "six"].map(String::from);
    assert_eq!(next(&mut bench, client), (1, left.into()));
    bench.wrote(client);
    assert_eq!(bench.hub.stats().written, 5);
}

#[test]
fn drop_oldest_takes_what_came_back_without_a_byte_written() {
    let mut bench = Bench::with(|config| config.outbox.messages = 2);
    let client = bench.connect();
    bench.tell(client, "one");
    bench.tell(client, "two");
    bench.lease(client, PLENTY).expect("leased");
    bench.quiet();
    bench.wrote_part(client, 0, 0);
    bench.tell_by(Policy::DropOldest, client, "three");
    assert_eq!(bench.actions(), [lost(client, 1, 3, DropReason::OutboxFull)], "\"one\"");
    assert_eq!(next(&mut bench, client), (0, ["two", "three"].map(String::from).into()));
}

#[test]
fn conflate_takes_a_value_that_came_back_whole_and_not_one_that_has_begun() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell_by(Policy::Conflate(1), client, "a1");
    bench.tell_by(Policy::Conflate(2), client, "b1");
    bench.tell(client, "plain");
    bench.lease(client, PLENTY).expect("leased");
    bench.tell_by(Policy::Conflate(1), client, "a2");
    bench.quiet();
    // One byte of "a1" is written.
    bench.wrote_part(client, 0, 1);
    bench.tell_by(Policy::Conflate(2), client, "b2");
    assert_eq!(bench.actions(), [lost(client, 1, 2, DropReason::Conflated)], "\"b1\"");
    bench.tell_by(Policy::Conflate(1), client, "a3");
    assert_eq!(bench.actions(), [lost(client, 1, 2, DropReason::Conflated)], "\"a2\"");
    assert_eq!(next(&mut bench, client), (1, ["a1", "plain", "b2", "a3"].map(String::from).into()));
}

#[test]
fn a_value_that_has_begun_and_is_finished_does_not_stand_in_the_way_of_the_next() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell_by(Policy::Conflate(1), client, "a1");
    bench.lease(client, PLENTY).expect("leased");
    bench.wrote_part(client, 0, 1);
    bench.quiet();
    bench.tell_by(Policy::Conflate(1), client, "a2");
    assert_eq!(bench.actions(), [], "nothing is dropped: \"a1\" has begun");
    assert_eq!(next(&mut bench, client), (1, ["a1", "a2"].map(String::from).into()));
    // The rest of "a1" is written, and nothing of "a2".
    bench.wrote_part(client, 1, 0);
    bench.tell_by(Policy::Conflate(1), client, "a3");
    assert_eq!(bench.actions(), [lost(client, 1, 2, DropReason::Conflated)], "\"a2\"");
    assert_eq!(next(&mut bench, client), (0, ["a3"].map(String::from).into()));
}

#[test]
fn conflate_takes_every_value_of_its_key_that_came_back() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell_by(Policy::Conflate(1), client, "a1");
    bench.lease(client, PLENTY).expect("leased");
    bench.tell_by(Policy::Conflate(1), client, "a2");
    bench.quiet();
    bench.wrote_part(client, 0, 0);
    assert_eq!(bench.waiting(client), (2, 4), "\"a1\" was on lease when \"a2\" came");
    bench.tell_by(Policy::Conflate(1), client, "a3");
    assert_eq!(bench.actions(), [lost(client, 2, 4, DropReason::Conflated)], "\"a1\" and \"a2\"");
    assert_eq!(next(&mut bench, client), (0, ["a3"].map(String::from).into()));
}
