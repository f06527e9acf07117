//! Closing a room: all members are out at once and told; a later join makes a new room.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy};
use crate::hub::work::{CLIENT, MEMBER};
use crate::hub::{Action, Flush, Host, Lifetime, Members, Refusal, RoomConfig, Target};
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
    assert_eq!(bench.actions(), [room_closed(bob, "lobby"), room_closed(ann, "lobby")]);
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
        [room_closed(bob, "lobby"), room_closed(ann, "lobby"), said_bye(ann), again],
        "one who was told is not told again"
    );
}

/// How many were told that their room was closed, and how many that they ended.
fn count(bench: &mut Bench) -> (usize, usize) {
    let actions = bench.actions();
    let of = |is: fn(&Action) -> bool| actions.iter().filter(|action| is(action)).count();
    let closed = of(|action| matches!(action, Action::RoomClosed { .. }));
    (closed, of(|action| matches!(action, Action::Disconnected { .. })))
}

#[test]
fn three_thousand_members_are_out_at_once_and_told_and_disconnected_in_slices() {
    let mut bench = Bench::new();
    let clients = bench.connect_many(3_000);
    for &client in &clients {
        bench.join(client, "lobby");
    }
    bench.quiet();
    let most = (Host::default().slice / (MEMBER + CLIENT)) as usize + 1;
    assert_eq!(bench.hub.close_room(bench.now, "lobby", ENOUGH), Ok(3_000));
    assert!(!bench.hub.room_exists("lobby") && bench.hub.stats().rooms == 0);
    assert_eq!((bench.hub.stats().leaves, bench.hub.stats().memberships), (3_000, 0));
    let mut sum = (0, 0);
    while bench.hub.poll_timeout() == Some(bench.now) {
        let (closed, ended) = count(&mut bench);
        assert!(closed <= most && ended <= most, "{closed} and {ended}");
        sum = (sum.0 + closed, sum.1 + ended);
        if sum.0 == closed {
            // It is told of its room before it is told of its end.
            bench.gone(clients[0]);
            assert_eq!(bench.actions(), [room_closed(clients[0], "lobby"), vanished(clients[0])]);
        }
        assert_eq!(bench.hub.check(), Ok(()));
        bench.timeout();
    }
    let (closed, ended) = count(&mut bench);
    assert_eq!((sum.0 + closed, sum.1 + ended), (2_999, 2_999), "one was gone");
    assert_eq!(bench.hub.client_count(), 0);
}

#[test]
fn whose_turn_has_not_come_is_in_the_room_no_more() {
    let mut bench = Bench::with(|config| {
        config.host.slice = 1;
        config.rooms.per_client = Some(2);
    });
    let [ann, bob, cid] = [(); 3].map(|()| bench.connect_in("lobby"));
    bench.join(ann, "other");
    bench.quiet();
    assert_eq!(bench.hub.close_room(bench.now, "lobby", Members::Leave), Ok(3));
    assert_eq!(bench.actions(), [room_closed(cid, "lobby")], "who joined last is told first");
    assert!(!bench.hub.in_room(ann, "lobby") && bench.hub.members("lobby").len() == 0);
    assert_eq!(bench.hub.rooms_of(ann).collect::<Vec<_>>(), ["other".into()]);
    assert_eq!((bench.hub.room_count_of(ann), bench.hub.room_names().count()), (1, 1));
    assert_eq!(bench.refused(|hub, now| hub.leave(now, ann, "lobby")), Refusal::NoSuchRoom.into());
    // Another room of this name is another room, and what was closed counts for no limit.
    bench.join(ann, "lobby");
    assert_eq!(bench.hub.members("lobby").collect::<Vec<_>>(), [ann]);
    assert_eq!(bench.publish(&[Target::Room("lobby")], "hello"), Ok(published(1, 0, 0, 0)));
    assert_eq!(bench.hub.leave_all(bench.now, ann), Ok(2));
    assert_eq!(bench.hub.check(), Ok(()));
    bench.timeout();
    assert_eq!(bench.actions(), [room_closed(bob, "lobby")]);
    bench.timeout();
    assert_eq!(bench.actions(), [room_closed(ann, "lobby")], "which it has not left by leaving all");
    bench.timeout();
    assert_ne!(bench.hub.poll_timeout(), Some(bench.now));
    assert_eq!((bench.hub.stats().joins, bench.hub.stats().leaves), (5, 5));
}

#[test]
fn whoever_ends_before_its_turn_is_told_of_all_its_rooms_in_order() {
    let mut bench = Bench::with(|config| config.host.slice = 1);
    let ann = bench.connect_in("first");
    for room in ["lobby", "last"] {
        bench.join(ann, room);
    }
    let bob = bench.connect_in("lobby");
    bench.quiet();
    bench.hub.close_room(bench.now, "lobby", ENOUGH).expect("closed");
    assert_eq!(bench.actions(), [room_closed(bob, "lobby"), dispersed(bob)]);
    bench.close(ann, Flush::First);
    assert_eq!(
        bench.actions(),
        [left(ann, "first"), room_closed(ann, "lobby"), left(ann, "last"), said_bye(ann)]
    );
    bench.timeout();
    assert_ne!(bench.hub.poll_timeout(), Some(bench.now), "nobody is left to be told");
}

#[test]
fn a_room_that_is_kept_and_has_nobody_is_gone_at_once() {
    let mut bench = Bench::new();
    let config = RoomConfig { lifetime: Lifetime::Kept, ..RoomConfig::default() };
    bench.hub.configure_room(bench.now, "lobby", config).expect("configured");
    assert_eq!(bench.hub.close_room(bench.now, "lobby", ENOUGH), Ok(0));
    assert_eq!((bench.hub.room_count(), bench.hub.rooms.iter().count()), (0, 0));
    assert_eq!((bench.actions(), bench.hub.check()), ([].into(), Ok(())));
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
    bench.wait(secs(0));
    bench.assert_empty();
}
