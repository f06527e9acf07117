//! Separates an outbox from its connection, and attaches it to another one.

use super::extras::Begun;
use super::runs::RunItem;
use super::{Class, Flags, NONE, NOWHERE, Outboxes, Sending};
use crate::id::ConnectionId;

impl Outboxes {
    /// Keeps all messages of an outbox whose transport writes nothing more. Those on lease come back to the front of the queue,
    /// since nobody will say how much of the lease was written: a later result is stale. A partly written frame begins
    /// again. The connection's pings, pongs and close frame are dropped.
    pub(crate) fn hold_back(&mut self, index: u32) {
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
        // Queue entries of what came back may exceed the budget.
        self.keep_to_budget();
    }

    /// Separates an outbox from its connection and keeps all its messages.
    pub(crate) fn detach(&mut self, index: u32) {
        self.hold_back(index);
        self.entries[index].connection = NOWHERE;
    }

    /// Separates an outbox from its connection, which is to write a close frame and nothing else that it has not begun. What is begun,
    /// and a lease that is out, go to the new entry `rest` of that connection; its messages stay in the outbox as well, at the front.
    /// They count as queued once more.
    pub(crate) fn pass_on(&mut self, index: u32, rest: u32) {
        self.forget_shortage();
        let (count, bytes) = self.begun(index);
        let entry = &self.entries[index];
        let (sending, run) = (entry.sending, entry.link);
        let is_leased = sending == Sending::Leased;
        let passed =
            [Flags::WRITABLE, Flags::WRITE_DEADLINE].into_iter().filter(|&flag| entry.flags.has(flag));
        let flags = passed.fold(0, |flags, flag| flags | flag);
        match sending {
            Sending::Leased => {
                self.queue_again(index, run);
                let items = &self.runs.get(run).items;
                let (messages, size) = (items.messages, items.bytes);
                self.entries[index].link = NONE;
                let entry = &mut self.entries[rest];
                (entry.link, entry.messages, entry.bytes) = (run, messages, size);
                entry.flags.set(Flags::DISCARD);
                self.set_begun(rest, Begun { count, bytes, ..Begun::default() });
            }
            Sending::Ready => self.ready.remove(&mut self.entries, index),
            _ => {}
        }
        if !is_leased && count > 0 {
            let begun = core::mem::take(&mut self.extras_mut(index).begun);
            for slot in begun.items.frames().rev() {
                self.frames.hold(slot, 1);
                self.push_front(index, slot);
            }
            let entry = &mut self.entries[rest];
            (entry.messages, entry.bytes) = (begun.items.messages, begun.items.bytes);
            self.set_begun(rest, begun);
        }
        self.totals.queued += u64::from(self.entries[rest].messages);
        // A rest with something begun is made ready by its close frame.
        let rest = &mut self.entries[rest];
        rest.flags.set(flags);
        rest.sending = match sending {
            Sending::Leased | Sending::Blocked => sending,
            _ => Sending::Idle,
        };
        // Its place has passed to the rest, so that nothing is left of it here.
        let entry = &mut self.entries[index];
        if matches!(sending, Sending::Leased | Sending::Blocked) {
            entry.sending = Sending::Idle;
        }
        entry.connection = NOWHERE;
        self.begin_again(index);
        let entry = &mut self.entries[index];
        entry.flags.keep(Flags::AWAITED);
        entry.sending = Sending::Detached;
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
        self.queue_again(index, self.entries[index].link);
        self.return_run(index);
    }

    /// Puts the frames of a run to the front of a queue, in order.
    fn queue_again(&mut self, index: u32, run: u32) {
        for at in (0..self.runs.get(run).items.len()).rev() {
            if let RunItem::Frame(slot) = self.runs.get(run).items.get(at) {
                // The run releases this client's reference when it retires.
                self.frames.hold(slot, 1);
                self.push_front(index, slot);
            }
        }
    }
}
