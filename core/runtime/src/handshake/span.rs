//! A span for the life of a connection.

#[cfg(feature = "tracing")]
use alloc::boxed::Box;
use core::future::{Future, poll_fn};
use core::net::SocketAddr;
use core::pin::pin;
use throng_core::{ClientId, ConnectionId};

/// The span `connection`, if a subscriber enables it; never with the feature `tracing` off.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConnectionSpan {
    #[cfg(feature = "tracing")]
    span: Option<Box<tracing::Span>>,
}

#[cfg(feature = "tracing")]
impl ConnectionSpan {
    /// The span of a new connection, without the ids, which are assigned later, under the lock.
    pub(crate) fn new(remote: Option<SocketAddr>) -> Self {
        let span = tracing::debug_span!(
            target: "throng::connection",
            "connection",
            connection = tracing::field::Empty,
            client = tracing::field::Empty,
            user = tracing::field::Empty,
            address = remote.map(tracing::field::display),
        );
        Self { span: (!span.is_disabled()).then(|| span.into()) }
    }

    pub(crate) fn set_connection(&self, connection: ConnectionId) {
        if let Some(span) = &self.span {
            span.record("connection", tracing::field::display(connection));
        }
    }

    pub(crate) fn set_client(&self, client: ClientId) {
        if let Some(span) = &self.span {
            span.record("client", tracing::field::display(client));
        }
    }

    pub(crate) fn set_user(&self, user: &str) {
        if let Some(span) = &self.span {
            span.record("user", user);
        }
    }

    /// Takes the span out, if it is enabled.
    pub(crate) fn take(&mut self) -> Option<Self> {
        self.span.take().map(|span| Self { span: Some(span) })
    }

    pub(crate) fn in_scope<T>(&self, act: impl FnOnce() -> T) -> T {
        match &self.span {
            Some(span) => span.in_scope(act),
            None => act(),
        }
    }
}

#[cfg(not(feature = "tracing"))]
impl ConnectionSpan {
    pub(crate) fn new(_: Option<SocketAddr>) -> Self {
        Self::default()
    }

    pub(crate) fn set_connection(&self, _: ConnectionId) {}

    pub(crate) fn set_client(&self, _: ClientId) {}

    pub(crate) fn set_user(&self, _: &str) {}

    pub(crate) fn take(&mut self) -> Option<Self> {
        None
    }

    pub(crate) fn in_scope<T>(&self, act: impl FnOnce() -> T) -> T {
        act()
    }
}

impl ConnectionSpan {
    /// Polls a future within the span.
    pub(crate) async fn around<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|cx| self.in_scope(|| future.as_mut().poll(cx))).await
    }
}
