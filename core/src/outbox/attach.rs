//! Separates an outbox from its connection, and attaches it to another one.

use super::runs::RunItem;
use super::{Class, Flags, NOWHERE, Outboxes, Sending};
use crate::id::ConnectionId;

impl Outboxes {
    /// Separates an outbox from its connection and keeps all its messages. Those on lease come back to the front of the queue,
    /// since nobody will say how much of the lease was written: a later result is stale. A partly written frame begins
    /// again. The connection's pings, pongs and close frame are dropped.
    pub(crate) fn detach(&mut self, index: u32) {
        self.forget_shortage();
        match self.entries[index].sending {
            Sending::Leased => self.take_back_unknown(index),
            Sending::Ready => self.ready.remove(&mut self.entries, index),
            Sending::Blocked => self.blocked -= 1,
            _ => {}
        }
        self.begin_again(index);
        let entry = &mut self.entries[index];
        entry.flags.keep(Flags::AWAITED);
        entry.sending = Sending::Detached;
        entry.connection = NOWHERE;
        // Queue entries of what came back may exceed the budget.
        self.keep_to_budget();
    }

    /// Attaches a detached outbox to a connection, to which all that waits is written first.
    pub(crate) fn attach(&mut self, index: u32, connection: ConnectionId, lane: u8) {
        let entry = &mut self.entries[index];
        (entry.connection, entry.lane, entry.sending) = (connection, lane, Sending::Idle);
        if entry.has_pending() {
            self.wake(index, Class::Bulk);
        }
    }

    /// Takes back a lease of which nothing is known to be written: its frames go to the front of the queue, in order.
    fn take_back_unknown(&mut self, index: u32) {
        let run = self.entries[index].link;
        for at in (0..self.runs.get(run).items.len()).rev() {
            if let RunItem::Frame(slot) = self.runs.get(run).items.get(at) {
                // The run releases this client's reference when it retires.
                self.frames.hold(slot, 1);
                self.push_front(index, slot);
            }
        }
        self.return_run(index);
    }
}
