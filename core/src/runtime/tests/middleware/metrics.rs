use super::super::door::Door;
use super::{ask, world};
use crate::runtime::middleware::{Incoming, MetricsLayer, TimeoutLayer};
use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tower::{ServiceBuilder, service_fn};

/// Keeps what is counted, by name and labels.
#[derive(Default)]
struct Keeping {
    counters: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    histograms: Mutex<BTreeMap<String, Arc<Values>>>,
    described: Mutex<Vec<String>>,
}

#[derive(Default)]
struct Values(Mutex<Vec<f64>>);

impl HistogramFn for Values {
    fn record(&self, value: f64) {
        self.0.lock().unwrap().push(value);
    }
}

fn name(key: &Key) -> String {
    let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
    format!("{} {}", key.name(), labels.join(" "))
}

impl Recorder for Keeping {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.described.lock().unwrap().push(name.as_str().to_owned());
    }

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.described.lock().unwrap().push(name.as_str().to_owned());
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::clone(self.counters.lock().unwrap().entry(name(key)).or_default()))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Arc::clone(self.histograms.lock().unwrap().entry(name(key)).or_default()))
    }
}

impl Keeping {
    fn counts(&self) -> Vec<(String, u64)> {
        let counters = self.counters.lock().unwrap();
        counters.iter().map(|(name, count)| (name.clone(), count.load(Ordering::Relaxed))).collect()
    }

    fn seconds(&self, name: &str) -> Vec<f64> {
        self.histograms.lock().unwrap()[name].0.lock().unwrap().clone()
    }
}

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
    use crate::runtime::router::Router;
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
        // The route is known although nothing came of it.
        ("slow", "timed_out", 1),
    ];
    let expected = expected.map(|(route, result, count)| {
        (format!("throng_messages_handled_total route={route} result={result}"), count)
    });
    assert_eq!(keeping.counts(), expected);
}
