//! Close codes (RFC 6455 section 7.4), and the side that ended a connection.

use crate::id::Name;
use core::fmt;

/// The code of a close frame (RFC 6455 section 7.4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// 1000: normal closure.
    pub const NORMAL: Self = Self(1000);
    /// 1001: the server shuts down, or the browser leaves the page.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the peer violated the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: the receiver does not accept this kind of message.
    pub const UNSUPPORTED: Self = Self(1003);
    /// 1005: a close frame without a code. Never sent.
    pub const NO_STATUS: Self = Self(1005);
    /// 1006: the transport ended without a close frame. Never sent.
    pub const ABNORMAL: Self = Self(1006);
    /// 1007: a text was not UTF-8, or a compressed message was invalid.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// 1008: the peer violated a policy, such as a rate limit, or was evicted.
    pub const POLICY: Self = Self(1008);
    /// 1009: a message was over the limit.
    pub const TOO_BIG: Self = Self(1009);
    /// 1011: the server failed, for example because a handler panicked.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// 1013: try again later, for example because the client read too slowly.
    pub const TRY_AGAIN_LATER: Self = Self(1013);

    /// Whether a close frame may carry the code (RFC 6455 sections 7.4.1 and 7.4.2): 1000 to 1003, 1007 to 1014, 3000 to
    /// 4999.
    #[must_use]
    pub const fn may_be_sent(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }

    /// The class of the code, for metrics.
    #[must_use]
    pub const fn class(self) -> CodeClass {
        match self.0 {
            1000 => CodeClass::Normal,
            1001 => CodeClass::GoingAway,
            1002 | 1003 | 1007 | 1009 | 1010 => CodeClass::Protocol,
            1005 => CodeClass::NoStatus,
            1006 => CodeClass::Abnormal,
            1008 => CodeClass::Policy,
            1011 | 1012 | 1014 => CodeClass::Server,
            1013 => CodeClass::TryAgainLater,
            3000..=4999 => CodeClass::Own,
            _ => CodeClass::Other,
        }
    }
}

/// Classes of close codes, few enough for a metric's label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CodeClass {
    /// 1000: normal closure.
    Normal,
    /// 1001: the server shuts down, or the browser leaves the page.
    GoingAway,
    /// 1002, 1003, 1007, 1009, 1010: a violation of the protocol or of what the receiver accepts.
    Protocol,
    /// 1005: a close frame without a code.
    NoStatus,
    /// 1006: no close frame.
    Abnormal,
    /// 1008: a policy was violated.
    Policy,
    /// 1011, 1012, 1014: the server failed, restarts, or cannot reach an upstream server.
    Server,
    /// 1013: try again later.
    TryAgainLater,
    /// 3000 to 4999: a code of a library or an application.
    Own,
    /// Any other code.
    Other,
}

impl CodeClass {
    /// All classes.
    pub const ALL: [Self; 10] = [
        Self::Normal,
        Self::GoingAway,
        Self::Protocol,
        Self::NoStatus,
        Self::Abnormal,
        Self::Policy,
        Self::Server,
        Self::TryAgainLater,
        Self::Own,
        Self::Other,
    ];

    /// A short stable name, for metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::GoingAway => "going_away",
            Self::Protocol => "protocol",
            Self::NoStatus => "no_status",
            Self::Abnormal => "abnormal",
            Self::Policy => "policy",
            Self::Server => "server",
            Self::TryAgainLater => "try_again_later",
            Self::Own => "own",
            Self::Other => "other",
        }
    }
}

impl fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The code and reason of a close frame.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CloseFrame {
    /// The code of the close frame. If it [may not be sent](CloseCode::may_be_sent), the frame has neither code nor reason.
    pub code: CloseCode,
    /// The reason in the close frame, truncated to 123 bytes.
    pub reason: Name,
}

impl CloseFrame {
    /// Makes a close frame of this code and reason.
    #[must_use]
    pub fn new(code: CloseCode, reason: impl Into<Name>) -> Self {
        Self { code, reason: reason.into() }
    }
}

impl Default for CloseFrame {
    /// 1008, without a reason.
    fn default() -> Self {
        Self::new(CloseCode::POLICY, "")
    }
}

/// The side that ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClosedBy {
    /// The peer sent a close frame.
    Peer,
    /// The application closed the connection.
    Application,
    /// The hub ended the connection because of a limit, a deadline, an eviction or a drain.
    Hub,
    /// The transport, or the peer's half of it, ended without a close frame.
    Transport,
}

impl ClosedBy {
    /// A short stable name, for metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Application => "application",
            Self::Hub => "hub",
            Self::Transport => "transport",
        }
    }
}
