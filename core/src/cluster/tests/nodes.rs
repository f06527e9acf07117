//! The table of nodes, the counts, and nodes with one id.

use super::*;

fn counts(clients: u64) -> Counts {
    Counts { clients, users: clients + 1, rooms: clients + 2 }
}

fn id(node: &str) -> NodeId {
    NodeId::new(node).unwrap()
}

#[test]
fn nodes_learn_of_each_other_and_of_their_counts() {
    let mut bus = Bus::of(3);
    bus.pass(6 * SECOND);
    for at in 0..3 {
        let now = bus.now;
        bus.at(at).counts(now, counts(10 * at as u64)).unwrap();
    }
    bus.pass(6 * SECOND);
    for at in 0..3 {
        let sum = Counts { clients: 30, users: 33, rooms: 36 };
        assert_eq!(bus.at(at).totals(), Totals { nodes: 3, counts: sum });
    }
    let nodes: Vec<_> =
        bus.at(1).nodes().map(|(id, incarnation, counts)| (id.clone(), incarnation, counts)).collect();
    assert_eq!(nodes, [(id("a"), 100, counts(0)), (id("c"), 102, counts(20))]);
    assert_eq!(bus.at(1).stats().nodes, 2);
}

#[test]
fn a_node_is_told_to_have_joined_once() {
    let mut bus = Bus::with(2, &Config::default());
    bus.pass(60 * SECOND);
    let joined = |action: &Action| matches!(action, Action::NodeJoined { .. });
    for (at, node, incarnation) in [(0, "b", 101), (1, "a", 100)] {
        let told: Vec<_> = bus.take(at).into_iter().filter(joined).collect();
        assert_eq!(told, [Action::NodeJoined { node: id(node), incarnation }]);
    }
}

#[test]
fn a_node_that_is_silent_for_three_heartbeats_is_gone_and_returns_with_the_next() {
    let mut bus = Bus::of(2);
    let now = bus.now;
    bus.at(1).counts(now, counts(5)).unwrap();
    bus.pass(12 * SECOND);
    bus.take(0);
    bus.stations[1].is_reachable = false;
    bus.break_link(1);
    bus.pass(14 * SECOND);
    assert_eq!(bus.take(0), [], "it may be back any moment");
    assert_eq!(bus.at(0).totals().nodes, 2);
    bus.pass(9 * SECOND);
    let why = Departure::Silent;
    assert_eq!(bus.take(0), [Action::NodeGone { node: id("b"), incarnation: 101, why }]);
    assert_eq!(bus.at(0).totals(), Totals { nodes: 1, counts: Counts::default() });
    bus.stations[1].is_reachable = true;
    bus.pass(12 * SECOND);
    assert_eq!(bus.take(0), [Action::NodeJoined { node: id("b"), incarnation: 101 }]);
    assert_eq!(bus.at(0).totals(), Totals { nodes: 2, counts: counts(5) });
}

#[test]
fn a_node_that_cannot_hear_evicts_nobody() {
    let mut bus = Bus::of(2);
    bus.pass(6 * SECOND);
    bus.stations[0].is_reachable = false;
    bus.break_link(0);
    bus.pass(120 * SECOND);
    assert_eq!(bus.at(0).totals().nodes, 2);
    bus.stations[0].is_reachable = true;
    bus.take(0);
    bus.pass(60 * SECOND);
    let told = bus.take(0);
    assert!(!told.iter().any(|action| matches!(action, Action::NodeGone { .. })), "{told:?}");
}

#[test]
fn a_goodbye_is_the_end_of_a_node_at_once_and_no_late_heartbeat_brings_it_back() {
    let mut bus = Bus::of(2);
    bus.pass(6 * SECOND);
    bus.take(0);
    bus.rule(|_| Fate::Carried);
    bus.pass(6 * SECOND);
    let beats = core::mem::take(&mut bus.carried);
    let now = bus.now;
    let payload = Bytes::from_static(b"last words");
    bus.want(0, Topic::Room("lobby"));
    bus.at(1).publish(now, message(To::Room("lobby"), &payload)).unwrap();
    bus.at(1).goodbye(now).unwrap();
    bus.settle();
    let gone = Action::NodeGone { node: id("b"), incarnation: 101, why: Departure::Goodbye };
    let told = bus.take(0);
    assert!(matches!(told[0], Action::Deliver(_)), "what was queued is sent first: {told:?}");
    assert_eq!(told[1..], [gone]);
    let why = Unready::Goodbye;
    let of_b = bus.take(1);
    assert_eq!(
        of_b[of_b.len() - 3..],
        [Action::NotReady { why }, Action::Disconnect { link: 1, why }, Action::Left]
    );
    for (subject, payload) in &beats {
        bus.hand_out(subject, payload);
    }
    bus.settle();
    assert_eq!(bus.take(0), []);
    assert_eq!(bus.at(0).totals().nodes, 1);
    // It has left for good.
    let now = bus.now;
    assert_eq!(bus.at(1).publish(now, message(To::All, &payload)), Err(Refusal::Leaving));
    assert_eq!(bus.at(1).poll_timeout(), None);
    bus.at(1).goodbye(now).unwrap();
    bus.settle();
    assert_eq!(bus.take(1), []);
}

#[test]
fn a_goodbye_takes_no_longer_than_it_may() {
    let mut bus = Bus::of(1);
    let (now, payload) = (bus.now, Bytes::from_static(b"unsent"));
    bus.at(0).publish(now, message(To::All, &payload)).unwrap();
    let mut commands = Vec::new();
    bus.at(0).poll_commands(usize::MAX, &mut commands);
    bus.at(0).goodbye(now).unwrap();
    bus.at(0).timeout(now + SECOND).unwrap();
    assert_eq!(bus.at(0).poll_timeout(), Some(now + 2 * SECOND));
    bus.at(0).timeout(now + 2 * SECOND).unwrap();
    let actions: Vec<_> = core::iter::from_fn(|| bus.at(0).poll_action()).collect();
    assert_eq!(actions[2], Action::Left);
    assert_eq!(actions[3], Action::Dropped { messages: 1, bytes: 6 });
}

#[test]
fn a_node_without_a_link_leaves_at_once() {
    let mut bus = Bus::of(1);
    bus.stations[0].is_reachable = false;
    bus.break_link(0);
    bus.take(0);
    let now = bus.now;
    bus.at(0).goodbye(now).unwrap();
    bus.settle();
    let told = bus.take(0);
    assert_eq!(told.last(), Some(&Action::Left), "{told:?}");
}

#[test]
fn a_later_start_replaces_a_node_and_its_former_messages_are_dropped() {
    let mut bus = Bus::of(2);
    bus.pass(6 * SECOND);
    bus.want(0, Topic::Room("lobby"));
    bus.publish(1, To::Room("lobby"), "1");
    bus.take(0);
    bus.rule(|_| Fate::Carried);
    bus.publish(1, To::Room("lobby"), "never arrives in time");
    bus.take(0);
    let (subject, late) = bus.carried[0].clone();
    // It crashes, and starts again.
    bus.stations[1].hang_up();
    bus.stations[1].is_reachable = false;
    bus.stations.pop();
    let again = bus.add(&Config::default(), identity("b", 500));
    bus.settle();
    let why = Departure::Replaced;
    assert_eq!(
        bus.take(0),
        [
            Action::NodeGone { node: id("b"), incarnation: 101, why },
            Action::NodeJoined { node: id("b"), incarnation: 500 }
        ]
    );
    bus.hand_out(&subject, &late);
    assert_eq!((bus.at(0).stats().outdated, bus.take(0).len()), (1, 0));
    // Its first message is lost: it has been heard before, so this is known.
    bus.rule(|number| if number == 0 { Fate::Lost } else { Fate::Carried });
    bus.publish(again, To::Room("lobby"), "1");
    bus.publish(again, To::Room("lobby"), "2");
    assert_eq!(bus.lost(0), [(room("lobby"), 1)]);
}

#[test]
fn of_two_nodes_with_one_id_the_later_goes_on_and_both_are_told() {
    for later_is_first in [false, true] {
        let mut bus = Bus::with(0, &Config::default());
        let (first, second) = if later_is_first { (9, 5) } else { (5, 9) };
        bus.add(&Config::default(), identity("a", first));
        bus.pass(6 * SECOND);
        bus.add(&Config::default(), identity("a", second));
        bus.pass(6 * SECOND);
        let (winner, loser) = if later_is_first { (0, 1) } else { (1, 0) };
        let told = bus.take(loser);
        assert!(told.contains(&Action::Superseded { by: 9 }), "{told:?}");
        assert!(
            told.iter().any(|action| matches!(action, Action::Disconnect { why: Unready::Superseded, .. }))
        );
        let told = bus.take(winner);
        let superseded = told.iter().filter(|action| **action == Action::Supersedes { incarnation: 5 });
        assert_eq!(superseded.count(), 1, "{told:?}");
        assert!(bus.at(winner).is_ready() && !bus.at(loser).is_ready());
        let (now, payload) = (bus.now, Bytes::new());
        assert_eq!(bus.at(loser).publish(now, message(To::All, &payload)), Err(Refusal::Superseded));
        bus.pass(600 * SECOND);
        assert_eq!((bus.take(loser), bus.at(loser).poll_timeout()), (vec![], None));
        assert_eq!(bus.take(winner), []);
    }
}

#[test]
fn a_node_that_left_is_forgotten_in_the_end() {
    let mut config = Config::default();
    (config.nodes, config.forget) = (1, 60 * SECOND);
    let mut bus = Bus::with(2, &config);
    bus.pass(6 * SECOND);
    bus.want(0, Topic::Room("lobby"));
    bus.publish(1, To::Room("lobby"), "1");
    let now = bus.now;
    bus.at(1).goodbye(now).unwrap();
    bus.settle();
    assert_eq!(bus.at(0).stats().received_streams, 1);
    bus.pass(70 * SECOND);
    assert_eq!(bus.at(0).stats().received_streams, 0);
    // A start with an earlier incarnation is let in again.
    bus.add(&config, identity("b", 7));
    bus.pass(6 * SECOND);
    assert_eq!(bus.at(0).totals().nodes, 2);
}
