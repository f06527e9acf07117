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

/// The format of the number in a [`Place`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlaceFormat {
    /// Decimal digits at the right end of 20 bytes, with blanks before them. JSON allows blanks before a number.
    Decimal,
    /// Eight bytes, the most significant one first, as after the byte `0xcf` in MessagePack, or in a binary envelope of
    /// your own.
    BigEndian,
}

/// The width of the widest place in bytes.
const WIDEST: usize = 20;

impl PlaceFormat {
    /// The width of a place of this format in bytes.
    #[must_use]
    pub const fn width(self) -> usize {
        match self {
            Self::Decimal => WIDEST,
            Self::BigEndian => size_of::<u64>(),
        }
    }
}

impl Place {
    /// A placeholder for JSON texts: the number 0 in the width of a place. An application encodes it at the place; sealing
    /// replaces it.
    pub const ZERO: &'static str = "                   0";

    /// A place for decimal digits, `at` bytes from the start of the payload.
    #[must_use]
    pub const fn decimal(at: usize) -> Self {
        Self::new(at, PlaceFormat::Decimal)
    }

    /// A place for eight bytes, `at` bytes from the start of the payload.
    #[must_use]
    pub const fn big_endian(at: usize) -> Self {
        Self::new(at, PlaceFormat::BigEndian)
    }

    /// Makes a place. If `at` does not fit in a `u32`, no payload reaches it.
    pub(crate) const fn new(at: usize, format: PlaceFormat) -> Self {
        let at = if at > u32::MAX as usize { u32::MAX } else { at as u32 };
        Self { at, format }
    }

    /// The start of the place: the bytes of the payload before it.
    #[must_use]
    pub const fn start(self) -> usize {
        self.at as usize
    }

    /// The end of the place: the bytes of the payload up to it.
    #[must_use]
    pub const fn end(self) -> usize {
        (self.at as usize).saturating_add(self.format.width())
    }

    /// The format of the number.
    #[must_use]
    pub const fn format(self) -> PlaceFormat {
        self.format
    }
}

/// The bytes of a filled place, on the stack of the code that writes the frame.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filled {
    bytes: [u8; WIDEST],
    len: u8,
}

impl Filled {
    /// Formats a number for a place of this format, with at most 20 divisions.
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
    /// The place is not within the payload.
    BeyondPayload {
        /// The end of the place, in bytes from the start of the payload.
        end: usize,
        /// The length of the payload in bytes.
        len: usize,
    },
    /// The message is text and would no longer be UTF-8: the place is binary, or cuts a character that is not ASCII.
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
