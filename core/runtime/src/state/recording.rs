//! Recording of a hub.

use alloc::boxed::Box;
use alloc::vec::Vec;
use throng_core::hub::Config;
use throng_core::trace::{Overwritten, Payloads, Recorder};

/// Whether a hub is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Record {
    /// The hub is not recorded.
    #[default]
    Nothing,
    /// Records every event from the first on. The log grows in memory, by about 20 bytes per event, until it is
    /// [taken](crate::Hub::take_recording).
    Events,
    /// Records the last events in a fixed amount of memory: a flight recorder. Each time it is taken, the result is a
    /// copy of all that it holds, a complete log that replays exactly. See [`Recorder::ring`].
    Last {
        /// Bytes of memory, allocated at once. A quarter holds the hub's state, about 100 bytes per connection.
        bytes: usize,
    },
}

impl Record {
    /// The recorder for a hub with this config.
    pub(crate) fn recorder(self, config: &Config, payloads: Payloads) -> Option<Box<Recorder>> {
        let recorder = match self {
            Self::Nothing => return None,
            Self::Events => Recorder::new(config),
            Self::Last { bytes } => Recorder::ring(config, bytes),
        };
        Some(Box::new(recorder.payloads(payloads)))
    }
}

/// What was recorded since the last call; see [`trace`](throng_core::trace).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recording {
    /// The next piece of the log; all pieces in order are the log. From a flight recorder: a complete log of all that
    /// it holds.
    pub log: Vec<u8>,
    /// A hash of everything that has come out of the hub so far; a [replay](throng_core::trace::replay) of the log
    /// yields the same hash.
    pub hash: u64,
    /// Events so far, including those that a flight recorder has overwritten.
    pub events: u64,
    /// What a flight recorder has overwritten.
    pub overwritten: Overwritten,
}

impl Recording {
    /// Takes what was recorded, up to a checkpoint.
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
