//! Why a log cannot be read or replayed.

use super::Checkpoint;
use crate::hub::ConfigError;
use core::fmt;

/// Why a log cannot be read or replayed. A torn tail is no error: it is [cut](super::Reader::cut).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceError {
    /// The bytes do not begin as a log does.
    NotATrace,
    /// The log has a format that this release does not read.
    Version(u16),
    /// The log ends, or is damaged, before the end of its config.
    NoConfig,
    /// A record in the middle is damaged.
    Corrupt {
        /// Where it begins, in bytes from the start of the log.
        at: usize,
    },
    /// A record is whole and yet says nothing that a recorder writes.
    Malformed {
        /// Where it begins, in bytes from the start of the log.
        at: usize,
    },
    /// A frame is longer than what is built again for a replay: 64 MiB.
    PayloadTooLong {
        /// Where its record begins, in bytes from the start of the log.
        at: usize,
        /// Bytes of its payload.
        bytes: u32,
    },
    /// A window of the run begins without the state of the hub, which was too large for the recorder: the log can be read,
    /// not replayed.
    WithoutState {
        /// Events of the run before the window.
        events: u64,
    },
    /// The run differs from the recorded one: another release of the core, or a bug that makes it depend on more than its
    /// events.
    Diverged {
        /// The first checkpoint that the replay does not agree with: what was recorded.
        checkpoint: Checkpoint,
        /// Events up to the checkpoint before it, with which it does; 0 if it is the first.
        since: u64,
    },
    /// No hub can have the config in the log.
    Config(ConfigError),
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotATrace => f.write_str("this is no trace"),
            Self::Version(version) => write!(f, "a trace of version {version} cannot be read"),
            Self::NoConfig => f.write_str("the trace ends or is damaged before the end of its config"),
            Self::Corrupt { at } => write!(f, "the record at byte {at} is damaged"),
            Self::Malformed { at } => write!(f, "the record at byte {at} makes no sense"),
            Self::PayloadTooLong { at, bytes } => {
                write!(f, "the record at byte {at} has a frame of {bytes} bytes, too long to be replayed")
            }
            Self::WithoutState { events } => {
                write!(f, "what was recorded begins after event {events} without the state of the hub, ")?;
                f.write_str("which was too large for the recorder: it can be listed, not replayed")
            }
            Self::Diverged { checkpoint: Checkpoint { events, .. }, since } => {
                write!(f, "the run departs from the recorded one at the checkpoint after event {events}, ")?;
                write!(f, "by one of the events {} to {events}", since + 1)
            }
            Self::Config(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for TraceError {}
