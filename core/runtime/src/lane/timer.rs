//! The task that tells the hub that time has passed.

use crate::host::Sleep;
use crate::state::shared::Shared;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use throng_core::hub::Event;

/// A timer that is later than this lets transports be read first.
const LATE: Duration = Duration::from_millis(10);

pub(crate) struct Timer {
    shared: Arc<Shared>,
    sleep: Box<dyn Sleep>,
    /// Whether the task has yielded since the last timeout.
    has_given_way: bool,
}

impl Timer {
    pub(crate) fn new(shared: Arc<Shared>, sleep: Box<dyn Sleep>) -> Self {
        Self { shared, sleep, has_given_way: false }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // The timer never ends by itself: its host has dropped it, and no deadline is checked from now on.
        self.shared.lose_host();
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        loop {
            // An event with an earlier deadline wakes the task.
            let (timeout, old) = this.shared.with(|inner, _| inner.arm(cx.waker()));
            drop(old);
            let Some(timeout) = timeout else { return Poll::Pending };
            ready!(this.sleep.poll_until(cx, timeout));
            // If this task is late, so are the readers: an answer that waits in a socket must not count as missing.
            if !this.has_given_way && this.shared.now().since(timeout) > LATE {
                return this.yield_now(cx);
            }
            this.has_given_way = false;
            // A timeout without effect is not an error.
            let _ = this.shared.handle(Event::Timeout);
            // Work due for many clients is done in slices, each due at once; the task yields in between.
            let next = this.shared.look(|inner| inner.hub.poll_timeout());
            if next.is_some_and(|next| next <= this.shared.now()) && this.shared.host().is_some() {
                return this.yield_now(cx);
            }
        }
    }
}

impl Timer {
    fn yield_now(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.has_given_way = true;
        match self.shared.host() {
            Some(host) => host.yield_now(cx),
            None => cx.waker().wake_by_ref(),
        }
        Poll::Pending
    }
}
