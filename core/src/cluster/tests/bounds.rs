//! Everything has a bound, and what is beyond is counted and told.

use super::*;

fn cut_off(queue_bytes: u32) -> Bus {
    let mut config = Config::default();
    (config.queue_bytes, config.message_bytes) = (queue_bytes, 1_000);
    let mut bus = Bus::with(2, &config);
    bus.settle();
    bus.want(1, Topic::Room("lobby"));
    bus.stations[0].is_reachable = false;
    bus.break_link(0);
    bus.settle();
    bus.take(0);
    bus
}

#[test]
fn the_queue_is_bounded_in_bytes_and_what_does_not_fit_is_told_once_and_counted() {
    let mut bus = cut_off(100_000);
    let text = "x".repeat(1_000);
    let (mut queued, mut dropped) = (0, 0);
    let (now, payload) = (bus.now, Bytes::from(text));
    for _ in 0..200 {
        match bus.at(0).publish(now, message(To::Room("lobby"), &payload)).unwrap() {
            Outcome::Queued => queued += 1,
            Outcome::Dropped => dropped += 1,
            other => panic!("{other:?}"),
        }
        assert!(bus.at(0).stats().queue_bytes <= 100_000);
    }
    assert!(queued > 70 && dropped > 70, "{queued} {dropped}");
    bus.settle();
    assert_eq!(bus.take(0), [Action::Dropped { messages: dropped, bytes: 1_000 * dropped }]);
    let stats = bus.at(0).stats();
    assert_eq!((stats.dropped, stats.dropped_bytes), (dropped, 1_000 * dropped));
    assert_eq!((stats.relayed, stats.queue_messages), (queued, queued));
    // What was dropped has no number: nobody takes it for lost.
    bus.stations[0].is_reachable = true;
    bus.pass(SECOND);
    assert_eq!(bus.texts(1).len() as u64, queued);
    bus.publish(0, To::Room("lobby"), "next");
    assert_eq!(bus.lost(1), []);
    assert_eq!(bus.at(0).stats().queue_bytes, 0);
}

#[test]
fn a_question_that_does_not_fit_is_not_asked() {
    let mut bus = cut_off(1_200);
    let (now, payload, there) = (bus.now, Bytes::from(vec![0; 900]), bus.global(1, 1));
    bus.at(0).publish(now, message(To::All, &payload)).unwrap();
    let outcome = bus.at(0).publish(now, Message { asks: true, ..message(To::Client(&there), &payload) });
    // The other node may have been evicted meanwhile: then it is answered. Here it is known.
    assert_eq!(outcome, Ok(Outcome::Dropped));
    assert_eq!(bus.at(0).stats().questions, 0);
}

#[test]
fn the_table_of_nodes_is_bounded_and_present_nodes_are_not_pushed_out() {
    let config = Config { nodes: 2, ..Config::default() };
    let mut bus = Bus::with(3, &config);
    bus.pass(6 * SECOND);
    assert_eq!(bus.at(0).totals().nodes, 3);
    bus.take(0);
    bus.add(&config, identity("z", 1));
    bus.pass(6 * SECOND);
    assert_eq!((bus.at(0).totals().nodes, bus.take(0).len()), (3, 0));
    assert!(bus.at(0).stats().refused_nodes > 0);
    // One leaves: there is room.
    let now = bus.now;
    bus.at(1).goodbye(now).unwrap();
    bus.pass(6 * SECOND);
    let told = bus.take(0);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(bus.at(0).totals().nodes, 3);
}

#[test]
fn the_queue_of_actions_is_bounded_and_what_comes_beyond_is_lost_and_told() {
    let config = Config { actions: 4, ..Config::default() };
    let mut bus = Bus::with(2, &config);
    bus.settle();
    bus.want(1, Topic::Room("lobby"));
    bus.publish(0, To::Room("lobby"), "0");
    bus.rule(|_| Fate::Lost);
    for text in ["1", "2", "3", "4", "5", "6"] {
        bus.publish(0, To::Room("lobby"), text);
    }
    let (now, link) = (bus.now, bus.stations[1].link.unwrap());
    let refused = Err(Refusal::ActionsWaiting { limit: 4 });
    bus.take(1);
    for (at, (subject, payload)) in core::mem::take(&mut bus.carried).into_iter().enumerate() {
        let delivery = Delivery::Message { subject, payload };
        let expected = if at < 4 { Ok(()) } else { refused };
        assert_eq!(bus.at(1).received(now, link, &delivery), expected);
    }
    assert_eq!(bus.at(1).timeout(now), refused, "nothing else is applied either");
    assert_eq!(bus.at(1).stats().overrun, 2);
    bus.settle();
    assert_eq!(bus.texts(1), ["1", "2", "3", "4"]);
    bus.rule(|_| Fate::Carried);
    bus.publish(0, To::Room("lobby"), "7");
    assert_eq!(bus.lost(1), [(room("lobby"), 2)]);
}

#[test]
fn subscriptions_that_are_not_confirmed_hold_back_more() {
    let config = Config { batch: 10, ..Config::default() };
    let mut bus = Bus::with(1, &config);
    bus.settle();
    bus.confirms = false;
    for number in 0..200 {
        bus.want(0, Topic::Room(&number.to_string()));
    }
    assert_eq!(bus.stations[0].subscribed.len(), 2 + 40);
    bus.confirms = true;
    let waiting: Vec<_> = bus.stations[0].subscribed.iter().cloned().collect();
    for subject in waiting {
        bus.deliver(0, &Delivery::Subscribed(subject));
    }
    bus.settle();
    assert_eq!(bus.stations[0].subscribed.len(), 202);
}
