//! Waiting for the last connection to end.

use crate::host::Sleep;
use crate::state::shared::Shared;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use throng_core::Instant;
use throng_core::hub::{Drain, Event};

/// Ready once the hub has stopped: [`Hub::stopped`](crate::Hub::stopped).
#[must_use = "a future does nothing unless it is polled"]
pub(crate) struct Drained {
    shared: Arc<Shared>,
    ticket: Option<u32>,
}

impl Drained {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, ticket: None }
    }
}

impl Future for Drained {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { shared, ticket } = self.get_mut();
        let (result, old) = shared.with(|inner, _| {
            if inner.is_over() {
                return (Poll::Ready(()), None);
            }
            (Poll::Pending, inner.stop_waiters.wait(ticket, cx.waker()))
        });
        drop(old);
        result
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let old = self.shared.with(|inner, _| inner.stop_waiters.leave(ticket));
            drop(old);
        }
    }
}

/// A drain in progress: [`Hub::drain`](crate::Hub::drain).
#[must_use = "a future does nothing unless it is polled"]
pub(crate) struct Draining {
    shared: Arc<Shared>,
    stopped: Drained,
    drain: Drain,
    deadline: Duration,
    begun: Option<(Instant, Option<Box<dyn Sleep>>)>,
}

/// A drain did not finish by its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DrainError {
    /// Connections that are still there.
    pub remaining: usize,
}

impl fmt::Display for DrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the drain's deadline passed with {} connections left", self.remaining)
    }
}

impl core::error::Error for DrainError {}

impl Draining {
    pub(crate) fn new(shared: Arc<Shared>, drain: Drain, deadline: Duration) -> Self {
        let stopped = Drained::new(Arc::clone(&shared));
        Self { shared, stopped, drain, deadline, begun: None }
    }

    /// Begins the drain, on the first poll.
    fn begin(&mut self) -> &mut (Instant, Option<Box<dyn Sleep>>) {
        let Self { shared, drain, deadline, begun, .. } = self;
        begun.get_or_insert_with(|| {
            // Joining another drain, or a drain after the end, is no error.
            let _ = shared.handle(Event::Drain(*drain));
            (shared.now() + *deadline, shared.host().map(|host| host.sleep()))
        })
    }
}

impl Future for Draining {
    type Output = Result<(), DrainError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        this.begin();
        // After a shutdown there is nothing to wait for.
        if this.shared.look(|inner| inner.is_shut_down) {
            return Poll::Ready(Ok(()));
        }
        if Pin::new(&mut this.stopped).poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        if let (until, Some(sleep)) = this.begin()
            && sleep.poll_until(cx, *until).is_ready()
        {
            let remaining = this.shared.look(|inner| inner.hub.connection_count());
            return Poll::Ready(Err(DrainError { remaining }));
        }
        Poll::Pending
    }
}
