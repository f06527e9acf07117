//! Counts the work that a slice does for a client.

use super::Hub;
use super::work::{CLIENT, MEMBERSHIP, MESSAGE, NOTICE, Slice};
use crate::outbox::NONE;

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
