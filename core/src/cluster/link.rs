//! The state of the link to the broker.

use crate::time::Instant;
use core::time::Duration;

#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    /// The number of the link that is there, opening, or was the last.
    pub(super) number: u64,
    pub(super) state: State,
    /// Attempts since a link was ready for long enough.
    pub(super) attempts: u32,
    /// Deadlines of the link are not judged before: the host stood still.
    pub(super) grace: Instant,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    Down {
        until: Instant,
    },
    Connecting {
        deadline: Instant,
    },
    Up(Up),
    /// The node has left the cluster.
    Ended,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Up {
    pub(super) since: Instant,
    /// Since when a batch is on its way.
    pub(super) batch: Option<Instant>,
    /// The subscription to the node's own subject is confirmed.
    pub(super) hears_itself: bool,
    /// A probe has come back.
    pub(super) is_proven: bool,
    pub(super) ready: Option<Instant>,
    /// When something last proved the link.
    pub(super) proved: Instant,
    pub(super) probe: Option<Probe>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Probe {
    pub(super) nonce: u64,
    pub(super) asked: Instant,
    pub(super) is_sent: bool,
}

impl Up {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            since: now,
            batch: None,
            hears_itself: false,
            is_proven: false,
            ready: None,
            proved: now,
            probe: None,
        }
    }
}

impl Link {
    pub(super) const fn up(&self) -> Option<&Up> {
        match &self.state {
            State::Up(up) => Some(up),
            _ => None,
        }
    }

    pub(super) const fn up_mut(&mut self) -> Option<&mut Up> {
        match &mut self.state {
            State::Up(up) => Some(up),
            _ => None,
        }
    }

    /// The link of this number, if it is up.
    pub(super) fn up_of(&mut self, number: u64) -> Option<&mut Up> {
        if number == self.number { self.up_mut() } else { None }
    }

    /// Doubles with each attempt.
    pub(super) fn backoff(&self, shortest: Duration, longest: Duration) -> Duration {
        let factor = 1_u32.checked_shl(self.attempts.min(31)).unwrap_or(u32::MAX);
        shortest.saturating_mul(factor).min(longest)
    }
}
