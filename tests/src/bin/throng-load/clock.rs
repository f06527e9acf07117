//! Nanoseconds since the generator started.

use std::time::{Duration, Instant};

/// Stamps travel in messages, so they are plain integers from an origin that both ends of a message share.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    origin: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { origin: Instant::now() }
    }

    pub(crate) fn now(self) -> u64 {
        nanos(self.origin.elapsed())
    }
}

/// 584 years fit.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

pub(crate) fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}
