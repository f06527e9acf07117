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

/// The events of a run that wait in the schedule.
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
    FaultsEnd,
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
    after_faults: Mutex<AfterFaults>,
}

/// Whether there are no faults any more, and who waits for that.
#[derive(Default)]
struct AfterFaults {
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
        let (journal, failed, after_faults) = Default::default();
        Self {
            clock,
            network,
            host,
            plan,
            hub: OnceLock::new(),
            rng: Mutex::new(rng),
            journal,
            failed,
            after_faults,
        }
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
    pub(crate) fn is_after_faults_or_wakes(&self, waker: &Waker) -> bool {
        let mut after_faults = lock(&self.after_faults);
        if !after_faults.is_there {
            after_faults.waiting.push(waker.clone());
        }
        after_faults.is_there
    }

    pub(crate) fn is_after_faults(&self) -> bool {
        lock(&self.after_faults).is_there
    }

    pub(crate) fn end_faults(&self) {
        let waiting = {
            let mut after_faults = lock(&self.after_faults);
            after_faults.is_there = true;
            std::mem::take(&mut after_faults.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}
