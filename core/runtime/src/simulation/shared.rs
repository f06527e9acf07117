//! What all peers of a run share.

use crate::handles::hosted::HostedHub;
use crate::simulation::engine::basics::lock;
use crate::simulation::engine::clock::Clock;
use crate::simulation::engine::host::SimulatedHost;
use crate::simulation::engine::network::handles::Network;
use crate::simulation::faults::{Fault, Plan};
use crate::simulation::journal::Journal;
use fastrand::Rng;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::task::Waker;

/// What a run puts into the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// Something happens to a connection.
    Fault(usize, Fault),
    /// A peer that read nothing reads on.
    Resume(usize),
    /// A peer that reads slowly reads some more.
    Read(usize),
    /// The host stands still for so many nanoseconds.
    Standstill(u64),
    /// There are no faults any more.
    Calm,
}

pub(crate) struct Shared {
    pub(crate) clock: Arc<Clock>,
    pub(crate) network: Network<Due>,
    pub(crate) host: Arc<SimulatedHost>,
    pub(crate) plan: Plan,
    pub(crate) hub: OnceLock<HostedHub>,
    rng: Mutex<Rng>,
    journal: Mutex<Journal>,
    failed: Mutex<Vec<String>>,
    calm: Mutex<Calm>,
}

/// Whether there are no faults any more, and who waits for that.
#[derive(Default)]
struct Calm {
    is_there: bool,
    waiting: Vec<Waker>,
}

impl Shared {
    pub(crate) fn new(
        clock: Arc<Clock>,
        network: Network<Due>,
        host: Arc<SimulatedHost>,
        plan: Plan,
        rng: Rng,
    ) -> Self {
        let (journal, failed, calm) = Default::default();
        Self { clock, network, host, plan, hub: OnceLock::new(), rng: Mutex::new(rng), journal, failed, calm }
    }

    pub(crate) fn rng(&self) -> MutexGuard<'_, Rng> {
        lock(&self.rng)
    }

    pub(crate) fn journal(&self) -> MutexGuard<'_, Journal> {
        lock(&self.journal)
    }

    /// Notes something that must be the same in every run of the seed.
    pub(crate) fn note(&self, what: fmt::Arguments<'_>) {
        self.journal().note(self.clock.now(), what);
    }

    /// Something is not as it must be.
    pub(crate) fn fail(&self, what: String) {
        self.note(format_args!("FAILED: {what}"));
        lock(&self.failed).push(what);
    }

    pub(crate) fn take_failed(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.failed))
    }

    /// Whether there are no faults any more; else this is woken then.
    pub(crate) fn is_calm_or_wakes(&self, waker: &Waker) -> bool {
        let mut calm = lock(&self.calm);
        if !calm.is_there {
            calm.waiting.push(waker.clone());
        }
        calm.is_there
    }

    pub(crate) fn is_calm(&self) -> bool {
        lock(&self.calm).is_there
    }

    pub(crate) fn calm_down(&self) {
        let waiting = {
            let mut calm = lock(&self.calm);
            calm.is_there = true;
            std::mem::take(&mut calm.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}
