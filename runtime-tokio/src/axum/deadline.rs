//! Deadlines for hyper, for what a peer sends. They are the hub's: they do not count the time in which the process stood still.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use hyper::rt;
use std::sync::{Mutex, PoisonError};
use throng_runtime::hosting::{Deadline, HostedHub};
use tokio::time::Instant;

/// How much longer these deadlines are than the hub's own for the same handshake. The hub then ends the handshake and counts it,
/// and what the sockets hold can still be read.
pub(super) const MARGIN: Duration = Duration::from_secs(1);

/// Waits for a time and [`MARGIN`], not counting the time in which the process stood still.
pub(super) async fn wait(hub: &HostedHub, time: Duration) {
    hub.deadline(time + MARGIN).await;
}

/// A timer for hyper whose sleeps are deadlines of the hub, each longer by [`MARGIN`].
#[derive(Clone)]
pub(super) struct Deadlines(pub(super) HostedHub);

impl fmt::Debug for Deadlines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Deadlines")
    }
}

/// A sleep of hyper's. The lock makes it `Sync`, as hyper demands; hyper polls it through `&mut`, so the lock is never waited for.
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
