//! What all peers of a run share.

use std::sync::{Arc, Mutex, MutexGuard};

use fastrand::Rng;

use super::clock::Clock;
use super::ledger::Ledger;
use super::lock;
use super::network::Network;
use super::plan::Plan;

pub(super) struct Scene {
    pub(super) plan: Plan,
    pub(super) clock: Arc<Clock>,
    pub(super) network: Network,
    pub(super) ledger: Arc<Mutex<Ledger>>,
    pub(super) rng: Rng,
}

impl Scene {
    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }
}
