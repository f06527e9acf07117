//! Why a log cannot be read or replayed.

use super::Checkpoint;
use crate::hub::ConfigError;
use core::fmt;

/// Why a log cannot be read or replayed. A torn tail is not an error: it is [cut off](super::Reader::cut).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceError {
    /// The bytes do not begin like a log.
    NotATrace,
    /// The log has this version, which the release cannot read.
    Version(u16),
    /// The log ends, or is damaged, before the end of its config.
    NoConfig,
    /// A record in the middle is damaged.
    Corrupt {
        /// The offset of the record in the log, in bytes.
        at: usize,
    },
    /// A record is undamaged, but no recorder of this release writes it.
    Malformed {
        /// The offset of the record in the log, in bytes.
        at: usize,
    },
    /// A frame's payload is longer than 64 MiB, the most that a replay rebuilds.
    PayloadTooLong {
        /// The offset of the record in the log, in bytes.
        at: usize,
        /// The length of the payload in bytes.
        bytes: u32,
    },
    /// A window of the run begins without the state of the hub, which was too large for the recorder: the log can be read,
    /// but not replayed.
    WithoutState {
        /// The number of events of the run before the window.
        events: u64,
    },
    /// The replay differs from the recorded run, because of another release of the core or a bug that makes the hub
    /// depend on more than its events.
    Diverged {
        /// The recorded checkpoint that is the first to differ from the replay.
        checkpoint: Checkpoint,
        /// The number of events up to the last checkpoint that was equal; 0 if there was none.
        since: u64,
    },
    /// The config in the log is invalid.
    Config(ConfigError),
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotATrace => f.write_str("this is no trace"),
            Self::Version(version) => write!(f, "a trace of version {version} cannot be read"),
            Self::NoConfig => f.write_str("the trace ends or is damaged before the end of its config"),
            Self::Corrupt { at } => write!(f, "the record at byte {at} is damaged"),
            Self::Malformed { at } => write!(f, "the record at byte {at} has invalid content"),
            Self::PayloadTooLong { at, bytes } => {
                write!(f, "the record at byte {at} has a frame of {bytes} bytes, too long to be replayed")
            }
            Self::WithoutState { events } => {
                write!(f, "the trace begins after event {events} without the state of the hub, ")?;
                f.write_str("which was too large for the recorder: it can be listed, not replayed")
            }
            Self::Diverged { checkpoint: Checkpoint { events, .. }, since } => {
                write!(
                    f,
                    "the replay differs from the recorded run at the checkpoint after event {events}, "
                )?;
                write!(f, "because of one of the events {} to {events}", since + 1)
            }
            Self::Config(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for TraceError {}
