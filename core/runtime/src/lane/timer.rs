//! The task that tells the hub that time has passed.

use crate::host::Sleep;
use crate::state::shared::Shared;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use throng_core::hub::Event;

pub(crate) struct Timer {
    shared: Arc<Shared>,
    sleep: Box<dyn Sleep>,
}

impl Timer {
    pub(crate) fn new(shared: Arc<Shared>, sleep: Box<dyn Sleep>) -> Self {
        Self { shared, sleep }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        loop {
            // An event that brings a deadline before this one wakes the task.
            let (timeout, old) = this.shared.with(|inner, _| inner.arm(cx.waker()));
            drop(old);
            let Some(timeout) = timeout else { return Poll::Pending };
            ready!(this.sleep.poll_until(cx, timeout));
            // A timeout without effect is not an error.
            let _ = this.shared.handle(Event::Timeout);
            // A drain or a shutdown goes over all connections in slices, each due at once: others go in between.
            if let Some(host) = this.shared.host()
                && this.shared.look(|inner| inner.hub.poll_timeout()).is_some_and(|next| next <= host.now())
            {
                host.yield_now(cx);
                return Poll::Pending;
            }
        }
    }
}
