//! tokio as the hub's host.

use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use std::io::{Write, stderr};
use std::time::SystemTime;
use throng_core::Instant;
use throng_runtime::{Host, Log, Report, Sleep, Task};
use tokio::runtime::Handle;
use tokio::time;
use tokio::time::Instant as Clock;

/// tokio's clock, timers and tasks. Where a test [pauses](time::pause) that clock, the hub's time is paused with it.
pub(crate) struct Tokio {
    origin: Clock,
    runtime: Handle,
    log: Log,
}

impl Tokio {
    /// The runtime that the caller runs in.
    pub(crate) fn current() -> Self {
        Self { origin: Clock::now(), runtime: Handle::current(), log: Log::default() }
    }
}

impl Host for Tokio {
    fn now(&self) -> Instant {
        // 584 years.
        Instant::from_nanos(self.origin.elapsed().as_nanos() as u64)
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn spawn(&self, task: Task) {
        // A lane writes to many sockets in one poll, and gives way by itself.
        self.runtime.spawn(tokio::task::coop::unconstrained(task));
    }

    fn sleep(&self) -> Box<dyn Sleep> {
        Box::new(Timer { origin: self.origin, until: Instant::ORIGIN, sleep: None })
    }

    fn yield_now(&self, cx: &mut Context<'_>) {
        // The first poll is all there is to it: it puts the waker where tokio finds it after it has looked for
        // input.
        let _ = pin!(tokio::task::yield_now()).poll(cx);
    }

    fn report(&self, report: Report) {
        self.log.report(self.now(), report);
    }
}

/// Limits what panics in hooks print, once in the process.
pub(crate) fn limit_panic_output() {
    let origin = Clock::now();
    let now = move || Instant::from_nanos(origin.elapsed().as_nanos() as u64);
    throng_runtime::limit_panic_output(now, |line| {
        // Not `eprintln`, which panics if that fails, and a panic within a panic ends the process.
        let _ = writeln!(stderr(), "throng: {line}");
    });
}

/// A timer that is made when it is first needed and then set anew.
struct Timer {
    origin: Clock,
    until: Instant,
    sleep: Option<Pin<Box<time::Sleep>>>,
}

impl Sleep for Timer {
    fn poll_until(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        let since_origin = until.since(Instant::ORIGIN);
        let deadline = self.origin.checked_add(since_origin);
        // Too far away to be named is too far away to come.
        let Some(deadline) = deadline else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(time::sleep_until(deadline)));
        if self.until != until {
            self.until = until;
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }
}
