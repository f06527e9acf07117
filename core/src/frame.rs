//! An encoded message: made once, outside every lock, and shared by all its recipients.

use alloc::sync::Arc;
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
///
/// It may have a [deflated variant](Self::with_deflated), for those who take it.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    payload: Bytes,
    deflated: Option<Arc<Frame>>,
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
        Some(Self { payload, deflated: None, head: bytes, head_len: head.len() as u8 })
    }

    /// A frame without a head: `payload` is what is written.
    ///
    /// # Panics
    /// If the payload does not fit in a `u32`.
    #[must_use]
    pub fn raw(payload: Bytes) -> Self {
        assert!(u32::try_from(payload.len()).is_ok_and(|len| len <= u32::MAX - MAX_HEAD as u32));
        Self { payload, deflated: None, head: [0; MAX_HEAD], head_len: 0 }
    }

    /// The same frame with a variant for those who take it: the same message, deflated (RFC 7692), by somebody who did not
    /// refer to other messages. One that is no shorter is left out.
    #[must_use]
    pub fn with_deflated(mut self, mut deflated: Self) -> Self {
        deflated.deflated = None;
        self.deflated = if deflated.size() < self.size() { Some(Arc::new(deflated)) } else { None };
        self
    }

    /// The deflated variant.
    #[must_use]
    pub fn deflated(&self) -> Option<&Self> {
        self.deflated.as_deref()
    }

    /// What is written to somebody with this window: the deflated variant if there is one, and nothing in it can reach
    /// further back; else the frame itself. O(1).
    #[must_use]
    pub fn for_window(&self, window: Window) -> &Self {
        match &self.deflated {
            Some(deflated) if window.holds(self.payload.len()) => deflated,
            _ => self,
        }
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

    /// Bytes of it and of its deflated variant: what it holds while it waits.
    #[must_use]
    pub fn held(&self) -> u64 {
        match &self.deflated {
            None => self.size().into(),
            Some(deflated) => u64::from(self.size()) + u64::from(deflated.size()),
        }
    }
}

/// How far back deflated frames may refer that somebody takes (RFC 7692 section 7.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Window(u8);

impl Window {
    /// Takes no deflated frames: of each the plain variant.
    pub const NONE: Self = Self(0);
    /// Takes every deflated frame.
    pub const WHOLE: Self = Self(15);

    /// A window of two to the power of `bits` bytes, 8 to 15.
    #[must_use]
    pub const fn of_bits(bits: u8) -> Option<Self> {
        if bits >= 8 && bits <= Self::WHOLE.0 { Some(Self(bits)) } else { None }
    }

    /// The power of two; 0 for none.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether a deflated message that is so long, inflated, cannot refer back beyond it.
    #[must_use]
    pub const fn holds(self, message: usize) -> bool {
        self.0 == Self::WHOLE.0 || self.0 > 0 && message <= 1 << self.0
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({} bytes)", self.size())
    }
}
