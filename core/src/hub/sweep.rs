//! The progress of a drain and of a sweep over all clients and connections.

use super::ending::Drain;
use crate::time::Instant;

/// A drain that runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draining {
    pub(super) plan: Drain,
    pub(super) since: Instant,
    /// The number of open clients when the drain began; `given` counts those that have their time.
    pub(super) clients: u64,
    pub(super) given: u64,
}

/// A sweep over all clients, and after them over all connections. `next` goes on counting behind the last client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sweep {
    pub(super) next: usize,
    pub(super) task: Task,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Set the time at which each client is closed.
    Schedule,
    /// Close each client, and end each handshake.
    Close,
}
