//! Numbers for jitter and probes, from a seed that the host hands in.

use crate::time::nanos;
use core::time::Duration;

/// SplitMix64.
#[derive(Clone, Copy, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A time between the half and the whole of `time`, so that many nodes do the same at different moments.
    pub(super) const fn jitter(&mut self, time: Duration) -> Duration {
        let half = nanos(time) / 2;
        Duration::from_nanos(half + self.next() % (half + 1))
    }
}
