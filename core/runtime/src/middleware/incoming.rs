//! The argument of a service that handles messages.

use crate::handles::client::Client;
use crate::notice::request_id::RequestId;
use alloc::sync::Arc;
use std::sync::OnceLock;
use std::time::SystemTime;
use throng_core::websocket::Message;
use throng_core::{Instant, Name};

/// A message with its client and time of receipt: the argument of a service.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Incoming {
    /// The client that sent the message.
    pub client: Client,
    /// The message.
    pub message: Message,
    /// When the message was received, by the host's clock: just before the service's `poll_ready`.
    pub received: Instant,
    request: Option<RequestId>,
    observed: Option<Arc<Observed>>,
}

impl Incoming {
    /// A message as if this client had sent it now. For services that create messages, and for tests.
    #[must_use]
    pub fn new(client: Client, message: Message) -> Self {
        let shared = &client.member.shared;
        let received = shared.now();
        let request = shared.settings.request_id.as_ref().and_then(|find| find(&message));
        Self { client, message, received, request, observed: None }
    }

    /// The id that the client gave to this request. `None` if it gave none or
    /// [`Builder::request_id`](crate::Builder::request_id) is not set.
    #[must_use]
    pub fn request_id(&self) -> Option<&RequestId> {
        self.request.as_ref()
    }

    /// When the message was received, by the wall clock.
    #[must_use]
    pub fn received_at(&self) -> SystemTime {
        self.client.member.shared.wall(self.received)
    }

    /// Observes what happens to the message; read the result when its service is done. For middleware that reports it.
    #[must_use]
    pub fn watch(&mut self) -> Watch {
        Watch(Arc::clone(self.observed.get_or_insert_default()))
    }

    /// Tells observers which route the message takes. Only the first call counts.
    pub fn tell_route(&self, route: &Name) {
        if let Some(observed) = &self.observed {
            let _ = observed.route.set(Arc::clone(route));
        }
    }

    /// Tells observers that the message is answered with an error of this code. Only the first call counts.
    pub fn tell_error(&self, code: &'static str) {
        self.observer().error(code);
    }

    /// A handle that tells observers after the message has been taken apart.
    pub(crate) fn observer(&self) -> ErrorObserver {
        ErrorObserver(self.observed.clone())
    }
}

/// The observed fate of one message: [`Incoming::watch`]. It has the route and error that routers and services told,
/// even if the service then failed, panicked or was dropped.
#[derive(Clone, Debug)]
pub struct Watch(Arc<Observed>);

#[derive(Debug, Default)]
struct Observed {
    route: OnceLock<Name>,
    error: OnceLock<&'static str>,
}

impl Watch {
    /// The route that the message took: a name given to the [`Router`](crate::router::Router), never a peer's text.
    /// `None` if no route was found or there is no router.
    #[must_use]
    pub fn route(&self) -> Option<&Name> {
        self.0.route.get()
    }

    /// The code of the error with which the message was answered.
    #[must_use]
    pub fn error(&self) -> Option<&'static str> {
        self.0.error.get().copied()
    }

    /// The result of the message for metrics and spans: `ok` or the code of an error.
    #[cfg(any(feature = "metrics", feature = "tracing"))]
    pub(crate) fn result<T>(&self, result: &Result<T, super::ServiceError>) -> &'static str {
        match result {
            Ok(_) => self.error().unwrap_or("ok"),
            Err(error) => error.code(),
        }
    }
}

/// Tells the observers of a message about an error.
pub(crate) struct ErrorObserver(Option<Arc<Observed>>);

impl ErrorObserver {
    pub(crate) fn error(&self, code: &'static str) {
        if let Some(observed) = &self.0 {
            let _ = observed.error.set(code);
        }
    }
}
