use super::super::door::Door;
use super::super::recorder::Keeping;
use super::{ask, world};
use crate::middleware::{Incoming, MetricsLayer, TimeoutLayer};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;
use tower::{ServiceBuilder, service_fn};

#[test]
fn messages_are_counted_and_timed() {
    let keeping = Keeping::default();
    let door = Door::default();
    let inner = door.clone();
    let service = service_fn(move |incoming: Incoming| {
        let door = inner.clone();
        async move {
            if incoming.message.as_bytes() == b"wait" {
                door.pass().await;
            }
            Ok::<_, Infallible>(())
        }
    });
    metrics::with_local_recorder(&keeping, || {
        let layers =
            ServiceBuilder::new().layer(MetricsLayer::new()).layer(TimeoutLayer::new(Duration::from_secs(3)));
        let mut world = world(layers.service(service));
        let (peer, other) = (world.connect(), world.connect());
        ask(&mut world, &peer, "hello");
        ask(&mut world, &peer, "hello");
        ask(&mut world, &peer, "wait");
        ask(&mut world, &other, "wait");
        world.cancel(&other);
        world.pass(Duration::from_secs(3));
        assert_eq!(peer.texts().len(), 1);
    });
    let expected = [("dropped", 1), ("ok", 2), ("timed_out", 1)]
        .map(|(result, count)| (format!("throng_messages_handled_total route=none result={result}"), count));
    assert_eq!(keeping.counts(), expected);
    assert_eq!(keeping.seconds("throng_message_seconds route=none"), [0.0, 0.0, 0.0, 3.0]);
    let described = ["throng_messages_handled_total", "throng_message_seconds"];
    assert_eq!(*keeping.described.lock().unwrap(), described);
}

#[cfg(feature = "router")]
#[test]
fn what_is_counted_knows_routes_and_errors_and_no_word_of_a_peer() {
    use crate::router::Router;
    let keeping = Keeping::default();
    metrics::with_local_recorder(&keeping, || {
        let router = Router::new()
            .on("chat", |_: BTreeMap<String, String>| async {})
            .on("refuse", || async { Err::<(), _>("no") })
            .on("slow", std::future::pending::<()>);
        let layers =
            ServiceBuilder::new().layer(MetricsLayer::new()).layer(TimeoutLayer::new(Duration::from_secs(3)));
        let mut world = world(layers.service(router));
        let peer = world.connect();
        for said in
            ["{", r#"{"type":"x"}"#, r#"{"type":"y"}"#, r#"{"type":"chat"}"#, r#"{"type":"chat","n":1}"#]
        {
            ask(&mut world, &peer, said);
        }
        ask(&mut world, &peer, r#"{"type":"refuse"}"#);
        ask(&mut world, &peer, r#"{"type":"slow"}"#);
        world.pass(Duration::from_secs(3));
    });
    let expected = [
        ("chat", "bad_body", 1),
        ("chat", "ok", 1),
        ("none", "malformed", 1),
        ("none", "unknown_type", 2),
        ("refuse", "refused", 1),
        // The route is known although the handling failed.
        ("slow", "timed_out", 1),
    ];
    let expected = expected.map(|(route, result, count)| {
        (format!("throng_messages_handled_total route={route} result={result}"), count)
    });
    assert_eq!(keeping.counts(), expected);
}
