//! The handle of one participant.

use super::error::ParticipantError;
use crate::handles::client::Client;
use crate::handshake::participation::{Identity, Place};
use crate::notice::message::{IntoFrame, SendError};
use alloc::sync::Arc;
use core::fmt;
use throng_core::{CloseCode, hub};

/// A handle of one participant of a room. Cloning costs two reference counts. The handle outlives the participant.
#[derive(Clone)]
pub struct Participant {
    client: Client,
    place: Arc<Place>,
}

impl Participant {
    pub(super) const fn new(client: Client, place: Arc<Place>) -> Self {
        Self { client, place }
    }

    /// The participant that a client is; `None` if it has come by no [`Route`](super::Route).
    #[must_use]
    pub fn of(client: &Client) -> Option<Self> {
        let place = client.get::<Arc<Place>>()?;
        Some(Self::new(client.clone(), place))
    }

    /// Sends a message to this participant. If it is away, the message waits until it returns.
    ///
    /// # Errors
    /// The participant has ended, or is away and its queue is full ([`ParticipantOffline`](ParticipantError::ParticipantOffline)), the
    /// message cannot be encoded, or the outbox is full under a policy that drops.
    pub fn send(&self, message: impl IntoFrame) -> Result<(), ParticipantError> {
        match self.client.send(message) {
            Err(SendError::Full) if self.client.is_away() => Err(ParticipantError::ParticipantOffline),
            result => result.map_err(Into::into),
        }
    }

    /// Closes the participant: it leaves the room now, and [`Hooks::leave`](super::Hooks::leave) is called. Queued messages are written
    /// first, within the close deadline.
    ///
    /// # Errors
    /// The participant has ended already.
    pub fn close(&self, code: CloseCode, reason: &str) -> Result<(), hub::Error> {
        self.client.close(code, reason)
    }

    /// The room.
    #[must_use]
    pub fn room(&self) -> &str {
        &self.place.room
    }

    /// The participant's id within its room.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.place.id
    }

    /// Who came with the latest connection.
    #[must_use]
    pub fn identity(&self) -> Arc<Identity> {
        self.place.identity()
    }

    /// The client.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }
}

impl PartialEq for Participant {
    fn eq(&self, other: &Self) -> bool {
        self.client == other.client
    }
}

impl Eq for Participant {}

impl fmt::Debug for Participant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Participant({:?} in {:?}, {:?})", self.place.id, self.place.room, self.client)
    }
}
