//! Who is ready to be written to, and in which order: prompt and bulk clients, lanes, and lanes that are behind.

use super::bench::*;
use crate::hub::{Error, Policy, Target};
use crate::id::ConnectionId;
use crate::outbox::{Batch, Progress, Transport};
use alloc::vec::Vec;

#[test]
fn poll_ready_names_each_once() {
    let mut bench = Bench::new();
    let [ann, bob, idle] = [bench.connect(), bench.connect(), bench.connect()];
    bench.tell(bob, "1");
    bench.tell(ann, "1");
    assert_eq!(
        (bench.hub.poll_ready(), bench.hub.poll_ready(), bench.hub.poll_ready()),
        (Some(bench.on(bob)), Some(bench.on(ann)), None)
    );
    bench.tell(ann, "2");
    bench.ping(bob, "x");
    assert_eq!(bench.hub.poll_ready(), None, "they are known to be ready");
    bench.lease(ann, PLENTY).expect("leased");
    bench.tell(ann, "3");
    assert_eq!(bench.hub.poll_ready(), None, "the host has it");
    bench.wrote(ann);
    assert_eq!((bench.hub.poll_ready(), bench.hub.poll_ready()), (Some(bench.on(ann)), None));
    bench.write_all();
    bench.tell(idle, "1");
    bench.tell(bob, "2");
    assert_eq!(
        (bench.hub.poll_ready(), bench.hub.poll_ready(), bench.hub.poll_ready()),
        (Some(bench.on(idle)), Some(bench.on(bob)), None)
    );
}

#[test]
fn poll_ready_names_everybody_whatever_happens_in_between() {
    let mut bench = Bench::new();
    let mut random = Random(3);
    let clients = bench.connect_many(8);
    let mut named: Vec<ConnectionId> = Vec::new();
    for _ in 0..5_000 {
        let client = clients[random.below(8) as usize];
        match random.below(6) {
            0 => drop(bench.tell(client, "x")),
            1 => drop(bench.tell_by(Policy::Conflate(1), client, "y")),
            2 => bench.hear(client),
            3 => drop(bench.tell_all("z")),
            _ => {
                named.extend(core::iter::from_fn(|| bench.hub.poll_ready()));
                let unique: alloc::collections::BTreeSet<_> = named.iter().copied().collect();
                assert_eq!(unique.len(), named.len(), "each once until it is leased");
                for connection in named.split_off(named.len().min(random.below(4) as usize)) {
                    let client = bench.client_on(connection);
                    if bench.lease(client, 2).is_some() {
                        bench.wrote(client);
                    }
                }
            }
        }
    }
    while !named.is_empty() || bench.hub.has_ready(0) {
        named.extend(core::iter::from_fn(|| bench.hub.poll_ready()));
        let client = bench.client_on(named.pop().expect("whoever is ready is named"));
        if bench.lease(client, PLENTY).is_some() {
            bench.wrote(client);
        }
    }
    assert_eq!(bench.hub.stats().pending(), 0);
}

#[test]
fn a_word_between_two_does_not_wait_behind_a_large_broadcast() {
    let mut bench = Bench::new();
    bench.connect_many(10_000);
    let direct = bench.connect_as("ann");
    let others: Vec<_> = bench.hub.clients().filter(|&client| client != direct).collect();
    assert_eq!(others.len(), 10_000);
    let outcome = bench.hub.publish(bench.now, &[Target::All], &[direct], &frame("broadcast"), None);
    assert_eq!(outcome.map(|outcome| outcome.queued), Ok(10_000));
    let first = bench.lease_ready(64);
    assert_eq!(first.len(), 64);
    bench.tell(direct, "hello");
    let next = bench.lease_ready(64);
    assert_eq!(next[0].client, direct);
    assert_eq!(next[1].client, others[64], "and the broadcast goes on where it was");
}

#[test]
fn a_broadcast_to_those_who_wait_for_one_stays_behind_a_word_between_two() {
    let mut bench = Bench::new();
    let direct = bench.connect();
    bench.connect_many(300);
    for text in ["one", "two"] {
        bench.hub.publish(bench.now, &[Target::All], &[direct], &frame(text), None).expect("published");
    }
    bench.tell(direct, "hello");
    assert_eq!(bench.lease_ready(1)[0].client, direct);
}

#[test]
fn a_publish_to_more_than_256_clients_waits_behind_others() {
    for (recipients, is_behind) in [(256, false), (257, true)] {
        let mut bench = Bench::new();
        let direct = bench.connect();
        for _ in 0..recipients {
            bench.connect_in("hall");
        }
        bench.publish(&[Target::Room("hall")], "to many").expect("published");
        bench.tell(direct, "hello");
        assert_eq!(bench.lease_ready(1)[0].client == direct, is_behind, "{recipients}");
    }
}

#[test]
fn who_is_named_by_several_targets_counts_for_each_of_them() {
    for (clients, is_behind) in [(63, false), (64, true)] {
        let mut bench = Bench::new();
        let all = bench.connect_many(clients);
        let direct = bench.connect();
        for room in ["a", "b", "c", "d"] {
            all.iter().chain([&direct]).for_each(|&client| bench.join(client, room));
        }
        // A room that is named again counts once.
        let targets = ["a", "b", "c", "d", "d"].map(Target::Room);
        bench.hub.publish(bench.now, &targets, &[direct], &frame("to many"), None).expect("published");
        bench.tell(direct, "hello");
        let is_first = bench.lease_ready(1)[0].client == all[0];
        assert_eq!(is_first, !is_behind, "{clients} and one more");
    }
}

#[test]
fn a_prompt_message_takes_along_what_a_broadcast_left_waiting() {
    let mut bench = Bench::new();
    let clients = bench.connect_many(1_000);
    bench.tell_all("broadcast");
    bench.tell(clients[900], "direct");
    let held = bench.lease_ready(1);
    assert_eq!(held[0].client, clients[900]);
    assert_eq!(held[0].items, ["broadcast", "direct"], "in the order of publishing");
}

#[test]
fn who_was_not_served_in_one_turn_waits_behind_those_who_can_be() {
    let mut bench = Bench::new();
    let [slow, other, answered] = core::array::from_fn(|_| bench.connect());
    for client in [slow, slow, answered] {
        bench.tell(client, "x");
    }
    bench.lease(slow, PLENTY).expect("two messages");
    bench.lease(answered, PLENTY).expect("one message");
    bench.ping(answered, "ping");
    bench.give_back(slow, Progress::part(1, 0), Transport::Ready);
    // Only a pong is left for this client.
    bench.give_back(answered, Progress::All, Transport::Ready);
    bench.tell(other, "y");
    let order: Vec<_> = bench.lease_ready(3).into_iter().map(|held| held.client).collect();
    assert_eq!(order, [answered, other, slow]);
}

#[test]
fn whoever_waits_for_a_message_keeps_its_place_when_a_pong_is_added() {
    let mut bench = Bench::new();
    let [first, second] = [bench.connect(), bench.connect()];
    bench.tell(first, "x");
    bench.tell(second, "y");
    bench.ping(first, "ping");
    let order: Vec<_> = bench.lease_ready(2).into_iter().map(|held| held.client).collect();
    assert_eq!(order, [first, second]);
}

#[test]
fn neither_prompt_nor_bulk_clients_starve() {
    let mut bench = Bench::new();
    let prompt = bench.connect_many(20);
    let bulk = bench.connect_many(300);
    bench.hub.publish(bench.now, &[Target::All], &prompt, &frame("bulk"), None).expect("published");
    let (mut prompt_turns, mut bulk_turns) = (0, 0);
    for _ in 0..200 {
        for &client in &prompt {
            bench.tell(client, "prompt");
        }
        for held in bench.lease_ready(4) {
            if prompt.contains(&held.client) {
                prompt_turns += 1;
            } else {
                assert_eq!(held.client, bulk[bulk_turns]);
                bulk_turns += 1;
            }
            bench.wrote(held.client);
        }
    }
    assert_eq!((prompt_turns, bulk_turns), (600, 200), "three to one");
}

#[test]
fn each_lane_has_clients_of_its_own() {
    let mut bench = Bench::with(|config| config.host.lanes = 3);
    let [first, second] = [bench.connect_on(0), bench.connect_on(2)];
    bench.tell_all("hello");
    assert_eq!([0, 1, 2, 3].map(|lane| bench.hub.has_ready(lane)), [true, false, true, false]);
    assert_eq!(bench.transmit_ready(1, 9, PLENTY), Ok(0));
    assert_eq!(bench.transmit_ready(2, 9, PLENTY), Ok(1));
    assert_eq!(bench.batch.leases()[0].client, second);
    assert!(bench.hub.has_ready(0));
    assert_eq!(bench.hub.poll_ready(), Some(bench.on(first)));
    assert_eq!(
        bench.refused(|hub, now| hub.transmit_ready(now, 3, 9, PLENTY, &mut Batch::default())),
        Error::NoSuchLane
    );
}

#[test]
fn a_lane_is_pressed_while_somebody_who_takes_bytes_has_half_an_outbox_unwritten() {
    let mut bench = Bench::new();
    let client = bench.connect();
    let half = bench.hub.config().outbox.messages / 2;
    for _ in 0..half {
        bench.tell(client, "x");
    }
    assert!(!bench.hub.is_pressed(), "half may wait");
    bench.tell(client, "x");
    assert!(bench.hub.is_pressed());
    bench.transmit(client, PLENTY).expect("leased");
    assert!(!bench.hub.is_pressed(), "its writer has come");
    bench.tell(client, "x");
    assert!(bench.hub.is_pressed(), "and what is being written counts until it is");
    bench.transmit_ready(0, 64, PLENTY).expect("the lane is there");
    assert!(!bench.hub.is_pressed(), "any transmit of the lane will do");
}

#[test]
fn who_takes_no_bytes_presses_nobody() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "x");
    bench.transmit(client, PLENTY).expect("leased");
    let (progress, transport) = (Progress::part(0, 0), Transport::Blocked);
    bench.give_back(client, progress, transport);
    for _ in 0..bench.hub.config().outbox.messages {
        bench.tell_by(Policy::DropNewest, client, "x");
    }
    assert!(!bench.hub.is_pressed());
}
