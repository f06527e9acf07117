//! What comes out of the decoder.

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
    /// Bytes.
    Binary(Bytes),
}

impl Message {
    /// Text or binary.
    #[must_use]
    pub const fn kind(&self) -> MessageKind {
        match self {
            Self::Text(_) => MessageKind::Text,
            Self::Binary(_) => MessageKind::Binary,
        }
    }

    /// The payload, whatever its kind.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The payload, whatever its kind, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Text(text) => text.into(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// Bytes of the payload.
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

/// What the decoder found in its input.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
// A wide tag keeps the payloads aligned: unaligned, to move an item just made stalls for 11 of 60 ns a message.
#[repr(u64)]
pub enum Item {
    /// A whole message.
    Message(Message),
    /// A whole message with RSV1 on its first frame: its payload is what RFC 7692 section 6 calls the
    /// compressed message, of which nothing is checked but its size. Only a decoder that was told so by
    /// [`Decoder::allow`](super::Decoder::allow) yields this.
    Compressed {
        /// What the message is once inflated.
        kind: MessageKind,
        /// The payload as it came.
        payload: Bytes,
    },
    /// A ping: to be answered by a pong with the same payload (section 5.5.2).
    Ping(ControlPayload),
    /// A pong (section 5.5.3).
    Pong(ControlPayload),
    /// A close frame (section 5.5.1). The last item: whatever follows is skipped.
    Close {
        /// The code, `None` if the frame had no body.
        code: Option<CloseCode>,
        /// The reason, at most 123 bytes.
        reason: Utf8Bytes,
    },
}

/// The payload of a ping or a pong: at most [`MAX_CONTROL`] bytes, shared, on the heap only if not empty.
///
/// Not inline, so that an [`Item`] stays small: most are messages, and moving an item costs more than
/// allocating the few payloads that pings have.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ControlPayload(Bytes);

impl ControlPayload {
    /// No bytes.
    pub const EMPTY: Self = Self(Bytes::new());

    /// A payload of these bytes, `None` if they are more than [`MAX_CONTROL`].
    #[must_use]
    pub fn new(payload: impl Into<Bytes>) -> Option<Self> {
        let payload = payload.into();
        (payload.len() <= MAX_CONTROL).then_some(Self(payload))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Where the body of a control frame is put together.
#[derive(Clone, Copy, Debug)]
pub(super) struct ControlBuffer {
    bytes: [u8; MAX_CONTROL],
    len: u8,
}

impl ControlBuffer {
    pub(super) const EMPTY: Self = Self { bytes: [0; MAX_CONTROL], len: 0 };

    /// Appends, or does nothing and says `None` if it would not fit.
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
