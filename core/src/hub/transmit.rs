//! Gives leases to the host, and handles the host's reports about what the transports took.

use super::client::NEVER;
use super::connection::{Marks, Row};
use super::{Action, Error, Hub, Notice};
use crate::id::ConnectionId;
use crate::outbox::{Batch, Flags, Phase, Progress, Returned, Sending, Transport, Written};

impl Hub {
    pub(super) fn handle_transmit(
        &mut self,
        connection: ConnectionId,
        budget: u32,
        batch: &mut Batch,
    ) -> Result<u32, Error> {
        let row = self.connections.find(connection).ok_or(Error::Gone)?;
        let Some(index) = self.connections[row].client() else { return Ok(0) };
        self.outboxes.lease_into(batch);
        let count = if self.outboxes.is_paced() {
            self.lease_one_at_pace(index, budget)
        } else {
            self.outboxes.lease_one(index, budget)
        };
        self.outboxes.lease_into(batch);
        Ok(count)
    }

    pub(super) fn handle_transmit_ready(
        &mut self,
        lane: u8,
        connections: u32,
        budget: u32,
        batch: &mut Batch,
    ) -> Result<u32, Error> {
        if usize::from(lane) >= self.outboxes.lanes() {
            return Err(Error::NoSuchLane);
        }
        self.outboxes.lease_into(batch);
        let count = if self.outboxes.is_paced() {
            self.lease_ready_at_pace(lane, connections, budget)
        } else {
            self.outboxes.lease_ready(lane, connections, budget)
        };
        self.outboxes.lease_into(batch);
        Ok(count)
    }

    pub(super) fn handle_transmitted(&mut self, results: &[Written]) {
        let is_paced = self.outboxes.is_paced();
        self.outboxes.forget_shortage();
        for written in results {
            let is_whole =
                !is_paced && (written.progress, written.transport) == (Progress::All, Transport::Ready);
            if is_whole && self.outboxes.take_back_whole(written) {
                continue;
            }
            let written = &self.of_rest(written);
            let keeps = written.transport == Transport::Failed && self.has_grace(written.client.index);
            let Some(returned) = self.outboxes.take_back(written, keeps, self.now) else { continue };
            let (row, index) = (Row(written.connection.index), written.client.index);
            if returned.ping_written {
                self.ping_sent(row, index);
            }
            match written.transport {
                Transport::Ready => {
                    if self.outboxes.entries[index].flags.has(Flags::WRITE_DEADLINE) {
                        self.clear_write_deadline(row, index);
                    }
                }
                Transport::Blocked => self.blocked(row, index, returned),
                Transport::Failed => self.transport_failed(row, index),
            }
            if returned.close_written {
                self.finish_closing(row, index);
            }
            if self.outboxes.entries[index].flags.has(Flags::AWAITED) {
                self.tell_low(index);
            }
        }
        self.outboxes.keep_to_budget();
    }

    /// Corrects the report about a lease that was out when the client was separated from its connection by [`part`](Self::part):
    /// the lease now belongs to the *rest*, the outbox entry that finishes writing on that connection. Any other report stays as
    /// it is.
    #[inline]
    fn of_rest(&self, written: &Written) -> Written {
        let client = written.client;
        if self.outboxes.entries.is_on(client.index, written.connection) {
            return *written;
        }
        let rest = self.connections.find(written.connection).and_then(|row| {
            let slot = &self.connections[row];
            slot.client().filter(|_| slot.is(Marks::PARTED))
        });
        Written { client: rest.map_or(client, |rest| self.outboxes.entries.id(rest)), ..*written }
    }

    pub(super) fn handle_writable(&mut self, connection: ConnectionId) -> Result<(), Error> {
        let row = self.connections.find(connection).ok_or(Error::Gone)?;
        let Some(index) = self.connections[row].client() else { return Ok(()) };
        self.outboxes.writable(index);
        if self.outboxes.entries[index].sending == Sending::Idle {
            self.clear_write_deadline(row, index);
        }
        self.finish_closing(row, index);
        Ok(())
    }

    /// Whether the write deadline has passed and the client has taken too little. A blocked transport with an empty
    /// queue is not late: its deadline starts again.
    pub(super) fn is_write_overdue(&mut self, row: Row, index: u32) -> bool {
        if self.write_deadline(row) > self.now.as_nanos() {
            return false;
        }
        let entry = &self.outboxes.entries[index];
        match entry.sending {
            // The transport became writable in time, but the host has not reported about the lease that followed.
            Sending::Leased => return true,
            // The transport failed, and the host has not reported the end of the connection within `deadlines.close`.
            Sending::Ended | Sending::Detached if entry.phase == Phase::Open => return true,
            Sending::Blocked if entry.has_pending() => return true,
            Sending::Blocked => {
                let slot = &mut self.connections[row];
                slot.write_deadline = (self.now + self.config.deadlines.write).as_nanos();
                slot.taken = 0;
            }
            _ => self.clear_write_deadline(row, index),
        }
        false
    }

    /// Sets the write deadline of a blocked transport. It starts again whenever the client has taken [enough](Self::least_taken)
    /// or its whole lease.
    fn blocked(&mut self, row: Row, index: u32, returned: Returned) {
        let least = self.least_taken();
        let entry = &mut self.outboxes.entries[index];
        let slot = &mut self.connections[row];
        slot.taken = slot.taken.saturating_add(returned.taken);
        let is_in_time = returned.is_whole || slot.taken >= least;
        if entry.sending != Sending::Blocked {
            // The transport became writable again while the lease was out.
            if is_in_time {
                self.clear_write_deadline(row, index);
            }
            return;
        }
        if is_in_time || slot.write_deadline == NEVER {
            slot.write_deadline = (self.now + self.config.deadlines.write).as_nanos();
            slot.taken = 0;
            entry.flags.set(Flags::WRITE_DEADLINE);
            self.arm(row);
        }
    }

    /// The bytes that a client must take before its write deadline, unless it takes its whole lease.
    fn least_taken(&self) -> u32 {
        let deadlines = &self.config.deadlines;
        let rate = u128::from(deadlines.write_rate.unwrap_or_default());
        let least = rate * deadlines.write.as_nanos() / 1_000_000_000;
        u32::try_from(least).unwrap_or(u32::MAX).max(1)
    }

    fn clear_write_deadline(&mut self, row: Row, index: u32) {
        self.outboxes.entries[index].flags.clear(Flags::WRITE_DEADLINE);
        let slot = &mut self.connections[row];
        slot.taken = 0;
        slot.write_deadline = NEVER;
    }

    /// Keeps an open client open, for at most `deadlines.close`, while the host reads what the peer sent before the transport
    /// failed: it may contain the close frame that says why. Messages published to the client meanwhile are dropped, or wait for
    /// its next connection if it has a grace.
    fn transport_failed(&mut self, row: Row, index: u32) {
        match self.outboxes.entries[index].phase {
            Phase::Open => {}
            Phase::Ending => return self.end_marked(index),
            _ => return self.abort(row),
        }
        self.connections[row].write_deadline = (self.now + self.config.deadlines.close).as_nanos();
        self.outboxes.entries[index].flags.set(Flags::WRITE_DEADLINE);
        self.arm(row);
    }

    /// Queues `Action::OutboxLow` if the client's outbox had refused a frame and at least half of it is free now.
    pub(super) fn tell_low(&mut self, index: u32) {
        let entry = &mut self.outboxes.entries[index];
        if !entry.phase.is_open() || !entry.flags.has(Flags::AWAITED) || !self.outboxes.is_low(index) {
            return;
        }
        self.outboxes.entries[index].flags.clear(Flags::AWAITED);
        let client = self.outboxes.entries.id(index);
        self.notices.push_back(Notice::Action(Action::OutboxLow { client }));
    }

    /// Queues `Action::OutboxLow` for clients whose outbox got room because messages were dropped from it.
    pub(super) fn tell_relieved(&mut self) {
        while let Some(index) = self.outboxes.relieved.pop() {
            self.tell_low(index);
        }
    }
}
