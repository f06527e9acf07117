//! A participant as an argument of a router's handler.

use super::participant::Participant;
use crate::router::{FromIncoming, Parts, RouteError};

/// The sender of the message as a participant. A client that has come by no [`Route`](super::Route) is refused with the code
/// `no_participant`.
impl<S> FromIncoming<S> for Participant {
    type Rejection = RouteError;

    fn from_incoming(parts: &Parts<'_, S>) -> Result<Self, RouteError> {
        Self::of(&parts.incoming.client)
            .ok_or_else(|| RouteError::refused("no_participant", "the client is no participant of a room"))
    }
}
