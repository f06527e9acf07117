//! A turn of a hub's timer. It wakes tasks whose wake-up was deferred, and says when the hub's next deadline is.

use crate::state::types::Inner;
use crate::state::wakes::replace;
use core::task::Waker;
use core::time::Duration;
use throng_core::Instant;

/// The next step of the timer's task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimerTurn {
    /// Deferred tasks have been woken, and it yields to them.
    Wakes,
    /// Deferred tasks have been woken, and a deadline of the hub has waited for long enough.
    Late,
    /// It waits for the hub's next deadline.
    Until(Instant),
    /// It waits until something wakes it.
    Nothing,
}

impl Inner {
    /// Begins a turn of the timer: wakes the next tasks that were deferred, and notes the time for which the timer is armed.
    /// As long as tasks are deferred, a deadline waits for them, but not for longer than `patience`. Drop the returned waker
    /// after the lock is released.
    pub(crate) fn begin_turn(
        &mut self,
        now: Instant,
        patience: Duration,
        waker: &Waker,
    ) -> (TimerTurn, Option<Waker>) {
        let old = replace(&mut self.timer, waker);
        let timeout = self.hub.poll_timeout();
        if !self.deferred_wakes.is_empty() {
            self.deferred_wakes.next_turn(&mut self.wakes);
            self.armed = Instant::ORIGIN;
            let is_late = timeout.is_some_and(|timeout| timeout + patience <= now);
            return (if is_late { TimerTurn::Late } else { TimerTurn::Wakes }, old);
        }
        self.armed = timeout.unwrap_or(Instant::FAR_FUTURE);
        (timeout.map_or(TimerTurn::Nothing, TimerTurn::Until), old)
    }

    /// Whether the timer has something to do at this moment.
    pub(crate) fn has_turn_at(&self, now: Instant) -> bool {
        !self.deferred_wakes.is_empty() || self.hub.poll_timeout().is_some_and(|timeout| timeout <= now)
    }

    /// The timer has ended: all tasks are woken at once from now on. Drop the returned waker after the lock is released.
    pub(crate) fn end_timer(&mut self) -> Option<Waker> {
        self.deferred_wakes.all(&mut self.wakes);
        self.timer.take()
    }
}
