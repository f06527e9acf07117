//! Time that passes only when the simulation says so.

use crate::host::Sleep;
use crate::simulation::engine::basics::lock;
use std::collections::BTreeMap;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use throng_core::Instant;

/// Nanoseconds since the simulation began, and who waits for some of them to pass.
#[derive(Debug, Default)]
pub struct Clock {
    nanos: AtomicU64,
    sleepers: Mutex<Sleepers>,
}

#[derive(Debug, Default)]
struct Sleepers {
    next: u64,
    waiting: BTreeMap<(u64, u64), Waker>,
}

impl Clock {
    /// Nanoseconds since the simulation began.
    pub fn now(&self) -> u64 {
        self.nanos.load(Ordering::Relaxed)
    }

    /// It is `to`, if that is later than now.
    pub fn set(&self, to: u64) {
        self.nanos.fetch_max(to, Ordering::Relaxed);
    }

    /// When the next sleeper is due.
    pub fn next(&self) -> Option<u64> {
        lock(&self.sleepers).waiting.keys().next().map(|(at, _)| *at)
    }

    /// Wakes all who are due; whether there was one.
    pub fn wake_due(&self) -> bool {
        let now = self.now();
        let due = {
            let mut sleepers = lock(&self.sleepers);
            let later = sleepers.waiting.split_off(&(now + 1, 0));
            mem::replace(&mut sleepers.waiting, later)
        };
        let any = !due.is_empty();
        due.into_values().for_each(Waker::wake);
        any
    }
}

/// A timer that is late by `slack`, as timers are, and never early.
#[derive(Debug)]
pub struct Alarm {
    clock: Arc<Clock>,
    slack: u64,
    place: Option<(u64, u64)>,
}

impl Alarm {
    /// One that is late by so many nanoseconds.
    pub fn new(clock: Arc<Clock>, slack: u64) -> Self {
        Self { clock, slack, place: None }
    }

    fn cancel(&mut self) {
        if let Some(place) = self.place.take() {
            let old = lock(&self.clock.sleepers).waiting.remove(&place);
            drop(old);
        }
    }
}

impl Sleep for Alarm {
    fn poll_until(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        self.cancel();
        if until.as_nanos() <= self.clock.now() {
            return Poll::Ready(());
        }
        let mut sleepers = lock(&self.clock.sleepers);
        let place = (until.as_nanos().saturating_add(self.slack), sleepers.next);
        sleepers.next += 1;
        sleepers.waiting.insert(place, cx.waker().clone());
        self.place = Some(place);
        Poll::Pending
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.cancel();
    }
}
