//! A limit of messages that are handled at once.
//!
//! The concurrency limit of `tower` makes a client wait; with its load shedding it refuses, by an error that is boxed. This one
//! refuses with an error that has a code, and allocates nothing. Choose `tower`'s to have clients wait.

use super::error::ServiceError;
use super::incoming::Incoming;
use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

/// Limits how many messages are handled at once. While the limit is reached, a message is refused at once with
/// [`ServiceError::Busy`].
///
/// `tower`'s `ConcurrencyLimit` makes messages wait instead, and nothing more is read from their clients meanwhile.
/// There is no limit per client, because the hub handles one message of each client at a time. Hence a user has at most
/// as many messages in progress as it may have clients (`admission.per_user`).
#[derive(Clone, Debug)]
pub struct InFlightLayer {
    limit: usize,
    count: Arc<AtomicUsize>,
}

impl InFlightLayer {
    /// Allows at most `limit` messages at once, of all clients of all hubs whose services this layer or its clones
    /// made.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, count: Arc::default() }
    }

    /// The number of messages that are being handled.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}

impl<S> Layer<S> for InFlightLayer {
    type Service = InFlight<S>;

    fn layer(&self, inner: S) -> InFlight<S> {
        InFlight { inner, limit: self.limit, count: Arc::clone(&self.count) }
    }
}

/// The service of [`InFlightLayer`].
#[derive(Clone, Debug)]
pub struct InFlight<S> {
    inner: S,
    limit: usize,
    count: Arc<AtomicUsize>,
}

/// A slot for a message that is being handled.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(count: &Arc<AtomicUsize>, limit: usize) -> Option<Self> {
        let next = |now: usize| (now < limit).then_some(now + 1);
        count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
        Some(Self(Arc::clone(count)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<S> Service<Incoming> for InFlight<S>
where
    S: Service<Incoming>,
    S::Error: Into<ServiceError>,
{
    type Response = S::Response;
    type Error = ServiceError;
    type Future = Placed<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ServiceError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, incoming: Incoming) -> Self::Future {
        let place = Place::take(&self.count, self.limit);
        let inner = if place.is_some() { Some(self.inner.call(incoming)) } else { None };
        Placed { inner, limit: self.limit, place }
    }
}

pin_project! {
    /// The future of a service's answer, if there was a slot for the message.
    pub struct Placed<F> {
        #[pin]
        inner: Option<F>,
        limit: usize,
        place: Option<Place>,
    }
}

impl<F, T, E> Future for Placed<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<ServiceError>,
{
    type Output = Result<T, ServiceError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = match this.inner.as_pin_mut() {
            Some(inner) => inner.poll(cx).map_err(Into::into),
            None => Poll::Ready(Err(ServiceError::Busy { limit: *this.limit })),
        };
        if polled.is_ready() {
            *this.place = None;
        }
        polled
    }
}
