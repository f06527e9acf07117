//! What a peer can do wrong on an open WebSocket, in bytes.

use throng_core::websocket::deflate::Compressor;
use throng_core::websocket::encode::encode_client_compressed;
use throng_core::{CloseCode, MessageKind};

/// So much longer than a message may be is what a bomb inflates to.
const BLAST: usize = 20;

/// One way to break the protocol, or a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Violation {
    Unmasked,
    ReservedBits,
    ReservedOpcode,
    FragmentedPing,
    LongPing,
    Continuation,
    BadText,
    BadCloseCode,
    ShortClose,
    TooBig,
    /// What follows is for those with whom compression is agreed on.
    ReservedBit,
    Bomb,
    NotDeflated,
    CutShort,
    DeflatedBadText,
    DeflatedPing,
    DeflatedContinuation,
}

impl Violation {
    /// Where compression is agreed on.
    pub(super) const COMPRESSED: [Self; 9] = [
        Self::ReservedBit,
        Self::Bomb,
        Self::NotDeflated,
        Self::CutShort,
        Self::DeflatedBadText,
        Self::DeflatedPing,
        Self::DeflatedContinuation,
        Self::BadText,
        Self::TooBig,
    ];

    /// Where it is not.
    pub(super) const ALL: [Self; 10] = [
        Self::Unmasked,
        Self::ReservedBits,
        Self::ReservedOpcode,
        Self::FragmentedPing,
        Self::LongPing,
        Self::Continuation,
        Self::BadText,
        Self::BadCloseCode,
        Self::ShortClose,
        Self::TooBig,
    ];

    /// The code of the close frame that answers it (RFC 6455 section 7.4.1).
    pub(super) const fn answer(self) -> CloseCode {
        match self {
            Self::BadText | Self::NotDeflated | Self::CutShort | Self::DeflatedBadText => {
                CloseCode::INVALID_PAYLOAD
            }
            Self::TooBig | Self::Bomb => CloseCode::TOO_BIG,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }

    /// The frame, or its beginning. The mask is zero.
    pub(super) fn bytes(self, longest_message: u32) -> Vec<u8> {
        match self {
            Self::Unmasked => vec![0x81, 1, b'x'],
            Self::ReservedBits => vec![0xc1, 0x80, 0, 0, 0, 0],
            Self::ReservedOpcode => vec![0x83, 0x80, 0, 0, 0, 0],
            Self::FragmentedPing => vec![0x09, 0x80, 0, 0, 0, 0],
            Self::LongPing => vec![0x89, 0xfe, 0, 126, 0, 0, 0, 0],
            Self::Continuation => vec![0x80, 0x80, 0, 0, 0, 0],
            Self::BadText => vec![0x81, 0x82, 0, 0, 0, 0, 0xff, 0xff],
            Self::BadCloseCode => vec![0x88, 0x82, 0, 0, 0, 0, 0x03, 0xed],
            Self::ShortClose => vec![0x88, 0x81, 0, 0, 0, 0, 0x03],
            Self::ReservedBit => vec![0xa1, 0x80, 0, 0, 0, 0],
            Self::Bomb => bomb(longest_message),
            // A block of a type that there is not.
            Self::NotDeflated => vec![0xc2, 0x81, 0, 0, 0, 0, 0x07],
            // A block of five bytes that are stored, and two of them.
            Self::CutShort => vec![0xc2, 0x87, 0, 0, 0, 0, 0x00, 0x05, 0x00, 0xfa, 0xff, b'a', b'b'],
            Self::DeflatedBadText => {
                vec![0xc1, 0x88, 0, 0, 0, 0, 0x00, 0x02, 0x00, 0xfd, 0xff, 0xff, 0xff, 0x00]
            }
            Self::DeflatedPing => vec![0xc9, 0x80, 0, 0, 0, 0],
            Self::DeflatedContinuation => vec![0x01, 0x80, 0, 0, 0, 0, 0xc0, 0x80, 0, 0, 0, 0],
            Self::TooBig => {
                let mut bytes = vec![0x82, 0xff];
                bytes.extend((0x1_0000_u64.max(u64::from(longest_message)) + 1).to_be_bytes());
                bytes.extend([0; 4]);
                bytes
            }
        }
    }
}

/// A message that is short enough as it comes and inflates to far more than a message may have.
fn bomb(longest_message: u32) -> Vec<u8> {
    let inflated = vec![b'x'; BLAST * longest_message as usize];
    let mut bytes = Vec::new();
    let mut compressor = Compressor::new(9);
    let deflated = compressor.compress(&inflated).unwrap_or_default();
    encode_client_compressed(MessageKind::Text, deflated, [0; 4], &mut bytes);
    bytes
}
