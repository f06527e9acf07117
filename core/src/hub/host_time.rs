//! The last standstill of the host, and by how much the host's time was ahead of the hub's before it.

/// The hub's record of the host's standstills. Their sum is in `Totals::stood_still`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Standstill {
    /// Nanoseconds of the standstills before the last one, and before those whose grace the last one cut short. What
    /// arrived since then may not have been read yet.
    pub(super) before: u64,
    /// When the host last stood still, in the hub's time.
    pub(super) last: u64,
    /// Nanoseconds after `last` within which no deadline passes that ran at `last`.
    pub(super) grace: u64,
}
