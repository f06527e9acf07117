//! Protocol violations of a peer on an open WebSocket, and their close codes.

use crate::CloseCode;
use core::fmt;

/// The peer violated RFC 6455 or a limit. The error is terminal: fail the connection (section 7.1.7) with
/// [`close_code`](Self::close_code) and decode nothing more from it. Sections are those of RFC 6455.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A client's frame without a mask (section 5.1).
    UnmaskedFrame,
    /// A server's frame with a mask (section 5.1). Seen by clients only.
    MaskedFrame,
    /// RSV1, RSV2 or RSV3 set where no negotiated extension gives it a meaning (section 5.2).
    ReservedBits,
    /// A reserved opcode: 3 to 7 or 11 to 15 (section 5.2).
    ReservedOpcode,
    /// A close, ping or pong without FIN (section 5.4).
    FragmentedControl,
    /// A close, ping or pong of more than 125 bytes (section 5.5).
    ControlTooLong,
    /// A 64-bit length with its most significant bit set (section 5.2).
    LengthOverflow,
    /// A length in more bytes than it needs (section 5.2).
    LengthNotMinimal,
    /// A continuation frame outside a fragmented message (section 5.4).
    UnexpectedContinuation,
    /// A new text or binary frame inside a fragmented message (section 5.4).
    ExpectedContinuation,
    /// A message of more bytes than [`Limits::max_message`](super::Limits::max_message) (section 10.4).
    MessageTooBig,
    /// A message of more frames than [`Limits::max_fragments`](super::Limits::max_fragments)
    /// (section 10.4).
    TooManyFragments,
    /// A text message that is not UTF-8 (section 8.1).
    TextNotUtf8,
    /// A compressed message that is not valid deflate data, or is incomplete (RFC 7692 section 7.2.2).
    BadCompression,
    /// A close frame whose body is one byte (section 5.5.1).
    CloseTooShort,
    /// A close code that a close frame may not carry (section 7.4).
    BadCloseCode,
    /// A close reason that is not UTF-8 (sections 5.5.1 and 8.1).
    ReasonNotUtf8,
}

impl ProtocolError {
    /// Every error in the order of declaration, for tables of counters.
    pub const ALL: &'static [Self] = &[
        Self::UnmaskedFrame,
        Self::MaskedFrame,
        Self::ReservedBits,
        Self::ReservedOpcode,
        Self::FragmentedControl,
        Self::ControlTooLong,
        Self::LengthOverflow,
        Self::LengthNotMinimal,
        Self::UnexpectedContinuation,
        Self::ExpectedContinuation,
        Self::MessageTooBig,
        Self::TooManyFragments,
        Self::TextNotUtf8,
        Self::BadCompression,
        Self::CloseTooShort,
        Self::BadCloseCode,
        Self::ReasonNotUtf8,
    ];

    /// The code of the close frame for this error: 1002, 1007, 1008 or 1009.
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::TextNotUtf8 | Self::BadCompression | Self::ReasonNotUtf8 => CloseCode::INVALID_PAYLOAD,
            Self::MessageTooBig => CloseCode::TOO_BIG,
            Self::TooManyFragments => CloseCode::POLICY,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }

    /// A name that does not change between releases, for metrics and as the reason of the close frame.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnmaskedFrame => "unmasked frame",
            Self::MaskedFrame => "masked frame",
            Self::ReservedBits => "reserved bits",
            Self::ReservedOpcode => "reserved opcode",
            Self::FragmentedControl => "fragmented control frame",
            Self::ControlTooLong => "control frame too long",
            Self::LengthOverflow => "length overflow",
            Self::LengthNotMinimal => "length not minimal",
            Self::UnexpectedContinuation => "unexpected continuation",
            Self::ExpectedContinuation => "expected continuation",
            Self::MessageTooBig => "message too big",
            Self::TooManyFragments => "too many fragments",
            Self::TextNotUtf8 => "text not UTF-8",
            Self::BadCompression => "bad compression",
            Self::CloseTooShort => "close body too short",
            Self::BadCloseCode => "bad close code",
            Self::ReasonNotUtf8 => "close reason not UTF-8",
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl core::error::Error for ProtocolError {}
