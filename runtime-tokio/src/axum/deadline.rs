//! The hub's deadlines for hyper: for what a peer sends, by [`throng_runtime::hosting::Deadline`].

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use hyper::rt;
use std::sync::{Mutex, PoisonError};
use throng_runtime::hosting::{Deadline, HostedHub};
use tokio::time::Instant;

/// How much later than the hub's deadline for the same handshake these are over: the hub counts those that it ends, and what lies in
/// the sockets may still be read.
pub(super) const MARGIN: Duration = Duration::from_secs(1);

/// Ready [`MARGIN`] after a time is over. The time in which the process stood still does not count.
pub(super) async fn over(hub: &HostedHub, time: Duration) {
    hub.deadline(time + MARGIN).await;
}

/// hyper's timer: its sleeps are deadlines of the hub, each longer by [`MARGIN`].
#[derive(Clone)]
pub(super) struct Deadlines(pub(super) HostedHub);

impl fmt::Debug for Deadlines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Deadlines")
    }
}

/// hyper shares its sleeps between threads, and polls them where they are not shared.
struct Sleep(Mutex<Deadline>);

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(self.0.get_mut().unwrap_or_else(PoisonError::into_inner)).poll(cx)
    }
}

impl rt::Sleep for Sleep {}

fn time_until(moment: std::time::Instant) -> Duration {
    Instant::from_std(moment).saturating_duration_since(Instant::now())
}

impl rt::Timer for Deadlines {
    fn sleep(&self, time: Duration) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(Sleep(Mutex::new(self.0.deadline(time.saturating_add(MARGIN)))))
    }

    fn sleep_until(&self, until: std::time::Instant) -> Pin<Box<dyn rt::Sleep>> {
        self.sleep(time_until(until))
    }

    fn now(&self) -> std::time::Instant {
        Instant::now().into()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn rt::Sleep>>, until: std::time::Instant) {
        let time = time_until(until).saturating_add(MARGIN);
        match sleep.as_mut().downcast_mut_pin::<Sleep>().map(Pin::get_mut) {
            Some(known) => known.0.get_mut().unwrap_or_else(PoisonError::into_inner).restart(time),
            None => *sleep = self.sleep_until(until),
        }
    }
}

#[cfg(test)]
mod tests;
