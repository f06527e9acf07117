//! A place in a payload for a number that is known only when the frame is published.

use core::fmt;

/// A place of fixed width in a frame's payload, for an offset: [`Frame::with_place`](super::Frame::with_place) reserves it,
/// [`Frame::sealed`](super::Frame::sealed) fills it.
///
/// The width is fixed so that the length in the frame's head, and every size that the hub counts, is final before the number
/// is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub(crate) at: u32,
    pub(crate) format: PlaceFormat,
}

/// How the number stands in its [`Place`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlaceFormat {
    /// Decimal digits at the right end of 20 bytes, with blanks before them. JSON allows blanks before a number.
    Decimal,
    /// Eight bytes, the most significant one first: what follows the byte `0xcf` in MessagePack, and what a binary envelope of
    /// one's own would have.
    BigEndian,
}

/// Bytes of the widest place.
const WIDEST: usize = 20;

impl PlaceFormat {
    /// Bytes of a place.
    #[must_use]
    pub const fn width(self) -> usize {
        match self {
            Self::Decimal => WIDEST,
            Self::BigEndian => size_of::<u64>(),
        }
    }
}

impl Place {
    /// What an application writes into the place of a JSON text while it encodes: the number 0, as wide as any. Whatever
    /// stands there is written over.
    pub const ZERO: &'static str = "                   0";

    /// A place for decimal digits, `at` so many bytes from the start of the payload.
    #[must_use]
    pub const fn decimal(at: usize) -> Self {
        Self::new(at, PlaceFormat::Decimal)
    }

    /// A place for eight bytes, `at` so many bytes from the start of the payload.
    #[must_use]
    pub const fn big_endian(at: usize) -> Self {
        Self::new(at, PlaceFormat::BigEndian)
    }

    /// No payload reaches to where one stands that does not fit in a `u32`.
    pub(crate) const fn new(at: usize, format: PlaceFormat) -> Self {
        let at = if at > u32::MAX as usize { u32::MAX } else { at as u32 };
        Self { at, format }
    }

    /// Bytes of the payload before it.
    #[must_use]
    pub const fn start(self) -> usize {
        self.at as usize
    }

    /// Bytes of the payload up to its end.
    #[must_use]
    pub const fn end(self) -> usize {
        (self.at as usize).saturating_add(self.format.width())
    }

    /// How the number stands in it.
    #[must_use]
    pub const fn format(self) -> PlaceFormat {
        self.format
    }
}

/// The bytes of a place with a number in it, on the stack of whoever writes the frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filled {
    bytes: [u8; WIDEST],
    len: u8,
}

impl Filled {
    /// A number in a place of this format. At most 20 divisions.
    pub(super) fn new(format: PlaceFormat, number: u64) -> Self {
        let mut bytes = [b' '; WIDEST];
        match format {
            PlaceFormat::Decimal => {
                let mut rest = number;
                for digit in bytes.iter_mut().rev() {
                    *digit = b'0' + (rest % 10) as u8;
                    rest /= 10;
                    if rest == 0 {
                        break;
                    }
                }
            }
            PlaceFormat::BigEndian => bytes[..size_of::<u64>()].copy_from_slice(&number.to_be_bytes()),
        }
        Self { bytes, len: format.width() as u8 }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// Why a frame cannot have a [`Place`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BadPlace {
    /// It does not lie within the payload.
    BeyondPayload {
        /// Bytes of the payload up to the end of the place.
        end: usize,
        /// Bytes of the payload.
        len: usize,
    },
    /// The message is text, and would not be UTF-8 any more: the place is binary, or characters other than ASCII stand in it.
    NotText,
}

impl fmt::Display for BadPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BeyondPayload { end, len } => {
                write!(f, "the place ends at byte {end} of a payload of {len} bytes")
            }
            Self::NotText => f.write_str("a place in a text must be decimal, with nothing but ASCII in it"),
        }
    }
}

impl core::error::Error for BadPlace {}
