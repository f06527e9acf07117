//! The description of one run: a hub, its peers, and what must hold.

use crate::builder::Builder;
use crate::handles::hub::Hub;
use crate::simulation::peer::Peer;
use crate::simulation::peer_error::PeerError;
use crate::simulation::shared::Shared;
use crate::simulation::time::Time;
use std::fmt;
use std::ops::RangeInclusive;
use std::pin::Pin;
use std::sync::Arc;

pub(crate) type Script = Box<dyn FnOnce(Peer) -> Pin<Box<dyn Future<Output = Result<(), PeerError>> + Send>>>;

type Holds = dyn FnMut(&Hub) -> Result<(), String>;

/// A condition that must hold: its description for a person, and a function that checks it.
pub(crate) struct Rule {
    pub(crate) what: String,
    pub(crate) holds: Box<Holds>,
}

/// The description of one run: the closure of [`Simulation::new`](super::Simulation::new) fills it. No two runs share the values
/// that the closure makes, such as a handler and the state that scripts share with it.
pub struct Run {
    pub(crate) seed: u64,
    pub(crate) shared: Arc<Shared>,
    pub(crate) builder: Option<Builder>,
    pub(crate) peers: Vec<(Arc<str>, Script)>,
    pub(crate) always: Vec<Rule>,
    pub(crate) finally: Vec<Rule>,
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("seed", &self.seed).finish_non_exhaustive()
    }
}

impl Run {
    pub(crate) fn new(seed: u64, shared: Arc<Shared>) -> Self {
        Self { seed, shared, builder: None, peers: Vec::new(), always: Vec::new(), finally: Vec::new() }
    }

    /// Sets the hub of the run, with the application's handler or closures. The simulation sets the hub's lanes and seed from the
    /// seed of the run, and records its events.
    pub fn hub(&mut self, builder: Builder) {
        self.builder = Some(builder);
    }

    /// Adds a peer that follows this script. All scripts run side by side; the run is over when all have returned.
    ///
    /// A script that panics, or returns an error other than [`PeerError::Fault`], fails the run.
    pub fn peer<S, F>(&mut self, name: impl Into<Arc<str>>, script: S)
    where
        S: FnOnce(Peer) -> F + 'static,
        F: Future<Output = Result<(), PeerError>> + Send + 'static,
    {
        self.peers.push((name.into(), Box::new(|peer| Box::pin(script(peer)))));
    }

    /// Adds a check that must hold at every moment. The closure is called after each step of the run. It may look at the hub and
    /// at the application's own state, and should be quick. If it returns an error, the run fails with `what` and the error's
    /// text.
    pub fn always(
        &mut self,
        what: impl Into<String>,
        holds: impl FnMut(&Hub) -> Result<(), String> + 'static,
    ) {
        self.always.push(Rule { what: what.into(), holds: Box::new(holds) });
    }

    /// Adds a check that must hold at the end, when all scripts have returned, there are no faults any more, and the hub has
    /// noticed the end of every connection. If the closure returns an error, the run fails with `what` and the error's text.
    pub fn finally(
        &mut self,
        what: impl Into<String>,
        holds: impl FnMut(&Hub) -> Result<(), String> + 'static,
    ) {
        self.finally.push(Rule { what: what.into(), holds: Box::new(holds) });
    }

    /// The seed of the run.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// A random number within this range. The seed determines it.
    #[must_use]
    pub fn random(&self, range: RangeInclusive<u64>) -> u64 {
        self.shared.rng().u64(range)
    }

    /// The clock of the run, for a handler that waits.
    #[must_use]
    pub fn time(&self) -> Time {
        Time(Arc::clone(&self.shared))
    }
}
