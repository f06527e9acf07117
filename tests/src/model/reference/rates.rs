//! Rates of one unit every so many nanoseconds.

use crate::model::limits::Every;

const NANOS: u64 = 1_000_000;

/// What was used of a rate: the moment at which nothing will be used any more.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket {
    full_at: u64,
}

impl Bucket {
    /// Whether so many units may pass, else the moment at which they may. What is over the burst may pass when the
    /// bucket is full.
    pub(super) fn check(self, rate: Option<Every>, now: u64, units: u32) -> Result<(), u64> {
        let Some(Every { millis, burst }) = rate else { return Ok(()) };
        let spare = u64::from(burst.saturating_sub(units)) * u64::from(millis) * NANOS;
        if self.full_at <= now + spare { Ok(()) } else { Err(self.full_at - spare) }
    }

    pub(super) fn take(&mut self, rate: Option<Every>, now: u64, units: u32) {
        if let Some(Every { millis, .. }) = rate {
            self.full_at = self.full_at.max(now) + u64::from(units) * u64::from(millis) * NANOS;
        }
    }
}
