//! What the hub is given instead of an asynchronous runtime.

use crate::host::{Host, Report, Sleep, Task};
use crate::simulation::engine::basics::{chance, lock};
use crate::simulation::engine::clock::{Alarm, Clock};
use fastrand::Rng;
use std::mem;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::{Duration, SystemTime};
use throng_core::Instant;

/// How a host's clock and timers are wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timing {
    /// How late timers are, in nanoseconds.
    pub slack: u64,
    /// Of 1,000 times that it is asked what time it is, so often it is behind.
    pub backward: u32,
    /// By less than so many nanoseconds.
    pub behind: u64,
}

/// A host whose tasks, timers and reports the simulation looks after.
pub struct SimulatedHost {
    clock: Arc<Clock>,
    timing: Timing,
    rng: Mutex<Rng>,
    spawned: Mutex<Vec<Task>>,
    yielded: Mutex<Vec<Waker>>,
    reports: Mutex<Vec<Report>>,
}

impl SimulatedHost {
    /// A host on this clock. The random numbers say when it is behind.
    #[must_use]
    pub fn new(clock: Arc<Clock>, timing: Timing, rng: Rng) -> Self {
        let (spawned, yielded, reports) = Default::default();
        Self { clock, timing, rng: Mutex::new(rng), spawned, yielded, reports }
    }

    /// Tasks that nobody polls yet.
    #[must_use]
    pub fn take_spawned(&self) -> Vec<Task> {
        mem::take(&mut lock(&self.spawned))
    }

    /// All others had their turn; whether anybody gave way to them.
    pub fn wake_yielded(&self) -> bool {
        let yielded = mem::take(&mut *lock(&self.yielded));
        let any = !yielded.is_empty();
        yielded.into_iter().for_each(Waker::wake);
        any
    }

    /// What was reported since the last call.
    #[must_use]
    pub fn take_reports(&self) -> Vec<Report> {
        mem::take(&mut lock(&self.reports))
    }

    /// A timer, as late as all of this host.
    #[must_use]
    pub fn alarm(&self) -> Alarm {
        Alarm::new(Arc::clone(&self.clock), self.timing.slack)
    }
}

impl Host for SimulatedHost {
    fn now(&self) -> Instant {
        let now = self.clock.now();
        let Timing { backward, behind, .. } = self.timing;
        if backward == 0 {
            return Instant::from_nanos(now);
        }
        let mut rng = lock(&self.rng);
        let behind = if chance(&mut rng, backward) { rng.u64(..behind) } else { 0 };
        Instant::from_nanos(now.saturating_sub(behind))
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(self.clock.now())
    }

    fn spawn(&self, task: Task) {
        lock(&self.spawned).push(task);
    }

    fn sleep(&self) -> Box<dyn Sleep> {
        Box::new(self.alarm())
    }

    fn yield_now(&self, cx: &mut Context<'_>) {
        lock(&self.yielded).push(cx.waker().clone());
    }

    fn report(&self, report: Report) {
        lock(&self.reports).push(report);
    }
}
