//! How much one event does for others than the client it is about.
//!
//! An event may have consequences for a hundred thousand clients: a publish that closes all who are slow, a shutdown, a tick
//! on which everybody is pinged. They are worked off in slices. An event does one slice, asks for a
//! [`Timeout`](super::Event::Timeout) now if something is left, and that one does the next. A slice is bounded by work and
//! not by clients: to end a client that is in a thousand rooms takes as long as to end a hundred others.

use super::Hub;
use crate::outbox::NONE;

/// Units of work for each client that ends, or handshake: a unit is about 50 ns.
pub(super) const CLIENT: u32 = 16;
/// For each timer that fires or is set.
pub(super) const TIMER: u32 = 8;
/// For each member of a room that was closed.
pub(super) const MEMBER: u32 = 8;
/// For each client or connection that is looked at.
pub(super) const VISIT: u32 = 1;
/// For each room that it leaves.
pub(super) const MEMBERSHIP: u32 = 2;
/// For each message that is dropped.
pub(super) const MESSAGE: u32 = 1;

/// What is left of a slice. The last thing that is begun is done, whatever it takes: a slice is exceeded by one client.
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

    /// Units of work for what a client has, all of which goes when it ends at once.
    pub(super) fn load(&self, index: u32) -> u32 {
        let rooms = self.clients[index as usize].memberships.len;
        let messages = self.outboxes.entries[index].messages;
        rooms.saturating_mul(MEMBERSHIP).saturating_add(messages.saturating_mul(MESSAGE))
    }
}
