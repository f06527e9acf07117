//! Leases: their clients, frames and order, and frames that were not written.

use super::bench::*;
use crate::hub::{DropReason, Error, Event, Flush, Hub, Sink, Target};
use crate::id::ClientId;
use crate::outbox::{Batch, Item, Lease, Progress, Then, Transport};
use alloc::string::String;
use alloc::vec::Vec;

fn runs(held: &[Held]) -> Vec<u32> {
    held.iter().map(|held| held.run).collect()
}

#[test]
fn clients_with_the_same_queue_share_a_run() {
    let mut bench = Bench::new();
    let clients = bench.connect_many(100);
    bench.tell_all("one");
    bench.tell_all("two");
    let held = bench.lease_ready(100);
    assert_eq!(held.iter().map(|held| held.client).collect::<Vec<_>>(), clients, "first come, first served");
    for held in &held {
        assert_eq!((held.run, held.skip, held.then), (0, 0, Then::Continue));
        assert_eq!(held.items, ["one", "two"]);
    }
    for client in clients {
        assert_eq!(bench.hub.stats().frames, 2);
        bench.wrote(client);
    }
    assert_eq!((bench.hub.stats().frames, bench.hub.stats().written), (0, 200));
}

#[test]
fn clients_whose_queues_differ_have_runs_of_their_own() {
    let mut bench = Bench::new();
    let clients = bench.connect_many(6);
    bench.tell(clients[1], "before");
    bench.tell_all("same");
    bench.tell(clients[2], "behind");
    bench.ping(clients[3], "x");
    let held = bench.lease_ready(6);
    let of = |client: ClientId| held.iter().find(|held| held.client == client).expect("leased");
    let items: [&[&str]; 6] =
        [&["same"], &["before", "same"], &["same", "behind"], &["pong x", "same"], &["same"], &["same"]];
    for (client, items) in clients.iter().zip(items) {
        assert_eq!(of(*client).items, items);
    }
    for (mine, other) in [(0, 1), (0, 2), (0, 3), (1, 2), (2, 3)] {
        assert_ne!(of(clients[mine]).run, of(clients[other]).run);
    }
    assert_eq!(of(clients[4]).run, of(clients[5]).run);
}

#[test]
fn the_same_frames_from_two_rooms_in_turn_share_a_run() {
    let mut bench = Bench::new();
    for room in ["lobby", "attic"] {
        bench.connect_in(room);
    }
    let both: Vec<_> = (0..3).map(|_| bench.connect_in("lobby")).collect();
    for &client in &both {
        bench.join(client, "attic");
    }
    for room in ["lobby", "attic", "lobby"] {
        bench.publish(&[Target::Room(room)], room).expect("published");
    }
    let held = bench.lease_ready(9);
    let held: Vec<_> = held.into_iter().filter(|held| both.contains(&held.client)).collect();
    assert_eq!(held.len(), 3);
    for other in &held {
        assert_eq!(
            (other.run, &other.items),
            (held[0].run, &["lobby", "attic", "lobby"].map(String::from).into())
        );
    }
}

#[test]
fn the_same_frames_share_a_run_however_they_came_to_wait() {
    let mut bench = Bench::new();
    let [late, back, third] = [(); 3].map(|()| bench.connect_in("lobby"));
    let say = |bench: &mut Bench, text: &str, except: &[ClientId]| {
        bench
            .hub
            .publish(bench.now, &[Target::Room("lobby")], except, &frame(text), None)
            .expect("published");
    };
    bench.tell(late, "before");
    bench.lease(late, PLENTY).expect("leased");
    bench.give_back(late, Progress::All, Transport::Blocked);
    say(&mut bench, "one", &[third]);
    bench.lease(back, PLENTY).expect("leased");
    // The slot of a message that neither of them got is used again for the next one.
    say(&mut bench, "not for them", &[late, back]);
    assert_eq!(bench.write_to(third), ["not for them"]);
    say(&mut bench, "two", &[third]);
    bench.give_back(back, Progress::part(0, 0), Transport::Ready);
    bench.writable(late);
    let held = bench.lease_ready(2);
    assert_eq!(held.iter().map(|held| held.client).collect::<Vec<_>>(), [back, late]);
    for held in held {
        assert_eq!((held.run, held.items), (0, ["one", "two"].map(String::from).into()));
    }
}

#[test]
fn a_run_that_the_budget_cut_short_is_nobody_elses() {
    let mut bench = Bench::new();
    let [ann, bob] = [bench.connect(), bench.connect()];
    bench.tell(ann, "first");
    bench.tell_all("second");
    bench.transmit_ready(0, 2, 1).expect("leased");
    let batch = &bench.batch;
    let items: Vec<_> = batch.leases().iter().map(|lease| (lease.client, batch.run(lease.run))).collect();
    let [(first, of_ann), (second, of_bob)] = items[..] else { panic!("two leases") };
    assert_eq!((first, second), (ann, bob));
    assert_eq!(of_ann, [Item::Frame(frame("first"))]);
    assert_eq!(of_bob, [Item::Frame(frame("second"))]);
}

#[test]
fn a_batch_is_empty_until_somebody_is_leased_something() {
    let mut bench = Bench::new();
    let ann = bench.connect();
    let (connection, mut batch) = (bench.on(ann), Batch::default());
    assert_eq!(bench.hub.transmit(bench.now, connection, 1 << 20, &mut batch), Ok(0));
    assert!(batch.is_empty());
    bench.tell(ann, "one");
    assert_eq!(bench.hub.transmit(bench.now, connection, 1 << 20, &mut batch), Ok(1));
    assert!(!batch.is_empty());
    batch.clear();
    assert!(batch.is_empty());
}

#[test]
fn a_transmit_adds_to_a_batch_and_takes_nothing_from_it() {
    let mut bench = Bench::new();
    let clients = bench.connect_many(3);
    let mut batch = Batch::default();
    for (client, text) in clients.iter().zip(["one", "two", "three"]) {
        bench.tell(*client, text);
        assert_eq!(bench.hub.transmit_ready(bench.now, 0, 9, 1 << 20, &mut batch), Ok(1));
    }
    let given =
        |lease: &Lease| (lease.client, batch.run(lease.run).to_vec(), batch.sequences_of(lease.run).len());
    let given: Vec<_> = batch.leases().iter().map(given).collect();
    let expected = clients.iter().zip(["one", "two", "three"]);
    let expected: Vec<_> =
        expected.map(|(client, text)| (*client, alloc::vec![Item::Frame(frame(text))], 1)).collect();
    assert_eq!(given, expected);
}

#[test]
fn a_transmit_without_a_batch_is_refused_and_leases_nothing() {
    let mut bench = Bench::new();
    let ann = bench.connect();
    bench.tell(ann, "one");
    let one = Event::Transmit { connection: bench.on(ann), budget: 9 };
    let ready = Event::TransmitReady { lane: 0, connections: 9, budget: 9 };
    for event in [one, ready] {
        assert_eq!(bench.refused(|hub, now| hub.handle(now, event)), Error::NeedsBatch);
        let into_a_list = |hub: &mut Hub, now| hub.handle_into(now, event, Sink::Unreached(&mut Vec::new()));
        assert_eq!(bench.refused(into_a_list), Error::NeedsBatch);
    }
    assert_eq!(bench.write_to(ann), ["one"]);
}

#[test]
fn a_lease_names_the_publish_of_each_frame() {
    let mut bench = Bench::new();
    let ann = bench.connect();
    bench.tell(ann, "one");
    bench.tell_all("two");
    bench.ping(ann, "x");
    bench.transmit(ann, 1 << 20).expect("a client");
    let sequences = bench.batch.sequences.clone();
    let [pong, one, two] = sequences[..] else { panic!("a pong and two messages") };
    assert_eq!((pong, two), (0, one + 1), "{sequences:?}");
    assert!(one > 0);
    bench.tell_all("three");
    bench.wrote(ann);
    bench.transmit(ann, 1 << 20).expect("a client");
    assert_eq!(bench.batch.sequences.last(), Some(&(two + 1)));
}

#[test]
fn a_run_is_the_same_publish_and_not_an_equal_text() {
    let mut bench = Bench::new();
    let [ann, bob] = [bench.connect(), bench.connect()];
    bench.tell(ann, "same");
    bench.tell(bob, "same");
    assert_eq!(runs(&bench.lease_ready(2)), [0, 1]);
}

#[test]
fn what_remains_of_a_shared_run_is_each_clients_own() {
    let mut bench = Bench::new();
    let [ann, bob] = [bench.connect(), bench.connect()];
    for text in ["one", "two", "three"] {
        bench.tell_all(text);
    }
    bench.lease_ready(2);
    bench.wrote_part(ann, 1, 2);
    bench.wrote(bob);
    assert_eq!((bench.waiting(ann), bench.waiting(bob)), ((2, 8), (0, 0)));
    bench.tell_all("four");
    bench.writable(ann);
    let held = bench.lease(ann, PLENTY).expect("leased");
    assert_eq!((held.skip, held.items), (2, ["two", "three", "four"].map(String::from).into()));
    bench.wrote(ann);
    assert_eq!(bench.write_to(bob), ["four"]);
    assert_eq!((bench.hub.stats().frames, bench.hub.stats().pending()), (0, 0));
}

#[test]
fn a_lease_keeps_to_its_budget_but_gives_one_frame_whole() {
    let mut bench = Bench::new();
    let client = bench.connect();
    for text in ["12345", "123", "12", "1"] {
        bench.tell(client, text);
    }
    for (budget, items) in [(4, &["12345"][..]), (5, &["123", "12"]), (0, &["1"])] {
        assert_eq!(bench.lease(client, budget).expect("leased").items, items);
        assert_eq!(bench.lease(client, budget), None, "one writer at a time");
        bench.wrote(client);
    }
    assert_eq!(bench.lease(client, PLENTY), None);
}

#[test]
fn who_cannot_be_served_in_one_turn_goes_behind_those_who_can() {
    let mut bench = Bench::new();
    let [large, small] = [bench.connect(), bench.connect()];
    for _ in 0..2 {
        bench.publish(&[Target::Client(large)], "a large one").expect("published");
    }
    bench.tell(small, "x");
    bench.transmit_ready(0, 1, 1).expect("leased");
    bench.wrote(large);
    let order: Vec<_> = bench.lease_ready(9).into_iter().map(|held| held.client).collect();
    assert_eq!(order, [small, large]);
}

#[test]
fn what_was_not_written_comes_again_in_order() {
    let mut bench = Bench::new();
    let client = bench.connect();
    for text in ["1", "2", "three"] {
        bench.tell(client, text);
    }
    bench.lease(client, PLENTY).expect("leased");
    bench.tell(client, "4");
    bench.wrote_part(client, 2, 3);
    assert_eq!(bench.waiting(client), (2, 6), "a half-written frame counts in full");
    assert_eq!(bench.lease(client, PLENTY), None, "blocked");
    bench.writable(client);
    let held = bench.lease(client, PLENTY).expect("leased");
    assert_eq!((held.skip, &held.items[..]), (3, &["three".into(), "4".into()][..]));
    bench.wrote_part(client, 0, 4);
    bench.writable(client);
    let held = bench.lease(client, PLENTY).expect("leased");
    assert_eq!(held.skip, 4);
    bench.wrote(client);
    assert_eq!((bench.waiting(client), bench.hub.stats().written), ((0, 0), 4));
}

#[test]
fn a_half_written_frame_is_finished_before_a_pong() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "half");
    bench.tell(client, "next");
    bench.lease(client, PLENTY).expect("leased");
    bench.wrote_part(client, 0, 2);
    bench.ping(client, "x");
    bench.writable(client);
    let held = bench.lease(client, PLENTY).expect("leased");
    assert_eq!((held.skip, held.items), (2, ["half", "pong x", "next"].map(String::from).into()));
}

#[test]
fn a_half_written_control_frame_is_finished_before_anything_else() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.ping(client, "1");
    bench.ping(client, "2");
    bench.tell(client, "text");
    bench.lease(client, PLENTY).expect("leased");
    bench.ping(client, "3");
    bench.wrote_part(client, 1, 2);
    bench.writable(client);
    let held = bench.lease(client, PLENTY).expect("leased");
    assert_eq!((held.skip, held.items), (2, ["pong 2", "pong 3", "text"].map(String::from).into()));
    bench.wrote_part(client, 2, 1);
    bench.writable(client);
    let held = bench.lease(client, PLENTY).expect("leased");
    assert_eq!((held.skip, held.items), (1, ["text".into()].into()));
}

#[test]
fn a_half_written_close_frame_is_finished() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "last");
    bench.close(client, Flush::First);
    let held = bench.lease(client, PLENTY).expect("leased");
    assert_eq!((held.items.len(), held.then), (2, Then::EndSending));
    bench.wrote_part(client, 1, 3);
    bench.writable(client);
    let held = bench.lease(client, PLENTY).expect("leased");
    assert_eq!((held.skip, held.then, held.items), (3, Then::EndSending, ["close 1000 bye".into()].into()));
    bench.wrote(client);
    assert_eq!(bench.lease(client, PLENTY), None);
}

#[test]
fn a_part_that_is_all_counts_as_all() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "1");
    bench.lease(client, PLENTY).expect("leased");
    bench.give_back(client, Progress::part(1, 0), Transport::Ready);
    assert_eq!((bench.waiting(client), bench.hub.stats().written), ((0, 0), 1));
}

#[test]
fn a_blocked_transport_is_given_nothing_until_it_is_writable() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "1");
    bench.lease(client, PLENTY).expect("leased");
    bench.give_back(client, Progress::All, Transport::Blocked);
    bench.tell(client, "2");
    bench.ping(client, "x");
    assert!(!bench.hub.has_ready(0));
    assert_eq!((bench.hub.poll_ready(), bench.lease(client, PLENTY)), (None, None));
    bench.writable(client);
    assert_eq!(bench.hub.poll_ready(), Some(bench.on(client)));
    assert_eq!(bench.lease(client, PLENTY).expect("leased").items, ["pong x", "2"]);
}

#[test]
fn a_transport_that_is_writable_before_it_is_reported_blocked_is_not_forgotten() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "one");
    bench.lease(client, PLENTY).expect("leased");
    bench.writable(client);
    bench.wrote_part(client, 0, 1);
    let held = bench.lease(client, PLENTY).expect("it is ready at once");
    assert_eq!(held.skip, 1);
    bench.wrote_part(client, 0, 2);
    assert_eq!(bench.lease(client, PLENTY), None, "the word holds for one lease");
}

#[test]
fn a_transport_may_be_writable_at_any_time() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.writable(client);
    bench.tell(client, "1");
    bench.writable(client);
    assert_eq!(bench.lease(client, PLENTY).expect("leased").items, ["1"]);
    bench.wrote(client);
    bench.writable(client);
    assert_eq!(bench.lease(client, PLENTY), None);
}

#[test]
fn a_result_without_a_lease_is_passed_over() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "1");
    bench.wrote(client);
    bench.give_back(client, Progress::part(9, 9), Transport::Failed);
    assert!(bench.hub.is_open(client));
    assert_eq!(bench.write_to(client), ["1"]);
    assert_eq!(bench.hub.stats().written, 1);
}

#[test]
fn a_client_that_is_gone_while_leased_leaves_nothing_behind() {
    let mut bench = Bench::new();
    let [gone, other] = [bench.connect(), bench.connect()];
    bench.tell_all("shared");
    bench.lease_ready(2);
    bench.tell(gone, "queued");
    bench.quiet();
    bench.gone(gone);
    assert_eq!(bench.actions(), [lost(gone, 2, 12, DropReason::Closed), vanished(gone)]);
    bench.wrote(gone);
    assert_eq!((bench.hub.stats().frames, bench.hub.stats().written), (1, 0), "the other still holds it");
    bench.wrote(other);
    bench.gone(other);
    bench.assert_empty();
}

#[test]
fn a_lone_message_goes_at_once() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "hello");
    assert_eq!(bench.hub.poll_ready(), Some(bench.on(client)));
    assert_eq!(bench.lease(client, PLENTY).expect("leased").items, ["hello"]);
}

/// However much a transport takes at a time, each message arrives complete, once and in order.
#[test]
fn partial_writes_add_up_to_the_stream_that_was_sent() {
    for seed in 0..50 {
        let mut bench = Bench::new();
        let mut random = Random(seed);
        let client = bench.connect();
        let (mut sent, mut taken, mut half) = (String::new(), String::new(), 0);
        for step in 0..400 {
            if random.below(3) > 0 && step < 300 {
                let text: String =
                    (0..1 + random.below(9)).map(|at| (b'a' + (step + at) as u8 % 26) as char).collect();
                if bench.tell(client, &text).queued == 1 {
                    sent.push_str(&text);
                }
            }
            let Some(held) = bench.lease(client, random.below(30) as u32) else {
                bench.writable(client);
                continue;
            };
            assert_eq!(held.skip as usize, half, "it goes on where it was cut");
            let items = random.below(held.items.len() as u64 + 1) as usize;
            for (at, item) in held.items[..items].iter().enumerate() {
                taken.push_str(if at == 0 { &item[half..] } else { item });
            }
            let start = if items == 0 { half } else { 0 };
            half = 0;
            if let Some(cut) = held.items.get(items) {
                half = start + random.below((cut.len() - start) as u64) as usize;
                taken.push_str(&cut[start..half]);
            }
            let transport = if random.below(2) == 0 { Transport::Ready } else { Transport::Blocked };
            if random.below(3) == 0 {
                bench.writable(client);
            }
            let progress = Progress::part(items as u32, half as u32);
            bench.give_back(client, progress, transport);
        }
        bench.writable(client);
        if let Some(held) = bench.lease(client, PLENTY) {
            taken.push_str(&held.items.concat()[half..]);
            bench.wrote(client);
        }
        assert_eq!(taken, sent, "seed {seed}");
        assert_eq!((bench.waiting(client), bench.hub.stats().frames), ((0, 0), 0));
    }
}
