//! Closing a room: all members are out at once and told; a later join makes a new room.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy};
use crate::hub::{Action, Flush, Lifetime, Members, Refusal, RoomConfig, Target};
use crate::id::ClientId;
use alloc::vec::Vec;

const ENOUGH: Members<'static> = Members::Disconnect { code: CloseCode(4000), reason: "enough" };

fn room_closed(client: ClientId, room: &str) -> Action {
    Action::RoomClosed { client, room: room.into() }
}

fn dispersed(client: ClientId) -> Action {
    disconnected(client, CloseCode(4000), ClosedBy::Application, "enough")
}

#[test]
fn everybody_is_out_of_a_room_that_is_closed() {
    let mut bench = Bench::new();
    let [ann, bob] = [bench.connect_in("lobby"), bench.connect_in("lobby")];
    bench.join(ann, "other");
    bench.quiet();
    assert_eq!(bench.hub.close_room(bench.now, "lobby", Members::Leave), Ok(2));
    assert!(!bench.hub.room_exists("lobby") && bench.hub.is_open(bob));
    assert_eq!(bench.hub.rooms_of(ann).collect::<Vec<_>>(), ["other".into()]);
    assert_eq!(bench.publish(&[Target::Room("lobby")], "x"), Err(Refusal::NoSuchRoom.into()));
    assert_eq!(bench.actions(), [room_closed(ann, "lobby"), room_closed(bob, "lobby")]);
    assert_eq!((bench.hub.stats().leaves, bench.hub.stats().memberships), (2, 1));
    bench.hub.check().expect("nothing is broken");
}

#[test]
fn a_join_after_the_end_of_a_room_makes_a_new_one() {
    let mut bench = Bench::new();
    let ann = bench.connect();
    let config = RoomConfig { members: Some(1), lifetime: Lifetime::Kept, ..RoomConfig::default() };
    bench.hub.configure_room(bench.now, "lobby", config).expect("configured");
    bench.join(ann, "lobby");
    bench.hub.close_room(bench.now, "lobby", Members::Leave).expect("closed");
    bench.join(ann, "lobby");
    assert_eq!(bench.hub.room_config("lobby"), Some(RoomConfig::default()), "without the old one's config");
}

#[test]
fn members_are_disconnected_with_the_code_that_was_asked_for() {
    let mut bench = Bench::new();
    let [ann, bob] = [bench.connect_in("lobby"), bench.connect()];
    bench.join(ann, "other");
    bench.tell(ann, "last words");
    bench.quiet();
    assert_eq!(bench.hub.close_room(bench.now, "lobby", ENOUGH), Ok(1));
    assert_eq!(bench.actions(), [room_closed(ann, "lobby"), left(ann, "other"), dispersed(ann)]);
    assert_eq!(bench.write_to(ann), ["last words", "close 4000 enough"]);
    assert!(bench.hub.is_open(bob));
    assert_eq!(bench.hub.stats().ended_by_application, 1);
}

#[test]
fn what_is_no_room_cannot_be_closed() {
    let mut bench = Bench::new();
    for room in ["lobby", ""] {
        let error = bench.refused(|hub, now| hub.close_room(now, room, ENOUGH));
        assert_eq!(error, Refusal::NoSuchRoom.into());
    }
}

#[test]
fn a_member_that_ends_before_it_is_polled_is_told_in_order() {
    let mut bench = Bench::new();
    let [ann, bob] = [bench.connect_in("lobby"), bench.connect_in("lobby")];
    bench.quiet();
    bench.hub.close_room(bench.now, "lobby", Members::Leave).expect("closed");
    bench.close(ann, Flush::First);
    bench.join(bob, "lobby");
    bench.hub.close_room(bench.now, "lobby", Members::Leave).expect("closed again");
    let again = room_closed(bob, "lobby");
    assert_eq!(
        bench.actions(),
        [room_closed(ann, "lobby"), room_closed(bob, "lobby"), said_bye(ann), again],
        "one who was told is not told again"
    );
}

#[test]
fn three_thousand_members_are_out_at_once_and_disconnected_in_slices() {
    let mut bench = Bench::new();
    let clients = bench.connect_many(3_000);
    for &client in &clients {
        bench.join(client, "lobby");
    }
    bench.quiet();
    let count = |bench: &mut Bench| {
        let actions = bench.actions();
        let of = |is: fn(&Action) -> bool| actions.iter().filter(|action| is(action)).count();
        let closed = of(|action| matches!(action, Action::RoomClosed { .. }));
        (closed, of(|action| matches!(action, Action::Disconnected { .. })))
    };
    assert_eq!(bench.hub.close_room(bench.now, "lobby", ENOUGH), Ok(3_000));
    assert!(!bench.hub.room_exists("lobby"));
    assert_eq!(count(&mut bench), (3_000, 1_024));
    assert_eq!(bench.hub.poll_timeout(), Some(bench.now));
    bench.gone(clients[2_000]);
    bench.quiet();
    bench.timeout();
    assert_eq!(count(&mut bench), (0, 1_023), "one was gone");
    bench.timeout();
    assert_eq!(count(&mut bench), (0, 952));
    assert!(bench.hub.poll_timeout() > Some(bench.now));
    assert_eq!(bench.hub.client_count(), 0);
}

#[test]
fn a_shutdown_while_a_room_disperses_misses_nobody() {
    let mut bench = Bench::new();
    let clients = bench.connect_many(1_500);
    for &client in &clients {
        bench.join(client, "lobby");
    }
    bench.hub.close_room(bench.now, "lobby", ENOUGH).expect("closed");
    bench.hub.shutdown(bench.now).expect("never an error");
    for client in clients {
        bench.gone(client);
    }
    bench.timeout();
    bench.timeout();
    bench.assert_empty();
}

#[test]
fn queueing_what_is_to_be_told_of_a_room_takes_one_notice() {
    let mut bench = Bench::new();
    for client in bench.connect_many(100) {
        bench.join(client, "lobby");
    }
    bench.quiet();
    bench.hub.close_room(bench.now, "lobby", Members::Leave).expect("closed");
    assert_eq!(bench.hub.notices.len(), 1);
    assert_eq!(bench.actions().len(), 100);
}
