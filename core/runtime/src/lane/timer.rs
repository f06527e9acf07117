//! The task that tells the hub that time has passed, and wakes the tasks that an event has
//! [deferred](crate::state::wakes): consequences for many are worked off in its turns, between which it yields.

use crate::host::Sleep;
use crate::state::shared::Shared;
use crate::state::timer::TimerTurn;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use throng_core::Instant;
use throng_core::hub::Event;

/// A timer that is later than this lets transports be read first, and lets no deferred task go before it.
const LATE: Duration = Duration::from_millis(10);

/// The longest time for which, and the most turns in a row in which, the timer leaves the lock to threads that wait for it.
/// To wake a thread takes some hundredths of a millisecond.
const GIVES_WAY: Duration = Duration::from_millis(1);
const GIVES_WAY_TURNS: u32 = 1_000;

pub(crate) struct Timer {
    shared: Arc<Shared>,
    sleep: Box<dyn Sleep>,
    /// Whether the task has yielded since the last timeout.
    has_given_way: bool,
    /// Since when, and in how many turns, the lock has been left to others.
    gives_way: Option<(Instant, u32)>,
}

impl Timer {
    pub(crate) fn new(shared: Arc<Shared>, sleep: Box<dyn Sleep>) -> Self {
        Self { shared, sleep, has_given_way: false, gives_way: None }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // The timer never ends by itself: its host has dropped it, and no deadline is checked from now on.
        self.shared.lose_host();
        let waker = self.shared.with(|inner, _| inner.end_timer());
        drop(waker);
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        // Only in a row of turns: a single timeout holds the lock no longer than any other event.
        if this.has_given_way && this.leaves_lock() {
            return this.yield_now(cx);
        }
        let mut has_given_way = mem::take(&mut this.has_given_way);
        loop {
            // An event with an earlier deadline wakes the task, and so does one that defers wakes.
            let (turn, old) = this.shared.with(|inner, now| inner.begin_turn(now, LATE, cx.waker()));
            drop(old);
            let is_late = match turn {
                // The next slice of work comes when those that the last one concerned have run.
                TimerTurn::Wakes => return this.yield_now(cx),
                TimerTurn::Nothing => return Poll::Pending,
                TimerTurn::Late => true,
                TimerTurn::Until(timeout) => {
                    ready!(this.sleep.poll_until(cx, timeout));
                    this.shared.now().since(timeout) > LATE
                }
            };
            // If this task is late, so are the readers: an answer that waits in a socket must not count as missing.
            if is_late && !has_given_way {
                return this.yield_now(cx);
            }
            has_given_way = false;
            // A timeout without effect is not an error.
            let _ = this.shared.handle(Event::Timeout);
            // Work due for many clients is done in slices, each due at once; the task yields in between.
            let now = this.shared.now();
            if this.shared.look(|inner| inner.has_turn_at(now)) && this.shared.host().is_some() {
                return this.yield_now(cx);
            }
        }
    }
}

impl Timer {
    /// Whether the lock is to be left to others in this turn. After one slice the next is due at once, and would take the lock
    /// before a thread that waits for it is awake: that thread would wait for as many slices as there are.
    fn leaves_lock(&mut self) -> bool {
        if !self.shared.is_lock_awaited() {
            self.gives_way = None;
            return false;
        }
        let now = self.shared.now();
        let (since, turns) = self.gives_way.get_or_insert((now, 0));
        *turns += 1;
        let leaves = *turns <= GIVES_WAY_TURNS && now.since(*since) < GIVES_WAY;
        if !leaves {
            self.gives_way = None;
        }
        leaves
    }

    fn yield_now(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.has_given_way = true;
        match self.shared.host() {
            Some(host) => host.yield_now(cx),
            None => cx.waker().wake_by_ref(),
        }
        Poll::Pending
    }
}
