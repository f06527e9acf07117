//! A route: what makes clients participants of a room.

use super::attendance::{Attendance, Served};
use super::error::ParticipantError;
use super::hooks::Hooks;
use crate::handler::unset::takes_two;
use crate::handshake::authenticating::Authenticating;
use crate::handshake::client_handlers::ClientHandlers;
use crate::handshake::participation::{Identity, Place};
use crate::handshake::request::Connecting;
use crate::host::running::Borrowing;
#[cfg(feature = "tower")]
use crate::middleware::{Answer, Incoming, ServiceError};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use throng_core::CloseFrame;
use throng_core::websocket::handshake::Refusal;
#[cfg(feature = "tower")]
use tower_service::Service;

/// Makes clients participants of rooms, with one set of [`Hooks`]. An application may have several routes, such as one for each of its
/// games; a room belongs to the hub, so routes that name the same room share it. Cloning costs two reference counts.
#[derive(Clone)]
pub struct Route {
    hooks: Arc<dyn Erased>,
    service: Option<Served>,
}

/// Type-erased hooks of a route.
trait Erased: Send + Sync {
    fn resolve<'a>(&'a self, room: &'a str, identity: &'a Identity)
    -> Borrowing<'a, Result<String, Refusal>>;

    /// Sets what a participant's client needs.
    fn attach(&self, place: &Arc<Place>, service: Option<&Served>, own: &mut ClientHandlers);
}

struct Hooked<H>(Arc<H>);

impl<H: Hooks> Erased for Hooked<H> {
    fn resolve<'a>(
        &'a self,
        room: &'a str,
        identity: &'a Identity,
    ) -> Borrowing<'a, Result<String, Refusal>> {
        Box::pin(self.0.resolve(room, identity))
    }

    fn attach(&self, place: &Arc<Place>, service: Option<&Served>, own: &mut ClientHandlers) {
        let attendance = Attendance::new(Arc::clone(&self.0), Arc::clone(place));
        if takes_two(H::error) {
            let attendance = attendance.clone();
            own.error = Some(Box::new(move |client, error| Some(attendance.failed(client, Box::new(error)))));
        }
        if let Some(service) = service {
            let (attendance, service) = (attendance.clone(), Arc::clone(service));
            own.message = Some(Box::new(move |client, message| attendance.serve(&service, client, message)));
        } else if takes_two(H::message) {
            let attendance = attendance.clone();
            own.message = Some(Box::new(move |client, message| Some(attendance.message(client, message))));
        }
        own.participation = Some(Box::new(attendance));
    }
}

impl Route {
    /// A route with these hooks.
    #[must_use]
    pub fn new(hooks: impl Hooks) -> Self {
        Self { hooks: Arc::new(Hooked(Arc::new(hooks))), service: None }
    }

    /// Handles messages with a service, such as a [`Router`](crate::router::Router), in place of [`Hooks::message`]. It is called as that of
    /// [`Builder::messages`](crate::Builder::messages): its answer is sent to the participant. A message that is answered with an error is
    /// told to [`Hooks::error`].
    #[cfg(feature = "tower")]
    #[must_use]
    pub fn messages<S>(self, service: S) -> Self
    where
        S: Service<Incoming> + Clone + Send + Sync + 'static,
        S::Response: Answer,
        S::Error: Into<ServiceError>,
        S::Future: Send + 'static,
    {
        Self { service: Some(super::attendance::served(service)), ..self }
    }

    /// Makes the client of a connection a participant of a room, before its WebSocket opens: call it in
    /// [`before_connect`](crate::Handler::before_connect), under axum by `Upgrade::enter`. It asks [`Hooks::resolve`], and sets user, session
    /// and first room of the client, and handlers for its messages. If the participant is in the room already, it continues on this connection.
    ///
    /// Later the request may be refused all the same, as any: with 409 if the participant has a connection under
    /// [`SecondConnection::Refused`](throng_core::hub::SecondConnection::Refused), with 403 if it belongs to another user, with 503 if the room
    /// is full, and with 400 if room and id together are longer than [`sessions.name_bytes`](throng_core::hub::Sessions::name_bytes)
    /// allows, of which throng needs up to 5.
    ///
    /// Cancel-safe: if the future is dropped before it is ready, nothing has changed.
    ///
    /// # Errors
    /// The resolver refuses, or returns an empty id. `?` in `before_connect` turns the error into the HTTP answer.
    pub async fn enter(
        &self,
        connecting: &mut Connecting,
        room: &str,
        identity: Identity,
    ) -> Result<(), ParticipantError> {
        let place = self.resolve(room, identity).await?;
        if let Some(user) = &place.identity().user {
            connecting.set_user(user);
        }
        self.take(connecting, place);
        Ok(())
    }

    /// Makes the client of a connection a participant of a room after its WebSocket has opened: call it in
    /// [`authenticate`](crate::Handler::authenticate), for peers that say who they are in their first message.
    ///
    /// # Errors
    /// The resolver refuses, or returns an empty id, or the hub refuses user or session: the close frame for the peer.
    pub async fn enter_authenticated(
        &self,
        session: &mut Authenticating<'_>,
        room: &str,
        identity: Identity,
    ) -> Result<(), CloseFrame> {
        let place = self.resolve(room, identity).await?;
        session.identify_as(&place)?;
        self.take(session.connecting, place);
        Ok(())
    }

    async fn resolve(&self, room: &str, identity: Identity) -> Result<Arc<Place>, ParticipantError> {
        let id = self.hooks.resolve(room, &identity).await.map_err(ParticipantError::ResolverRejected)?;
        if id.is_empty() {
            return Err(ParticipantError::EmptyParticipantId);
        }
        Ok(Arc::new(Place::new(room, &id, identity)))
    }

    fn take(&self, connecting: &mut Connecting, place: Arc<Place>) {
        connecting.join(Arc::clone(&place.room));
        connecting.insert(Arc::clone(&place));
        self.hooks.attach(&place, self.service.as_ref(), connecting.own());
        connecting.place = Some(place);
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").field("service", &self.service.is_some()).finish_non_exhaustive()
    }
}
