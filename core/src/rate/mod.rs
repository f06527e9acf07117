//! Rate limits.
//!
//! The limiter is GCRA, the generic cell rate algorithm: a token bucket whose whole state is the moment at which it
//! will be full again.

use core::time::Duration;

use crate::time::{Instant, nanos};

#[cfg(test)]
mod tests;

/// The fractional bits of a rate's multiplier. A rate is at most 2^32 units a second, which is below 8 a nanosecond,
/// so that three integer bits are enough.
const FRACTION_BITS: u32 = 61;

/// How many units (messages, bytes, connections) may pass in a time, and how many at once.
///
/// A rate is a token bucket: it holds up to [`burst`](Self::burst) units, starts full, and refills evenly at the given
/// rate. A cost above the burst, such as a message longer than the burst of a byte rate, passes when the bucket is full and
/// leaves a debt, which must be refilled before anything else passes. So the rate holds over time, and no cost is
/// refused for ever.
///
/// ```
/// use core::time::Duration;
/// use throng_core::Rate;
///
/// let messages = Rate::per_second(10).burst(50);
/// let bytes = Rate::per_second(10_000_000);
/// let connects = Rate::per(30, Duration::from_secs(60));
/// # assert!(messages != bytes && bytes != connects);
/// ```
///
/// In any time `t` at most rate × `t` + burst units pass, plus one message if it may cost more than the burst. All
/// arithmetic is on integers; a rate whose units are not a whole number of nanoseconds apart is exact too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    units: u32,
    burst: u32,
    period: u64,
    /// The number of steps of a unit: the nanoseconds between two units, rounded down, at least 1. A bucket counts
    /// in steps, so that a unit and the burst are whole numbers at every rate.
    resolution: u64,
    /// Steps per nanosecond, about 1, with `FRACTION_BITS` fractional bits.
    speed: u64,
}

impl Rate {
    /// `units` a second, with a burst of `units`.
    #[must_use]
    pub const fn per_second(units: u32) -> Self {
        Self::per(units, Duration::from_secs(1))
    }

    /// `units` in each `period`, with a burst of `units`.
    ///
    /// A rate above 2^32 units a second counts as 2^32. A rate without units, period or burst is invalid, and the
    /// configuration that holds it is refused.
    #[must_use]
    pub const fn per(units: u32, period: Duration) -> Self {
        let period = nanos(period);
        // An invalid rate is refused before it is used, but must not divide by zero here.
        let (count, time) =
            (if units == 0 { 1 } else { units as u128 }, if period == 0 { 1 } else { period as u128 });
        let steps = if time > count { time / count } else { 1 };
        // Rounded up, a bucket fills at the exact nanosecond, for all moments below 2^60 ns.
        let speed = ((count * steps) << FRACTION_BITS).div_ceil(time);
        let fastest = (1u128 << (32 + FRACTION_BITS)) / 1_000_000_000;
        let speed = if speed > fastest { fastest } else { speed };
        Self { units, burst: units, period, resolution: steps as u64, speed: speed as u64 }
    }

    /// The same rate with a burst of `units`.
    #[must_use]
    pub const fn burst(self, units: u32) -> Self {
        Self { burst: units, ..self }
    }

    /// The rate's units, its period in nanoseconds, and its burst.
    #[cfg(any(feature = "trace", feature = "serde"))]
    pub(crate) const fn parts(&self) -> (u32, u64, u32) {
        (self.units, self.period, self.burst)
    }

    /// Whether units, period and burst are all more than zero.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        self.units > 0 && self.period > 0 && self.burst > 0
    }

    /// Converts units to steps.
    const fn steps(&self, units: u32) -> u64 {
        self.resolution.saturating_mul(units as u64)
    }

    /// The number of steps since the origin, rounded down.
    fn clock(&self, now: Instant) -> u64 {
        let steps = (u128::from(now.as_nanos()) * u128::from(self.speed)) >> FRACTION_BITS;
        u64::try_from(steps).unwrap_or(u64::MAX)
    }

    /// The first moment at which [`clock`](Self::clock) returns `steps`.
    fn moment(&self, steps: u64) -> Instant {
        let nanos = (u128::from(steps) << FRACTION_BITS).div_ceil(u128::from(self.speed));
        u64::try_from(nanos).map_or(Instant::FAR_FUTURE, Instant::from_nanos)
    }
}

/// What one client, user or address has used of a [`Rate`]. Eight bytes.
///
/// A bucket belongs to one rate: pass the same rate to every call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket(
    /// When the bucket is full again, in steps of the rate since the origin: the theoretical arrival time of GCRA.
    u64,
);

impl Bucket {
    /// A full bucket.
    #[must_use]
    pub const fn new() -> Self {
        Self(0)
    }

    /// The state as a number.
    #[cfg(feature = "trace")]
    pub(crate) const fn steps(self) -> u64 {
        self.0
    }

    /// The bucket of this state.
    #[cfg(feature = "trace")]
    pub(crate) const fn from_steps(steps: u64) -> Self {
        Self(steps)
    }

    /// Whether a cost may pass now, without debiting it.
    ///
    /// A cost above the burst may pass when the bucket is full. A cost of zero may pass unless the bucket is in debt.
    ///
    /// # Errors
    /// The first moment at which the cost may pass, if nothing else passes before.
    // Always: called, it takes half as long again, and a message is checked against up to four rates.
    #[inline(always)]
    pub fn conforms(&self, rate: &Rate, now: Instant, cost: u32) -> Result<(), Instant> {
        let spare = rate.steps(rate.burst.saturating_sub(cost));
        if self.0 <= rate.clock(now).saturating_add(spare) {
            Ok(())
        } else {
            Err(rate.moment(self.0 - spare))
        }
    }

    /// How many units may pass now.
    #[must_use]
    pub fn spare(&self, rate: &Rate, now: Instant) -> u32 {
        let full = rate.clock(now).saturating_add(rate.steps(rate.burst));
        let units = full.saturating_sub(self.0) / rate.resolution;
        u32::try_from(units).map_or(rate.burst, |units| units.min(rate.burst))
    }

    /// Debits a cost, whether it conforms or not: the bucket may go into debt. Saturates.
    pub fn take(&mut self, rate: &Rate, now: Instant, cost: u32) {
        self.0 = self.0.max(rate.clock(now)).saturating_add(rate.steps(cost));
    }

    /// Whether the bucket is full. A full bucket equals a new one and need not be kept.
    #[must_use]
    pub fn is_full(&self, rate: &Rate, now: Instant) -> bool {
        self.0 <= rate.clock(now)
    }

    /// When the bucket is full again, if nothing passes before.
    pub(crate) fn full_at(&self, rate: &Rate) -> Instant {
        rate.moment(self.0)
    }
}

/// A change from one rate to another, under which buckets go on. A change of the config converts all buckets of a hub, so
/// what they have in common is computed once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RateChange {
    None,
    /// There was no rate, or there is none now: buckets are full.
    Anew,
    Scaled {
        /// The clocks of the two rates.
        was_now: u64,
        is_now: u64,
        /// The bursts, in steps.
        was_burst: u64,
        is_burst: u64,
        was_resolution: u64,
        is_resolution: u64,
    },
}

impl RateChange {
    pub(crate) fn new(was: Option<Rate>, is: Option<Rate>, now: Instant) -> Self {
        match (was, is) {
            _ if was == is => Self::None,
            (Some(was), Some(is)) => Self::Scaled {
                was_now: was.clock(now),
                is_now: is.clock(now),
                was_burst: was.steps(was.burst),
                is_burst: is.steps(is.burst),
                was_resolution: was.resolution,
                is_resolution: is.resolution,
            },
            _ => Self::Anew,
        }
    }

    /// Continues a bucket under the new rate. What was used stays used, up to the new burst, and a debt stays a debt. If
    /// there was no rate before, the bucket is full.
    #[inline]
    pub(crate) fn carry_over(self, bucket: &mut Bucket) {
        let Self::Scaled { was_now, is_now, was_burst, is_burst, was_resolution, is_resolution } = self
        else {
            if matches!(self, Self::Anew) {
                *bucket = Bucket::new();
            }
            return;
        };
        let used = bucket.0.saturating_sub(was_now);
        if used == 0 {
            *bucket = Bucket::new();
            return;
        }
        let debt = used.saturating_sub(was_burst);
        // A division of u128 takes several times as long.
        let scale = |steps: u64| match steps.checked_mul(is_resolution) {
            Some(product) => product.div_ceil(was_resolution),
            None => {
                let product = u128::from(steps) * u128::from(is_resolution);
                u64::try_from(product.div_ceil(u128::from(was_resolution))).unwrap_or(u64::MAX)
            }
        };
        let used = scale(used - debt).min(is_burst);
        // Few are in debt.
        let debt = if debt == 0 { 0 } else { scale(debt) };
        *bucket = Bucket(is_now.saturating_add(used).saturating_add(debt));
    }
}
