//! A span for each message.

use super::error::ServiceError;
use super::incoming::{Incoming, Watch};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;
use tracing::field::{Empty, display};
use tracing::{Span, debug_span};

/// Handles each message within a span `message` of level `DEBUG`.
///
/// | field | meaning |
/// | --- | --- |
/// | `client` | the client's id |
/// | `user` | the client's user, if any |
/// | `kind` | `Text` or `Binary` |
/// | `bytes` | the length of the message |
/// | `route` | the route of the message, if any |
/// | `result` | `ok` or the code of an error |
///
/// Log lines of the handler belong to the span. The layer itself logs nothing, so no peer can fill the log with it. It
/// does nothing while no subscriber enables the level.
#[derive(Clone, Copy, Debug, Default)]
pub struct TraceLayer;

impl<S> Layer<S> for TraceLayer {
    type Service = Trace<S>;

    fn layer(&self, inner: S) -> Trace<S> {
        Trace { inner }
    }
}

/// The service of [`TraceLayer`].
#[derive(Clone, Debug)]
pub struct Trace<S> {
    inner: S,
}

impl<S> Service<Incoming> for Trace<S>
where
    S: Service<Incoming>,
    S::Error: Into<ServiceError>,
{
    type Response = S::Response;
    type Error = ServiceError;
    type Future = Traced<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ServiceError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut incoming: Incoming) -> Self::Future {
        let span = debug_span!(
            "message",
            client = %incoming.client.id(),
            user = Empty,
            kind = ?incoming.message.kind(),
            bytes = incoming.message.len(),
            route = Empty,
            result = Empty,
        );
        // The user is read only if the span is enabled, because that takes the hub's lock.
        let watch = (!span.is_disabled()).then(|| {
            if let Some(user) = incoming.client.user() {
                span.record("user", &*user);
            }
            incoming.watch()
        });
        let inner = span.in_scope(|| self.inner.call(incoming));
        Traced { inner, span, watch }
    }
}

pin_project! {
    /// The future of a service's answer, within a span.
    pub struct Traced<F> {
        #[pin]
        inner: F,
        span: Span,
        watch: Option<Watch>,
    }
}

impl<F, T, E> Future for Traced<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<ServiceError>,
{
    type Output = Result<T, ServiceError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let _entered = this.span.enter();
        let result = ready!(this.inner.poll(cx)).map_err(Into::into);
        if let Some(watch) = this.watch {
            if let Some(route) = watch.route() {
                this.span.record("route", display(route));
            }
            this.span.record("result", watch.result(&result));
        }
        Poll::Ready(result)
    }
}
