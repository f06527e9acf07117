//! Why something about a participant was not done.

use crate::notice::message::SendError;
use core::fmt;
use http::StatusCode;
use throng_core::websocket::handshake::Refusal;
use throng_core::{CloseCode, CloseFrame, hub};

/// Why a participant was not found or admitted, or a message was not sent to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParticipantError {
    /// There is no such room: nobody is in it.
    RoomNotFound,
    /// The room has no participant of this id. A participant that has lost its connection is one until its grace is over.
    ParticipantNotFound,
    /// The participant cannot be reached: it is away and the queue of its messages is full, or it has ended while its handle was kept.
    /// Without a grace it ends with its connection.
    ParticipantOffline,
    /// [`Hooks::resolve`](super::Hooks::resolve) has refused the identity, with this answer.
    ResolverRejected(Refusal),
    /// The id of the participant is empty.
    EmptyParticipantId,
    /// The message was not sent for another reason.
    Send(SendError),
}

impl From<SendError> for ParticipantError {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Hub(hub::Error::Refused(hub::Refusal::NoSuchRoom)) => Self::RoomNotFound,
            SendError::Hub(hub::Error::Gone | hub::Error::NotOpen) => Self::ParticipantOffline,
            error => Self::Send(error),
        }
    }
}

impl From<hub::Error> for ParticipantError {
    fn from(error: hub::Error) -> Self {
        SendError::Hub(error).into()
    }
}

/// The HTTP answer to a request that does not become a participant: that of the resolver, or 400 for an empty id.
impl From<ParticipantError> for Refusal {
    fn from(error: ParticipantError) -> Self {
        let status = match error {
            ParticipantError::ResolverRejected(refusal) => return refusal,
            ParticipantError::EmptyParticipantId => StatusCode::BAD_REQUEST,
            ParticipantError::RoomNotFound | ParticipantError::ParticipantNotFound => StatusCode::NOT_FOUND,
            ParticipantError::ParticipantOffline | ParticipantError::Send(_) => return Self::UNAVAILABLE,
        };
        let body = match error {
            ParticipantError::EmptyParticipantId => "Invalid participant: its id is empty.\n",
            ParticipantError::RoomNotFound => "There is no such room.\n",
            _ => "There is no such participant.\n",
        };
        Self::Custom { status, body: body.into() }
    }
}

/// The close frame for a connection that does not become a participant after its upgrade: 1008, with what the resolver said.
impl From<ParticipantError> for CloseFrame {
    fn from(error: ParticipantError) -> Self {
        match error {
            ParticipantError::ResolverRejected(refusal) => {
                Self::new(CloseCode::POLICY, refusal.reason().trim_end())
            }
            ParticipantError::Send(SendError::Hub(error)) => error.into(),
            error => Self::new(CloseCode::POLICY, &*alloc::format!("{error}")),
        }
    }
}

impl fmt::Display for ParticipantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RoomNotFound => f.write_str("there is no such room"),
            Self::ParticipantNotFound => f.write_str("the room has no such participant"),
            Self::ParticipantOffline => {
                f.write_str("the participant is offline: it has ended, or its queue is full while it is away")
            }
            Self::ResolverRejected(refusal) => {
                write!(f, "the identity was refused: {}", refusal.reason().trim_end())
            }
            Self::EmptyParticipantId => f.write_str("the id of the participant is empty"),
            Self::Send(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ParticipantError {}
