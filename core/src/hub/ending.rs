//! How things come to their end: what is still written, how a drain goes, what becomes of the members of a closed room.

use crate::close::CloseCode;
use core::time::Duration;

/// What becomes of what is queued when a connection closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flush {
    /// It is written first, as far as the close deadline allows.
    First,
    /// It is dropped; the close frame goes next.
    Never,
}

/// How to drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Drain {
    /// A client without a message in either direction for so long counts as idle and may go at once. Zero:
    /// nobody counts as idle.
    pub idle: Duration,
    /// The closes of all others are spread evenly over this time, with jitter.
    pub spread: Duration,
}

impl Default for Drain {
    /// Idle after 30 s, the rest within 30 s.
    fn default() -> Self {
        Self { idle: Duration::from_secs(30), spread: Duration::from_secs(30) }
    }
}

/// What becomes of the members of a room that is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Members<'a> {
    /// They are out of the room, and clients as before.
    Leave,
    /// They are out of the room, and are closed, what is queued for them first. The first 1,024 are at once, the others in
    /// slices of as many, one with each [`Timeout`](super::Event::Timeout), for which the hub asks then.
    Disconnect {
        /// The code of the close frame.
        code: CloseCode,
        /// The reason in the close frame; what is over 123 bytes is cut off.
        reason: &'a str,
    },
}
