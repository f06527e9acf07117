//! What a service of messages is called with.

use crate::handles::client::Client;
use crate::notice::request_id::RequestId;
use alloc::sync::Arc;
use std::sync::OnceLock;
use std::time::SystemTime;
use throng_core::id::Name;
use throng_core::time::Instant;
use throng_core::websocket::Message;

/// A message, from whom it is, and when it came: what a service is called with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Incoming {
    /// Whose message it is.
    pub client: Client,
    /// The message.
    pub message: Message,
    /// When it was received, by the host's clock: the moment at which the service was asked to take it.
    pub received: Instant,
    request: Option<RequestId>,
    told: Option<Arc<Told>>,
}

impl Incoming {
    /// A message as if it had come from this client now. For services that make messages of their own, and for tests.
    #[must_use]
    pub fn new(client: Client, message: Message) -> Self {
        let shared = &client.member.shared;
        let received = shared.now();
        let request = shared.settings.request_id.as_ref().and_then(|find| find(&message));
        Self { client, message, received, request, told: None }
    }

    /// The id that the client gave to this request. `None`: it gave none, or the hub does not look for one
    /// ([`Builder::request_id`](crate::Builder::request_id)).
    #[must_use]
    pub fn request_id(&self) -> Option<&RequestId> {
        self.request.as_ref()
    }

    /// When it was received, by the wall clock.
    #[must_use]
    pub fn received_at(&self) -> SystemTime {
        self.client.member.shared.wall(self.received)
    }

    /// Asks what becomes of the message, to be looked at when its service is done. For middleware that tells of it.
    #[must_use]
    pub fn watch(&mut self) -> Watch {
        Watch(Arc::clone(self.told.get_or_insert_default()))
    }

    /// Tells who watches which route the message takes. The first word counts.
    pub fn tell_route(&self, route: &Name) {
        if let Some(told) = &self.told {
            let _ = told.route.set(Arc::clone(route));
        }
    }

    /// Tells who watches that the answer to the message is an error, with this code. The first word counts.
    pub fn tell_error(&self, code: &'static str) {
        self.teller().error(code);
    }

    /// What is left of the message for somebody who has taken it to pieces.
    pub(crate) fn teller(&self) -> Teller {
        Teller(self.told.clone())
    }
}

/// What becomes of one message: [`Incoming::watch`]. What a router or a service says on the way is seen here, also if
/// the service then fails, is given up, or panics.
#[derive(Clone, Debug)]
pub struct Watch(Arc<Told>);

#[derive(Debug, Default)]
struct Told {
    route: OnceLock<Name>,
    error: OnceLock<&'static str>,
}

impl Watch {
    /// The route that the message took: one that was given to the [`Router`](crate::router::Router), never a text of
    /// the peer's. `None`: no route was found, or nothing here routes.
    #[must_use]
    pub fn route(&self) -> Option<&Name> {
        self.0.route.get()
    }

    /// The code of the error that the message was answered with.
    #[must_use]
    pub fn error(&self) -> Option<&'static str> {
        self.0.error.get().copied()
    }

    /// A word for what became of the message: `ok`, or the code of an error.
    #[cfg(any(feature = "metrics", feature = "tracing"))]
    pub(crate) fn result<T>(&self, result: &Result<T, super::ServiceError>) -> &'static str {
        match result {
            Ok(_) => self.error().unwrap_or("ok"),
            Err(error) => error.code(),
        }
    }
}

/// Who tells the watch of an error.
pub(crate) struct Teller(Option<Arc<Told>>);

impl Teller {
    pub(crate) fn error(&self, code: &'static str) {
        if let Some(told) = &self.0 {
            let _ = told.error.set(code);
        }
    }
}
