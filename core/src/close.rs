//! Why a connection closes: the codes of RFC 6455 section 7.4 and who spoke first.

use core::fmt;

/// A close code as it stands in a close frame (RFC 6455 section 7.4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// 1000: the purpose is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// 1001: the server goes down, or the page is left.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: a kind of message that is not taken here.
    pub const UNSUPPORTED: Self = Self(1003);
    /// 1005: a close frame without a code. Never sent.
    pub const NO_STATUS: Self = Self(1005);
    /// 1006: the transport ended without a close frame. Never sent.
    pub const ABNORMAL: Self = Self(1006);
    /// 1007: a text that is not UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// 1008: a policy was violated: a rate limit, an eviction.
    pub const POLICY: Self = Self(1008);
    /// 1009: a message over the limit.
    pub const TOO_BIG: Self = Self(1009);
    /// 1011: the server failed, a handler panicked.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// 1013: try again later: too slow a reader, too many clients.
    pub const TRY_AGAIN_LATER: Self = Self(1013);

    /// Whether the code may stand in a close frame (RFC 6455 section 7.4.1 and 7.4.2).
    #[must_use]
    pub const fn may_be_sent(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }

    /// What it is about.
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

/// What a close code is about, in few enough words to count by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CodeClass {
    /// 1000: the purpose is fulfilled.
    Normal,
    /// 1001: the server goes down, or the page is left.
    GoingAway,
    /// 1002, 1003, 1007, 1009, 1010: what was sent cannot be taken.
    Protocol,
    /// 1005: a close frame without a code.
    NoStatus,
    /// 1006: no close frame.
    Abnormal,
    /// 1008: a policy was violated.
    Policy,
    /// 1011, 1012, 1014: the server failed, restarts, or cannot reach another.
    Server,
    /// 1013: try again later.
    TryAgainLater,
    /// 3000 to 4999: a code of a library's or an application's own.
    Own,
    /// Any other.
    Other,
}

impl CodeClass {
    /// All of them.
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

/// Who ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClosedBy {
    /// The peer sent a close frame.
    Peer,
    /// The application asked for it.
    Application,
    /// The hub: a limit, a deadline, an eviction, a drain.
    Hub,
    /// The transport ended, or the peer's direction of it, without a close frame.
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
