//! The hub's own time, which stands still while its host does.
//!
//! A hub cannot see its host. It sees that an event comes long after the moment at which [`Hub::poll_timeout`] asked for
//! one: in between the host was stopped, suspended or starved, nobody read what peers sent, and nobody could ask them
//! anything. So that time does not pass for the hub. All its deadlines, and those that are still to be invented, keep what
//! they had left of their time, in the order in which they were, and as far apart: nobody is closed because of the
//! standstill, and no crowd is pinged or closed at once after it. Nothing is visited for that. O(1).
//!
//! When exactly the host stopped is unknown: it was at the latest when the timeout was due. What passed before that,
//! since the last event, counts; but a deadline that ran then has so much time left at least, or the whole of its own, and
//! never less than [`Deadlines::standstill`](super::Deadlines::standstill), so that the host can read what its sockets hold.
//! No deadline is put off by more than its own time, and an eighth.

use super::client::NEVER;
use super::drain::{jitter, scale};
use super::host_time::Standstill;
use super::{Action, Hub, Notice};
use crate::time::{Instant, nanos};
use core::time::Duration;

/// A deadline that was put off is put off by up to this part of its time more, each by a part of its own.
const SPREAD_SHARE: u64 = 8;

impl Hub {
    /// It is `now` for the host. A `now` before the last one counts as the last one.
    #[inline]
    pub(super) fn advance(&mut self, now: Instant) {
        let mut at = now.as_nanos().saturating_sub(self.totals.stood_still);
        if at.saturating_sub(self.now.as_nanos()) > self.least_standstill {
            at = self.notice_standstill(at);
        }
        self.now = self.now.max(Instant::from_nanos(at));
    }

    /// No event came for long. If one was asked for, the host stood still.
    #[cold]
    fn notice_standstill(&mut self, at: u64) -> u64 {
        let Some(due) = self.next_timeout() else { return at };
        let due = due.max(self.now).as_nanos();
        let time = at.saturating_sub(due);
        if time <= self.least_standstill {
            return at;
        }
        let unseen = due - self.now.as_nanos();
        // What is left of the grace after another standstill holds, or timers would have been set too late.
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

    /// When something has not been done in time that began at `began` and may last so long: later than that if the host
    /// stood still meanwhile.
    pub(super) fn deadline(&self, index: u32, began: u64, lasts: Duration) -> u64 {
        let lasts = nanos(lasts);
        self.put_off(index, began.saturating_add(lasts), lasts)
    }

    /// [`deadline`](Self::deadline), for one that is known by its end.
    #[inline]
    pub(super) fn put_off(&self, index: u32, end: u64, lasts: u64) -> u64 {
        let Standstill { last, grace, .. } = self.standstill;
        let spread = lasts / SPREAD_SHARE;
        if end == NEVER || grace == 0 || end >= last.saturating_add(lasts).saturating_add(spread) {
            return end;
        }
        let more = scale(spread, jitter(self.config.host.seed, u64::from(index)));
        let later = last.saturating_add(lasts.min(grace)).saturating_add(more);
        // Twice its time, or a host that stops again and again would never close anybody.
        let latest = end.saturating_add(lasts).saturating_add(spread);
        end.max(later.min(latest))
    }

    /// What the host's clock says at a moment of the hub's.
    pub(super) fn for_host(&self, moment: Instant) -> Instant {
        if moment == Instant::FAR_FUTURE {
            return moment;
        }
        Instant::from_nanos(moment.as_nanos().saturating_add(self.totals.stood_still))
    }

    /// Which moment of the hub's time a moment of the host's clock is, if the host does not stand still until then.
    pub(super) fn for_hub(&self, moment: Instant) -> Instant {
        if moment == Instant::FAR_FUTURE {
            return moment;
        }
        Instant::from_nanos(moment.as_nanos().saturating_sub(self.totals.stood_still))
    }
}
