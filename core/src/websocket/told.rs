//! Conversions from the codec to the hub: items and errors to events, messages to frames.

use super::decode::Limits;
use super::encode::{TooLong, encode_binary, encode_text};
use super::error::ProtocolError;
use super::item::{Item, Message};
use crate::frame::Frame;
use crate::hub::{Config, Event, Flush};
use crate::id::ConnectionId;

impl Item {
    /// The event by which a host hands the item, which arrived on this connection, to the hub. For a message it carries only kind and size, and the hub
    /// answers with a [`Verdict`](crate::hub::Verdict). Control frames need nothing more: the hub answers them.
    #[must_use]
    pub fn event(&self, connection: ConnectionId) -> Event<'_> {
        match self {
            Self::Message(message) => {
                Event::Received { connection, kind: message.kind(), bytes: message.len() as u32 }
            }
            Self::Compressed { kind, payload } => {
                Event::Received { connection, kind: *kind, bytes: payload.len() as u32 }
            }
            Self::Ping(payload) => Event::Ping { connection, payload },
            Self::Pong(_) => Event::Pong { connection },
            Self::Close { code, reason } => Event::PeerClosed { connection, code: *code, reason },
        }
    }
}

impl ProtocolError {
    /// The event that closes the client of this connection with [`close_code`](Self::close_code); a client that has another connection by
    /// then is not touched. Queued frames are written first, since
    /// they may answer valid messages. The host must read on and discard what the peer still sends, or the close frame
    /// might not arrive.
    #[must_use]
    pub const fn event(self, connection: ConnectionId) -> Event<'static> {
        let (code, reason) = (self.close_code(), self.name());
        Event::CloseConnection { connection, code, reason, flush: Flush::First }
    }
}

/// Encodes a received message as a server's frame, to pass it on. O(1), no copy.
impl TryFrom<Message> for Frame {
    type Error = TooLong;

    fn try_from(message: Message) -> Result<Self, TooLong> {
        match message {
            Message::Text(text) => encode_text(text),
            Message::Binary(bytes) => encode_binary(bytes),
        }
    }
}

/// The decoder's limit for messages is `outbox.message_bytes` of the hub.
impl From<&Config> for Limits {
    fn from(config: &Config) -> Self {
        Self { max_message: config.outbox.message_bytes, ..Self::default() }
    }
}
