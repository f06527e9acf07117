//! A publish that closes thousands under `Policy::Disconnect` does it in slices; what may be asked of those whose turn has
//! not come.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy};
use crate::hub::work::{CLIENT, NOTICE};
use crate::hub::{Action, DropReason, Error, Event, Flush, Host, PerUser, Policy, Target};
use crate::id::ClientId;
use crate::outbox::{Progress, Transport};
use alloc::vec::Vec;

/// A hub whose outboxes hold one message, and that ends one client an event.
fn one_by_one() -> Bench {
    Bench::with(|config| {
        config.outbox.messages = 1;
        config.host.slice = 1;
    })
}

/// So many clients of one user in a room, who have a message each; another one is too much for all of them but the first.
fn marked(bench: &mut Bench, count: usize) -> Vec<ClientId> {
    let clients: Vec<_> = (0..count).map(|_| bench.connect_as("ann")).collect();
    for &client in &clients {
        bench.join(client, "lobby");
        bench.stall(client);
    }
    bench.tell_all("first");
    bench.write_all();
    bench.quiet();
    assert_eq!(close_the_slow(bench), published(0, count as u32, 0, 0));
    // The first ends at once, and all the others are told what they lost.
    while bench.hub.outboxes.has_untold() {
        let first = clients[0];
        bench.transmit(first, 0).expect("a live client");
    }
    clients
}

fn close_the_slow(bench: &mut Bench) -> crate::hub::Published {
    bench.publish_by(Policy::Disconnect, Target::All, &frame("second")).expect("published")
}

fn too_slow(client: ClientId) -> Action {
    disconnected(client, CloseCode::TRY_AGAIN_LATER, ClosedBy::Hub, "too slow")
}

/// What is told of a client when its turn comes: that it lost what was queued, left its room and ended.
fn told(client: ClientId) -> [Action; 3] {
    [lost(client, 1, 5, DropReason::Closed), left(client, "lobby"), too_slow(client)]
}

fn ended(actions: &[Action]) -> usize {
    actions.iter().filter(|action| matches!(action, Action::Disconnected { .. })).count()
}

#[test]
fn closing_ten_thousand_who_are_slow_takes_no_event_long() {
    let mut bench = Bench::with(|config| config.outbox.messages = 1);
    let clients = bench.connect_many(10_000);
    bench.tell_all("first");
    bench.quiet();
    let most = (Host::default().slice / CLIENT) as usize + 1;
    assert_eq!(close_the_slow(&mut bench), published(0, 10_000, 0, 0));
    let mut counts = Vec::new();
    loop {
        counts.push(ended(&bench.actions()));
        assert_eq!(bench.hub.check(), Ok(()));
        if bench.hub.poll_timeout() > Some(bench.now) {
            break;
        }
        bench.timeout();
    }
    assert!(counts.iter().all(|&count| count <= most), "{counts:?}");
    assert_eq!(counts.iter().sum::<usize>(), clients.len());
    assert_eq!((bench.hub.client_count(), bench.hub.stats().too_slow), (0, 10_000));
}

#[test]
fn they_end_in_the_order_of_the_publish_and_each_at_once() {
    let mut bench = one_by_one();
    let clients = marked(&mut bench, 3);
    let both = [lost(clients[0], 2, 11, DropReason::Closed), left(clients[0], "lobby"), too_slow(clients[0])];
    assert_eq!(bench.actions()[..3], both);
    for &client in &clients[1..] {
        assert_eq!(bench.hub.poll_timeout(), Some(bench.now));
        bench.timeout();
        assert_eq!(bench.actions(), told(client));
    }
    assert!(bench.hub.poll_timeout() > Some(bench.now));
}

#[test]
fn whose_turn_has_not_come_is_listed_and_takes_nothing_and_gets_nothing() {
    let mut bench = one_by_one();
    let [first, ann, bob] = marked(&mut bench, 3)[..] else { panic!("three") };
    bench.connect_in("lobby");
    bench.quiet();
    let hub = &bench.hub;
    assert!(!hub.is_open(first) && !hub.is_open(ann), "neither takes anything");
    assert_eq!((hub.client_count(), hub.member_count("lobby"), hub.stats().clients), (3, 3, 3));
    assert!(hub.members("lobby").any(|member| member == ann) && hub.in_room(ann, "lobby"));
    assert_eq!(hub.clients_of("ann").count(), 0, "none of them is open");
    assert_eq!(hub.user_of(ann).as_deref(), Some("ann"));
    for event in [
        Event::Join { client: ann, room: "other", recover: None },
        Event::Leave { client: ann, room: "lobby" },
        Event::LeaveAll { client: ann },
        Event::SetUser { client: ann, user: None },
        Event::Received { connection: bench.on(ann), kind: crate::MessageKind::Text, bytes: 1 },
        Event::Ping { connection: bench.on(ann), payload: b"" },
        Event::Heard { connection: bench.on(ann) },
    ] {
        assert_eq!(bench.refused(|hub, now| hub.handle(now, event)), Error::NotOpen, "{event:?}");
    }
    assert_eq!(bench.publish(&[Target::Client(ann)], "x"), Err(Error::NotOpen));
    assert!(bench.publish(&[Target::User("ann")], "x").is_err(), "nobody of this user is a client");
    assert_eq!(bench.publish(&[Target::Room("lobby")], "x"), Ok(published(1, 0, 0, 0)));
    assert_eq!((bench.waiting(ann).0, bench.waiting(bob).0), (1, 1), "what was queued before");
}

#[test]
fn one_that_vanishes_before_its_turn_is_told_once_and_as_too_slow() {
    let mut bench = one_by_one();
    let clients = marked(&mut bench, 3);
    bench.quiet();
    bench.gone(clients[2]);
    assert_eq!(bench.actions(), told(clients[2]));
    let again = bench.connect();
    assert_eq!(again.index(), clients[2].index(), "its place is another's now");
    bench.quiet();
    bench.timeout();
    bench.timeout();
    assert_eq!(bench.actions(), told(clients[1]));
    assert!(bench.hub.is_open(again));
    assert_eq!(bench.hub.stats().too_slow, 3);
    assert_eq!(bench.hub.check(), Ok(()));
}

#[test]
fn one_whose_transport_fails_before_its_turn_ends_at_once() {
    let mut bench = one_by_one();
    let clients = marked(&mut bench, 2);
    let [first, second] = clients[..] else { panic!("two") };
    bench.resume(second);
    bench.lease(second, PLENTY).expect("what was queued before may still be written");
    bench.quiet();
    bench.give_back(second, Progress::part(0, 0), Transport::Failed);
    let mut expected = told(second).to_vec();
    expected.push(bench.abort(second));
    assert_eq!(bench.actions(), expected);
    bench.gone(second);
    bench.resume(first);
    bench.timeout();
    assert_eq!(bench.actions(), []);
    assert_eq!(bench.hub.check(), Ok(()));
}

#[test]
fn a_close_frame_that_comes_before_its_turn_crosses_the_hubs() {
    let mut bench = one_by_one();
    let client = marked(&mut bench, 2)[1];
    bench.peer_closed(client, Some(CloseCode::NORMAL), "bye");
    bench.quiet();
    bench.timeout();
    assert_eq!(bench.actions(), told(client));
    bench.resume(client);
    assert_eq!(bench.write_to(client), ["close 1013 too slow"]);
    assert_eq!(bench.actions(), [bench.abort(client)], "both have said goodbye");
}

#[test]
fn deadlines_do_not_end_one_whose_turn_comes() {
    let mut bench = Bench::with(|config| {
        config.outbox.messages = 1;
        config.host.slice = 1;
        config.deadlines.idle = Some(secs(60));
    });
    let clients = marked(&mut bench, 3);
    bench.quiet();
    bench.oversleep(secs(3_000));
    bench.timeout();
    bench.timeout();
    let actions = bench.actions();
    assert_eq!(ended(&actions), 2);
    for &client in &clients[1..] {
        assert!(actions.contains(&too_slow(client)), "{actions:?}");
    }
}

#[test]
fn a_shutdown_meanwhile_misses_nobody() {
    let mut bench = one_by_one();
    let clients = marked(&mut bench, 4);
    bench.hub.shutdown(bench.now).expect("never an error");
    for &client in &clients[..2] {
        bench.gone(client);
    }
    bench.wait(secs(0));
    assert_eq!((bench.hub.client_count(), bench.hub.stats().too_slow), (0, 4));
    for &client in &clients[2..] {
        bench.gone(client);
    }
    bench.timeout();
    assert_eq!(bench.actions().last(), Some(&Action::Stopped));
    bench.assert_empty();
}

#[test]
fn a_newcomer_does_not_evict_one_whose_turn_comes() {
    let mut bench = Bench::with(|config| {
        config.outbox.messages = 1;
        config.host.slice = 1;
        config.admission.per_user = PerUser::EvictOldest(3);
    });
    marked(&mut bench, 3);
    bench.quiet();
    let newcomer = bench.connect_as("ann");
    assert_eq!(bench.actions(), [bench.connected(newcomer)], "nobody else of this user is open");
    bench.wait(secs(0));
    assert_eq!((bench.hub.stats().evicted, bench.hub.client_count()), (0, 1));
}

#[test]
fn closing_one_by_hand_that_is_marked_is_refused() {
    let mut bench = one_by_one();
    let client = marked(&mut bench, 2)[1];
    let closed = bench.refused(|hub, now| hub.close(now, client, CloseCode::NORMAL, "bye", Flush::First));
    assert_eq!(closed, Error::NotOpen);
}

#[test]
fn drops_for_very_many_are_told_in_slices() {
    let mut bench = Bench::with(|config| {
        config.outbox.messages = 1;
        config.host.slice = 4 * NOTICE;
    });
    let clients = bench.connect_many(10);
    bench.tell_all("first");
    bench.quiet();
    assert_eq!(bench.tell_all("second"), published(0, 10, 0, 0));
    let dropped = |client: &ClientId| lost(*client, 1, 6, DropReason::OutboxFull);
    assert_eq!(bench.actions(), clients[..4].iter().map(dropped).collect::<Vec<_>>());
    assert_eq!(bench.hub.check(), Ok(()));
    // Whoever ends is told what it lost before that.
    bench.gone(clients[9]);
    let actions = bench.actions();
    let all = lost(clients[9], 2, 11, DropReason::Closed);
    assert_eq!(actions[..2], [all, vanished(clients[9])]);
    assert_eq!(actions[2..], clients[4..8].iter().map(dropped).collect::<Vec<_>>());
    assert_eq!(bench.hub.poll_timeout(), Some(bench.now));
    bench.timeout();
    assert_eq!(bench.actions(), [dropped(&clients[8])]);
    assert_ne!(bench.hub.poll_timeout(), Some(bench.now));
}
