//! Messages counted, by the `metrics` facade.

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
use throng_core::id::Name;
use throng_core::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

/// Messages handled, by `route` and `result`.
pub const HANDLED: &str = "throng_messages_handled_total";
/// How long handling took, in seconds, by `route`.
pub const SECONDS: &str = "throng_message_seconds";
/// The `route` of a message that took none.
pub const NO_ROUTE: &str = "none";

/// Counts messages, and measures how long they take: [`Metrics`].
#[derive(Clone, Default)]
pub struct MetricsLayer {
    meters: Arc<Meters>,
}

impl MetricsLayer {
    /// Made once the recorder is installed, since meters stay with the recorder that was there when they were first used.
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

/// A service whose messages are counted.
///
/// | name | kind | labels |
/// | --- | --- | --- |
/// | `throng_messages_handled_total` | counter | `route`, `result` |
/// | `throng_message_seconds` | histogram, seconds from the call to the answer | `route` |
///
/// `route` is one that was given to the router, or `none`; `result` is `ok` or the code of an error. No peer can make a new
/// label. A message whose client went away while it was handled is counted as `dropped`.
#[derive(Clone)]
pub struct Metrics<S> {
    inner: S,
    meters: Arc<Meters>,
}

/// What has been used so far: to ask the recorder each time would build a key each time.
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

/// One message that is to be counted, also if it is given up.
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
    /// The answer of a service, counted.
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
