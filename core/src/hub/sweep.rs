//! How far a drain has come, or a sweep over all connections.

use super::ending::Drain;
use crate::time::Instant;

/// A drain under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draining {
    pub(super) plan: Drain,
    pub(super) since: Instant,
    /// Open clients when it began, and how many have been given their moment.
    pub(super) clients: u64,
    pub(super) given: u64,
}

/// A sweep over all connections.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sweep {
    pub(super) next: usize,
    pub(super) task: Task,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Give each client the moment at which it is closed.
    Schedule,
    /// Close each connection.
    Close,
}
