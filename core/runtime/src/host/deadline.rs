//! Deadlines for peers and for the application, which do not count the time in which the process stood still.
//!
//! The hub has deadlines of its own, in `throng-core`. The deadlines here are the host's: for hooks, for refused connections that
//! linger, for publishes that wait. They follow the same rule and the same setting,
//! [`Deadlines::standstill`](throng_core::hub::Deadlines::standstill).

use crate::host::{Host, Sleep};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use throng_core::Instant;

/// The time that is left until a deadline is over.
///
/// A process that was stopped, suspended or starved sees only that a timer rings late. So the time is divided into parts of half a
/// `standstill`, and a timer is set for each. A part that ends late by more than that was interrupted: how late it was does not count,
/// nor does as much of the part itself, and at least a `standstill` is left, so that what lies in the sockets can be read first. A
/// standstill that is longer than `deadlines.standstill` is always noticed.
///
/// A process whose timers are always late is given its whole time back once, and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeLeft {
    /// When the present part ends.
    until: Instant,
    part: Duration,
    /// The time after that part.
    left: Duration,
    longest_part: Duration,
    standstill: Duration,
    /// How much of the time that has passed may still be given back.
    credit: Duration,
}

impl TimeLeft {
    /// The largest number of parts. A hook that waits is polled once per part.
    const PARTS: u32 = 10;

    pub(crate) fn new(now: Instant, limit: Duration, standstill: Duration) -> Self {
        let longest_part = (standstill / 2).max(limit / Self::PARTS);
        let part = limit.min(longest_part);
        Self { until: now + part, part, left: limit - part, longest_part, standstill, credit: limit }
    }

    /// The moment at which to call [`is_over`](Self::is_over).
    pub(crate) const fn until(&self) -> Instant {
        self.until
    }

    /// Whether the time is over. Call it at [`until`](Self::until) or later. If it returns false, `until` returns a later moment from
    /// now on.
    pub(crate) fn is_over(&mut self, now: Instant) -> bool {
        let late = now.since(self.until);
        if late > self.standstill / 2 {
            self.give_back(late);
            self.until = now;
        }
        // A timer that is a little late changes nothing about the end.
        while self.until <= now && !self.left.is_zero() {
            self.part = self.left.min(self.longest_part);
            self.left -= self.part;
            self.until = self.until + self.part;
        }
        let is_over = self.until <= now;
        if is_over {
            (self.part, self.credit) = (Duration::ZERO, Duration::ZERO);
        }
        is_over
    }

    /// Gives back time of the part that has just ended: some of it, or all, passed while the process stood still.
    fn give_back(&mut self, late: Duration) {
        let interrupted = self.part.min(late);
        let least = self.standstill.min(late).saturating_sub(self.left);
        let again = interrupted.max(least).min(self.credit);
        self.credit -= again;
        self.left += again;
    }
}

/// Blocks the thread until the time is over, by a clock and a way to sleep.
pub(crate) fn wait(
    limit: Duration,
    standstill: Duration,
    clock: impl Fn() -> Duration,
    mut sleep: impl FnMut(Duration),
) {
    let now = || Instant::ORIGIN + clock();
    let mut time = TimeLeft::new(now(), limit, standstill);
    loop {
        let (until, at) = (time.until(), now());
        if at < until {
            sleep(until.since(at));
        } else if time.is_over(at) {
            return;
        }
    }
}

/// A deadline for a peer or for the application, which does not count the time in which the process stood still:
/// [`HostedHub::deadline`](crate::hosting::HostedHub::deadline).
#[must_use = "a future does nothing unless it is polled"]
pub struct Deadline {
    host: Arc<dyn Host>,
    sleep: Box<dyn Sleep>,
    time: TimeLeft,
}

impl Deadline {
    pub(crate) fn new(host: &Arc<dyn Host>, limit: Duration, standstill: Duration) -> Self {
        let time = TimeLeft::new(host.now(), limit, standstill);
        Self { host: Arc::clone(host), sleep: host.sleep(), time }
    }

    /// Starts the deadline again, with this limit.
    pub fn restart(&mut self, limit: Duration) {
        self.time = TimeLeft::new(self.host.now(), limit, self.time.standstill);
    }

    /// Ready when the time is over.
    pub(crate) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let until = self.time.until();
            ready!(self.sleep.poll_until(cx, until));
            // With a clock that is behind its timers this loop would spin otherwise.
            if self.time.is_over(self.host.now().max(until)) {
                return Poll::Ready(());
            }
        }
    }
}

impl Future for Deadline {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_over(cx)
    }
}

impl core::fmt::Debug for Deadline {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Deadline").field("time", &self.time).finish_non_exhaustive()
    }
}
