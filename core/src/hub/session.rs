//! Sessions: the names under which clients are found again, and the state of those that are away.

use super::names::{Named, bytes};
use crate::id::Name;
use crate::outbox::NONE;
use crate::timer::Timer;

/// A session. It exists as long as a client or a reservation has it.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) name: Name,
    /// The index of the open client that has the session; `NONE` if there is none.
    pub(super) client: u32,
    /// The index of the reserved client that is to have it; `NONE` if there is none.
    pub(super) reserved: u32,
    /// Set while its client is away.
    pub(super) away: Option<Away>,
}

/// A client that has lost its connection and may return.
#[derive(Clone, Copy, Debug)]
pub(super) struct Away {
    pub(super) timer: Timer,
    /// When its grace is over, and how long it lasts, in nanoseconds.
    pub(super) until: u64,
    pub(super) lasts: u64,
    /// The slot of the address of its last connection, which it counts for; `NONE` if addresses are not counted.
    pub(super) address: u32,
}

impl Session {
    /// A session that nobody has.
    pub(super) fn new(name: Name) -> Self {
        Self { name, client: NONE, reserved: NONE, away: None }
    }

    /// Whether neither a client nor a reservation has the session.
    pub(super) fn is_over(&self) -> bool {
        self.client == NONE && self.reserved == NONE
    }
}

impl Named for Session {
    fn name(&self) -> &[u8] {
        bytes(&self.name)
    }
}
