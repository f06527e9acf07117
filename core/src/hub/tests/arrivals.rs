//! Rates after a standstill: messages that peers sent meanwhile within their rates are read at once and pass.

use super::bench::*;
use crate::hub::{Error, Event, OverRate, Refusal, Verdict};
use crate::id::ClientId;
use crate::rate::Rate;
use core::time::Duration;

/// 10 a second, with a burst of 20.
const RATE: Rate = Rate::per_second(10).burst(20);

/// The time of the standstill, and of the wait before it, which is the grace afterwards.
const STALL: Duration = secs(30);
const WAITED: Duration = secs(2);

/// The number of messages that pass after the whole time: the burst, and what the rate adds.
const ALL: u32 = 20 + 300;

/// A bench whose message and control rates are `RATE`, and that closes clients over them.
fn strict() -> Bench {
    Bench::with(|config| {
        config.inbound.over_rate = OverRate::Close;
        config.inbound.messages = Some(RATE);
        config.inbound.control = Some(RATE);
        config.inbound.user_messages = Some(Rate::per_second(10).burst(40));
        config.admission.connect_rate = Some(RATE);
        config.deadlines.handshake = WAITED;
        config.deadlines.idle = Some(secs(1_000));
    })
}

/// Lets the host stand still when a timeout is due.
fn stand_still(bench: &mut Bench) {
    let guest = bench.accept();
    bench.quiet();
    bench.oversleep(WAITED + STALL);
    bench.timeout();
    assert_eq!(bench.hub.stats().stood_still, STALL);
    bench.gone(guest);
    bench.quiet();
}

/// The number of messages of a client that pass before one is over the rate.
fn pass(bench: &mut Bench, client: ClientId) -> u32 {
    (0..10_000).find(|_| bench.send(client, 1) != Verdict::Accept).expect("the rate is held to at last")
}

#[test]
fn what_was_sent_within_the_rate_while_the_host_stood_still_passes_and_no_more() {
    let mut bench = strict();
    let client = bench.connect();
    stand_still(&mut bench);
    assert_eq!(pass(&mut bench, client), ALL);
    assert!(!bench.hub.is_open(client));
}

#[test]
fn what_was_used_of_the_rate_before_stays_used() {
    let mut bench = strict();
    let client = bench.connect();
    bench.wait(secs(10));
    let guest = bench.accept();
    for _ in 0..20 {
        assert_eq!(bench.send(client, 1), Verdict::Accept);
    }
    bench.oversleep(WAITED + STALL);
    bench.timeout();
    bench.gone(guest);
    // In the 2 s before the standstill the bucket filled as usual.
    assert_eq!(pass(&mut bench, client), ALL);
}

#[test]
fn so_do_control_frames() {
    let mut bench = strict();
    let client = bench.connect();
    stand_still(&mut bench);
    for _ in 0..ALL {
        bench.ping(client, "");
    }
    assert!(bench.hub.is_open(client));
    bench.ping(client, "");
    assert!(!bench.hub.is_open(client));
}

#[test]
fn after_the_grace_nothing_passes_beyond_the_burst() {
    let mut bench = strict();
    let client = bench.connect();
    stand_still(&mut bench);
    bench.wait(WAITED);
    assert_eq!(pass(&mut bench, client), 20);
}

#[test]
fn whoever_comes_within_the_grace_has_the_burst_and_no_more() {
    let mut bench = strict();
    stand_still(&mut bench);
    let client = bench.connect();
    assert_eq!(pass(&mut bench, client), 20);
    let clients = [bench.connect_as("ann"), bench.connect_as("ann"), bench.connect_as("ann")];
    assert_eq!(clients.map(|client| pass(&mut bench, client)), [20, 20, 0]);
}

#[test]
fn a_user_with_clients_has_what_all_of_them_may_have_sent() {
    let mut bench = strict();
    let clients = [bench.connect_as("ann"), bench.connect_as("ann")];
    stand_still(&mut bench);
    assert_eq!(clients.map(|client| pass(&mut bench, client)), [ALL, 40 + 300 - ALL]);
    // A client that comes again finds the bucket used.
    bench.quiet();
    for client in clients {
        bench.gone(client);
    }
    let again = bench.connect_as("ann");
    assert_eq!(pass(&mut bench, again), 0);
}

#[test]
fn connections_that_waited_to_be_accepted_are_within_the_rate_of_their_address_once() {
    let mut bench = strict();
    stand_still(&mut bench);
    let mut accepted = 0;
    while let Ok(client) = bench.accept_from(7) {
        accepted += 1;
        // The address is forgotten no sooner than any other.
        bench.gone(client);
    }
    assert_eq!(accepted, ALL);
    let retry_at = bench.now + millis(100);
    assert_eq!(bench.accept_from(7), Err(Error::Refused(Refusal::ConnectRate { retry_at })));
    bench.wait(secs(1));
    assert!((0..10).all(|_| bench.accept_from(7).is_ok()) && bench.accept_from(7).is_err());
}

#[test]
fn a_second_standstill_in_the_grace_of_the_first_takes_nothing_away() {
    let mut bench = strict();
    let client = bench.connect();
    stand_still(&mut bench);
    let mut config = bench.hub.config().clone();
    config.deadlines.handshake = WAITED / 2;
    bench.event(Event::Reconfigure { config: &config });
    bench.accept();
    bench.oversleep(WAITED / 2 + STALL);
    bench.timeout();
    assert_eq!(bench.hub.stats().standstills, 2);
    // The handshake had an eighth of its time more at most, as there had been a standstill.
    let passed = pass(&mut bench, client);
    assert!((ALL + 298..=ALL + 300).contains(&passed), "{passed}");
}

#[test]
fn another_rate_within_the_grace_gives_nothing_back() {
    let mut bench = strict();
    let client = bench.connect();
    stand_still(&mut bench);
    for _ in 0..ALL - 1 {
        assert_eq!(bench.send(client, 1), Verdict::Accept);
    }
    let mut config = bench.hub.config().clone();
    config.inbound.messages = Some(Rate::per_second(11).burst(20));
    bench.event(Event::Reconfigure { config: &config });
    // The one that was left, and 1 more for each second.
    assert_eq!(pass(&mut bench, client), 1 + 30);
}
