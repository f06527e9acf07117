//! The questions of one client that wait for a reply. See [`asks`](super::asks).

use super::ask::{AskId, OnResume};
use crate::id::ConnectionId;
use crate::timer::Timer;
use alloc::vec::Vec;

/// A question without a reply.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) id: AskId,
    /// Its deadline, and how long it has in all, in nanoseconds.
    pub(super) until: u64,
    pub(super) lasts: u64,
    pub(super) on_resume: OnResume,
    /// The connection that its client had when it was last asked; `NOWHERE` if the client has had none since.
    pub(super) connection: ConnectionId,
}

/// The questions of one client, in the order of asking, and the timer for the first deadline of them.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) timer: Timer,
    pub(super) asks: Vec<Ask>,
}
