//! What all peers of a run share.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard};

use fastrand::Rng;
use throng_core::websocket::deflate::Compressor;
use throng_runtime::simulation::engine::clock::Clock;
use throng_runtime::simulation::engine::network::handles::Network;

use super::ledger::Ledger;
use super::lock;
use super::meter::Metering;
use super::plan::Plan;

/// What this simulation puts into the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// A peer's next act.
    Act(usize),
    /// A peer that reads slowly reads on.
    Read(usize),
    /// A peer that stalled goes on.
    Resume(usize),
    /// The application acts without being asked by a peer.
    Application,
    /// The host stands still.
    Jump,
    /// The hub is given another config.
    Reconfigure,
}

pub(super) struct Scene {
    pub(super) plan: Plan,
    pub(super) clock: Arc<Clock>,
    pub(super) network: Network<Due>,
    pub(super) ledger: Arc<Mutex<Ledger>>,
    /// What each wire is to keep to, if that is looked at.
    pub(super) metering: Option<Metering>,
    pub(super) rng: Rng,
    /// For what peers say that is deflated and refers to nothing before it.
    pub(super) compressor: RefCell<Option<Compressor>>,
}

impl Scene {
    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }
}
