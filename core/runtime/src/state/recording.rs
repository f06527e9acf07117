//! A hub that is recorded.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use throng_core::hub::Config;
use throng_core::trace::{Overwritten, Payloads, Recorder};

/// Whether a hub is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Record {
    /// It is not.
    #[default]
    Nothing,
    /// Every event, from the first on: the log grows in memory until it is
    /// [taken](crate::Hub::take_recording), by some twenty bytes an event.
    Events,
    /// The last events, in a fixed amount of memory: a flight recorder. What is taken is a copy of all that there is, each
    /// time a log of its own, which replays exactly. See [`Recorder::ring`].
    Last {
        /// Bytes of memory, taken at once. A quarter of them is for the hub's state, some 100 bytes a connection.
        bytes: usize,
    },
}

impl Record {
    /// The recorder of a hub of this config.
    pub(crate) fn recorder(self, config: &Config, payloads: Payloads) -> Option<Box<Recorder>> {
        let recorder = match self {
            Self::Nothing => return None,
            Self::Events => Recorder::new(config),
            Self::Last { bytes } => Recorder::ring(config, bytes),
        };
        Some(Box::new(recorder.payloads(payloads)))
    }
}

/// A hub has no flight recorder, which would have all that is to be written at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoFlightRecorder {
    /// The hub is not recorded.
    NotRecorded,
    /// It is recorded from its first event on. Of a log that is taken piece by piece a file would hold the last piece, and
    /// nobody the others.
    InPieces,
}

impl fmt::Display for NoFlightRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotRecorded => "the hub is not recorded",
            Self::InPieces => {
                "the hub is recorded from its first event on: that log is taken piece by piece, not dumped"
            }
        })
    }
}

impl core::error::Error for NoFlightRecorder {}

impl Record {
    pub(crate) const fn has_flight_recorder(self) -> Result<(), NoFlightRecorder> {
        match self {
            Self::Last { .. } => Ok(()),
            Self::Events => Err(NoFlightRecorder::InPieces),
            Self::Nothing => Err(NoFlightRecorder::NotRecorded),
        }
    }
}

/// What was recorded of a hub since the last time: see [`trace`](throng_core::trace).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recording {
    /// The next piece of the log. One after another the pieces are the log. Of a flight recorder it is all that there is, a
    /// log of its own.
    pub log: Vec<u8>,
    /// One number for all that has come out of the hub so far: the same after a [replay](throng_core::trace::replay) of
    /// the log so far.
    pub hash: u64,
    /// Events so far, those included that a flight recorder has overwritten.
    pub events: u64,
    /// What a flight recorder has overwritten.
    pub overwritten: Overwritten,
}

impl Recording {
    /// Takes what there is, up to a checkpoint.
    pub(crate) fn take(recorder: &mut Recorder) -> Self {
        recorder.checkpoint();
        Self {
            log: recorder.take(),
            hash: recorder.hash(),
            events: recorder.events(),
            overwritten: recorder.overwritten(),
        }
    }
}
