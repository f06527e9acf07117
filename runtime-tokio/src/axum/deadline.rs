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

/// A timer for hyper whose sleeps are deadlines of the hub, each longer by [`MARGIN`].
#[derive(Clone)]
pub(super) struct Deadlines(pub(super) HostedHub);

impl fmt::Debug for Deadlines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Deadlines")
    }
}

/// A sleep of hyper's, which begins a deadline when it is first polled. The head of most connections' first request has arrived before
/// hyper reads it, so most sleeps are never polled.
struct Sleep {
    hub: HostedHub,
    until: std::time::Instant,
    /// The lock makes it `Sync`, as hyper demands; hyper polls it through `&mut`, so the lock is never waited for.
    deadline: Mutex<Option<Deadline>>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { hub, until, deadline } = &mut *self;
        let deadline = deadline.get_mut().unwrap_or_else(PoisonError::into_inner);
        Pin::new(deadline.get_or_insert_with(|| hub.deadline(time_until(*until)))).poll(cx)
    }
}

impl rt::Sleep for Sleep {}

/// The time from now until [`MARGIN`] after a moment.
fn time_until(moment: std::time::Instant) -> Duration {
    Instant::from_std(moment).saturating_duration_since(Instant::now()).saturating_add(MARGIN)
}

impl rt::Timer for Deadlines {
    fn sleep(&self, time: Duration) -> Pin<Box<dyn rt::Sleep>> {
        let deadline = Mutex::new(Some(self.0.deadline(time.saturating_add(MARGIN))));
        Box::pin(Sleep { hub: self.0.clone(), until: self.now(), deadline })
    }

    fn sleep_until(&self, until: std::time::Instant) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(Sleep { hub: self.0.clone(), until, deadline: Mutex::new(None) })
    }

    fn now(&self) -> std::time::Instant {
        Instant::now().into()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn rt::Sleep>>, until: std::time::Instant) {
        let Some(known) = sleep.as_mut().downcast_mut_pin::<Sleep>().map(Pin::get_mut) else {
            *sleep = self.sleep_until(until);
            return;
        };
        known.until = until;
        if let Some(deadline) = known.deadline.get_mut().unwrap_or_else(PoisonError::into_inner) {
            deadline.restart(time_until(until));
        }
    }
}

#[cfg(test)]
mod tests;
