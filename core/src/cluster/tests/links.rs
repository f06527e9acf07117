//! The life of the link.

use super::*;

/// A node without a bus: its host is the test.
fn alone() -> Cluster {
    Cluster::new(Config::default(), identity("a", 1), Instant::ORIGIN).unwrap()
}

fn at(seconds: f64) -> Instant {
    Instant::ORIGIN + Duration::from_secs_f64(seconds)
}

fn actions(cluster: &mut Cluster) -> Vec<Action> {
    core::iter::from_fn(|| cluster.poll_action()).collect()
}

fn batch(cluster: &mut Cluster) -> Vec<Command> {
    let mut commands = Vec::new();
    cluster.poll_commands(usize::MAX, &mut commands);
    commands
}

fn subscriptions(commands: &[Command]) -> Vec<&str> {
    let subscribe = commands.iter().filter_map(|command| match command {
        Command::Subscribe(subject) => Some(subject.as_str()),
        _ => None,
    });
    subscribe.collect()
}

fn confirm(cluster: &mut Cluster, now: Instant, link: u64, subject: &str) {
    cluster.received(now, link, &Delivery::Subscribed(Subject::new(subject).unwrap())).unwrap();
}

/// Hands back what the node published.
fn echo(cluster: &mut Cluster, now: Instant, link: u64, commands: Vec<Command>) {
    for command in commands {
        if let Command::Publish { subject, payload } = command {
            cluster.received(now, link, &Delivery::Message { subject, payload }).unwrap();
        }
    }
}

#[test]
fn a_node_is_ready_only_after_its_probe_and_every_confirmation_have_come() {
    let mut node = alone();
    node.interest(at(0.0), Topic::Room("lobby"), true).unwrap();
    assert_eq!(actions(&mut node), [Action::Connect { link: 1 }]);
    assert_eq!(batch(&mut node), [], "there is no link");
    node.link_up(at(0.1), 1).unwrap();
    let commands = batch(&mut node);
    assert_eq!(subscriptions(&commands), ["throng.all", "throng.n.a", "throng.r.bG9iYnk"]);
    assert_eq!(commands.len(), 3, "no probe before the node can hear it");
    assert_eq!(batch(&mut node), [], "one batch at a time");
    node.sent(at(0.1), 1).unwrap();
    confirm(&mut node, at(0.2), 1, "throng.all");
    assert_eq!(batch(&mut node), []);
    confirm(&mut node, at(0.2), 1, "throng.n.a");
    let probe = batch(&mut node);
    assert_eq!(probe.len(), 1);
    node.sent(at(0.3), 1).unwrap();
    assert_eq!(actions(&mut node), []);
    echo(&mut node, at(0.4), 1, probe);
    assert_eq!(actions(&mut node), [], "the room is not confirmed yet");
    assert!(!node.is_ready());
    confirm(&mut node, at(0.5), 1, "throng.r.bG9iYnk");
    assert_eq!(actions(&mut node), [Action::Ready]);
    assert!(node.is_ready());
    assert_eq!(node.stats().probe, Duration::from_millis(200));
    // What was confirmed once changes nothing the second time.
    confirm(&mut node, at(0.6), 1, "throng.r.bG9iYnk");
    assert_eq!(actions(&mut node), []);
}

#[test]
fn confirmations_alone_do_not_make_a_node_ready() {
    let mut node = alone();
    node.link_up(at(0.0), 1).unwrap();
    batch(&mut node);
    node.sent(at(0.0), 1).unwrap();
    confirm(&mut node, at(0.0), 1, "throng.all");
    confirm(&mut node, at(0.0), 1, "throng.n.a");
    let probe = batch(&mut node);
    node.sent(at(0.0), 1).unwrap();
    assert_eq!(node.poll_timeout(), Some(at(5.0)));
    node.timeout(at(4.9)).unwrap();
    assert!(!node.is_ready());
    node.timeout(at(5.0)).unwrap();
    let why = Unready::ProbeTimeout;
    assert_eq!(actions(&mut node), [Action::Connect { link: 1 }, Action::Disconnect { link: 1, why }]);
    // A probe of the link before proves nothing.
    echo(&mut node, at(5.0), 1, probe);
    assert_eq!(node.stats().stale, 1);
}

#[test]
fn each_deadline_of_a_link_gives_it_up_for_its_own_reason() {
    type Step = fn(&mut Cluster);
    let cases: [(&str, Step, Unready); 4] = [
        ("it does not come up", |_| {}, Unready::ConnectTimeout),
        ("nothing is polled", |node| node.link_up(at(0.0), 1).unwrap(), Unready::SubscriptionTimeout),
        (
            "a batch is not sent",
            |node| {
                node.link_up(at(0.0), 1).unwrap();
                batch(node);
            },
            Unready::SendTimeout,
        ),
        (
            "nothing is confirmed",
            |node| {
                node.link_up(at(0.0), 1).unwrap();
                batch(node);
                node.sent(at(0.0), 1).unwrap();
            },
            Unready::SubscriptionTimeout,
        ),
    ];
    for (case, step, why) in cases {
        let mut node = alone();
        actions(&mut node);
        step(&mut node);
        assert_eq!(node.poll_timeout(), Some(at(5.0)), "{case}");
        node.timeout(at(5.0)).unwrap();
        assert_eq!(actions(&mut node), [Action::Disconnect { link: 1, why }], "{case}");
        assert!(!why.name().is_empty());
    }
}

#[test]
fn a_link_that_nothing_proves_is_probed_and_given_up_if_the_probe_is_lost() {
    let config = Config { heartbeat: 60 * SECOND, ..Config::default() };
    let mut bus = Bus::with(1, &config);
    bus.settle();
    bus.take(0);
    bus.rule(|_| Fate::Carried);
    bus.pass(25 * SECOND);
    assert_eq!(bus.carried.len(), 2, "a probe each ten seconds");
    assert_eq!(bus.take(0), []);
    bus.rule(|_| Fate::Lost);
    bus.stations[0].is_reachable = false;
    bus.pass(10 * SECOND);
    let why = Unready::ProbeTimeout;
    let actions = bus.take(0);
    assert_eq!(actions[..2], [Action::NotReady { why }, Action::Disconnect { link: 1, why }]);
    assert!(!bus.at(0).is_ready());
    bus.rule(|_| Fate::Carried);
    bus.stations[0].is_reachable = true;
    bus.pass(20 * SECOND);
    assert_eq!(bus.take(0).last(), Some(&Action::Ready));
}

#[test]
fn a_nodes_own_heartbeats_prove_the_link_too() {
    let mut bus = Bus::of(1);
    bus.rule(|_| Fate::Carried);
    bus.pass(60 * SECOND);
    assert!(bus.carried.iter().all(|(subject, _)| subject.as_str() == "throng.all"), "no probe");
    assert!((12..=13).contains(&bus.carried.len()), "{}", bus.carried.len());
}

#[test]
fn attempts_to_connect_go_on_for_ever_with_jitter_and_growing_distance() {
    let distances = |seed| {
        let identity = Identity { seed, ..identity("a", 1) };
        let mut node = Cluster::new(Config::default(), identity, Instant::ORIGIN).unwrap();
        let (mut now, mut distances) = (Instant::ORIGIN, Vec::new());
        for link in 1..=40 {
            assert!(actions(&mut node).contains(&Action::Connect { link }));
            node.link_down(now, link).unwrap();
            let next = node.poll_timeout().unwrap();
            distances.push(next.since(now));
            now = next;
            node.timeout(now).unwrap();
        }
        distances
    };
    let of_one = distances(1);
    for (at, distance) in of_one.iter().enumerate() {
        let longest = Duration::from_millis(200 << at.min(20)).min(10 * SECOND);
        assert!((longest / 2..=longest).contains(distance), "{at}: {distance:?} of {longest:?}");
    }
    assert_eq!(of_one, distances(1), "the same seed");
    assert_ne!(of_one, distances(2));
}

#[test]
fn a_link_that_was_ready_for_long_is_opened_again_quickly() {
    let mut bus = Bus::of(1);
    for _ in 0..10 {
        bus.stations[0].is_reachable = true;
        bus.pass(30 * SECOND);
        assert!(bus.at(0).is_ready());
        bus.stations[0].is_reachable = false;
        bus.break_link(0);
        let wait = bus.at(0).poll_timeout().unwrap().since(bus.now);
        assert!(wait <= Duration::from_millis(100), "{wait:?}");
    }
}

#[test]
fn after_an_outage_everything_is_subscribed_again_in_batches() {
    let config = Config { batch: 10, ..Config::default() };
    let mut bus = Bus::with(1, &config);
    for number in 0..95 {
        bus.want(0, Topic::Room(&number.to_string()));
    }
    assert_eq!(bus.stations[0].subscribed.len(), 97);
    bus.break_link(0);
    bus.settle();
    assert_eq!(bus.take(0).last(), Some(&Action::NotReady { why: Unready::LinkDown }));
    bus.want(0, Topic::Room("new"));
    bus.unwant(0, Topic::Room("7"));
    bus.pass(SECOND);
    assert_eq!(bus.stations[0].subscribed.len(), 97, "the new one, and not the one that is not wanted");
    assert_eq!(bus.take(0).last(), Some(&Action::Ready));
}

#[test]
fn what_waits_during_an_outage_is_sent_when_the_link_is_proven_in_its_order() {
    let mut bus = Bus::of(2);
    bus.want(1, Topic::Room("lobby"));
    bus.publish(0, To::Room("lobby"), "0");
    bus.stations[0].is_reachable = false;
    bus.break_link(0);
    for number in 1..5 {
        assert_eq!(bus.publish(0, To::Room("lobby"), &number.to_string()), Outcome::Queued);
    }
    assert_eq!(bus.texts(1), ["0"]);
    bus.stations[0].is_reachable = true;
    bus.pass(SECOND);
    assert_eq!(bus.texts(1), ["1", "2", "3", "4"]);
    let stats = bus.at(0).stats();
    assert_eq!((stats.queue_messages, stats.queue_bytes, stats.relayed), (0, 0, 5));
    assert_eq!((stats.connects, stats.disconnects), (2, 1));
}

#[test]
fn a_batch_that_may_not_have_been_sent_is_sent_again_and_nothing_comes_twice() {
    let mut bus = Bus::of(2);
    bus.want(1, Topic::Room("lobby"));
    let (now, link) = (bus.now, bus.stations[0].link.unwrap());
    for text in ["first", "second"] {
        let payload = Bytes::from_static(text.as_bytes());
        bus.at(0).publish(now, message(To::Room("lobby"), &payload)).unwrap();
    }
    let commands = batch(bus.at(0));
    let [Command::Publish { subject, payload }, _] = &commands[..] else { panic!("{commands:?}") };
    // The first was carried, and then the link broke.
    bus.carry(subject, payload);
    bus.stations[0].hang_up();
    bus.at(0).link_down(now, link).unwrap();
    bus.pass(SECOND);
    assert_eq!(bus.texts(1), ["first", "second"]);
    assert_eq!(bus.at(1).stats().repeated, 1);
}

#[test]
fn events_of_a_link_that_was_given_up_have_no_effect() {
    let mut bus = Bus::of(1);
    bus.break_link(0);
    bus.pass(SECOND);
    bus.take(0);
    let now = bus.now;
    let stale = Delivery::Dropped { messages: 3 };
    for link in [0, 1, 3, u64::MAX] {
        bus.at(0).link_up(now, link).unwrap();
        bus.at(0).link_down(now, link).unwrap();
        bus.at(0).sent(now, link).unwrap();
        bus.at(0).received(now, link, &stale).unwrap();
    }
    bus.settle();
    assert_eq!(bus.take(0), []);
    assert!(bus.at(0).is_ready());
    assert_eq!((bus.at(0).stats().stale, bus.at(0).stats().broker_dropped), (4, 0));
    bus.at(0).received(now, 2, &stale).unwrap();
    bus.settle();
    assert_eq!(bus.take(0), [Action::BrokerDropped { messages: 3 }]);
    assert_eq!(bus.at(0).stats().broker_dropped, 3);
}

#[test]
fn a_host_that_stood_still_is_given_its_time_again() {
    let mut bus = Bus::of(2);
    bus.pass(7 * SECOND);
    bus.take(0);
    // The host of both sleeps for an hour, and reads what arrived only afterwards.
    bus.now = bus.now + 3_600 * SECOND;
    let now = bus.now;
    bus.at(0).timeout(now).unwrap();
    assert_eq!(bus.at(0).poll_action(), None, "neither the link nor the other node is late");
    assert_eq!(bus.at(0).stats().standstills, 1);
    bus.pass(60 * SECOND);
    assert_eq!(bus.take(0), []);
    assert_eq!(bus.at(0).totals().nodes, 2);
}

#[test]
fn time_never_runs_backwards() {
    let mut node = alone();
    node.timeout(at(4.0)).unwrap();
    node.link_up(at(1.0), 1).unwrap();
    assert_eq!(node.poll_timeout(), Some(at(9.0)));
}
