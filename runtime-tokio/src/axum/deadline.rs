//! Deadlines for what a peer sends, which do not count the time in which the process stood still.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use hyper::rt;
use tokio::time::{self, Instant};

/// How long what lies in the sockets may still be read once the time is over, and how late a timer may be before the process
/// has stood still. It also makes the hub's own deadline, whose numbers tell of it, the first.
pub(super) const MARGIN: Duration = Duration::from_secs(1);

/// Ready [`MARGIN`] after a time is over. A process that was stopped, suspended or starved may run its timers before it has looked
/// at its sockets: so if the timer is late, the whole time begins again.
pub(super) struct Deadline {
    time: Duration,
    /// The margin runs.
    is_over: bool,
    sleep: Pin<Box<time::Sleep>>,
}

impl Deadline {
    pub(super) fn after(time: Duration) -> Self {
        Self { time, is_over: false, sleep: Box::pin(time::sleep(time)) }
    }

    fn at(time: Duration, until: Instant) -> Self {
        Self { time, is_over: false, sleep: Box::pin(time::sleep_until(until)) }
    }
}

impl Future for Deadline {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.sleep.as_mut().poll(cx));
            let now = Instant::now();
            let is_late = now.saturating_duration_since(self.sleep.deadline()) >= MARGIN;
            if self.is_over && !is_late {
                return Poll::Ready(());
            }
            let more = if is_late { self.time } else { MARGIN };
            self.is_over = !is_late;
            self.sleep.as_mut().reset(now + more);
        }
    }
}

impl rt::Sleep for Deadline {}

/// hyper's timer, whose sleeps are [`Deadline`]s of this time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadlines(pub(super) Duration);

impl rt::Timer for Deadlines {
    fn sleep(&self, time: Duration) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(Deadline::after(time))
    }

    fn sleep_until(&self, until: std::time::Instant) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(Deadline::at(self.0, until.into()))
    }

    fn now(&self) -> std::time::Instant {
        Instant::now().into()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn rt::Sleep>>, until: std::time::Instant) {
        match sleep.as_mut().downcast_mut_pin::<Deadline>() {
            Some(mut deadline) => {
                deadline.is_over = false;
                deadline.sleep.as_mut().reset(until.into());
            }
            None => *sleep = self.sleep_until(until),
        }
    }
}

#[cfg(test)]
mod tests;
