//! An encoded message: made once, outside every lock, and shared by all its recipients.

use bytes::Bytes;
use core::fmt;

/// The longest head a frame can have: a server's frame header in RFC 6455 is at most 10 bytes; the rest is
/// room for what may one day stand before a payload.
pub const MAX_HEAD: usize = 14;

/// What kind of message a frame carries, or a peer sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// UTF-8 text.
    Text,
    /// Bytes.
    Binary,
}

/// An encoded message: a small head and a shared payload. Opaque to the hub, which counts its bytes and
/// hands it to the host; the codec makes it (`websocket::encode`).
///
/// Cloning costs one reference count. The payload is never copied on the way to a recipient unless the host
/// flattens several frames into one write.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    payload: Bytes,
    head: [u8; MAX_HEAD],
    head_len: u8,
}

impl Frame {
    /// A frame of `head` and `payload`. The head is at most [`MAX_HEAD`] bytes; `None` if it is longer, or
    /// if the whole would not fit in a `u32`.
    #[must_use]
    pub fn new(head: &[u8], payload: Bytes) -> Option<Self> {
        let mut bytes = [0; MAX_HEAD];
        bytes.get_mut(..head.len())?.copy_from_slice(head);
        u32::try_from(payload.len()).ok()?.checked_add(MAX_HEAD as u32)?;
        Some(Self { payload, head: bytes, head_len: head.len() as u8 })
    }

    /// A frame without a head: `payload` is what is written.
    ///
    /// # Panics
    /// If the payload does not fit in a `u32`.
    #[must_use]
    pub fn raw(payload: Bytes) -> Self {
        assert!(u32::try_from(payload.len()).is_ok_and(|len| len <= u32::MAX - MAX_HEAD as u32));
        Self { payload, head: [0; MAX_HEAD], head_len: 0 }
    }

    /// What is written before the payload.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        &self.head[..usize::from(self.head_len)]
    }

    /// The payload.
    #[must_use]
    pub fn payload(&self) -> &Bytes {
        &self.payload
    }

    /// Bytes on the wire: head and payload.
    #[must_use]
    pub fn size(&self) -> u32 {
        u32::from(self.head_len) + self.payload.len() as u32
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({} bytes)", self.size())
    }
}
