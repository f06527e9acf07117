//! How far the host's time is ahead of the hub's.

/// What a hub knows of the times at which its host stood still. How long that was in all, it counts with its totals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Standstill {
    /// Nanoseconds of the times before the last one, and before those whose grace it cut short: what arrived since then may
    /// not have been read.
    pub(super) before: u64,
    /// In the hub's time: when the host last stood still.
    pub(super) last: u64,
    /// No deadline that ran then is over within so many nanoseconds of `last`.
    pub(super) grace: u64,
}
