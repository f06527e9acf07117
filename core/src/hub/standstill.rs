//! The hub's own time, which stops while its host stands still.
//!
//! The hub sees a standstill by an event that comes long after [`Hub::poll_timeout`] asked for one. Meanwhile the host was
//! stopped, suspended or starved: it neither read what peers sent nor pinged them. So this time does not pass for the hub.
//! All deadlines keep the time they had left, their order and their distances: the standstill closes no client, and no
//! crowd is pinged or closed at once after it. The hub visits no client for that. O(1).
//!
//! The hub does not know when exactly the host stopped, only that it was no later than the due timeout. The time from the
//! last event to that timeout counts. But each deadline that ran then keeps at least as much time, or all of its own if
//! that is shorter, and never less than [`Deadlines::standstill`](super::Deadlines::standstill), so that the host can
//! read what its sockets hold. No deadline moves by more than its own time and an eighth.

use super::client::NEVER;
use super::connection::Row;
use super::drain::{jitter, scale};
use super::host_time::Standstill;
use super::{Action, Hub, Notice};
use crate::time::{Instant, nanos};
use core::time::Duration;

/// A deferred deadline is deferred by up to this part of its time more, with jitter, to spread the deadlines.
const SPREAD_SHARE: u64 = 8;

impl Hub {
    /// Advances the hub's time to the host's `now`. A `now` earlier than the previous one counts as the previous one.
    #[inline]
    pub(super) fn advance(&mut self, now: Instant) {
        let mut at = now.as_nanos().saturating_sub(self.totals.stood_still);
        if at.saturating_sub(self.now.as_nanos()) > self.least_standstill {
            at = self.notice_standstill(at);
        }
        self.now = self.now.max(Instant::from_nanos(at));
    }

    /// Handles a long time without an event. If `poll_timeout` had asked for one, the host stood still.
    #[cold]
    fn notice_standstill(&mut self, at: u64) -> u64 {
        let Some(due) = self.next_timeout() else { return at };
        let due = due.max(self.now).as_nanos();
        let time = at.saturating_sub(due);
        if time <= self.least_standstill {
            return at;
        }
        let unseen = due - self.now.as_nanos();
        // The rest of the grace after an earlier standstill stays, since timers were set with it.
        let left = self.standstill.last.saturating_add(self.standstill.grace).saturating_sub(due);
        self.standstill = Standstill {
            before: if left > 0 { self.standstill.before } else { self.totals.stood_still },
            last: due,
            grace: unseen.max(self.least_standstill).max(left),
        };
        self.totals.standstills += 1;
        self.totals.stood_still += time;
        self.notices.push_back(Notice::Action(Action::StoodStill { time: Duration::from_nanos(time) }));
        due
    }

    /// The deadline of something that began at `began` and may last for `lasts`, deferred if the host stood still
    /// meanwhile.
    pub(super) fn deadline(&self, row: Row, began: u64, lasts: Duration) -> u64 {
        let lasts = nanos(lasts);
        self.put_off(row, began.saturating_add(lasts), lasts)
    }

    /// [`deadline`](Self::deadline) for a deadline that is stored as its end.
    #[inline]
    pub(super) fn put_off(&self, row: Row, end: u64, lasts: u64) -> u64 {
        let Standstill { last, grace, .. } = self.standstill;
        let spread = lasts / SPREAD_SHARE;
        if end == NEVER || grace == 0 || end >= last.saturating_add(lasts).saturating_add(spread) {
            return end;
        }
        let more = scale(spread, jitter(self.config.host.seed, u64::from(row.0)));
        let later = last.saturating_add(lasts.min(grace)).saturating_add(more);
        // At most twice its time; otherwise a host that stops again and again would never close a client.
        let latest = end.saturating_add(lasts).saturating_add(spread);
        end.max(later.min(latest))
    }

    /// Converts a moment of the hub's time to the host's clock.
    pub(super) fn for_host(&self, moment: Instant) -> Instant {
        if moment == Instant::FAR_FUTURE {
            return moment;
        }
        Instant::from_nanos(moment.as_nanos().saturating_add(self.totals.stood_still))
    }

    /// Converts a moment of the host's clock to the hub's time, as if the host did not stand still until then.
    pub(super) fn for_hub(&self, moment: Instant) -> Instant {
        if moment == Instant::FAR_FUTURE {
            return moment;
        }
        Instant::from_nanos(moment.as_nanos().saturating_sub(self.totals.stood_still))
    }
}
