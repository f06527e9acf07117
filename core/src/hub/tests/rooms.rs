//! Rooms: made by the first join, gone with the last leave, and never with a member that is gone.

use super::bench::*;
use crate::hub::memberships::List;
use crate::hub::{Error, Flush, Joined, Refusal};
use crate::id::ClientId;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

fn members(bench: &Bench, room: &str) -> Vec<ClientId> {
    bench.hub.members(room).collect()
}

#[test]
fn a_room_lives_from_the_first_join_to_the_last_leave() {
    let mut bench = Bench::new();
    let [ann, bob] = [bench.connect(), bench.connect()];
    bench.quiet();
    assert!(!bench.hub.room_exists("lobby"));
    assert_eq!(bench.hub.join(bench.now, ann, "lobby"), Ok(Joined::new(1)));
    assert_eq!(bench.hub.join(bench.now, bob, "lobby"), Ok(Joined::new(2)));
    assert_eq!(members(&bench, "lobby"), [ann, bob]);
    assert_eq!(bench.hub.leave(bench.now, ann, "lobby"), Ok(()));
    assert_eq!(members(&bench, "lobby"), [bob]);
    assert_eq!(bench.hub.leave(bench.now, bob, "lobby"), Ok(()));
    assert!(!bench.hub.room_exists("lobby"));
    assert_eq!((bench.hub.stats().rooms, bench.hub.stats().joins, bench.hub.stats().leaves), (0, 2, 2));
    assert_eq!(bench.actions(), [], "the outcomes have told it");
}

#[test]
fn what_cannot_be_done_with_a_room_changes_nothing() {
    let mut bench = Bench::with(|config| {
        config.rooms.per_client = Some(2);
        config.rooms.members = Some(2);
        config.rooms.total = Some(3);
        config.rooms.name_bytes = 5;
    });
    let [full, other, third] = [bench.connect(), bench.connect(), bench.connect()];
    bench.join(full, "a");
    bench.join(full, "b");
    bench.join(other, "a");
    bench.join(other, "c");
    let joins = [
        (full, "a", Refusal::AlreadyInRoom),
        (full, "c", Refusal::TooManyRoomsOfClient { limit: 2 }),
        (third, "a", Refusal::RoomFull { limit: 2 }),
        (third, "d", Refusal::TooManyRooms { limit: 3 }),
        (third, "", Refusal::EmptyName),
        (third, "long-1", Refusal::NameTooLong { limit: 5 }),
        (third, "ééé", Refusal::NameTooLong { limit: 5 }),
    ];
    for (client, room, refusal) in joins {
        assert_eq!(bench.refused(|hub, now| hub.join(now, client, room)), refusal.into(), "{room}");
    }
    let leaves =
        [(full, "c", Refusal::NotInRoom), (full, "x", Refusal::NoSuchRoom), (full, "", Refusal::NoSuchRoom)];
    for (client, room, refusal) in leaves {
        assert_eq!(bench.refused(|hub, now| hub.leave(now, client, room)), refusal.into(), "{room}");
    }
    assert_eq!((bench.hub.stats().refused, bench.hub.stats().refused_connections), (10, 0));
    bench.join(third, "b");
    bench.join(third, "c");
    assert_eq!(bench.hub.leave_all(bench.now, other), Ok(2), "a refusal is not for ever");
    bench.hub.leave_all(bench.now, third).expect("left");
    bench.join(third, "éé1");
}

#[test]
fn a_name_of_255_bytes_is_the_longest() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.join(client, &"r".repeat(255));
    let error = bench.refused(|hub, now| hub.join(now, client, &"r".repeat(256)));
    assert_eq!(error, Refusal::NameTooLong { limit: 255 }.into());
}

#[test]
fn a_client_is_in_at_most_1024_rooms() {
    let mut bench = Bench::new();
    let client = bench.connect();
    for room in 0..1024 {
        bench.join(client, &format!("room {room}"));
    }
    let error = bench.refused(|hub, now| hub.join(now, client, "one more"));
    assert_eq!(error, Refusal::TooManyRoomsOfClient { limit: 1024 }.into());
    assert_eq!(bench.hub.leave_all(bench.now, client), Ok(1024));
    assert_eq!((bench.hub.room_count(), bench.hub.room_count_of(client)), (0, 0));
}

#[test]
fn a_client_that_ends_leaves_every_room_in_the_order_of_joining() {
    let mut bench = Bench::new();
    let [ann, bob] = [bench.connect(), bench.connect()];
    for room in ["one", "two", "three"] {
        bench.join(ann, room);
    }
    bench.join(bob, "two");
    bench.quiet();
    bench.close(ann, Flush::First);
    assert_eq!(bench.actions(), [left(ann, "one"), left(ann, "two"), left(ann, "three"), said_bye(ann)]);
    assert_eq!(bench.hub.room_names().collect::<Vec<_>>(), ["two".into()]);
    assert_eq!(members(&bench, "two"), [bob]);
    assert_eq!(bench.hub.rooms_of(ann).count(), 0);
    bench.gone(ann);
    assert_eq!(bench.actions(), [], "it is told once");
    bench.gone(bob);
    bench.assert_empty();
}

#[test]
fn a_join_after_the_end_leaves_no_ghost_and_no_orphan_room() {
    let mut bench = Bench::new();
    let [closing, gone] = [bench.connect(), bench.connect()];
    bench.close(closing, Flush::First);
    bench.gone(gone);
    let reused = bench.connect();
    assert_eq!(reused.index(), gone.index());
    assert_eq!(bench.refused(|hub, now| hub.join(now, closing, "lobby")), Error::NotOpen);
    assert_eq!(bench.refused(|hub, now| hub.join(now, gone, "lobby")), Error::Gone);
    assert_eq!(bench.refused(|hub, now| hub.leave(now, gone, "lobby")), Error::Gone);
    assert_eq!(bench.refused(|hub, now| hub.leave_all(now, closing)), Error::NotOpen);
    assert!(!bench.hub.room_exists("lobby"));
    assert_eq!(bench.hub.room_count_of(reused), 0);
}

#[test]
fn a_room_that_comes_again_is_a_new_one() {
    let mut bench = Bench::new();
    let ann = bench.connect_in("lobby");
    let bob = bench.connect();
    bench.hub.leave(bench.now, ann, "lobby").expect("left");
    bench.join(bob, "lobby");
    assert_eq!(members(&bench, "lobby"), [bob]);
    assert_eq!(bench.refused(|hub, now| hub.leave(now, ann, "lobby")), Refusal::NotInRoom.into());
}

/// Checks both directions of each membership under random orders of joins, leaves and ends.
#[test]
fn rooms_and_members_stay_in_step() {
    let mut bench = Bench::new();
    let mut random = Random(1);
    let mut clients = bench.connect_many(12);
    let rooms: Vec<String> = (0..6).map(|room| format!("room {room}")).collect();
    let mut expected: BTreeSet<(ClientId, &str)> = BTreeSet::new();
    for _ in 0..5_000 {
        let at = random.below(12) as usize;
        let (client, room) = (clients[at], rooms[random.below(6) as usize].as_str());
        match random.below(20) {
            0 => {
                bench.gone(client);
                expected.retain(|(member, _)| *member != client);
                clients[at] = bench.connect();
            }
            1 => {
                let before = expected.len();
                expected.retain(|(member, _)| *member != client);
                let left = (before - expected.len()) as u32;
                assert_eq!(bench.hub.leave_all(bench.now, client), Ok(left));
            }
            2..10 => {
                assert_eq!(
                    bench.hub.leave(bench.now, client, room).is_ok(),
                    expected.remove(&(client, room))
                );
            }
            _ => assert_eq!(bench.hub.join(bench.now, client, room).is_ok(), expected.insert((client, room))),
        }
        let by_room =
            rooms.iter().flat_map(|room| bench.hub.members(room).map(move |member| (member, room.as_str())));
        assert_eq!(by_room.collect::<BTreeSet<_>>(), expected);
        for &client in &clients {
            let names: Vec<_> = bench.hub.rooms_of(client).collect();
            assert_eq!(names.len(), expected.iter().filter(|(member, _)| *member == client).count());
            assert!(names.iter().all(|room| expected.contains(&(client, &**room))));
            for room in &rooms {
                assert_eq!(bench.hub.in_room(client, room), expected.contains(&(client, room.as_str())));
            }
        }
        assert_eq!(bench.hub.stats().memberships, expected.len() as u64);
        bench.quiet();
    }
}

#[test]
fn of_many_rooms_each_is_found_without_a_search() {
    let mut bench = Bench::new();
    let names: Vec<_> = (0..1_024).map(|number| format!("room {number}")).collect();
    let [ann, bob] = [bench.connect(), bench.connect()];
    for (at, name) in names.iter().enumerate() {
        bench.join(ann, name);
        bench.join(bob, name);
        // What a join looks through is a table as soon as it would be long.
        let in_table = bench.hub.memberships.in_table(ann.index);
        assert_eq!(in_table, if at < 32 { 0 } else { at + 1 });
    }
    assert_eq!(bench.hub.check(), Ok(()));
    for name in &names {
        assert_eq!(bench.refused(|hub, now| hub.join(now, ann, name)), Refusal::AlreadyInRoom.into());
        assert!(bench.hub.in_room(ann, name));
    }
    // A list whose links lead nowhere: a walk along it would find nothing.
    let list = bench.hub.clients[ann.index()].memberships;
    let unlinked = List { first: u32::MAX, len: list.len };
    let room = bench.hub.rooms.find(names[500].as_bytes()).expect("it is there");
    assert!(bench.hub.memberships.find(ann.index, unlinked, room).is_some());
    for (at, name) in names.iter().enumerate().take(1_000) {
        bench.hub.leave(bench.now, ann, name).expect("it is in there");
        let left = 1_023 - at;
        assert_eq!(bench.hub.memberships.in_table(ann.index), if left > 32 { left } else { 0 });
    }
    assert_eq!(bench.hub.check(), Ok(()));
    assert_eq!(bench.hub.leave_all(bench.now, bob), Ok(1_024));
    bench.gone(ann);
    assert_eq!(bench.hub.check(), Ok(()));
    assert_eq!((bench.hub.memberships.tables(), bench.hub.room_count()), (0, 0));
}

#[test]
fn a_client_that_ends_in_many_rooms_leaves_no_table() {
    let mut bench = Bench::new();
    let client = bench.connect();
    for number in 0..100 {
        bench.join(client, &format!("room {number}"));
    }
    bench.gone(client);
    let again = bench.connect_in("lobby");
    assert_eq!((again.index, bench.hub.memberships.tables()), (client.index, 0));
    assert_eq!(bench.hub.check(), Ok(()));
}
