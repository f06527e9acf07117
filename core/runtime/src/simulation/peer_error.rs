//! The errors of a peer's script.

use std::fmt;
use throng_core::CloseCode;

/// Why a peer receives nothing more, or why its script fails.
///
/// A script that returns [`Fault`](Self::Fault) was interrupted by the simulation, which is no failure. Every other error that a
/// script returns fails the run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerError {
    /// The simulation has cut the connection. The script may [connect](super::Peer::connect) again, or return this.
    Fault,
    /// The hub refused the connection by this HTTP status.
    Refused(u16),
    /// The hub closed the connection by a close frame.
    Closed {
        /// The code of the frame; `None` if it had none.
        code: Option<CloseCode>,
        /// The reason.
        reason: String,
    },
    /// The hub ended the transport without a close frame.
    Broken,
    /// The peer is not connected: it has not called `connect`, or has ended the connection itself.
    NotConnected,
    /// Something is not as the script says it must be.
    Wrong(String),
}

impl PeerError {
    /// Something is not as it must be; for scripts that return errors rather than panic.
    pub fn wrong(what: impl Into<String>) -> Self {
        Self::Wrong(what.into())
    }
}

impl From<String> for PeerError {
    fn from(what: String) -> Self {
        Self::Wrong(what)
    }
}

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault => f.write_str("the simulation cut the connection"),
            Self::Refused(status) => write!(f, "the hub refused the connection: HTTP status {status}"),
            Self::Closed { code: Some(code), reason } if reason.is_empty() => {
                write!(f, "the hub closed the connection: {}", code.0)
            }
            Self::Closed { code: Some(code), reason } => {
                write!(f, "the hub closed the connection: {} ({reason})", code.0)
            }
            Self::Closed { code: None, .. } => f.write_str("the hub closed the connection, without a code"),
            Self::Broken => f.write_str("the hub ended the connection without a close frame"),
            Self::NotConnected => f.write_str("the peer is not connected"),
            Self::Wrong(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for PeerError {}
