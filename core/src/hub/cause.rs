//! For what the hub itself closes a client: with what, and as what it counts.

use super::ending::Flush;
use super::{Closes, Farewell};

/// Why the hub closes a client. With what is a field of the same name in [`Closes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Evicted,
    Idle,
    IdleInbound,
    OverRate,
    Controls,
    TooSlow,
    NoAnswer,
    Draining,
    ShutDown,
}

impl Cause {
    /// Whether what is queued still goes out.
    pub(super) const fn flush(self) -> Flush {
        match self {
            Self::Controls | Self::TooSlow | Self::ShutDown => Flush::Never,
            Self::Evicted
            | Self::Idle
            | Self::IdleInbound
            | Self::OverRate
            | Self::NoAnswer
            | Self::Draining => Flush::First,
        }
    }
}

impl Closes {
    pub(super) const fn of(&self, cause: Cause) -> &Farewell {
        match cause {
            Cause::Evicted => &self.evicted,
            Cause::Idle => &self.idle,
            Cause::IdleInbound => &self.idle_inbound,
            Cause::OverRate => &self.over_rate,
            Cause::Controls => &self.controls,
            Cause::TooSlow => &self.too_slow,
            Cause::NoAnswer => &self.no_answer,
            Cause::Draining => &self.draining,
            Cause::ShutDown => &self.shut_down,
        }
    }
}
