//! A hub that is recorded.

use alloc::vec::Vec;

/// Whether a hub is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Record {
    /// It is not.
    #[default]
    Nothing,
    /// Every event, from the first on: the log grows in memory until it is
    /// [taken](super::Hub::take_recording), by some twenty bytes an event.
    Events,
}

/// What was recorded of a hub since the last time: see [`trace`](crate::trace).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// The next piece of the log. One after another the pieces are the log.
    pub log: Vec<u8>,
    /// One number for all that has come out of the hub so far: the same after a [replay](crate::trace::replay) of
    /// the log so far.
    pub hash: u64,
    /// Events so far.
    pub events: u64,
}
