//! Handlers that take too long.
//!
//! The timeout of `tower` needs tokio's clock. This one takes the clock of the hub's host: it works on every runtime, and in a
//! test whose clock is not the system's.

use super::error::ServiceError;
use super::incoming::Incoming;
use crate::handles::client::Client;
use crate::host::Sleep;
use alloc::boxed::Box;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use pin_project_lite::pin_project;
use throng_core::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

/// Limits the time that a message may take: [`Timeout`]. Choose it shorter than the hub's own limit for
/// [messages](crate::Builder::message_limit), which drops the handler without an answer.
#[derive(Clone, Copy, Debug)]
pub struct TimeoutLayer {
    limit: Duration,
}

impl TimeoutLayer {
    /// A message may take this long, from the call of the service on.
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

/// A service whose future is dropped after a time: [`ServiceError::TimedOut`].
///
/// It takes its timer from the hub's host, so it runs on every runtime, and takes one only once the handler waits. A
/// handler that computes without awaiting anything cannot be stopped, by this or anything else.
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
        Timed { inner: self.inner.call(incoming), limit: self.limit, client, timer: None }
    }
}

pin_project! {
    /// The answer of a service, if it comes in time.
    pub struct Timed<F> {
        #[pin]
        inner: F,
        limit: Duration,
        client: Client,
        timer: Option<Timer>,
    }
}

struct Timer {
    sleep: Box<dyn Sleep>,
    until: Instant,
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
        if this.timer.is_none() {
            // The handler begins with the first poll, so its time does.
            let shared = &this.client.member.shared;
            *this.timer =
                shared.host().map(|host| Timer { sleep: host.sleep(), until: shared.now() + limit });
        }
        // Without a host nobody has come yet.
        let is_over = |timer: &mut Timer| timer.sleep.poll_until(cx, timer.until).is_ready();
        if this.timer.as_mut().is_some_and(is_over) {
            return Poll::Ready(Err(ServiceError::TimedOut { limit }));
        }
        Poll::Pending
    }
}
