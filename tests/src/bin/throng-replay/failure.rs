//! What can go wrong, and which exit code says so.

use std::{fmt, io};
use throng_core::hub::{Broken, Hub};
use throng_core::trace::TraceError;

/// Why a log was not replayed, or is no good.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The file cannot be read.
    File(io::Error),
    /// The log cannot be read, or the replay departs from it.
    Trace(TraceError),
    /// It has fewer events than were asked for.
    NoSuchEvent { asked: u64, first: u64, last: u64 },
    /// The core panicked.
    Panicked { event: u64 },
    /// The core is out of order.
    Broken { event: u64, broken: Broken },
    /// Nobody takes what is printed.
    Output(io::Error),
}

/// All is well.
pub(crate) const GOOD: u8 = 0;
/// The replay is not the recorded run, or the core is out of order.
const WRONG: u8 = 1;
/// A log cannot be read.
const UNREADABLE: u8 = 2;

impl Failure {
    /// The higher, the worse.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => GOOD,
            Self::Trace(TraceError::Diverged { .. }) | Self::Panicked { .. } | Self::Broken { .. } => WRONG,
            _ => UNREADABLE,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Trace(error) => error.fmt(f),
            Self::NoSuchEvent { asked, first, last } => {
                write!(f, "there is no event {asked}: the log has those from {first} to {last}")
            }
            Self::Panicked { event } => write!(f, "the core panics at event {event}"),
            Self::Broken { event, broken } => write!(f, "event {event} breaks an invariant: {broken}"),
            Self::Output(error) => error.fmt(f),
        }
    }
}

impl From<TraceError> for Failure {
    fn from(error: TraceError) -> Self {
        Self::Trace(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// A question to a hub that is asked after an event.
pub(crate) type Check = fn(&Hub) -> Result<(), Broken>;
