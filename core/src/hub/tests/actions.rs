//! Actions: their order for each client, and that there are no superfluous ones.

use super::bench::*;
use crate::close::CloseCode;
use crate::hub::{Action, DropReason, Flush, Members, OverRate, PerUser, Policy, Target};
use crate::id::ClientId;
use crate::rate::Rate;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

#[test]
fn drops_add_up_in_one_action_until_it_is_polled() {
    let mut bench = Bench::with(|config| config.outbox.messages = 1);
    let client = bench.connect();
    bench.tell(client, "full");
    bench.quiet();
    for _ in 0..100_000 {
        bench.tell(client, "xx");
    }
    assert_eq!(bench.hub.notices.len(), 1);
    assert_eq!(bench.actions(), [lost(client, 100_000, 200_000, DropReason::OutboxFull)]);
    bench.tell(client, "x");
    assert_eq!(bench.actions(), [lost(client, 1, 1, DropReason::OutboxFull)]);
}

#[test]
fn the_reason_of_the_last_drop_is_told() {
    let mut bench = Bench::with(|config| config.outbox.messages = 1);
    let client = bench.connect();
    bench.quiet();
    bench.tell_by(Policy::Conflate(1), client, "a");
    bench.tell(client, "bb");
    bench.tell_by(Policy::Conflate(1), client, "ccc");
    assert_eq!(bench.actions(), [lost(client, 2, 3, DropReason::Conflated)]);
}

#[test]
fn a_client_that_is_over_its_rate_takes_one_action_however_often() {
    let mut bench = Bench::with(|config| {
        config.inbound.messages = Some(Rate::per(1, secs(1_000)));
        config.inbound.over_rate = OverRate::Drop;
    });
    let clients = bench.connect_many(10);
    bench.quiet();
    for _ in 0..1_001 {
        for &client in &clients {
            bench.send(client, 1);
        }
    }
    assert_eq!(bench.hub.notices.len(), 10);
    for (client, action) in clients.into_iter().zip(bench.actions()) {
        assert_eq!(action, Action::OverRate { client, messages: 1_000 });
    }
}

#[test]
fn a_publish_that_is_dropped_for_many_is_told_for_each_once() {
    let mut bench = Bench::with(|config| config.outbox.messages = 1);
    let clients = bench.connect_many(100);
    bench.tell_all("full");
    bench.quiet();
    for _ in 0..100 {
        bench.tell_all("x");
    }
    let actions = bench.actions();
    assert_eq!(actions.len(), 100);
    for (client, action) in clients.into_iter().zip(actions) {
        assert_eq!(action, lost(client, 100, 100, DropReason::OutboxFull));
    }
}

#[test]
fn drops_are_told_though_the_client_is_gone_and_its_place_taken() {
    let mut bench = Bench::with(|config| config.outbox.messages = 1);
    let old = bench.connect();
    bench.tell(old, "1");
    bench.tell(old, "2");
    bench.gone(old);
    let new = bench.connect();
    bench.tell(new, "3");
    bench.tell(new, "four");
    assert_eq!(new.index(), old.index());
    let told = [
        bench.connected(old),
        lost(old, 2, 2, DropReason::Closed),
        vanished(old),
        bench.connected(new),
        lost(new, 1, 4, DropReason::OutboxFull),
    ];
    assert_eq!(bench.actions(), told);
}

#[test]
fn after_the_end_no_drop_is_told() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "1");
    bench.close(client, Flush::First);
    bench.quiet();
    bench.gone(client);
    assert_eq!(bench.actions(), []);
    assert_eq!(bench.hub.stats().dropped_closed, 1, "but counted");
}

/// The last kind of action that was polled about a client.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Told {
    Connected,
    Leaving,
    Disconnected,
    Aborted,
}

/// One random event.
fn act(bench: &mut Bench, random: &mut Random, clients: &mut Vec<ClientId>) {
    let at = random.below(clients.len() as u64) as usize;
    let client = clients[at];
    let connection = bench.on(client);
    let (hub, now) = (&mut bench.hub, bench.now);
    let room = ["a", "b", "c"][random.below(3) as usize];
    match random.below(15) {
        0 => clients.push(bench.connect_as(["ann", "bob"][random.below(2) as usize])),
        1 => {
            let flush = [Flush::First, Flush::Never][at % 2];
            tried(hub.close(now, client, CloseCode::NORMAL, "", flush));
        }
        2 if clients.len() > 2 => {
            clients.swap_remove(at);
            bench.gone(client);
        }
        3 => tried(hub.set_user(now, client, Some("ann"))),
        4 => tried(hub.received(now, connection, crate::MessageKind::Text, 1)),
        5 => {
            let policy = [Policy::Disconnect, Policy::DropOldest, Policy::Conflate(1)][at % 3];
            tried(hub.publish(now, &[Target::Room(room)], &[], &frame("x"), Some(policy)));
        }
        6 => tried(hub.publish(now, &[Target::Client(client)], &[], &frame("y"), Some(Policy::Wait))),
        7 => bench.wait(millis(random.below(3_000))),
        8 => bench.stall(client),
        9 => bench.resume(client),
        10 => bench.write_all(),
        11 if random.below(4) == 0 => tried(hub.close_room(now, room, Members::Leave)),
        _ => tried(hub.join(now, client, room)),
    }
}

/// Notes what an action tells of its client, and checks that it may follow what was told before.
fn note(told: &mut BTreeMap<ClientId, Told>, bench: &Bench, action: &Action, seed: u64) {
    let told_of = |told: &BTreeMap<_, _>, client| told.get(&client).copied();
    match *action {
        Action::Connected { client, connection } => {
            // Nothing has happened to it since it was connected, or its id is still known.
            assert_eq!(bench.on(client), connection);
            assert_eq!(told.insert(client, Told::Connected), None);
        }
        Action::Left { client, .. } => {
            assert!(matches!(told_of(told, client), Some(Told::Connected | Told::Leaving)));
            told.insert(client, Told::Leaving);
        }
        Action::Disconnected { client, .. } => {
            assert!(matches!(told_of(told, client), Some(Told::Connected | Told::Leaving)));
            told.insert(client, Told::Disconnected);
        }
        Action::Abort { connection } => {
            let client = bench.client_on(connection);
            assert_eq!(told.insert(client, Told::Aborted), Some(Told::Disconnected));
        }
        Action::Resume { connection } => {
            let client = bench.client_on(connection);
            assert_eq!(told_of(told, client), Some(Told::Connected), "seed {seed}: {action:?}");
        }
        Action::Dropped { client, .. }
        | Action::OverRate { client, .. }
        | Action::OutboxLow { client }
        | Action::RoomClosed { client, .. } => {
            assert_eq!(told_of(told, client), Some(Told::Connected), "seed {seed}: {action:?}");
        }
        Action::Away { .. } | Action::Resumed { .. } | Action::Replaced { .. } => {
            panic!("seed {seed}: {action:?} without a session")
        }
        Action::Expiring { .. } | Action::AskAgain { .. } | Action::AskEnded { .. } => {
            panic!("seed {seed}: {action:?} without an expiry or a question")
        }
        Action::PresenceChanged { .. } => panic!("seed {seed}: {action:?} without presence"),
        Action::StoodStill { .. } => {}
        Action::RoomOccupied { .. }
        | Action::RoomVacated { .. }
        | Action::UserPresent { .. }
        | Action::UserAbsent { .. }
        | Action::RoomCounted { .. }
        | Action::MemberPresent { .. }
        | Action::MemberAbsent { .. } => panic!("seed {seed}: {action:?}, which nobody asked for"),
        Action::Stopped => panic!("seed {seed}: {action:?}, but nobody asked for it"),
    }
}

/// Checks the order under random events: connected, any others, left, disconnected, at most one abort.
#[test]
fn what_is_told_of_a_client_comes_in_order() {
    for seed in 0..20 {
        let mut bench = Bench::with(|config| {
            config.outbox.messages = 2;
            config.admission.per_user = PerUser::EvictOldest(2);
            config.inbound.messages = Some(Rate::per_second(2));
            config.inbound.over_rate = [OverRate::Drop, OverRate::Pause, OverRate::Close][seed as usize % 3];
            config.deadlines.idle = Some(secs(20));
        });
        let mut random = Random(seed);
        let mut told: BTreeMap<ClientId, Told> = BTreeMap::new();
        let mut clients = bench.connect_many(4);
        for _ in 0..2_000 {
            act(&mut bench, &mut random, &mut clients);
            if random.below(3) == 0 {
                continue;
            }
            for action in bench.actions() {
                note(&mut told, &bench, &action, seed);
            }
        }
        for client in clients {
            bench.gone(client);
        }
        bench.assert_empty();
    }
}
