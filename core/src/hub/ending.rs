//! Parameters of endings: flushing, drains, and the members of a closed room.

use crate::close::CloseCode;
use core::time::Duration;

/// Whether a connection's queue is written when it closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flush {
    /// The queue is written before the close frame, within the close deadline.
    First,
    /// The queue is dropped, and the close frame goes next.
    Never,
}

/// The times of a drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Drain {
    /// A client without a message in either direction for this time counts as idle and is closed early. Zero: no
    /// client is idle.
    pub idle: Duration,
    /// The closes of the other clients are spread evenly over this time, with jitter.
    pub spread: Duration,
}

impl Default for Drain {
    /// `idle` 30 s, `spread` 30 s.
    fn default() -> Self {
        Self { idle: Duration::from_secs(30), spread: Duration::from_secs(30) }
    }
}

/// What happens to the members of a closed room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Members<'a> {
    /// The members leave the room and stay clients.
    Leave,
    /// The members leave the room and are closed, after their queues are written, in slices (`host.slice`).
    Disconnect {
        /// The code of the close frame.
        code: CloseCode,
        /// The reason in the close frame, cut off after 123 bytes.
        reason: &'a str,
    },
}
