//! What a node subscribes to.

use super::*;

fn subscribed(bus: &Bus, at: usize) -> Vec<&str> {
    bus.stations[at].subscribed.iter().map(Subject::as_str).collect()
}

#[test]
fn a_node_hears_of_a_room_only_while_it_is_interested() {
    let mut bus = Bus::of(2);
    bus.publish(0, To::Room("lobby"), "before");
    let before = bus.at(1).stats().received_bytes;
    bus.publish(0, To::Room("lobby"), "costs nothing");
    assert_eq!(bus.at(1).stats().received_bytes, before);
    bus.want(1, Topic::Room("lobby"));
    bus.publish(0, To::Room("lobby"), "heard");
    bus.publish(0, To::Room("other"), "of another room");
    bus.publish(0, To::User("lobby"), "of a user");
    assert_eq!(bus.texts(1), ["heard"]);
    bus.unwant(1, Topic::Room("lobby"));
    bus.pass(6 * SECOND);
    bus.publish(0, To::Room("lobby"), "after");
    assert_eq!(bus.texts(1), [""; 0]);
    assert_eq!(subscribed(&bus, 1), ["throng.all", "throng.n.b"]);
}

#[test]
fn a_subscription_lingers_so_that_a_room_that_comes_and_goes_costs_little() {
    let mut bus = Bus::of(1);
    bus.want(0, Topic::Room("lobby"));
    for _ in 0..10 {
        bus.unwant(0, Topic::Room("lobby"));
        bus.unwant(0, Topic::Room("lobby"));
        bus.pass(4 * SECOND);
        assert_eq!(bus.stations[0].subscribed.len(), 3);
        bus.want(0, Topic::Room("lobby"));
    }
    bus.pass(20 * SECOND);
    assert_eq!(bus.stations[0].subscribed.len(), 3);
    bus.unwant(0, Topic::Room("lobby"));
    bus.pass(5 * SECOND);
    assert_eq!(bus.stations[0].subscribed.len(), 2);
    assert_eq!(bus.at(0).stats().subscriptions, 2);
}

#[test]
fn what_arrives_while_a_subscription_lingers_is_not_delivered_but_counted() {
    let mut bus = Bus::of(2);
    bus.want(1, Topic::Room("lobby"));
    bus.unwant(1, Topic::Room("lobby"));
    bus.publish(0, To::Room("lobby"), "too late");
    assert_eq!(bus.texts(1), [""; 0]);
    assert_eq!(bus.at(1).stats().unwanted, 1);
    bus.want(1, Topic::Room("lobby"));
    bus.publish(0, To::Room("lobby"), "again");
    assert_eq!(bus.texts(1), ["again"]);
}

#[test]
fn what_arrives_after_the_end_of_a_subscription_is_counted() {
    let mut bus = Bus::of(2);
    bus.want(1, Topic::Room("lobby"));
    bus.rule(|_| Fate::Carried);
    bus.publish(0, To::Room("lobby"), "1");
    let (subject, payload) = bus.carried[0].clone();
    bus.unwant(1, Topic::Room("lobby"));
    bus.pass(6 * SECOND);
    bus.take(1);
    bus.deliver(1, &Delivery::Message { subject, payload });
    assert_eq!((bus.at(1).stats().unwanted, bus.texts(1).len()), (1, 0));
    assert_eq!(bus.at(1).stats().received_streams, 0, "it is not remembered");
}

#[test]
fn names_of_any_kind_are_subscribed_and_delivered() {
    let long = "x".repeat(900);
    let names = ["", "*", ">", "a.b.c", "ä\u{1f600}", " ", "a\nb", &long];
    let mut bus = Bus::of(2);
    for name in names {
        bus.want(1, Topic::Room(name));
        bus.want(1, Topic::User(name));
        bus.publish(0, To::Room(name), "to the room");
        bus.publish(0, To::User(name), "to the user");
        assert_eq!(bus.texts(1), ["to the room", "to the user"], "{name:?}");
        bus.unwant(1, Topic::Room(name));
        bus.publish(0, To::Room(name), "to nobody");
        bus.publish(0, To::User(name), "to the user");
        assert_eq!(bus.texts(1), ["to the user"], "{name:?}");
    }
}

#[test]
fn a_subscription_that_ends_before_it_is_confirmed_waits_for_that() {
    let config = Config { linger: Duration::ZERO, ..Config::default() };
    let mut bus = Bus::with(1, &config);
    bus.settle();
    bus.confirms = false;
    bus.want(0, Topic::Room("lobby"));
    bus.unwant(0, Topic::Room("lobby"));
    bus.pass(SECOND);
    let subject = Subject::new("throng.r.bG9iYnk").unwrap();
    assert!(bus.stations[0].subscribed.contains(&subject));
    bus.deliver(0, &Delivery::Subscribed(subject.clone()));
    bus.settle();
    assert!(!bus.stations[0].subscribed.contains(&subject));
    assert_eq!(bus.at(0).stats().subscriptions, 2);
}

#[test]
fn a_new_room_does_not_make_a_node_unready_unless_its_subscription_is_never_confirmed() {
    let mut bus = Bus::of(1);
    bus.confirms = false;
    bus.want(0, Topic::Room("lobby"));
    assert!(bus.at(0).is_ready());
    bus.stations[0].is_reachable = false;
    bus.pass(5 * SECOND);
    let why = Unready::SubscriptionTimeout;
    assert_eq!(bus.take(0)[..2], [Action::NotReady { why }, Action::Disconnect { link: 1, why }]);
}

#[test]
fn too_many_rooms_are_refused() {
    let config = Config { topics: 2, ..Config::default() };
    let mut bus = Bus::with(1, &config);
    let now = bus.now;
    bus.want(0, Topic::Room("a"));
    bus.want(0, Topic::User("a"));
    let refused = bus.at(0).interest(now, Topic::Room("b"), true);
    assert_eq!(refused, Err(Refusal::TooManyTopics { limit: 2 }));
    bus.want(0, Topic::Room("a"));
    bus.unwant(0, Topic::Room("a"));
    bus.pass(5 * SECOND);
    bus.want(0, Topic::Room("b"));
    let long = "x".repeat(1_025);
    let now = bus.now;
    assert_eq!(bus.at(0).interest(now, Topic::Room(&long), true), Err(Refusal::NameTooLong { limit: 1_024 }));
}
