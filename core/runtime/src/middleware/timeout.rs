//! Handlers that take too long.
//!
//! The timeout of `tower` needs tokio's clock. This one takes the clock of the hub's host: it works on every runtime, and in a
//! test whose clock is not the system's.

use super::error::ServiceError;
use super::incoming::Incoming;
use crate::handles::client::Client;
use crate::host::deadline::Deadline;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

/// Limits the time that a message may take: its handler is dropped then, with [`ServiceError::TimedOut`]. Choose less than
/// the hub's own [limit for messages](crate::Builder::message_limit), which drops the handler without an answer.
///
/// The timer comes from the hub's host, so this works on every runtime; it is made only once the handler waits. A
/// handler that computes without awaiting cannot be stopped by any means.
#[derive(Clone, Copy, Debug)]
pub struct TimeoutLayer {
    limit: Duration,
}

impl TimeoutLayer {
    /// Limits a message to this time from the call of the service. Time in which the process
    /// [stood still](throng_core::hub::Deadlines::standstill) does not count.
    #[must_use]
    pub const fn new(limit: Duration) -> Self {
        Self { limit }
    }
}

impl<S> Layer<S> for TimeoutLayer {
    type Service = Timeout<S>;

    fn layer(&self, inner: S) -> Timeout<S> {
        Timeout { inner, limit: self.limit }
    }
}

/// The service of [`TimeoutLayer`].
#[derive(Clone, Debug)]
pub struct Timeout<S> {
    inner: S,
    limit: Duration,
}

impl<S> Service<Incoming> for Timeout<S>
where
    S: Service<Incoming>,
    S::Error: Into<ServiceError>,
{
    type Response = S::Response;
    type Error = ServiceError;
    type Future = Timed<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ServiceError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, incoming: Incoming) -> Self::Future {
        let client = incoming.client.clone();
        Timed { inner: self.inner.call(incoming), limit: self.limit, client, deadline: None }
    }
}

pin_project! {
    /// The future of a service's answer, if it is ready in time.
    pub struct Timed<F> {
        #[pin]
        inner: F,
        limit: Duration,
        client: Client,
        deadline: Option<Deadline>,
    }
}

impl<F, T, E> Future for Timed<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<ServiceError>,
{
    type Output = Result<T, ServiceError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(result) = this.inner.poll(cx) {
            return Poll::Ready(result.map_err(Into::into));
        }
        let limit = *this.limit;
        if this.deadline.is_none() {
            // The handler starts with the first poll, and so does its time.
            *this.deadline = this.client.member.shared.deadline(limit);
        }
        // Without a host there is no client yet, so no timer is needed.
        let is_over = |deadline: &mut Deadline| deadline.poll_over(cx).is_ready();
        if this.deadline.as_mut().is_some_and(is_over) {
            return Poll::Ready(Err(ServiceError::TimedOut { limit }));
        }
        Poll::Pending
    }
}
