//! What a peer can do wrong on an open WebSocket, in bytes.

use throng_core::CloseCode;

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
}

impl Violation {
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
            Self::BadText => CloseCode::INVALID_PAYLOAD,
            Self::TooBig => CloseCode::TOO_BIG,
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
            Self::TooBig => {
                let mut bytes = vec![0x82, 0xff];
                bytes.extend((0x1_0000_u64.max(u64::from(longest_message)) + 1).to_be_bytes());
                bytes.extend([0; 4]);
                bytes
            }
        }
    }
}
