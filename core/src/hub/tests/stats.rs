//! The numbers of `Stats` add up after any events.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy, CodeClass};
use crate::hub::{Event, Flush, Policy, Refusal, Stats, Target};
use crate::id::ClientId;
use crate::outbox::{Progress, Transport};
use alloc::vec::Vec;

impl Bench {
    /// Checks what must hold after every event.
    fn assert_adds_up(&self, connections: &[ClientId]) -> Stats {
        let (hub, stats) = (&self.hub, self.hub.stats());
        let waiting = connections
            .iter()
            .filter_map(|&client| hub.outbox_of(client))
            .map(|(messages, _)| u64::from(messages));
        assert_eq!(stats.pending(), waiting.sum::<u64>(), "queued = written + dropped + pending");
        let phases = stats.handshakes + stats.reserved + stats.clients + stats.closing;
        assert_eq!((phases as usize, connections.len()), (hub.connection_count(), hub.connection_count()));
        let ended =
            stats.ended_by_peer + stats.ended_by_application + stats.ended_by_hub + stats.ended_by_transport;
        assert_eq!(stats.opened, u64::from(stats.clients) + ended);
        assert_eq!(stats.joins, stats.memberships + stats.leaves);
        let members: usize = hub.room_names().map(|room| hub.member_count(&room)).sum();
        assert_eq!(stats.memberships, members as u64);
        assert!(stats.queued_bytes <= hub.config().outbox.hub_bytes);
        for &client in connections {
            let (messages, bytes) = hub.outbox_of(client).unwrap_or_default();
            assert!(messages <= hub.config().outbox.messages && bytes <= hub.config().outbox.bytes);
        }
        stats
    }
}

#[test]
fn a_message_is_counted_once_for_each_recipient() {
    let mut bench = Bench::with(|config| config.outbox.messages = 2);
    let [ann, bob] = [bench.connect(), bench.connect()];
    for _ in 0..3 {
        bench.tell_all("hello");
    }
    bench.lease(ann, PLENTY).expect("leased");
    let stats = bench.assert_adds_up(&[ann, bob]);
    assert_eq!((stats.published, stats.queued, stats.dropped_outbox_full, stats.pending()), (3, 6, 2, 4));
    bench.wrote(ann);
    bench.close(bob, Flush::Never);
    let stats = bench.assert_adds_up(&[ann, bob]);
    assert_eq!((stats.written, stats.dropped_closed, stats.dropped(), stats.pending()), (2, 2, 4, 0));
}

#[test]
fn connections_are_counted_when_they_come() {
    let mut bench = Bench::new();
    let first = bench.accept();
    bench.reserve(None);
    bench.connect();
    bench.gone(first);
    let stats = bench.hub.stats();
    assert_eq!((stats.accepted, stats.handshakes, stats.reserved, stats.opened), (3, 0, 1, 1));
}

#[test]
fn what_a_host_closes_on_the_hubs_behalf_is_counted_by_its_code() {
    type Count = fn(&Stats) -> u64;
    let counts: [(CloseCode, Count); 6] = [
        (CloseCode::PROTOCOL_ERROR, |stats| stats.protocol_errors),
        (CloseCode::INVALID_PAYLOAD, |stats| stats.invalid_payloads),
        (CloseCode::TOO_BIG, |stats| stats.too_big),
        (CloseCode::POLICY, |stats| stats.policy_violations),
        (CloseCode::INTERNAL_ERROR, |stats| stats.handler_failures),
        (CloseCode::TRY_AGAIN_LATER, |stats| stats.too_slow),
    ];
    let mut bench = Bench::new();
    for (code, _) in counts {
        for by in [ClosedBy::Hub, ClosedBy::Application, ClosedBy::Hub] {
            let client = bench.connect();
            bench.event(Event::Close { client, code, reason: "", flush: Flush::Never, by });
        }
        let stats = bench.hub.stats();
        let ended = counts.map(|(_, count)| count(&stats));
        let expected = counts.map(|(other, _)| if other == code { 2 } else { 0 });
        assert_eq!(ended, expected, "{code}");
        assert_eq!((stats.ended_by_hub, stats.ended_by_application), (2, 1));
        bench = Bench::new();
    }
}

#[test]
fn refusals_are_counted_by_their_reason() {
    let mut bench = Bench::with(|config| config.rooms.members = Some(1));
    let [ann, bob] = [bench.connect(), bench.connect()];
    bench.join(ann, "lobby");
    for _ in 0..3 {
        tried(bench.hub.join(bench.now, bob, "lobby"));
    }
    tried(bench.hub.join(bench.now, bob, ""));
    tried(bench.hub.leave(bench.now, bob, "attic"));
    let refusals = bench.hub.stats().refusals;
    assert_eq!(refusals.of(Refusal::RoomFull { limit: 7 }), 3, "whatever the limit");
    let counted: Vec<_> = refusals.iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(counted, [("empty_name", 1), ("room_full", 3), ("no_such_room", 1)]);
    assert_eq!(refusals.iter().map(|(_, count)| count).sum::<u64>(), bench.hub.stats().refused);
}

/// If this does not compile, add the new reason to the table that counts refusals.
#[test]
fn every_reason_to_refuse_is_counted() {
    let names: Vec<_> = Bench::new().hub.stats().refusals.iter().map(|(name, _)| name).collect();
    for (at, name) in names.iter().enumerate() {
        assert!(!names[..at].contains(name), "{name} is there twice");
    }
    let is_in_table = |refusal: Refusal| match refusal {
        Refusal::Draining
        | Refusal::Stopped
        | Refusal::TooManyConnections { .. }
        | Refusal::TooManyHandshakes { .. }
        | Refusal::TooManyOfAddress { .. }
        | Refusal::ConnectRate { .. }
        | Refusal::TooManyOfUser { .. }
        | Refusal::EmptyName
        | Refusal::NameTooLong { .. }
        | Refusal::AlreadyInRoom
        | Refusal::NotInRoom
        | Refusal::TooManyRoomsOfClient { .. }
        | Refusal::RoomFull { .. }
        | Refusal::TooManyRooms { .. }
        | Refusal::NoSuchRoom
        | Refusal::NoSuchUser
        | Refusal::MessageTooBig { .. }
        | Refusal::SessionInUse
        | Refusal::SessionOfAnotherUser
        | Refusal::TooManyAsks { .. }
        | Refusal::NoSuchAsk
        | Refusal::NoHistory
        | Refusal::KeyTooLong { .. }
        | Refusal::TooManyKeys { .. }
        | Refusal::NoPresence
        | Refusal::InfoTooLong { .. }
        | Refusal::TooManyPresent { .. }
        | Refusal::MayNotPublish => names.contains(&refusal.name()),
    };
    assert!(is_in_table(Refusal::Draining));
    assert_eq!(names.len(), 28, "as many as there are above");
}

#[test]
fn ends_are_counted_by_who_and_with_what() {
    let mut bench = Bench::new();
    for (code, by) in [
        (CloseCode(4000), ClosedBy::Application),
        (CloseCode(4999), ClosedBy::Application),
        (CloseCode(3000), ClosedBy::Hub),
        (CloseCode::TOO_BIG, ClosedBy::Hub),
        (CloseCode::INVALID_PAYLOAD, ClosedBy::Hub),
    ] {
        let client = bench.connect();
        bench.event(Event::Close { client, code, reason: "", flush: Flush::Never, by });
    }
    for code in [Some(CloseCode::NORMAL), Some(CloseCode(2999)), None] {
        let client = bench.connect();
        bench.peer_closed(client, code, "");
    }
    let client = bench.connect();
    bench.gone(client);
    let ends = bench.hub.stats().ends;
    let counted: Vec<_> = ends.iter().filter(|end| end.2 > 0).collect();
    let expected = [
        (ClosedBy::Peer, CodeClass::Normal, 1),
        (ClosedBy::Peer, CodeClass::NoStatus, 1),
        (ClosedBy::Peer, CodeClass::Other, 1),
        (ClosedBy::Application, CodeClass::Own, 2),
        (ClosedBy::Hub, CodeClass::Protocol, 2),
        (ClosedBy::Hub, CodeClass::Own, 1),
        (ClosedBy::Transport, CodeClass::Abnormal, 1),
    ];
    assert_eq!(counted, expected);
    assert_eq!((ends.by(ClosedBy::Hub), ends.of(ClosedBy::Application, CodeClass::Own)), (3, 2));
}

#[test]
fn who_waits_for_a_writer_and_whose_transport_is_full_is_counted() {
    let mut bench = Bench::new();
    let clients = bench.connect_many(5);
    let numbers = |bench: &Bench| (bench.hub.stats().ready, bench.hub.stats().blocked);
    assert_eq!(numbers(&bench), (0, 0));
    bench.tell_all("hello");
    assert_eq!(numbers(&bench), (5, 0));
    for (&client, blocked) in clients.iter().take(3).zip(1..) {
        bench.lease(client, PLENTY).expect("leased");
        bench.give_back(client, Progress::part(0, 1), Transport::Blocked);
        assert_eq!(numbers(&bench), (5 - blocked, blocked));
    }
    bench.writable(clients[0]);
    assert_eq!(numbers(&bench), (3, 2));
    bench.gone(clients[1]);
    bench.gone(clients[3]);
    assert_eq!(numbers(&bench), (2, 1));
}

/// One random event.
fn act(bench: &mut Bench, random: &mut Random, connections: &mut Vec<ClientId>) {
    let at = random.below(connections.len().max(1) as u64) as usize;
    let Some(&client) = connections.get(at) else {
        connections.push(bench.connect());
        return;
    };
    let connection = bench.on(client);
    let (hub, now) = (&mut bench.hub, bench.now);
    match random.below(20) {
        0 if connections.len() < 12 => connections.push(bench.connect()),
        1 if connections.len() < 12 => connections.push(bench.reserve(None)),
        2 => tried(hub.open(now, connection)),
        3 if random.below(3) == 0 => {
            connections.swap_remove(at);
            bench.gone(client);
        }
        4 if random.below(3) == 0 => {
            tried(hub.close(now, client, CloseCode::NORMAL, "", [Flush::First, Flush::Never][at % 2]));
        }
        5 if random.below(3) == 0 => {
            tried(hub.handle(now, Event::PeerClosed { connection, code: None, reason: "" }));
        }
        6 => tried(hub.join(now, client, ["a", "b"][at % 2])),
        7 => tried(hub.leave(now, client, ["a", "b"][at % 2])),
        8 => tried(hub.handle(now, Event::Ping { connection, payload: b"x" })),
        9 => tried(hub.handle(now, Event::Writable { connection })),
        10 => bench.wait(millis(random.below(2_000))),
        11..15 => {
            let policies = [
                Policy::DropNewest,
                Policy::DropOldest,
                Policy::Conflate(random.below(2)),
                Policy::Disconnect,
                Policy::Wait,
            ];
            let policy = policies[random.below(5) as usize];
            let targets = [Target::Client(client), Target::Room("a"), Target::All];
            let target = if policy == Policy::Wait { 0 } else { random.below(3) as usize };
            let frame = frame_of(1 + random.below(300) as usize);
            tried(hub.publish(now, &targets[target..=target], &[], &frame, Some(policy)));
        }
        _ => {
            if let Some(held) = bench.lease(client, random.below(600) as u32) {
                let items = random.below(held.items.len() as u64 + 1) as u32;
                let bytes = if items == 0 { held.skip } else { u32::from(random.below(2) == 0) };
                let transport = [Transport::Ready, Transport::Blocked, Transport::Failed]
                    [random.below(13) as usize % 5 % 3];
                if random.below(8) > 0 {
                    bench.give_back(client, Progress::part(items, bytes), transport);
                }
            } else {
                bench.wrote(client);
            }
        }
    }
}

#[test]
fn the_numbers_add_up_under_random_events() {
    for seed in 0..30 {
        let mut bench = Bench::with(|config| {
            config.outbox.messages = 5;
            config.outbox.message_bytes = 300;
            config.outbox.bytes = 500;
            config.outbox.hub_bytes = 1_500;
            config.deadlines.idle = Some(secs(60));
        });
        let mut random = Random(seed);
        let mut connections: Vec<ClientId> = Vec::new();
        for _ in 0..1_500 {
            act(&mut bench, &mut random, &mut connections);
            bench.assert_adds_up(&connections);
            if random.below(4) == 0 {
                bench.quiet();
            }
        }
        for client in connections {
            bench.gone(client);
        }
        bench.assert_adds_up(&[]);
        bench.assert_empty();
    }
}

#[test]
fn a_warm_hub_keeps_what_it_has_and_grows_no_more() {
    let mut bench = Bench::new();
    let clients = bench.connect_many(100);
    for round in 0..50 {
        for &client in &clients {
            bench.join(client, "lobby");
        }
        bench.publish(&[Target::Room("lobby")], "hello").expect("published");
        bench.write_all();
        for &client in &clients {
            bench.hub.leave_all(bench.now, client).expect("left");
        }
        assert_eq!((bench.hub.stats().frames, bench.hub.stats().rooms), (0, 0), "round {round}");
    }
    for _ in 0..10 {
        for client in bench.hub.clients().collect::<Vec<_>>() {
            bench.gone(client);
        }
        bench.connect_many(100);
        assert_eq!(bench.hub.outboxes.entries.len(), 100, "places are used again");
    }
}
