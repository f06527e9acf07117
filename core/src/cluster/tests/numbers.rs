//! Losses, repeats and lateness, as they are told.

use super::*;

/// Two nodes, of which the second is in a room and has heard one message of it.
fn listening() -> Bus {
    listening_with(&Config::default())
}

fn listening_with(config: &Config) -> Bus {
    let mut bus = Bus::with(2, config);
    bus.settle();
    bus.want(1, Topic::Room("lobby"));
    bus.publish(0, To::Room("lobby"), "0");
    assert_eq!(bus.texts(1), ["0"]);
    bus.rule(|_| Fate::Carried);
    bus
}

#[test]
fn a_gap_is_told_with_the_next_message() {
    let mut bus = listening();
    bus.rule(|number| if (1..3).contains(&number) { Fate::Lost } else { Fate::Carried });
    for text in ["1", "2", "3", "4"] {
        bus.publish(0, To::Room("lobby"), text);
    }
    let from = NodeId::new("a").unwrap();
    let actions = bus.take(1);
    assert_eq!(actions[1], Action::Lost { scope: room("lobby"), from, messages: 2 });
    assert_eq!(actions.len(), 3, "the loss is told before the message behind it");
    assert_eq!(bus.at(1).stats().lost, 2);
}

#[test]
fn the_loss_of_the_last_message_is_told_by_the_tail() {
    let mut bus = listening();
    bus.rule(|number| if number == 0 { Fate::Lost } else { Fate::Carried });
    bus.publish(0, To::Room("lobby"), "lost");
    assert_eq!(bus.lost(1), []);
    bus.pass(2 * SECOND);
    assert_eq!(bus.lost(1), [(room("lobby"), 1)]);
    let sent = bus.carried.iter().filter(|(subject, _)| subject.as_str().contains(".r.")).count();
    assert_eq!(sent, 2, "the message and one tail");
    bus.publish(0, To::Room("lobby"), "next");
    assert_eq!(bus.texts(1), ["next"]);
    assert_eq!(bus.at(1).stats().lost, 1, "it is told once");
}

#[test]
fn without_tails_the_next_message_tells() {
    let config = Config { tail: None, ..Config::default() };
    let mut bus = listening_with(&config);
    bus.rule(|number| if number == 0 { Fate::Lost } else { Fate::Carried });
    bus.publish(0, To::Room("lobby"), "lost");
    bus.pass(60 * SECOND);
    assert_eq!(bus.lost(1), []);
    bus.publish(0, To::Room("lobby"), "next");
    assert_eq!(bus.lost(1), [(room("lobby"), 1)]);
}

#[test]
fn what_comes_twice_is_delivered_once() {
    let mut bus = listening();
    bus.rule(|_| Fate::Twice);
    for text in ["1", "2", "3"] {
        bus.publish(0, To::Room("lobby"), text);
    }
    assert_eq!(bus.texts(1), ["1", "2", "3"]);
    // Replayed much later.
    let carried = core::mem::take(&mut bus.carried);
    bus.rule(|_| Fate::Carried);
    bus.pass(30 * SECOND);
    for (subject, payload) in &carried {
        bus.hand_out(subject, payload);
    }
    assert_eq!(bus.texts(1), [""; 0]);
    assert_eq!((bus.at(1).stats().repeated, bus.at(1).stats().lost), (6, 0));
}

#[test]
fn what_comes_after_a_later_one_is_dropped_since_it_was_told_as_lost() {
    let mut bus = listening();
    bus.rule(|number| if number == 0 { Fate::Lost } else { Fate::Carried });
    bus.publish(0, To::Room("lobby"), "1");
    bus.publish(0, To::Room("lobby"), "2");
    let (subject, payload) = bus.carried[0].clone();
    bus.hand_out(&subject, &payload);
    bus.hand_out(&subject, &payload);
    bus.settle();
    assert_eq!(bus.take(1).len(), 2, "the loss and the second message");
    let stats = bus.at(1).stats();
    assert_eq!((stats.lost, stats.late, stats.repeated), (1, 1, 1));
}

#[test]
fn losses_of_all_kinds_of_subjects_are_told() {
    let mut bus = Bus::of(2);
    bus.want(1, Topic::User("ada"));
    let there = bus.global(1, 1);
    for (to, scope) in [
        (To::All, Scope::All),
        (To::User("ada"), Scope::User("ada".into())),
        (To::Client(&there), Scope::Node),
    ] {
        bus.rule(|_| Fate::Carried);
        bus.publish(0, to, "1");
        bus.rule(|number| if number == 0 { Fate::Lost } else { Fate::Carried });
        bus.publish(0, to, "2");
        bus.publish(0, to, "3");
        assert_eq!(bus.lost(1), [(scope, 1)]);
    }
}

#[test]
fn what_was_lost_before_anybody_was_interested_is_not_told() {
    let mut bus = Bus::of(2);
    for text in ["1", "2", "3"] {
        bus.publish(0, To::Room("lobby"), text);
    }
    bus.want(1, Topic::Room("lobby"));
    bus.publish(0, To::Room("lobby"), "4");
    assert_eq!(bus.lost(1), []);
    // Nor is it while the subscription lingers.
    bus.unwant(1, Topic::Room("lobby"));
    bus.rule(|number| if number == 0 { Fate::Lost } else { Fate::Carried });
    bus.publish(0, To::Room("lobby"), "5");
    bus.publish(0, To::Room("lobby"), "6");
    assert_eq!(bus.lost(1), []);
    assert_eq!(bus.at(1).stats().lost, 1, "though counted");
}

#[test]
fn what_is_missed_in_an_outage_is_told_afterwards() {
    let mut bus = listening();
    bus.stations[1].is_reachable = false;
    bus.break_link(1);
    for text in ["1", "2", "3"] {
        bus.publish(0, To::Room("lobby"), text);
    }
    bus.pass(2 * SECOND);
    bus.stations[1].is_reachable = true;
    bus.pass(10 * SECOND);
    assert!(bus.at(1).is_ready());
    bus.take(1);
    bus.publish(0, To::Room("lobby"), "4");
    assert_eq!(bus.lost(1), [(room("lobby"), 3)]);
}

#[test]
fn a_node_that_forgets_how_far_it_has_counted_causes_neither_a_loss_nor_a_repeat() {
    let config = Config { published_streams: 2, ..Config::default() };
    let mut bus = listening_with(&config);
    let (mut sent, mut heard) = (Vec::new(), Vec::new());
    for round in 0..20 {
        for other in ["x", "y", "z"] {
            bus.publish(0, To::Room(other), "?");
        }
        sent.push(round.to_string());
        bus.publish(0, To::Room("lobby"), &round.to_string());
        heard.append(&mut bus.texts(1));
    }
    assert_eq!(heard, sent);
    let carried = core::mem::take(&mut bus.carried);
    for (subject, payload) in &carried {
        bus.hand_out(subject, payload);
    }
    assert_eq!(bus.texts(1), [""; 0]);
    assert_eq!((bus.at(1).stats().lost, bus.at(1).stats().late), (0, 0));
    // The last message before it forgets, and the first afterwards, are lost.
    bus.rule(|number| if number == 0 || number == 7 { Fate::Lost } else { Fate::Carried });
    bus.publish(0, To::Room("lobby"), "lost");
    for other in ["x", "y", "z"] {
        bus.publish(0, To::Room(other), "?");
    }
    assert_eq!(bus.lost(1), [(room("lobby"), 1)], "the tail came when the numbers were forgotten");
    bus.publish(0, To::Room("lobby"), "lost too");
    assert_eq!(bus.carried.len(), 8 + 1, "{:?}", bus.carried);
}

#[test]
fn what_cannot_be_remembered_is_delivered_unchecked_and_counted() {
    let config = Config { received_streams: 1, ..Config::default() };
    let mut bus = listening_with(&config);
    bus.want(1, Topic::Room("other"));
    bus.rule(|_| Fate::Twice);
    bus.publish(0, To::Room("other"), "twice");
    bus.publish(0, To::Room("lobby"), "once");
    assert_eq!(bus.texts(1), ["twice", "twice", "once"]);
    assert_eq!((bus.at(1).stats().unchecked, bus.at(1).stats().received_streams), (2, 1));
    // When the first is not needed any more, there is room.
    bus.unwant(1, Topic::Room("lobby"));
    bus.pass(6 * SECOND);
    bus.take(1);
    bus.publish(0, To::Room("other"), "checked");
    assert_eq!(bus.texts(1), ["checked"]);
}

#[test]
fn a_message_that_found_the_queue_full_is_missed_where_it_would_have_come() {
    let config = Config { message_bytes: 1_000, queue_bytes: 3_000, ..Config::default() };
    let mut bus = Bus::with(2, &config);
    bus.settle();
    bus.want(1, Topic::Room("lobby"));
    bus.publish(0, To::Room("lobby"), "first");
    let (now, long) = (bus.now, Bytes::from(vec![b'x'; 1_000]));
    let outcomes: Vec<_> =
        (0..5).map(|_| bus.at(0).publish(now, message(To::Room("lobby"), &long)).unwrap()).collect();
    let dropped = outcomes.iter().filter(|outcome| **outcome == Outcome::Dropped).count() as u64;
    assert!((1..5).contains(&dropped), "{outcomes:?}");
    bus.settle();
    assert_eq!(bus.lost(1), [], "nothing has come behind it yet");
    bus.publish(0, To::Room("lobby"), "next");
    assert_eq!(bus.lost(1), [(room("lobby"), dropped)]);
    assert_eq!(bus.at(1).stats().lost, dropped);

    // Also if nothing follows.
    for _ in 0..5 {
        bus.at(0).publish(now, message(To::Room("lobby"), &long)).unwrap();
    }
    bus.settle();
    bus.pass(2 * SECOND);
    assert_eq!(bus.lost(1), [(room("lobby"), dropped)]);
}
