//! For what the hub itself closes a client: with what, and as what it counts.

use super::{Closes, Farewell, Flush, Hub};
use crate::close::{CloseCode, ClosedBy};

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
    const fn flush(self) -> Flush {
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
    const fn of(&self, cause: Cause) -> &Farewell {
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

impl Hub {
    /// Ends an open client for this cause, with what the config has for it.
    #[cold]
    pub(super) fn end_for(&mut self, index: u32, cause: Cause) {
        let Farewell { code, reason } = self.config.closes.of(cause).clone();
        self.end_with(index, cause, code, &reason);
    }

    /// The same with another code and reason.
    pub(super) fn end_with(&mut self, index: u32, cause: Cause, code: CloseCode, reason: &str) {
        self.totals.count_cause(cause);
        self.end(index, code, reason, cause.flush(), ClosedBy::Hub);
    }
}
