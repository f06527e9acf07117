//! What the hub is given instead of an asynchronous runtime.

use std::mem;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::{Duration, SystemTime};

use fastrand::Rng;
use throng_core::Instant;
use throng_runtime::{Host, Report, Sleep, Task};

use super::clock::{Alarm, Clock};
use super::plan::{MOST_BEHIND, Plan};
use super::{chance, lock};

pub(super) struct SimulatedHost {
    clock: Arc<Clock>,
    /// How late timers are, in nanoseconds.
    slack: u64,
    /// Of 1,000 times that it is asked what time it is, so often it is behind.
    backward: u32,
    rng: Mutex<Rng>,
    spawned: Mutex<Vec<Task>>,
    yielded: Mutex<Vec<Waker>>,
    reports: Mutex<Vec<Report>>,
}

impl SimulatedHost {
    pub(super) fn new(clock: Arc<Clock>, plan: &Plan) -> Self {
        let (spawned, yielded, reports) = Default::default();
        // Numbers of its own: whether the clock runs backwards changes nothing else.
        let rng = Mutex::new(Rng::with_seed(plan.seed ^ 0xbac4));
        Self { clock, slack: plan.slack, backward: plan.backward, rng, spawned, yielded, reports }
    }

    /// Tasks that nobody polls yet.
    pub(super) fn take_spawned(&self) -> Vec<Task> {
        mem::take(&mut lock(&self.spawned))
    }

    /// All others had their turn; whether anybody gave way to them.
    pub(super) fn wake_yielded(&self) -> bool {
        let yielded = mem::take(&mut *lock(&self.yielded));
        let any = !yielded.is_empty();
        yielded.into_iter().for_each(Waker::wake);
        any
    }

    pub(super) fn take_reports(&self) -> Vec<Report> {
        mem::take(&mut lock(&self.reports))
    }

    pub(super) fn alarm(&self) -> Alarm {
        Alarm::new(Arc::clone(&self.clock), self.slack)
    }
}

impl Host for SimulatedHost {
    fn now(&self) -> Instant {
        let now = self.clock.now();
        if self.backward == 0 {
            return Instant::from_nanos(now);
        }
        let mut rng = lock(&self.rng);
        let behind = if chance(&mut rng, self.backward) { rng.u64(..MOST_BEHIND) } else { 0 };
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
