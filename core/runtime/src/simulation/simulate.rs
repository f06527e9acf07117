//! [`Simulation`]: runs an application with simulated clients, once for each seed.

use crate::simulation::engine::caught::caught;
use crate::simulation::engine::clock::Clock;
use crate::simulation::engine::executor::Executor;
use crate::simulation::engine::host::SimulatedHost;
use crate::simulation::engine::network::handles::Network;
use crate::simulation::engine::world::Engine;
use crate::simulation::failure::{Failure, Totals};
use crate::simulation::faults::{Faults, Plan};
use crate::simulation::run::Run;
use crate::simulation::shared::Shared;
use crate::simulation::stage::Stage;
use fastrand::Rng;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use throng_core::trace::ActionHash;

/// The environment variable that replaces the seeds of [`Simulation::seeds`] by one seed or a range of seeds.
const VARIABLE: &str = "THRONG_SEED";

/// Runs an application with simulated clients, once for each seed. The [module](super) has an example.
pub struct Simulation<F> {
    describe: F,
    faults: Faults,
    seeds: Range<u64>,
    limit: Duration,
    is_twice: bool,
}

impl<F> std::fmt::Debug for Simulation<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { faults, seeds, limit, .. } = self;
        f.debug_struct("Simulation")
            .field("faults", faults)
            .field("seeds", seeds)
            .field("limit", limit)
            .finish_non_exhaustive()
    }
}

impl<F: Fn(&mut Run)> Simulation<F> {
    /// Makes a simulation. The closure describes a run: its hub, its peers, and what must hold. It is called once for each
    /// run.
    #[must_use]
    pub fn new(describe: F) -> Self {
        let limit = Duration::from_secs(3600);
        Self { describe, faults: Faults::default(), seeds: 0..100, limit, is_twice: false }
    }

    /// Sets which faults runs may have. Default: all kinds.
    #[must_use]
    pub fn faults(self, faults: Faults) -> Self {
        Self { faults, ..self }
    }

    /// Sets the seeds that are run. Default: 0 to 99. The environment variable `THRONG_SEED`, one seed or a range such as
    /// `0..10000`, overrides them.
    ///
    /// # Panics
    /// If the range is empty: a simulation without a run would always pass.
    #[must_use]
    pub fn seeds(self, seeds: Range<u64>) -> Self {
        assert!(!seeds.is_empty(), "the range of seeds {seeds:?} is empty");
        Self { seeds, ..self }
    }

    /// Sets the virtual time after which a run fails if the script of a peer has not returned. Default: an hour.
    #[must_use]
    pub fn time_limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Runs each seed twice, and fails if the second run differs from the first. The application then depends on something
    /// besides the seed, such as a clock or the order of a `HashMap`: a seed that failed might pass the next time.
    #[must_use]
    pub fn twice(self) -> Self {
        Self { is_twice: true, ..self }
    }

    /// Runs all seeds, and stops at the first that fails. Returns the totals of all runs.
    ///
    /// # Panics
    /// If a run failed: the panic message is the text of the [`Failure`]. If `THRONG_SEED` is neither a seed nor a range of
    /// seeds.
    pub fn run(&self) -> Totals {
        match self.try_run() {
            Ok(summary) => summary,
            Err(failure) => panic!("{failure}"),
        }
    }

    /// Like [`run`](Self::run), but returns a failure in place of a panic.
    ///
    /// # Errors
    /// A run failed.
    ///
    /// # Panics
    /// If `THRONG_SEED` is neither a seed nor a range of seeds.
    pub fn try_run(&self) -> Result<Totals, Failure> {
        let (mut all, mut hash) = (Totals::default(), ActionHash::new());
        for seed in asked_for().unwrap_or_else(|| self.seeds.clone()) {
            let one = self.run_seed(seed)?;
            one.hash.hash(&mut hash);
            all.runs += one.runs;
            all.received += one.received;
            all.events += one.events;
            all.time += one.time;
        }
        Ok(Totals { hash: hash.finish(), ..all })
    }

    /// Runs one seed, twice if [`twice`](Self::twice) was called. `THRONG_SEED` has no effect.
    ///
    /// # Errors
    /// The run failed.
    pub fn run_seed(&self, seed: u64) -> Result<Totals, Failure> {
        let first = self.run_once(seed)?;
        if self.is_twice {
            let second = self.run_once(seed)?;
            if first != second {
                let what = format!(
                    "two runs of this seed differ: {first:?}, {second:?}; the application depends on something besides the \
                     seed, such as a clock or the order of a `HashMap`"
                );
                return Err(Failure { what: vec![what], ..Failure::new(seed) });
            }
        }
        Ok(first)
    }

    fn run_once(&self, seed: u64) -> Result<Totals, Failure> {
        let mut rng = Rng::with_seed(seed ^ 0x7468_726f_6e67);
        let clock = Arc::<Clock>::default();
        let plan = Plan::of(&self.faults, &mut rng);
        let network = Network::new(Arc::clone(&clock), plan.conditions.clone(), rng.fork());
        let host = Arc::new(SimulatedHost::new(Arc::clone(&clock), plan.timing, rng.fork()));
        let mut engine = Engine::new(
            Arc::clone(&clock),
            network.clone(),
            Arc::clone(&host),
            Executor::new(plan.order, rng.fork()),
        );
        (engine.poll_cost, engine.spurious) = (plan.poll_cost, plan.spurious);
        let shared = Arc::new(Shared::new(clock, network, host, plan, rng.fork()));
        let mut stage = None;
        let result = caught(|| {
            let mut run = Run::new(seed, Arc::clone(&shared));
            (self.describe)(&mut run);
            stage.insert(Stage::new(run, engine, rng)?).go_through(self.limit)
        });
        // A panic in `describe`, a script or the application fails the run, with the panic's message.
        let result = result.unwrap_or_else(|panic| Err(vec![panic]));
        let at = Duration::from_nanos(shared.clock.now());
        let recording = stage.as_ref().and_then(Stage::recording);
        let journal = shared.journal();
        match result {
            Ok(()) => {
                let (_, events, actions) = recording.unwrap_or_default();
                let mut hash = ActionHash::new();
                (journal.hash(), actions).hash(&mut hash);
                Ok(Totals { runs: 1, received: journal.received, events, time: at, hash: hash.finish() })
            }
            Err(what) => {
                let (recording, ..) = recording.unwrap_or_default();
                Err(Failure { at, what, last: journal.last(), recording, ..Failure::new(seed) })
            }
        }
    }
}

impl Failure {
    fn new(seed: u64) -> Self {
        let again = format!("{VARIABLE}={seed} {}", command());
        Self { seed, at: Duration::ZERO, what: Vec::new(), last: Vec::new(), recording: Vec::new(), again }
    }
}

/// The command that runs this program again. It is known only in a test, whose thread has the name of the test; otherwise
/// the text is a placeholder.
#[expect(clippy::disallowed_methods, reason = "the thread's name goes only into the text of a failure")]
fn command() -> String {
    match std::thread::current().name() {
        Some(name) if name != "main" => format!("cargo test {name}"),
        _ => "<the same command>".into(),
    }
}

/// The seeds that the environment variable names; `None` if it is not set.
#[expect(clippy::disallowed_methods, reason = "the variable repeats a seed that failed in a test")]
fn asked_for() -> Option<Range<u64>> {
    let text = std::env::var(VARIABLE).ok()?;
    let seeds = match text.split_once("..") {
        Some((from, to)) => from.parse().ok().zip(to.parse().ok()).map(|(from, to)| from..to),
        None => text.parse().ok().and_then(|seed: u64| Some(seed..seed.checked_add(1)?)),
    };
    // With an empty range a simulation would pass without a run.
    let seeds = seeds.filter(|seeds| !seeds.is_empty());
    Some(
        seeds.unwrap_or_else(|| {
            panic!("{VARIABLE}={text:?} must be a seed such as 7, or a range such as 0..100")
        }),
    )
}
