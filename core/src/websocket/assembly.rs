//! The message that is being received.

use super::{
    error::ProtocolError,
    item::{Item, Message},
    pieces::Pieces,
    utf8::{NotUtf8, TextBuffer},
};
use crate::MessageKind;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use tungstenite::Utf8Bytes;

/// The received part of a message.
#[derive(Debug, Default)]
pub(super) enum Assembly {
    /// No message is being received.
    #[default]
    None,
    Text(Box<TextBuffer>),
    Binary(Box<Pieces<Vec<u8>>>),
    /// A compressed message, which cannot be checked before it is inflated.
    Compressed(MessageKind, Box<Pieces<Vec<u8>>>),
}

impl Assembly {
    pub(super) fn start(kind: MessageKind, compressed: bool) -> Self {
        match (compressed, kind) {
            (true, kind) => Self::Compressed(kind, Box::default()),
            (false, MessageKind::Text) => Self::Text(Box::default()),
            (false, MessageKind::Binary) => Self::Binary(Box::default()),
        }
    }

    pub(super) const fn is_open(&self) -> bool {
        !matches!(self, Self::None)
    }

    pub(super) fn capacity(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Text(text) => text.capacity(),
            Self::Binary(bytes) | Self::Compressed(_, bytes) => bytes.capacity(),
        }
    }

    /// Appends a piece. `bound` is the longest that the message can be, in bytes.
    pub(super) fn push(&mut self, payload: &[u8], bound: usize) -> Result<(), ProtocolError> {
        match self {
            Self::None => Ok(()),
            Self::Text(text) => text.push(payload, bound).map_err(ProtocolError::from),
            Self::Binary(bytes) | Self::Compressed(_, bytes) => {
                bytes.push(payload, bound);
                Ok(())
            }
        }
    }

    /// Makes the message after its last piece was pushed.
    pub(super) fn finish(self) -> Result<Item, ProtocolError> {
        match self {
            Self::None => Ok(Message::Binary(Bytes::new()).into()),
            Self::Text(text) => Ok(Message::Text(text.finish()?.into()).into()),
            Self::Binary(bytes) => Ok(Message::Binary(bytes.join().into()).into()),
            Self::Compressed(kind, bytes) => Ok(Item::Compressed { kind, payload: bytes.join().into() }),
        }
    }
}

/// Makes a message that came in one piece, the usual case: one allocation, no buffer in between.
pub(super) fn whole(kind: MessageKind, compressed: bool, payload: &[u8]) -> Result<Item, ProtocolError> {
    match (compressed, kind) {
        (true, kind) => Ok(Item::Compressed { kind, payload: Bytes::copy_from_slice(payload) }),
        (false, MessageKind::Binary) => Ok(Message::Binary(Bytes::copy_from_slice(payload)).into()),
        (false, MessageKind::Text) => {
            let text = simdutf8::basic::from_utf8(payload).map_err(|_| ProtocolError::TextNotUtf8)?;
            Ok(Message::Text(Utf8Bytes::from(text)).into())
        }
    }
}

impl From<NotUtf8> for ProtocolError {
    fn from(NotUtf8: NotUtf8) -> Self {
        Self::TextNotUtf8
    }
}
