//! What all peers of a run share.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard};

use fastrand::Rng;
use throng_core::websocket::deflate::Compressor;

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
    /// For what peers say that is deflated and refers to nothing before it.
    pub(super) compressor: RefCell<Option<Compressor>>,
}

impl Scene {
    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }
}
