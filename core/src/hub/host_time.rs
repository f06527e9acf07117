//! How far the host's time is ahead of the hub's.

/// What a hub knows of the times at which its host stood still.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Standstill {
    /// Nanoseconds that have passed for the host, and not for the hub.
    pub(super) lost: u64,
    /// In the hub's time: when the host last stood still.
    pub(super) last: u64,
    /// No deadline that ran then is over within so many nanoseconds of `last`.
    pub(super) grace: u64,
}
