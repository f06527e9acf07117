//! Getters: their answers, in an order that depends only on the events.

use super::bench::*;
use crate::hub::{Flush, Refusal, State};
use crate::id::{ClientId, Name};
use crate::time::Instant;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

fn names(names: impl Iterator<Item = Name>) -> Vec<Name> {
    names.collect()
}

#[test]
fn an_empty_hub_answers_too() {
    let bench = Bench::new();
    assert_eq!(bench.hub.state(), State::Running);
    assert_eq!((bench.hub.client_count(), bench.hub.connection_count()), (0, 0));
    assert_eq!((bench.hub.room_count(), bench.hub.user_count()), (0, 0));
    assert_eq!(
        (bench.hub.clients().len(), bench.hub.members("x").len(), bench.hub.clients_of("x").count()),
        (0, 0, 0)
    );
    assert_eq!(
        (bench.hub.member_count("x"), bench.hub.room_exists("x"), bench.hub.has_ready(0)),
        (0, false, false)
    );
    assert_eq!(bench.hub.poll_timeout(), None);
}

#[test]
fn clients_are_told_apart_by_phase() {
    let mut bench = Bench::new();
    let open = bench.connect();
    let accepted = bench.accept();
    let [reserved, closing] = [bench.reserve(Some("ann")), bench.connect()];
    bench.close(closing, Flush::First);
    assert_eq!((bench.hub.client_count(), bench.hub.connection_count()), (1, 4));
    assert_eq!(bench.hub.clients().collect::<Vec<_>>(), [open]);
    let is_open = [open, reserved, closing].map(|client| bench.hub.is_open(client));
    assert_eq!(is_open, [true, false, false]);
    let outboxes = [open, reserved, closing].map(|client| bench.hub.outbox_of(client));
    assert_eq!(outboxes, [Some((0, 0)), None, Some((0, 0))]);
    assert_eq!(bench.hub.client_of(accepted), None);
    assert_eq!(bench.hub.user_of(reserved).as_deref(), Some("ann"));
    assert_eq!((bench.hub.user_count(), bench.hub.clients_of("ann").count()), (1, 0));
}

#[test]
fn a_room_is_there_while_it_has_members() {
    let mut bench = Bench::new();
    let [a, b] = [bench.connect(), bench.connect()];
    let rooms = |bench: &Bench| (bench.hub.room_exists("lobby"), bench.hub.room_count());
    assert_eq!(rooms(&bench), (false, 0));
    bench.join(a, "lobby");
    bench.join(b, "lobby");
    assert_eq!(rooms(&bench), (true, 1));
    bench.join(a, "other");
    assert_eq!([a, b].map(|client| bench.hub.room_count_of(client)), [2, 1]);
    bench.hub.leave(bench.now, a, "lobby").expect("left");
    assert_eq!(rooms(&bench), (true, 2));
    bench.hub.leave(bench.now, b, "lobby").expect("left");
    assert_eq!(rooms(&bench), (false, 1));
}

#[test]
fn orders_are_those_of_coming_and_the_last_takes_a_place_that_is_left() {
    let mut bench = Bench::new();
    let [a, b, c, d] = core::array::from_fn(|_| bench.connect_as("ann"));
    for client in [c, a, d, b] {
        bench.join(client, "lobby");
    }
    for room in ["one", "two", "three"] {
        bench.join(a, room);
    }
    assert_eq!(bench.hub.clients().collect::<Vec<_>>(), [a, b, c, d]);
    assert_eq!(bench.hub.members("lobby").collect::<Vec<_>>(), [c, a, d, b]);
    assert_eq!(names(bench.hub.rooms_of(a)), ["lobby", "one", "two", "three"].map(Name::from));
    assert_eq!(names(bench.hub.room_names()), ["lobby", "one", "two", "three"].map(Name::from));
    bench.hub.leave(bench.now, a, "one").expect("left");
    assert_eq!(names(bench.hub.rooms_of(a)), ["lobby", "two", "three"].map(Name::from));
    bench.join(b, "four");
    assert_eq!(names(bench.hub.room_names()), ["lobby", "four", "two", "three"].map(Name::from));
    bench.gone(c);
    assert_eq!(bench.hub.members("lobby").collect::<Vec<_>>(), [b, a, d]);
    bench.gone(a);
    assert_eq!(bench.hub.clients().collect::<Vec<_>>(), [d, b]);
    assert_eq!(bench.hub.clients_of("ann").collect::<Vec<_>>(), [d, b]);
}

#[test]
fn no_answer_depends_on_the_hash_key() {
    let run = |hash_key| {
        let mut bench = Bench::with(|config| config.host.hash_key = hash_key);
        let mut random = Random(9);
        let mut clients: Vec<ClientId> =
            (0..20).map(|user| bench.connect_as(&format!("user {}", user % 7))).collect();
        for _ in 0..2_000 {
            let at = random.below(20) as usize;
            let room = format!("room {}", random.below(30));
            match random.below(10) {
                0 => {
                    bench.gone(clients[at]);
                    clients[at] = bench.connect_as(&format!("user {}", random.below(7)));
                }
                1..4 => tried(bench.hub.leave(bench.now, clients[at], &room)),
                _ => tried(bench.hub.join(bench.now, clients[at], &room)),
            }
        }
        let hub = &bench.hub;
        let rooms: Vec<_> =
            hub.room_names().map(|room| (room.clone(), hub.members(&room).collect::<Vec<_>>())).collect();
        let users: Vec<Vec<_>> =
            (0..7).map(|user| hub.clients_of(&format!("user {user}")).collect()).collect();
        let memberships: Vec<_> = clients.iter().map(|&client| names(hub.rooms_of(client))).collect();
        let answers = format!("{rooms:?} {users:?} {memberships:?} {:?}", hub.clients().collect::<Vec<_>>());
        (answers, bench.actions())
    };
    assert_eq!(run([1, 2]), run([u64::MAX, 77]));
}

/// Otherwise a peer could choose names that all collide.
#[test]
fn where_a_name_is_looked_for_depends_on_the_hash_key() {
    let table = |hash_key| {
        let mut bench = Bench::with(|config| config.host.hash_key = hash_key);
        let client = bench.connect();
        for room in 0..50 {
            bench.join(client, &format!("room {room}"));
        }
        let names = format!("{:?}", bench.hub.rooms);
        let (table, _) = names.split_once("slots").expect("a table, and the slots that it points to");
        String::from(table)
    };
    assert_eq!(table([1, 2]), table([1, 2]));
    assert_ne!(table([1, 2]), table([1, 3]));
}

#[test]
fn each_refusal_has_a_name_of_its_own() {
    let limit = 1;
    let refusals = [
        Refusal::Draining,
        Refusal::Stopped,
        Refusal::TooManyConnections { limit },
        Refusal::TooManyHandshakes { limit },
        Refusal::TooManyOfAddress { limit },
        Refusal::ConnectRate { retry_at: Instant::ORIGIN },
        Refusal::TooManyOfUser { limit },
        Refusal::EmptyName,
        Refusal::NameTooLong { limit },
        Refusal::AlreadyInRoom,
        Refusal::NotInRoom,
        Refusal::TooManyRoomsOfClient { limit },
        Refusal::RoomFull { limit },
        Refusal::TooManyRooms { limit },
        Refusal::NoSuchRoom,
        Refusal::NoSuchUser,
        Refusal::MessageTooBig { limit },
    ];
    let names: BTreeSet<_> = refusals.iter().map(|refusal| refusal.name()).collect();
    assert_eq!(names.len(), refusals.len());
    let is_plain =
        |name: &&str| !name.is_empty() && name.bytes().all(|at| at.is_ascii_lowercase() || at == b'_');
    assert!(names.iter().all(is_plain), "{names:?}");
}

#[test]
fn the_config_and_the_time_can_be_asked_for() {
    let mut bench = Bench::with(|config| config.rooms.total = Some(7));
    assert_eq!(bench.hub.config().rooms.total, Some(7));
    bench.connect();
    assert_eq!(bench.hub.now(), bench.now);
}
