//! Counts messages with the `metrics` facade.

use super::error::ServiceError;
use super::incoming::{Incoming, Watch};
use crate::handles::client::Client;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use metrics::{Counter, Histogram, Unit, counter, describe_counter, describe_histogram, histogram};
use pin_project_lite::pin_project;
use std::sync::{PoisonError, RwLock};
use throng_core::{Instant, Name};
use tower_layer::Layer;
use tower_service::Service;

/// Messages handled, by `route` and `result`.
const HANDLED: &str = "throng_messages_handled_total";
/// How long handling took, in seconds, by `route`.
const SECONDS: &str = "throng_message_seconds";
/// The `route` of a message that no route matched.
const NO_ROUTE: &str = "none";

/// Counts messages, and measures how long they take.
///
/// | name | kind | labels |
/// | --- | --- | --- |
/// | `throng_messages_handled_total` | counter | `route`, `result` |
/// | `throng_message_seconds` | histogram, seconds from the call to the answer | `route` |
///
/// `route` is a name given to the router, or `none`; `result` is `ok` or the code of an error. Peers cannot create new
/// labels. A message whose client vanished while it was handled is counted as `dropped`.
#[derive(Clone, Default)]
pub struct MetricsLayer {
    meters: Arc<Meters>,
}

impl MetricsLayer {
    /// Make it after the recorder is installed, because a meter stays with the recorder that was installed at its first
    /// use.
    #[must_use]
    pub fn new() -> Self {
        describe_counter!(HANDLED, "Messages handled, by route and result");
        describe_histogram!(SECONDS, Unit::Seconds, "How long the handling of a message took, by route");
        Self::default()
    }
}

impl fmt::Debug for MetricsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetricsLayer")
    }
}

impl<S> Layer<S> for MetricsLayer {
    type Service = Metrics<S>;

    fn layer(&self, inner: S) -> Metrics<S> {
        Metrics { inner, meters: Arc::clone(&self.meters) }
    }
}

/// The service of [`MetricsLayer`].
#[derive(Clone)]
pub struct Metrics<S> {
    inner: S,
    meters: Arc<Meters>,
}

/// Counters that were used before: a look-up in the recorder builds a key each time.
#[derive(Default)]
struct Meters {
    routes: RwLock<BTreeMap<Name, Route>>,
}

#[derive(Clone)]
struct Route {
    seconds: Histogram,
    results: BTreeMap<&'static str, Counter>,
}

impl Meters {
    fn count(&self, route: &str, result: &'static str, seconds: f64) {
        let known = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(meters) = known.get(route)
            && let Some(counter) = meters.results.get(result)
        {
            counter.increment(1);
            meters.seconds.record(seconds);
            return;
        }
        drop(known);
        let name = Name::from(route);
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        let meters = routes.entry(Name::clone(&name)).or_insert_with(|| Route {
            seconds: histogram!(SECONDS, "route" => Name::clone(&name)),
            results: BTreeMap::new(),
        });
        let counter = || counter!(HANDLED, "route" => Name::clone(&name), "result" => result);
        meters.results.entry(result).or_insert_with(counter).increment(1);
        meters.seconds.record(seconds);
    }
}

impl<S> Service<Incoming> for Metrics<S>
where
    S: Service<Incoming>,
    S::Error: Into<ServiceError>,
{
    type Response = S::Response;
    type Error = ServiceError;
    type Future = Metered<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ServiceError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut incoming: Incoming) -> Self::Future {
        let (watch, client) = (incoming.watch(), incoming.client.clone());
        let meter =
            Meter { meters: Arc::clone(&self.meters), since: client.member.shared.now(), watch, client };
        Metered { inner: self.inner.call(incoming), meter: Some(meter) }
    }
}

/// Counts one message, even if its future is dropped.
struct Meter {
    meters: Arc<Meters>,
    since: Instant,
    watch: Watch,
    client: Client,
}

impl Meter {
    fn count(&self, result: &'static str) {
        let seconds = self.client.member.shared.now().since(self.since).as_secs_f64();
        self.meters.count(self.watch.route().map_or(NO_ROUTE, |route| route), result, seconds);
    }
}

pin_project! {
    /// The future of a service's answer, counted.
    pub struct Metered<F> {
        #[pin]
        inner: F,
        meter: Option<Meter>,
    }

    impl<F> PinnedDrop for Metered<F> {
        fn drop(this: Pin<&mut Self>) {
            if let Some(meter) = this.project().meter.take() {
                meter.count("dropped");
            }
        }
    }
}

impl<F, T, E> Future for Metered<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<ServiceError>,
{
    type Output = Result<T, ServiceError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.inner.poll(cx)).map_err(Into::into);
        if let Some(meter) = this.meter.take() {
            meter.count(meter.watch.result(&result));
        }
        Poll::Ready(result)
    }
}
