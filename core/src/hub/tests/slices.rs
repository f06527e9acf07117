//! No event does unbounded work: what it means for many is done in slices, which are bounded by work.

use super::bench::*;
use crate::hub::work::{CLIENT, MEMBERSHIP, MESSAGE, TIMER, VISIT};
use crate::outbox::Sending;
use crate::rate::Rate;
use alloc::format;
use alloc::vec::Vec;

/// What a slice does is bounded by work and not by clients.
#[test]
fn a_shutdown_of_clients_in_many_rooms_with_much_queued_takes_no_event_long() {
    const ROOMS: u32 = 100;
    const MESSAGES: u32 = 50;
    let mut bench = Bench::with(|config| config.host.slice = 1_000);
    let clients = bench.connect_many(60);
    for room in 0..ROOMS {
        let room = format!("room {room}");
        clients.iter().for_each(|&client| bench.join(client, &room));
    }
    for _ in 0..MESSAGES {
        bench.tell_all("not written any more");
    }
    bench.quiet();
    bench.hub.shutdown(bench.now).expect("never an error");
    let one = VISIT + CLIENT + MEMBERSHIP * ROOMS + MESSAGE * MESSAGES;
    let most = 1_000_u32.div_ceil(one) as usize;
    while bench.hub.sweep.is_some() {
        let before = (bench.hub.client_count(), bench.hub.stats());
        bench.timeout();
        let after = bench.hub.stats();
        assert!(before.0 - bench.hub.client_count() <= most);
        assert!(before.1.memberships - after.memberships <= most as u64 * u64::from(ROOMS));
        assert!(after.dropped_closed - before.1.dropped_closed <= most as u64 * u64::from(MESSAGES));
        assert!(bench.actions().len() <= most * (ROOMS as usize + 2), "and so are the actions");
    }
    assert_eq!(bench.hub.client_count(), 0);
}

#[test]
fn pong_deadlines_of_clients_in_many_rooms_take_no_event_long() {
    const ROOMS: u32 = 100;
    let mut bench = Bench::with(|config| {
        config.host.slice = 1_000;
        config.deadlines.pong = Some(secs(60));
    });
    let clients = bench.connect_many(30);
    for room in 0..ROOMS {
        let room = format!("room {room}");
        clients.iter().for_each(|&client| bench.join(client, &room));
    }
    bench.quiet();
    bench.wait(secs(60) - TICK);
    bench.oversleep(TICK);
    let most = 1_000_u32.div_ceil(TIMER + CLIENT + MEMBERSHIP * ROOMS) as usize;
    let mut events = 0;
    while bench.hub.client_count() > 0 {
        let before = bench.hub.client_count();
        bench.timeout();
        assert!(before - bench.hub.client_count() <= most);
        assert!(bench.actions().len() <= most * (ROOMS as usize + 2));
        events += 1;
    }
    assert_eq!(events, 30_usize.div_ceil(most));
}

#[test]
fn pings_for_very_many_on_a_tick_take_no_event_long() {
    let mut bench = Bench::with(|config| {
        config.host.slice = 800;
        config.deadlines.ping = Some(secs(60));
    });
    bench.connect_many(1_000);
    bench.quiet();
    bench.wait(secs(60) - TICK);
    bench.oversleep(TICK);
    let mut counts = Vec::new();
    while bench.hub.stats().pings < 1_000 {
        let before = bench.hub.stats().pings;
        bench.timeout();
        counts.push(bench.hub.stats().pings - before);
    }
    assert!(counts.iter().all(|&count| count <= u64::from(800 / TIMER)), "{counts:?}");
}

#[test]
fn a_transmit_passes_over_so_many_who_are_paced() {
    let mut bench = Bench::with(|config| {
        config.host.slice = 10 * TIMER;
        config.outbox.rate = Some(Rate::per(1, secs(60)).burst(1));
    });
    let clients = bench.connect_many(100);
    for text in ["1", "2"] {
        bench.tell_all(text);
    }
    assert_eq!(bench.lease_ready(100).len(), 100, "one message each");
    clients.iter().for_each(|&client| bench.wrote(client));
    let paced = |bench: &Bench| {
        let entries = &bench.hub.outboxes.entries;
        (0..100).filter(|&index| entries[index].sending == Sending::Paced).count()
    };
    for passed in 1..=10 {
        assert!(bench.hub.has_ready(0), "the host is to come again");
        assert_eq!(bench.lease_ready(100).len(), 0);
        assert_eq!(paced(&bench), 10 * passed);
    }
    assert!(!bench.hub.has_ready(0));
}
