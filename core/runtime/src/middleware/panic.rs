//! Handlers that panic.
//!
//! The layer of `tower-http` that catches panics is for HTTP: it answers with a response.

use super::error::ServiceError;
use super::incoming::Incoming;
use crate::handles::client::Client;
use crate::host::Report;
use crate::panic::caught;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

/// Keeps a client connected when a handler panics. The panic costs only one message: it becomes
/// [`ServiceError::Panicked`] and is reported to the host.
///
/// Without this layer the hub catches the panic and closes the client with 1011. That is the default because a handler
/// that panicked may have left its work half done, and a client that reconnects starts afresh. If messages are
/// independent, as requests and answers are, this layer keeps the client connected. Make it the innermost layer. It has
/// no effect with `panic = "abort"`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CatchPanicLayer;

impl<S> Layer<S> for CatchPanicLayer {
    type Service = CatchPanic<S>;

    fn layer(&self, inner: S) -> CatchPanic<S> {
        CatchPanic { inner }
    }
}

/// The service of [`CatchPanicLayer`].
#[derive(Clone, Debug)]
pub struct CatchPanic<S> {
    inner: S,
}

fn panicked(client: &Client) -> ServiceError {
    client.member.shared.report(Report::Caught { client: client.id() });
    ServiceError::Panicked
}

impl<S> Service<Incoming> for CatchPanic<S>
where
    S: Service<Incoming>,
    S::Error: Into<ServiceError>,
{
    type Response = S::Response;
    type Error = ServiceError;
    type Future = Caught<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ServiceError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, incoming: Incoming) -> Self::Future {
        let client = incoming.client.clone();
        Caught { inner: caught(|| self.inner.call(incoming)).ok(), client }
    }
}

pin_project! {
    /// The future of a service that may panic.
    pub struct Caught<F> {
        // `None` after a panic.
        #[pin]
        inner: Option<F>,
        client: Client,
    }
}

impl<F, T, E> Future for Caught<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<ServiceError>,
{
    type Output = Result<T, ServiceError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Ready(Err(panicked(this.client)));
        };
        match caught(|| inner.poll(cx)) {
            Ok(polled) => polled.map_err(Into::into),
            Err(()) => {
                // Dropping the future of a panicked handler may panic, too.
                let _ = caught(|| this.inner.set(None));
                Poll::Ready(Err(panicked(this.client)))
            }
        }
    }
}
