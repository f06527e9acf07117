//! async-io with an executor, as the hub's host.

use async_io::Timer;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io::{Write, stderr};
use std::time::{Instant as Clock, SystemTime};
use throng_core::Instant;
use throng_runtime::hosting::{Host, Log, Report, Sleep, Task};

use crate::spawn::Spawn;
use crate::yielding;

/// The system's clock, async-io's timers, and an executor's tasks. async-io has no clock that a test could pause.
pub(crate) struct AsyncIo<E> {
    origin: Clock,
    executor: E,
    log: Log,
}

impl<E> AsyncIo<E> {
    pub(crate) fn new(executor: E) -> Self {
        Self { origin: Clock::now(), executor, log: Log::default() }
    }
}

impl<E: Spawn> Host for AsyncIo<E> {
    fn now(&self) -> Instant {
        // u64 nanoseconds last for 584 years.
        Instant::from_nanos(self.origin.elapsed().as_nanos() as u64)
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn spawn(&self, task: Task) {
        self.executor.spawn(task);
    }

    fn sleep(&self) -> Box<dyn Sleep> {
        Box::new(Alarm { origin: self.origin, until: Instant::ORIGIN, timer: None })
    }

    fn yield_now(&self, cx: &mut Context<'_>) {
        yielding::yield_now(cx.waker());
    }

    fn report(&self, report: Report) {
        self.log.report(self.now(), report);
    }
}

/// Limits the output of panics in hooks, once per process.
pub(crate) fn limit_panic_output() {
    let origin = Clock::now();
    let now = move || Instant::from_nanos(origin.elapsed().as_nanos() as u64);
    throng_runtime::hosting::limit_panic_output(now, |line| {
        // Not `eprintln`, which panics on failure; a panic within a panic aborts the process.
        let _ = writeln!(stderr(), "throng: {line}");
    });
}

/// A timer that is made at first use and then reset.
struct Alarm {
    origin: Clock,
    until: Instant,
    timer: Option<Timer>,
}

impl Sleep for Alarm {
    fn poll_until(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        // A deadline beyond the clock's range never comes.
        let Some(deadline) = self.origin.checked_add(until.since(Instant::ORIGIN)) else {
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Timer::at(deadline));
        if self.until != until {
            self.until = until;
            timer.set_at(deadline);
        }
        // A timer that has fired is no longer set.
        if timer.will_fire() { Pin::new(timer).poll(cx).map(drop) } else { Poll::Ready(()) }
    }
}
