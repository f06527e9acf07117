//! Slices: bounds the work that one event does for clients other than its own.
//!
//! An event may have consequences for a hundred thousand clients: a publish that closes all slow clients, a shutdown, a
//! tick on which all clients are pinged. They are worked off in slices. An event does one slice; if work is left, the hub
//! asks for a [`Timeout`](super::Event::Timeout) at once, which does the next slice. A slice is bounded by work and not
//! by clients, since ending a client in a thousand rooms takes as long as ending a hundred others.

use super::Hub;
use crate::outbox::NONE;

/// Units of work for each client that ends, or handshake: a unit is about 50 ns.
pub(super) const CLIENT: u32 = 16;
/// Units of work for each timer that fires or is set.
pub(super) const TIMER: u32 = 8;
/// Units of work for each member of a closed room.
pub(super) const MEMBER: u32 = 8;
/// For each client or connection that is looked at.
pub(super) const VISIT: u32 = 1;
/// Units of work for each room that a client leaves.
pub(super) const MEMBERSHIP: u32 = 2;
/// Units of work for each client that is told what was dropped: most of it is the host's, which delivers the action under the
/// same lock.
pub(super) const NOTICE: u32 = 16;
/// Units of work for each message that is dropped.
pub(super) const MESSAGE: u32 = 1;

/// The rest of a slice. A client that is begun is finished, so that a slice is exceeded by at most one client.
#[derive(Debug)]
pub(super) struct Slice {
    left: u32,
}

impl Slice {
    pub(super) const fn of(units: u32) -> Self {
        Self { left: units }
    }

    pub(super) const fn is_over(&self) -> bool {
        self.left == 0
    }

    pub(super) const fn spend(&mut self, units: u32) {
        self.left = self.left.saturating_sub(units);
    }
}

impl Hub {
    /// Does something to a client, and counts what goes by it. A connection without a client has nothing that could go.
    pub(super) fn work_on(&mut self, index: u32, slice: &mut Slice, work: impl FnOnce(&mut Self)) {
        if index == NONE {
            return work(self);
        }
        let (phase, load) = (self.outboxes.entries[index].phase, self.load(index));
        work(self);
        if self.outboxes.entries[index].phase != phase {
            slice.spend(CLIENT);
        }
        slice.spend(load.saturating_sub(self.load(index)));
    }

    /// The units of work for a client's rooms, messages and questions, which go when it ends.
    pub(super) fn load(&self, index: u32) -> u32 {
        let rooms = self.clients[index as usize].memberships.len;
        let messages = self.outboxes.entries[index].messages;
        let asks = self.ask_count(index);
        let units = rooms.saturating_mul(MEMBERSHIP).saturating_add(messages.saturating_mul(MESSAGE));
        units.saturating_add(asks.saturating_mul(NOTICE))
    }
}
