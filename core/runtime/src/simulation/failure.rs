//! The results of runs.

use std::fmt;
use std::time::Duration;

/// The results of a run, or the sums of several. A seed has the same results each time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Number of runs.
    pub runs: u64,
    /// Messages that peers received.
    pub received: u64,
    /// Events of the hub.
    pub events: u64,
    /// Virtual time, of all runs together.
    pub time: Duration,
    /// A hash of everything that happened.
    pub hash: u64,
}

/// A run in which something was not as it must be. Its text says the seed, what was wrong, what happened last, and how to run it
/// again.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// The seed of the run.
    pub seed: u64,
    /// When, in virtual time.
    pub at: Duration,
    /// What was wrong.
    pub what: Vec<String>,
    /// What happened last, a line each.
    pub last: Vec<String>,
    /// The hub's events as [`Builder::record`](crate::Builder::record) writes them: the command `throng-replay` reads them from a
    /// file.
    pub recording: Vec<u8>,
    /// How to run it again, as a command for a shell.
    pub again: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, at, what, last, again, .. } = self;
        writeln!(f, "the simulation fails with seed {seed}, after {at:?} of virtual time:")?;
        for line in what.iter().flat_map(|what| what.lines()) {
            writeln!(f, "    {line}")?;
        }
        writeln!(f, "what happened last:")?;
        for line in last {
            writeln!(f, "    {line}")?;
        }
        write!(f, "run it again: {again}")
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failure {}
