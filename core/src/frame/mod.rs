//! Encoded messages. A frame is made once, outside every lock, and shared by all its recipients.

mod bare;
mod place;
#[cfg(test)]
mod tests;

pub use bare::BarePart;
pub use place::{BadPlace, Filled, Place, PlaceFormat};

use alloc::sync::Arc;
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;

/// The length of an offset in bytes.
const OFFSET: usize = size_of::<u64>();

/// The longest head of a frame in bytes. A server's frame header in RFC 6455 is at most 10 bytes.
pub const MAX_HEAD: usize = 13;

/// The kind of a message: text or binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// UTF-8 text.
    Text,
    /// Any bytes.
    Binary,
}

/// An encoded message: a small head and a shared payload. The codec makes it (`websocket::encode`); the hub only counts
/// its bytes and hands it to the host.
///
/// Cloning costs one or two reference counts. The payload is never copied on the way to a recipient, unless the host
/// flattens several frames into one write.
///
/// A frame may have a [deflated variant](Self::with_deflated), for clients that negotiated compression.
///
/// # Sealing
///
/// Some messages carry a number that is known only under the hub's lock: their offset in the room's history. Such a frame
/// is encoded with a [`Place`] of fixed width for the number, and [sealed](Self::sealed) when the number is known.
///
/// A sealed frame is the same shared payload and a `u64`, so sealing takes some ten instructions and two reference
/// counts: no encoding, no copy, no allocation. The digits are made when the frame is written, outside the lock, once for
/// all recipients that share a run: in the copy if the frame is copied anyway, otherwise as a slice between two slices of
/// the payload. They are not made under the lock, since storing them would make every frame 20 bytes larger, sealed or
/// not.
///
/// ```
/// use throng_core::{Place, Window};
/// use throng_core::websocket::encode::encode_text;
///
/// let mut text = String::from(r#"{"offset":"#);
/// let place = Place::decimal(text.len());
/// text += Place::ZERO;
/// text += r#","message":"hello"}"#;
/// let frame = encode_text(text)?.with_place(place)?;
///
/// let mut written = Vec::new();
/// frame.sealed(1_042).append_to(Window::NONE, &mut written);
/// assert!(written.ends_with(br#"{"offset":                1042,"message":"hello"}"#));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    payload: Bytes,
    more: Option<Arc<More>>,
    start: Start,
}

/// Sixteen bytes, which are copied at once.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Start {
    /// The head; in a frame with a place, the offset. Such a frame has its head in `more`, so that frames without a place need no
    /// room for an offset.
    bytes: [u8; MAX_HEAD],
    head_len: u8,
    kind: Option<MessageKind>,
    has_place: bool,
}

const _: () = assert!(size_of::<Start>() == 16);

const _: () = assert!(size_of::<Frame>() == 56, "a frame is copied into each run that it is in");

/// The parts that few frames have.
#[derive(PartialEq, Eq)]
struct More {
    deflated: Option<Frame>,
    placed: Option<Placed>,
    bare: Option<Frame>,
}

/// The parts of a frame that can be sealed.
#[derive(Clone, PartialEq, Eq)]
struct Placed {
    place: Place,
    head: [u8; MAX_HEAD],
}

impl Frame {
    /// Makes a frame of `head` and `payload`. `kind` is the kind of the message if the payload is a whole, uncompressed
    /// message. Use `None` for anything else, such as a compressed message or a fragment: such a frame is never joined
    /// with others or deflated. Returns `None` if the head is longer than [`MAX_HEAD`] bytes, or the frame's length does
    /// not fit in a `u32`.
    #[must_use]
    pub fn new(kind: Option<MessageKind>, head: &[u8], payload: Bytes) -> Option<Self> {
        let mut bytes = [0; MAX_HEAD];
        bytes.get_mut(..head.len())?.copy_from_slice(head);
        u32::try_from(payload.len()).ok()?.checked_add(MAX_HEAD as u32)?;
        let start = Start { bytes, head_len: head.len() as u8, kind, has_place: false };
        Some(Self { payload, more: None, start })
    }

    /// Makes a frame without head and kind: only `payload` is written.
    ///
    /// # Panics
    /// If the length of the payload does not fit in a `u32`.
    #[must_use]
    pub fn raw(payload: Bytes) -> Self {
        assert!(u32::try_from(payload.len()).is_ok_and(|len| len <= u32::MAX - MAX_HEAD as u32));
        let start = Start { bytes: [0; MAX_HEAD], head_len: 0, kind: None, has_place: false };
        Self { payload, more: None, start }
    }

    /// Adds a deflated variant (RFC 7692) of the same message, for clients that negotiated compression. It must not refer
    /// to other messages. A variant that is not shorter is left out, and so is one without a place of the same format if
    /// the frame has a place.
    #[must_use]
    pub fn with_deflated(mut self, mut deflated: Self) -> Self {
        let format = |frame: &Self| frame.place().map(Place::format);
        let is_of_use = deflated.size() < self.size() && format(&deflated) == format(&self);
        deflated.drop_deflated();
        deflated.start.kind = None;
        let placed = self.placed().cloned();
        let deflated = is_of_use.then_some(deflated);
        self.more = More { deflated, placed, bare: self.bare().cloned() }.share();
        self
    }

    /// Adds a place in the payload, which [`sealed`](Self::sealed) fills; until then it has the number 0. A deflated
    /// variant is removed: add one that has a place too [afterwards](Self::with_deflated).
    ///
    /// # Errors
    /// [`BadPlace`] if the place is not within the payload, or the number would make a text invalid UTF-8.
    pub fn with_place(mut self, place: Place) -> Result<Self, BadPlace> {
        let (end, len) = (place.end(), self.payload.len());
        let replaced = self.payload.get(place.start()..end).ok_or(BadPlace::BeyondPayload { end, len })?;
        let is_text = place.format == PlaceFormat::Decimal && replaced.is_ascii();
        if self.start.kind == Some(MessageKind::Text) && !is_text {
            return Err(BadPlace::NotText);
        }
        let mut head = [0; MAX_HEAD];
        head[..self.head().len()].copy_from_slice(self.head());
        let placed = Some(Placed { place, head });
        self.more = More { deflated: None, placed, bare: self.bare().cloned() }.share();
        self.start.has_place = true;
        // The first clone of some payloads allocates, which must not happen when the frame is sealed.
        drop(self.payload.clone());
        Ok(self.sealed(0))
    }

    /// The frame with an offset in its [place](Self::with_place), in the plain and in the deflated variant; without a
    /// place, the same frame. 0 means no offset. O(1), without a copy or an allocation.
    #[must_use]
    pub fn sealed(&self, offset: u64) -> Self {
        let mut sealed = self.clone();
        if sealed.start.has_place {
            sealed.start.bytes[..OFFSET].copy_from_slice(&offset.to_le_bytes());
        }
        sealed
    }

    fn drop_deflated(&mut self) {
        if self.deflated().is_some() {
            let (placed, bare) = (self.placed().cloned(), self.bare().cloned());
            self.more = More { deflated: None, placed, bare }.share();
        }
    }

    /// The kind of the message in the payload; `None` if the payload is not a whole, uncompressed message.
    #[must_use]
    pub const fn kind(&self) -> Option<MessageKind> {
        self.start.kind
    }

    /// The deflated variant, without the offset of a sealed frame: use [`parts`](Self::parts) to write it.
    #[must_use]
    pub fn deflated(&self) -> Option<&Self> {
        self.more.as_ref()?.deflated.as_ref()
    }

    /// The variant for a client with this window: the bare one for a client that gets such, and of that, or of the frame itself, the
    /// deflated one if there is one and it fits the window. [`fill`](Self::fill) has the offset for its place. O(1).
    pub(crate) fn for_window(&self, window: Window) -> &Self {
        let plain = self.undeflated(window);
        match plain.deflated() {
            Some(deflated) if window.holds(plain.payload.len()) => deflated,
            _ => plain,
        }
    }

    /// The plain variant for a client with this window.
    pub(crate) fn undeflated(&self, window: Window) -> &Self {
        if window.is_bare() { self.bare().unwrap_or(self) } else { self }
    }

    /// The head, which is written before the payload.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        let bytes = self.placed().map_or(&self.start.bytes, |placed| &placed.head);
        &bytes[..usize::from(self.start.head_len)]
    }

    /// The payload as it was encoded, without the offset of a sealed frame.
    #[must_use]
    pub const fn payload(&self) -> &Bytes {
        &self.payload
    }

    /// The place for an offset in the payload.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.placed().map(|placed| placed.place)
    }

    /// The offset that the frame was [sealed](Self::sealed) with.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        Some(self.number()).filter(|offset| self.start.has_place && *offset > 0)
    }

    /// The bytes for a client with this window, in order: head, payload before the place, offset, rest of the payload.
    /// Without a place the second part is the whole payload. The offset is made in `filled`.
    #[must_use]
    pub fn parts<'a>(&'a self, window: Window, filled: &'a mut Filled) -> [&'a [u8]; 4] {
        let variant = self.for_window(window);
        match self.fill(variant) {
            None => [variant.head(), &variant.payload, &[], &[]],
            Some((place, number)) => {
                *filled = number;
                let (before, behind) = variant.around(place);
                [variant.head(), before, filled.as_bytes(), behind]
            }
        }
    }

    /// Appends the bytes for a client with this window. O(bytes).
    pub fn append_to(&self, window: Window, out: &mut Vec<u8>) {
        let variant = self.for_window(window);
        out.extend_from_slice(variant.head());
        self.append_payload(variant, out);
    }

    /// Appends the payload of a variant of this frame, with the offset in it.
    pub(crate) fn append_payload(&self, variant: &Self, out: &mut Vec<u8>) {
        out.extend_from_slice(&variant.payload);
        if variant.start.has_place
            && let Some((place, number)) = self.fill(variant)
        {
            let end = out.len() - (variant.payload.len() - place.end());
            out[end - place.format.width()..end].copy_from_slice(number.as_bytes());
        }
    }

    /// The place of a variant of this frame and the bytes that fill it.
    pub(crate) fn fill(&self, variant: &Self) -> Option<(Place, Filled)> {
        let place = variant.place()?;
        Some((place, Filled::new(place.format, self.number())))
    }

    /// The parts of the payload before and after a place.
    pub(crate) fn around(&self, place: Place) -> (&[u8], &[u8]) {
        (&self.payload[..place.start()], &self.payload[place.end()..])
    }

    /// Bytes of the head.
    #[cfg(feature = "trace")]
    pub(crate) const fn head_len(&self) -> u8 {
        self.start.head_len
    }

    /// Whether the frame has a place or a deflated variant. (No log has bare variants: the hub does not look at them.)
    #[cfg(feature = "trace")]
    pub(crate) fn has_extras(&self) -> bool {
        self.start.has_place || self.deflated().is_some()
    }

    fn placed(&self) -> Option<&Placed> {
        if self.start.has_place { self.more.as_ref()?.placed.as_ref() } else { None }
    }

    fn number(&self) -> u64 {
        self.start.bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }

    /// The length of head and payload in bytes.
    #[must_use]
    pub const fn size(&self) -> u32 {
        self.start.head_len as u32 + self.payload.len() as u32
    }

    /// The bytes that the frame and its deflated variant hold in memory while queued. A bare variant is not counted: it is a part of
    /// the payload, or shorter.
    #[must_use]
    pub fn held(&self) -> u64 {
        match self.deflated() {
            None => self.size().into(),
            Some(deflated) => u64::from(self.size()) + u64::from(deflated.size()),
        }
    }
}

impl More {
    fn share(self) -> Option<Arc<Self>> {
        (self.deflated.is_some() || self.placed.is_some() || self.bare.is_some()).then(|| Arc::new(self))
    }
}

/// Which variants of frames a client gets: how far back deflated ones may refer (RFC 7692 section 7.1.2.1), and whether it gets
/// [bare](Frame::with_bare) ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Window(u8);

/// The bit of a window whose client gets bare frames.
const BARE: u8 = 0x10;

impl Window {
    /// The client gets no deflated frames, only plain ones.
    pub const NONE: Self = Self(0);
    /// The client can inflate every deflated frame.
    pub const WHOLE: Self = Self(15);

    /// A window of 2^`bits` bytes; `None` unless `bits` is 8 to 15.
    #[must_use]
    pub const fn of_bits(bits: u8) -> Option<Self> {
        if bits >= 8 && bits <= Self::WHOLE.0 { Some(Self(bits)) } else { None }
    }

    /// The window as a power of two; 0 for [`NONE`](Self::NONE).
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0 & !BARE
    }

    /// The same window, for a client that gets the [bare variant](Frame::with_bare) of each frame that has one.
    #[must_use]
    pub const fn bare(self) -> Self {
        Self(self.0 | BARE)
    }

    /// Whether the client gets bare variants.
    #[must_use]
    pub const fn is_bare(self) -> bool {
        self.0 & BARE != 0
    }

    /// The window as a byte, which [`of_byte`](Self::of_byte) reads.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        self.0
    }

    /// The window of a byte that [`to_byte`](Self::to_byte) made; [`NONE`](Self::NONE), bare or not, if the byte is no window.
    #[must_use]
    pub const fn of_byte(byte: u8) -> Self {
        match Self::of_bits(byte & !BARE) {
            Some(window) => Self(window.0 | byte & BARE),
            None => Self(byte & BARE),
        }
    }

    /// The widest window, for a client that gets the same variants otherwise.
    #[cfg(feature = "websocket")]
    pub(crate) const fn widened(self) -> Self {
        Self(self.0 & BARE | Self::WHOLE.0)
    }

    /// Whether a deflated message of this inflated length cannot refer beyond the window.
    #[must_use]
    pub const fn holds(self, message: usize) -> bool {
        let bits = self.bits();
        bits == Self::WHOLE.0 || bits > 0 && message <= 1 << bits
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({} bytes)", self.size())
    }
}
