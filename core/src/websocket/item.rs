//! The items that the decoder returns.

use crate::{CloseCode, MessageKind};
use bytes::Bytes;
use core::{fmt, ops::Deref};
use tungstenite::Utf8Bytes;

/// The longest payload of a control frame (RFC 6455 section 5.5).
pub const MAX_CONTROL: usize = 125;

/// A whole message. Cloning costs one reference count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// UTF-8 text.
    Text(Utf8Bytes),
    /// Any bytes.
    Binary(Bytes),
}

impl Message {
    /// Whether the message is text or binary.
    #[must_use]
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Text(_) => MessageKind::Text,
            Self::Binary(_) => MessageKind::Binary,
        }
    }

    /// The payload as bytes, of a text too.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The payload as bytes, of a text too, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Text(text) => text.into(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The length of the payload in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether the payload is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }
}

/// A message or control frame that the decoder found in its input.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
// The wide tag keeps payloads aligned. Unaligned, moving a new item stalls for 11 of the 60 ns of a message.
#[repr(u64)]
pub enum Item {
    /// A whole message.
    Message(Message),
    /// A whole compressed message: RSV1 is set on its first frame (RFC 7692 section 6). Only its size is
    /// checked. The decoder returns this only after [`Decoder::allow`](super::Decoder::allow) with
    /// [`ReservedBits::COMPRESSED`](super::ReservedBits::COMPRESSED).
    Compressed {
        /// The kind of the inflated message.
        kind: MessageKind,
        /// The compressed payload.
        payload: Bytes,
    },
    /// A ping. Answer it by a pong with the same payload (section 5.5.2).
    Ping(ControlPayload),
    /// A pong (section 5.5.3).
    Pong(ControlPayload),
    /// A close frame (section 5.5.1). It is the last item; the decoder skips all bytes after it.
    Close {
        /// The code, `None` if the frame had no body.
        code: Option<CloseCode>,
        /// The reason, at most 123 bytes.
        reason: Utf8Bytes,
    },
}

/// The payload of a ping or a pong: at most [`MAX_CONTROL`] bytes, shared, on the heap only if not empty.
///
/// It is not stored inline, so that an [`Item`] stays small: most items are messages, and moving a larger item
/// would cost more than allocating the rare payload of a ping.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ControlPayload(Bytes);

impl ControlPayload {
    /// The empty payload.
    pub const EMPTY: Self = Self(Bytes::new());

    /// A payload of these bytes; `None` if they are more than [`MAX_CONTROL`].
    #[must_use]
    pub fn new(payload: impl Into<Bytes>) -> Option<Self> {
        let payload = payload.into();
        (payload.len() <= MAX_CONTROL).then_some(Self(payload))
    }

    /// The bytes of the payload.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Collects the body of a control frame that comes in pieces.
#[derive(Clone, Copy, Debug)]
pub(super) struct ControlBuffer {
    bytes: [u8; MAX_CONTROL],
    len: u8,
}

impl ControlBuffer {
    pub(super) const EMPTY: Self = Self { bytes: [0; MAX_CONTROL], len: 0 };

    /// Appends bytes; `None`, without effect, if they do not fit.
    pub(super) fn extend(&mut self, more: &[u8]) -> Option<()> {
        let from = usize::from(self.len);
        self.bytes.get_mut(from..from + more.len())?.copy_from_slice(more);
        self.len += more.len() as u8;
        Some(())
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl Deref for ControlPayload {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl AsRef<[u8]> for ControlPayload {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for ControlPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ControlPayload({} bytes)", self.0.len())
    }
}
