//! What the hub is told of what came from a peer, and what it can be given of that.

use super::decode::Limits;
use super::encode::{TooLong, encode_binary, encode_text};
use super::error::ProtocolError;
use super::item::{Item, Message};
use crate::close::ClosedBy;
use crate::frame::Frame;
use crate::hub::{Config, Event, Flush};
use crate::id::ClientId;

impl Item {
    /// What the hub is told of it. Of a message that is its kind and size; what becomes of it says the
    /// [verdict](crate::hub::Verdict). All else is the hub's to answer, and for a host done with that.
    #[must_use]
    pub fn event(&self, client: ClientId) -> Event<'_> {
        match self {
            Self::Message(message) => {
                Event::Received { client, kind: message.kind(), bytes: message.len() as u32 }
            }
            Self::Compressed { kind, payload } => {
                Event::Received { client, kind: *kind, bytes: payload.len() as u32 }
            }
            Self::Ping(payload) => Event::Ping { client, payload },
            Self::Pong(_) => Event::Pong { client },
            Self::Close { code, reason } => Event::PeerClosed { client, code: *code, reason },
        }
    }
}

impl ProtocolError {
    /// What the hub is told of it: the client is closed with the [code](Self::close_code) that says so. What the peer sent
    /// before was right, so the answers to it are written first. Whatever it still sends is to be read and forgotten, or the
    /// close frame might not arrive.
    #[must_use]
    pub const fn event(self, client: ClientId) -> Event<'static> {
        let (code, reason) = (self.close_code(), self.name());
        Event::Close { client, code, reason, flush: Flush::First, by: ClosedBy::Hub }
    }
}

/// A message as a server sends it on. O(1): nothing is copied.
impl TryFrom<Message> for Frame {
    type Error = TooLong;

    fn try_from(message: Message) -> Result<Self, TooLong> {
        match message {
            Message::Text(text) => encode_text(text),
            Message::Binary(bytes) => encode_binary(bytes),
        }
    }
}

/// A message may be as long as one that the hub takes.
impl From<&Config> for Limits {
    fn from(config: &Config) -> Self {
        Self { max_message: config.outbox.message_bytes, ..Self::default() }
    }
}
