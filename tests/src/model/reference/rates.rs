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

    /// Goes on under another rate. What was used stays used, as far as the new burst goes, and what was too much stays too
    /// much.
    pub(super) fn carry_over(&mut self, was: Option<Every>, is: Option<Every>, now: u64) {
        if was == is {
            return;
        }
        let used = self.full_at.saturating_sub(now);
        let (Some(was), Some(is), 1..) = (was, is, used) else {
            *self = Self::default();
            return;
        };
        let whole = |rate: Every| u64::from(rate.burst) * u64::from(rate.millis) * NANOS;
        let in_units = |nanos: u64| (nanos * u64::from(is.millis)).div_ceil(u64::from(was.millis));
        let debt = used.saturating_sub(whole(was));
        self.full_at = now + in_units(used - debt).min(whole(is)) + in_units(debt);
    }

    /// The host stood still for so long.
    pub(super) fn shift(&mut self, by: u64) {
        self.full_at += by;
    }

    pub(super) fn take(&mut self, rate: Option<Every>, now: u64, units: u32) {
        if let Some(Every { millis, .. }) = rate {
            self.full_at = self.full_at.max(now) + u64::from(units) * u64::from(millis) * NANOS;
        }
    }
}
