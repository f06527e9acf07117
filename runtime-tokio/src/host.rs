//! Gives the hub what it needs of tokio: a clock, timers, tasks and a log.

use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use std::io::{Write, stderr};
use std::time::SystemTime;
use throng_core::Instant;
use throng_runtime::hosting::{Host, Log, Report, Sleep, Task};
use tokio::runtime::Handle;
use tokio::time;
use tokio::time::Instant as Clock;

/// tokio's clock, timers and tasks. A test that [pauses](time::pause) this clock pauses the hub's time, too.
pub(crate) struct Tokio {
    origin: Clock,
    runtime: Handle,
    log: Log,
}

impl Tokio {
    /// Uses the runtime in which the caller runs.
    pub(crate) fn current() -> Self {
        Self { origin: Clock::now(), runtime: Handle::current(), log: Log::default() }
    }
}

impl Host for Tokio {
    fn now(&self) -> Instant {
        // u64 nanoseconds last for 584 years.
        Instant::from_nanos(self.origin.elapsed().as_nanos() as u64)
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn spawn(&self, task: Task) {
        // A lane writes to many sockets in one poll and yields by itself, so tokio's budget must not apply.
        self.runtime.spawn(tokio::task::coop::unconstrained(task));
    }

    fn sleep(&self) -> Box<dyn Sleep> {
        Box::new(Timer { origin: self.origin, until: Instant::ORIGIN, sleep: None })
    }

    fn yield_now(&self, cx: &mut Context<'_>) {
        // One poll is enough: it leaves the waker with tokio, which calls it after it has looked for input and output.
        let _ = pin!(tokio::task::yield_now()).poll(cx);
    }

    fn report(&self, report: Report) {
        self.log.report(self.now(), report);
    }
}

/// Limits how many panics in the application's hooks are printed, for the whole process. Only the first call has an effect.
pub(crate) fn limit_panic_output() {
    let origin = Clock::now();
    let now = move || Instant::from_nanos(origin.elapsed().as_nanos() as u64);
    throng_runtime::hosting::limit_panic_output(now, |line| {
        // Not `eprintln`, which panics on failure; a panic within a panic aborts the process.
        let _ = writeln!(stderr(), "throng: {line}");
    });
}

/// A timer of tokio, which is made at the first poll and reset when the time changes.
struct Timer {
    origin: Clock,
    until: Instant,
    sleep: Option<Pin<Box<time::Sleep>>>,
}

impl Sleep for Timer {
    fn poll_until(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        let since_origin = until.since(Instant::ORIGIN);
        let deadline = self.origin.checked_add(since_origin);
        // A deadline beyond the clock's range never comes.
        let Some(deadline) = deadline else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(time::sleep_until(deadline)));
        if self.until != until {
            self.until = until;
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }
}
