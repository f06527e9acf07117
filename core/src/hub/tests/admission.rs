//! Accept, reserve, open: every limit applies before anything is written, and a refusal changes nothing.

use super::bench::*;
use crate::hub::{Action, Drain, Error, Event, Flush, PerUser, Refusal, Target};
use crate::id::Name;
use crate::outbox::Batch;
use crate::rate::Rate;
use alloc::vec::Vec;

#[test]
fn a_connection_is_accepted_then_reserved_then_open() {
    let mut bench = Bench::new();
    let connection = bench.accept();
    assert_eq!(
        (bench.hub.stats().handshakes, bench.hub.stats().reserved, bench.hub.stats().clients),
        (1, 0, 0)
    );
    let client = bench.reserve_on(connection, Some("ann"));
    assert_eq!(
        (bench.hub.stats().handshakes, bench.hub.stats().reserved, bench.hub.stats().clients),
        (0, 1, 0)
    );
    assert!(!bench.hub.is_open(client));
    assert_eq!(bench.actions(), []);
    bench.open(connection);
    assert_eq!(
        (bench.hub.stats().handshakes, bench.hub.stats().reserved, bench.hub.stats().clients),
        (0, 0, 1)
    );
    assert!(bench.hub.is_open(client));
    assert_eq!(bench.actions(), [Action::Connected { client, connection }]);
}

#[test]
fn the_hub_says_why_it_would_refuse_a_newcomer() {
    let mut bench = Bench::with(|config| {
        config.admission.connections = Some(2);
        config.admission.handshakes = Some(2);
    });
    assert_eq!(bench.hub.newcomer_refusal(), None);
    let first = bench.accept();
    assert_eq!(bench.hub.newcomer_refusal(), None);
    let second = bench.accept();
    assert_eq!(bench.hub.newcomer_refusal(), Some(Refusal::TooManyHandshakes { limit: 2 }));
    bench.reserve_on(first, None);
    assert_eq!(bench.hub.newcomer_refusal(), None);
    bench.reserve_on(second, None);
    assert_eq!(bench.hub.newcomer_refusal(), Some(Refusal::TooManyConnections { limit: 2 }));
    bench.open(first);
    bench.open(second);
    assert_eq!(bench.hub.newcomer_refusal(), Some(Refusal::TooManyConnections { limit: 2 }));
    bench.gone(first);
    assert_eq!(bench.hub.newcomer_refusal(), None);
    bench.hub.handle(bench.now, Event::Drain(Drain::default())).expect("it drains");
    assert_eq!(bench.hub.newcomer_refusal(), Some(Refusal::Draining));
    bench.hub.handle(bench.now, Event::Shutdown).expect("it stops");
    assert_eq!(bench.hub.newcomer_refusal(), Some(Refusal::Stopped));
}

#[test]
fn nothing_is_written_to_a_connection_before_it_opens() {
    let mut bench = Bench::new();
    let accepted = bench.accept();
    let reserved = bench.reserve(Some("ann"));
    assert_eq!(bench.tell_all("hello"), published(0, 0, 0, 0));
    let target = [Target::Client(reserved)];
    let error = bench.refused(|hub, now| hub.publish(now, &target, &[], &frame("x"), None));
    assert_eq!(error, Error::NotOpen);
    assert_eq!(bench.hub.outbox_of(reserved), None);
    for connection in [accepted, bench.on(reserved)] {
        assert_eq!(bench.lease(connection, PLENTY), None);
    }
    assert_eq!(bench.hub.poll_ready(), None);
}

#[test]
fn phases_come_once_and_in_order() {
    let mut bench = Bench::new();
    let accepted = bench.accept();
    assert_eq!(bench.refused(|hub, now| hub.open(now, accepted)), Error::NotOpen);
    let reserved = bench.reserve(None);
    let open = bench.connect();
    let closing = bench.connect();
    bench.close(closing, Flush::First);
    for client in [reserved, open, closing] {
        let connection = bench.on(client);
        assert_eq!(bench.refused(|hub, now| hub.reserve(now, connection, None)), Error::NotOpen);
    }
    for client in [open, closing] {
        let connection = bench.on(client);
        assert_eq!(bench.refused(|hub, now| hub.open(now, connection)), Error::NotOpen);
    }
    for client in [reserved, closing] {
        assert_eq!(bench.refused(|hub, now| hub.join(now, client, "room")), Error::NotOpen);
    }
}

#[test]
fn open_handshakes_have_a_limit() {
    let mut bench = Bench::with(|config| config.admission.handshakes = Some(2));
    let first = bench.accept();
    bench.accept();
    let error = bench.refused(|hub, now| hub.accept(now, None, 0));
    assert_eq!(error, Refusal::TooManyHandshakes { limit: 2 }.into());
    bench.reserve_on(first, None);
    bench.accept();
    assert_eq!((bench.hub.stats().refused, bench.hub.stats().refused_connections), (1, 1));
}

#[test]
fn the_limit_of_connections_counts_reserved_open_and_closing_ones() {
    let mut bench = Bench::with(|config| config.admission.connections = Some(3));
    let reserved = bench.reserve(None);
    bench.connect();
    let closing = bench.connect();
    bench.close(closing, Flush::First);
    let newcomer = bench.accept();
    let limit = Error::from(Refusal::TooManyConnections { limit: 3 });
    assert_eq!(bench.refused(|hub, now| hub.reserve(now, newcomer, Some("ann"))), limit);
    assert_eq!(bench.hub.user_count(), 0);
    bench.gone(closing);
    bench.reserve_on(newcomer, None);
    let another = bench.accept();
    assert_eq!(bench.refused(|hub, now| hub.reserve(now, another, None)), limit);
    bench.gone(reserved);
    bench.reserve_on(another, None);
}

#[test]
fn an_address_has_a_limit_of_connections_from_accept_to_gone() {
    let mut bench = Bench::with(|config| config.admission.per_address = Some(2));
    let first = bench.accept_from(1).expect("accepted");
    let second = bench.accept_from(1).expect("accepted");
    let limit = Error::from(Refusal::TooManyOfAddress { limit: 2 });
    let address = Some(crate::Address([1; 16]));
    assert_eq!(bench.refused(|hub, now| hub.accept(now, address, 0)), limit);
    bench.accept_from(2).expect("another address");
    bench.accept();
    let clients = [first, second].map(|connection| bench.reserve_on(connection, None));
    for client in clients {
        bench.open(client);
    }
    bench.close(clients[0], Flush::First);
    assert_eq!(bench.refused(|hub, now| hub.accept(now, address, 0)), limit);
    bench.gone(first);
    bench.accept_from(1).expect("a place is free");
    assert_eq!(bench.refused(|hub, now| hub.accept(now, address, 0)), limit, "the second is still there");
}

#[test]
fn an_address_that_connects_too_often_is_told_when_it_may_again() {
    let mut bench = Bench::with(|config| config.admission.connect_rate = Some(Rate::per_second(1).burst(2)));
    let start = bench.now;
    for _ in 0..2 {
        let client = bench.accept_from(1).expect("within the burst");
        bench.gone(client);
    }
    let address = Some(crate::Address([1; 16]));
    let retry_at = start + secs(1);
    let refusal = Error::from(Refusal::ConnectRate { retry_at });
    assert_eq!(bench.refused(|hub, now| hub.accept(now, address, 0)), refusal, "reconnecting resets nothing");
    bench.accept_from(2).expect("another address");
    bench.wait(secs(1) - TICK);
    assert_eq!(bench.refused(|hub, now| hub.accept(now, address, 0)), refusal);
    bench.wait(TICK);
    bench.accept_from(1).expect("as promised");
    assert_eq!(bench.hub.stats().refused_connections, 2);
}

#[test]
fn an_address_is_forgotten_when_its_bucket_is_full() {
    let mut bench = Bench::with(|config| config.admission.connect_rate = Some(Rate::per_second(1).burst(2)));
    let client = bench.accept_from(1).expect("accepted");
    bench.gone(client);
    assert_eq!(bench.hub.addresses.len(), 1);
    bench.wait(secs(1) - TICK);
    assert_eq!(bench.hub.addresses.len(), 1);
    bench.wait(TICK);
    assert_eq!(bench.hub.addresses.len(), 0);
    bench.assert_empty();
}

#[test]
fn an_address_without_limits_is_not_remembered() {
    let mut bench = Bench::new();
    bench.accept_from(1).expect("accepted");
    assert_eq!(bench.hub.addresses.len(), 0);
}

#[test]
fn a_lane_must_exist() {
    let mut bench = Bench::with(|config| config.host.lanes = 2);
    bench.hub.accept(bench.now, None, 1).expect("accepted");
    assert_eq!(bench.refused(|hub, now| hub.accept(now, None, 2)), Error::NoSuchLane);
    assert_eq!(
        bench.refused(|hub, now| hub.transmit_ready(now, 2, 1, 1, &mut Batch::default())),
        Error::NoSuchLane
    );
    assert_eq!(bench.hub.stats().refused, 0, "misuse is no refusal");
}

#[test]
fn the_handshake_deadline_runs_from_accept_to_open() {
    let mut bench = Bench::new();
    let slow = bench.accept();
    let reserved = bench.reserve(None);
    bench.wait(secs(9));
    let in_time = bench.reserve(None);
    bench.wait(secs(1) - TICK);
    assert_eq!(bench.actions(), []);
    bench.wait(TICK);
    assert_eq!(bench.actions(), [bench.abort(slow), bench.abort(reserved)]);
    assert_eq!(bench.hub.stats().handshake_timeouts, 2);
    assert_eq!(bench.refused(|hub, now| hub.reserve(now, slow, None)), Error::NotOpen);
    let connection = bench.on(reserved);
    assert_eq!(bench.refused(|hub, now| hub.open(now, connection)), Error::NotOpen);
    assert_eq!(bench.refused(|hub, now| hub.set_user(now, reserved, None)), Error::Gone, "it is given up");
    assert_eq!(bench.hub.client_of(connection), None);
    bench.open(in_time);
    bench.wait(secs(60));
    assert_eq!(
        bench.actions(),
        [bench.connected(in_time)],
        "an abort is asked for once, and not of the open"
    );
    for connection in [slow, connection, bench.on(in_time)] {
        bench.gone(connection);
    }
    bench.assert_empty();
}

#[test]
fn a_reservation_that_is_not_opened_in_time_is_returned() {
    let mut bench = Bench::with(|config| {
        config.admission.connections = Some(1);
        config.admission.per_user = PerUser::RefuseNewest(1);
        config.admission.per_address = Some(1);
    });
    let late = bench.accept_from(1).expect("accepted");
    bench.reserve_on(late, Some("ann"));
    bench.wait(secs(10));
    assert_eq!(bench.hub.user_count(), 0, "the user's place is free at once");
    bench.gone(late);
    let next = bench.accept_from(1).expect("the address's place is free");
    bench.reserve_on(next, Some("ann"));
    bench.gone(next);
    bench.assert_empty();
}

#[test]
fn a_connection_may_vanish_in_any_phase() {
    let mut bench = Bench::new();
    let accepted = bench.accept();
    let reserved = bench.reserve(Some("ann"));
    bench.gone(accepted);
    bench.gone(reserved);
    assert_eq!(bench.actions(), [], "who was no client is not told of");
    let connection = bench.on(reserved);
    assert_eq!(bench.refused(|hub, now| hub.open(now, connection)), Error::Gone);
    bench.assert_empty();
}

#[test]
fn admitting_in_one_leaves_nothing_behind_when_it_is_refused() {
    let mut bench = Bench::with(|config| config.admission.per_user = PerUser::RefuseNewest(1));
    let first = bench.connect_as("ann");
    bench.quiet();
    let error = bench.hub.admit(bench.now, Some("ann"));
    assert_eq!(error, Err(Refusal::TooManyOfUser { limit: 1 }.into()));
    assert_eq!(bench.hub.connection_count(), 1);
    assert_eq!(bench.actions(), []);
    bench.gone(first);
    bench.assert_empty();
}

#[test]
fn time_does_not_run_backwards() {
    let mut bench = Bench::new();
    let client = bench.accept();
    let earlier = bench.now - secs(100);
    bench.hub.reserve(earlier, client, None).expect("reserved");
    bench.hub.open(earlier, client).expect("opened");
    assert_eq!(bench.hub.now(), bench.now);
}

#[test]
fn a_reservation_is_refused_if_a_first_room_cannot_be_joined_as_things_are() {
    let mut bench = Bench::with(|config| {
        config.rooms.per_client = Some(2);
        config.rooms.members = Some(2);
        config.rooms.total = Some(3);
        config.rooms.name_bytes = 5;
    });
    for room in ["full", "half"] {
        bench.connect_in(room);
    }
    bench.connect_in("full");
    let connection = bench.accept();
    let refusals = [
        (&["half", "full"][..], Refusal::RoomFull { limit: 2 }),
        (&["half", ""][..], Refusal::EmptyName),
        (&["longer"][..], Refusal::NameTooLong { limit: 5 }),
        (&["half", "a", "b"][..], Refusal::TooManyRoomsOfClient { limit: 2 }),
        (&["a", "b"][..], Refusal::TooManyRooms { limit: 3 }),
    ];
    for (names, refusal) in refusals {
        let rooms: Vec<Name> = names.iter().map(|name| Name::from(*name)).collect();
        let error = bench.refused(|hub, now| hub.reserve_for(now, connection, Some("ann"), &rooms));
        assert_eq!(error, refusal.into(), "{names:?}");
    }
    let rooms = ["half", "a"].map(Name::from);
    let reserved = bench.hub.reserve_for(bench.now, connection, Some("ann"), &rooms);
    assert_eq!(reserved.ok(), bench.hub.client_of(connection));
    assert_eq!(bench.hub.member_count("half"), 1, "it takes no place");
    assert!(!bench.hub.room_exists("a"));
}
