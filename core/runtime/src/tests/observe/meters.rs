use super::each;
use crate::Hub;
use crate::cluster::{ClusterOptions, Memory};
use crate::middleware::{Incoming, MetricsLayer};
use crate::observe::{Histograms, Meters};
use crate::tests::host::World;
use crate::tests::recorder::Keeping;
use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;
use throng_core::hub::Config;
use tower::{ServiceBuilder, service_fn};

/// The docs in which each metric is described.
const DOCS: &str = include_str!("../../observe/mod.rs");

fn broadcasting() -> crate::Builder {
    Hub::builder().on_message(|client, message| {
        let _ = client.hub().broadcast(message);
    })
}

#[test]
fn the_numbers_are_told_as_they_are_whenever_one_asks() {
    let keeping = Keeping::default();
    metrics::with_local_recorder(&keeping, || {
        let mut config = Config::default();
        config.rooms.members = Some(1);
        let mut world = World::new(broadcasting().config(config));
        let meters = Meters::new(&world.hub);
        let (one, two) = (world.connect(), world.connect());
        let clients = world.hub.clients();
        world.hub.join(clients[0], "lobby").unwrap();
        world.hub.join(clients[1], "lobby").unwrap_err();
        one.send("hello");
        world.run();
        two.set_room(Some(0));
        one.send("again");
        world.pass(Duration::from_secs(3));
        meters.publish();
        let counts = [
            ("throng_connections_total ", 2 + World::EARLIER),
            ("throng_clients_total ", 2),
            ("throng_joins_total ", 1),
            ("throng_messages_received_total ", 2),
            ("throng_received_bytes_total ", 10),
            ("throng_messages_published_total ", 2),
            ("throng_messages_queued_total ", 4),
            ("throng_messages_sent_total ", 3),
            ("throng_sent_bytes_total ", 21),
            ("throng_refusals_total reason=room_full", 1),
            ("throng_refusals_total reason=no_such_room", 0),
            ("throng_clients_ended_total by=peer code=normal", 0),
        ];
        for (name, count) in counts {
            assert_eq!(keeping.count(name), count, "{name}");
        }
        let gauges = [
            ("throng_ready ", 1.0),
            ("throng_uptime_seconds ", 3.0),
            ("throng_connections phase=open", 2.0),
            ("throng_connections phase=closing", 0.0),
            ("throng_rooms ", 1.0),
            ("throng_memberships ", 1.0),
            ("throng_messages_pending ", 1.0),
            ("throng_queued_frames ", 1.0),
            ("throng_blocked_clients ", 1.0),
            ("throng_ready_clients ", 0.0),
        ];
        for (name, value) in gauges {
            assert_eq!(keeping.gauge(name), value, "{name}");
        }
        assert!(keeping.gauge("throng_queued_bytes ") >= 7.0);
        // An unmasked frame, which breaks the protocol.
        one.push(&[0x81, 0x00]);
        world.run();
        meters.publish();
        meters.publish();
        let counts = [
            ("throng_bad_input_total kind=unmasked frame", 1),
            ("throng_bad_input_total kind=reserved bits", 0),
            ("throng_errors_total type=bad_input", 1),
            ("throng_clients_ended_total by=hub code=protocol", 1),
        ];
        for (name, count) in counts {
            assert_eq!(keeping.count(name), count, "{name}: told twice, counted once");
        }
    });
}

#[test]
fn every_metric_is_described_in_the_docs_and_to_the_recorder() {
    let keeping = Keeping::default();
    metrics::with_local_recorder(&keeping, || {
        let builder = broadcasting().cluster(Memory::new(), ClusterOptions::default());
        let mut world = World::new(each(builder, Histograms::new()));
        let peer = world.connect();
        peer.send("hello");
        world.run();
        Meters::new(&world.hub).publish();
    });
    let described = keeping.described.lock().unwrap().clone();
    for name in keeping.names() {
        assert!(described.contains(&name), "{name} is not described to the recorder");
    }
    for name in described {
        assert!(DOCS.contains(&format!("//! | `{name}` |")), "{name} is not in the docs");
        let is_counter = DOCS.contains(&format!("//! | `{name}` | counter |"));
        assert_eq!(
            name.ends_with("_total"),
            is_counter,
            "{name}: a counter ends with _total, and nothing else does"
        );
    }
}

#[test]
fn clients_that_are_away_are_no_connections_and_what_becomes_of_them_is_counted() {
    let keeping = Keeping::default();
    metrics::with_local_recorder(&keeping, || {
        let mut config = Config::default();
        config.sessions.grace = Some(Duration::from_secs(30));
        let mut world = World::new(Hub::builder().config(config).before_connect(|connecting| {
            connecting.set_session("s");
            Ok(())
        }));
        let meters = Meters::new(&world.hub);
        let expire = |world: &mut World| {
            let peer = world.connect();
            let client = world.hub.client(world.hub.clients()[0]).expect("it is open");
            client.set_expiry(Duration::from_secs(2)).expect("it is open");
            world.pass(Duration::from_secs(1));
            world.pass(Duration::from_secs(1));
            drop(peer);
        };
        let lose = |world: &mut World| {
            let peer = world.connect();
            peer.fail(std::io::ErrorKind::ConnectionReset);
            world.run();
        };
        lose(&mut world);
        meters.publish();
        assert_eq!(keeping.gauge("throng_away_clients "), 1.0);
        assert_eq!(keeping.gauge("throng_connections phase=open"), 0.0);
        let _returned = world.connect();
        lose(&mut world);
        world.pass(Duration::from_secs(31));
        meters.publish();
        assert_eq!(keeping.gauge("throng_away_clients "), 0.0);
        let counts = [("away", 2), ("resumed", 2), ("replaced", 1), ("not_returned", 1), ("away_refused", 0)];
        let counts = counts.into_iter().chain([("expired", 1), ("expiry_notices", 1)]);
        expire(&mut world);
        meters.publish();
        for (name, count) in counts {
            assert_eq!(keeping.count(&format!("throng_{name}_total ")), count, "{name}");
        }
    });
}

#[test]
fn two_hubs_are_told_apart_by_a_label() {
    let keeping = Keeping::default();
    metrics::with_local_recorder(&keeping, || {
        let (mut one, two) = (World::new(broadcasting()), World::new(broadcasting()));
        let _peer = one.connect();
        Meters::new(&one.hub).label("hub", "one").publish();
        Meters::new(&two.hub).label("hub", "two").publish();
    });
    assert_eq!(keeping.count("throng_clients_total hub=one"), 1);
    assert_eq!(keeping.count("throng_clients_total hub=two"), 0);
    assert_eq!(keeping.gauge("throng_connections hub=one phase=open"), 1.0);
}

#[test]
fn what_is_measured_becomes_histograms() {
    let keeping = Keeping::default();
    metrics::with_local_recorder(&keeping, || {
        let mut world = World::new(each(broadcasting(), Histograms::with_label("hub", "one")));
        let (peer, _other) = (world.connect(), world.connect());
        peer.send("hello");
        world.run();
    });
    let values = [
        ("throng_received_message_bytes hub=one", vec![5.0]),
        ("throng_published_message_bytes hub=one", vec![5.0]),
        ("throng_publish_seconds hub=one", vec![0.0]),
        ("throng_publish_to_written_seconds hub=one", vec![0.0, 0.0]),
        ("throng_flush_clients hub=one", vec![2.0]),
    ];
    for (name, expected) in values {
        assert_eq!(keeping.seconds(name), expected, "{name}");
    }
    assert!(!keeping.seconds("throng_lock_held_seconds hub=one").is_empty());
}

#[test]
fn of_a_flush_to_many_no_more_than_sixteen_are_told() {
    let keeping = Keeping::default();
    metrics::with_local_recorder(&keeping, || {
        let mut world = World::new(each(broadcasting(), Histograms::new()));
        let peers: Vec<_> = (0..20).map(|_| world.connect()).collect();
        peers[0].send("hello");
        world.run();
    });
    assert_eq!(keeping.seconds("throng_publish_to_written_seconds ").len(), 16);
    assert_eq!(keeping.seconds("throng_flush_clients "), [20.0]);
}

/// Only the layer measures handlers: with everything switched on, each message is in one histogram of handlers, once.
#[test]
fn handlers_are_timed_once_with_everything_on() {
    let keeping = Keeping::default();
    metrics::with_local_recorder(&keeping, || {
        let service = service_fn(|_: Incoming| async { Ok::<_, Infallible>(()) });
        let service = ServiceBuilder::new().layer(MetricsLayer::new()).service(service);
        let mut world = World::new(each(Hub::builder().messages(service), Histograms::new()));
        let meters = Meters::new(&world.hub);
        let peer = world.connect();
        for _ in 0..3 {
            peer.send("hello");
            world.run();
            meters.publish();
        }
    });
    assert_eq!(keeping.seconds("throng_message_seconds route=none").len(), 3);
    assert_eq!(keeping.count("throng_messages_handled_total route=none result=ok"), 3);
    let names = keeping.names();
    let timed: Vec<_> = names.iter().filter(|name| name.ends_with("_seconds")).collect();
    let expected = [
        "throng_lock_held_seconds",
        "throng_message_seconds",
        "throng_publish_seconds",
        "throng_publish_to_written_seconds",
        "throng_uptime_seconds",
    ];
    assert_eq!(timed, expected, "no other is about handlers");
}

#[test]
fn the_numbers_are_told_again_and_again_until_the_hub_has_stopped() {
    let keeping = Keeping::default();
    metrics::with_local_recorder(&keeping, || {
        let mut world = World::new(Hub::builder());
        let pauses = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&pauses);
        let task = world.spawn(Meters::new(&world.hub).publish_every(move || {
            let is_last = counted.fetch_add(1, Ordering::Relaxed) == 2;
            async move {
                if is_last {
                    pending::<()>().await;
                }
            }
        }));
        world.run();
        assert_eq!(pauses.load(Ordering::Relaxed), 3);
        assert!(!world.has_ended(task));
        assert_eq!(keeping.gauge("throng_ready "), 1.0);

        let mut has_paused = false;
        let task = world.spawn(Meters::new(&world.hub).publish_every(move || {
            poll_fn(move |cx| {
                if std::mem::replace(&mut has_paused, true) {
                    return Poll::Ready(());
                }
                cx.waker().wake_by_ref();
                Poll::Pending
            })
        }));
        world.hub.shutdown();
        world.run();
        assert!(world.has_ended(task));
        assert_eq!(keeping.gauge("throng_ready "), 0.0, "the last word is true");
    });
}
