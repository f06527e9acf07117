//! Questions to a client's peer: their ids and how they end.

use crate::close::{CloseCode, ClosedBy};
use core::fmt;

/// The id of a question that the application asks a client's peer: [`Event::Ask`](super::Event::Ask).
///
/// A hub gives each number once, beginning with 1, so the late reply to one question is never taken for the reply to another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskId(pub(crate) u64);

impl AskId {
    /// The id as a number, for the wire.
    #[must_use]
    pub const fn to_u64(self) -> u64 {
        self.0
    }

    /// The id from the number that a peer has sent. Any number is an id; the hub knows which are open.
    #[must_use]
    pub const fn from_u64(id: u64) -> Self {
        Self(id)
    }
}

impl fmt::Debug for AskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for AskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What becomes of an unanswered question when its client gets another connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OnResume {
    /// It ends with [`AskEnd::Resumed`], also if the peer has not read it yet: it is asked at most once, and perhaps not at all.
    #[default]
    Fails,
    /// [`Action::AskAgain`](super::Action::AskAgain) tells the host to send it once more, under the same id: it is asked at least once. The
    /// peer knows by the id that it has seen the question. The deadline stays.
    AskedAgain,
}

/// Why a question ended without a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AskEnd {
    /// No reply came in time.
    Deadline,
    /// The client got another connection, and the question [fails then](OnResume::Fails).
    Resumed,
    /// The client has ended.
    ClientEnded {
        /// The code of the first close frame; [`CloseCode::ABNORMAL`] if there was none.
        code: CloseCode,
        /// Which side ended the client.
        by: ClosedBy,
    },
}
