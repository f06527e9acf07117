//! Leases out, and what the transports said.

use super::client::Phase;
use super::marked::TIMER;
use super::outbox::{Sending, Thing};
use super::publish::Shedding;
use super::timeouts::nanos;
use super::{Model, NEVER};
use throng_core::hub::{DropReason, Error};
use throng_core::outbox::{Control, Progress, Transport, Written};
use throng_core::{ClientId, ConnectionId};

/// A lease as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) connection: ConnectionId,
    pub(crate) client: ClientId,
    pub(crate) begun: u32,
    pub(crate) skip: u32,
    pub(crate) things: Vec<Thing>,
    /// It was all there was, and nothing but messages: whoever has the same next to it shares its run.
    pub(crate) is_shareable: bool,
}

impl Model {
    pub(super) fn transmit(&mut self, connection: ConnectionId, budget: u32) -> Result<u32, Error> {
        self.batch.clear();
        let Some(client) = self.need_connection(connection)? else { return Ok(0) };
        if self.of(client).outbox.sending != Sending::Ready {
            self.of(client).outbox.offered = false;
            return Ok(0);
        }
        self.unready(client);
        self.lease(client, budget);
        Ok(self.batch.len() as u32)
    }

    pub(super) fn transmit_ready(&mut self, lane: u8, connections: u32, budget: u32) -> Result<u32, Error> {
        if u16::from(lane) >= self.limits.lanes {
            return Err(Error::NoSuchLane);
        }
        self.batch.clear();
        let mut spent = 0;
        while (self.batch.len() as u32) < connections
            && spent < self.limits.slice
            && let Some(client) = self.next_ready(lane)
        {
            let before = self.batch.len();
            self.lease(client, budget);
            if self.batch.len() == before {
                // It is paced.
                spent += TIMER;
            }
        }
        Ok(self.batch.len() as u32)
    }

    fn lease(&mut self, client: ClientId, budget: u32) {
        let most = self.may_be_written(client);
        let outbox = &mut self.of(client).outbox;
        let has_prompt = outbox.begun.count > 0 || !outbox.controls.is_empty();
        if most == 0 && !outbox.queue.is_empty() && !has_prompt {
            outbox.sending = Sending::Paced;
            outbox.offered = false;
            return self.arm_client(client);
        }
        let (begun, skip) = (outbox.begun.count as u32, outbox.begun.bytes);
        let plain = !has_prompt && outbox.close.is_none();
        outbox.take_lease(budget, most);
        let is_shareable = plain && outbox.queue.is_empty();
        let things = outbox.lease.clone();
        let connection = self.of(client).connection;
        self.batch.push(Expected { connection, client, begun, skip, things, is_shareable });
    }

    pub(super) fn transmitted(&mut self, results: &[Written], shedding: &Shedding) {
        for written in results {
            if let Some(client) = self.client_of_lease(written) {
                self.take_back(client, written.progress, written.transport);
            }
        }
        self.keep_to_budget(shedding);
    }

    /// The client that a lease was of. There is none if the connection of the lease is not that of the client: then it is
    /// stale. The connection says who it is, as it has one client in its life; of the client's id the place alone counts.
    fn client_of_lease(&self, written: &Written) -> Option<ClientId> {
        let on = self.clients.iter().find(|one| one.connection == written.connection)?;
        let is_it = on.id.index() == written.client.index() && on.outbox.sending == Sending::Leased;
        is_it.then_some(on.id)
    }

    fn take_back(&mut self, client: ClientId, progress: Progress, transport: Transport) {
        let mut left = std::mem::take(&mut self.of(client).outbox.lease);
        let before = self.of(client).outbox.begun.clone();
        let (items, bytes, begun) = match progress {
            Progress::Part { items, bytes, begun } if (items as usize) < left.len() => {
                (items as usize, bytes, begun as usize)
            }
            _ => (left.len(), 0, 0),
        };
        // What was written or begun before stays so, whatever a host says.
        let bytes = if items == 0 { bytes.max(before.bytes) } else { bytes };
        let begun = begun.max(before.count.saturating_sub(items)).max(usize::from(bytes > 0));
        let begun = begun.min(left.len() - items);
        let written: Vec<_> = left.drain(..items).collect();
        let close_written =
            written.iter().any(|thing| matches!(thing, Thing::Control(control) if control.is_close()));
        if written.iter().any(|thing| matches!(thing, Thing::Control(Control::Ping))) {
            self.ping_sent(client);
        }
        // Of the first a part may have been written before.
        let sizes: u32 = written.iter().map(Thing::size).sum();
        let taken = (sizes + bytes).saturating_sub(before.bytes);
        let messages = written.iter().filter(|thing| matches!(thing, Thing::Message(_))).count();
        self.numbers.written += messages as u64;
        self.pace(client, messages as u32);
        let is_whole = left.is_empty();
        let outbox = &mut self.of(client).outbox;
        outbox.put_back(left, begun, bytes);
        let became_writable = std::mem::take(&mut outbox.writable_meanwhile);
        outbox.sending = match transport {
            Transport::Blocked if !became_writable => Sending::Blocked,
            _ if close_written => Sending::Ended,
            _ => Sending::Idle,
        };
        if std::mem::take(&mut outbox.discard) {
            self.drop_queue(client, DropReason::Closed);
        }
        let outbox = &self.of(client).outbox;
        let (sending, has_pending, has_queue) =
            (outbox.sending, outbox.has_pending(), !outbox.queue.is_empty());
        if transport == Transport::Failed {
            self.stop_sending(client);
        } else if sending == Sending::Idle && has_pending {
            if has_queue { self.wake_slow(client) } else { self.wake(client) }
        }
        match transport {
            Transport::Ready => self.connection_of(client).write_deadline = NEVER,
            Transport::Blocked => self.blocked(client, is_whole, taken),
            Transport::Failed => self.transport_failed(client),
        }
        if close_written {
            self.finish_closing(client);
        }
        self.tell_low(client);
    }

    /// The write deadline runs from when the client had last taken enough bytes, or all that it was given.
    fn blocked(&mut self, client: ClientId, is_whole: bool, taken: u32) {
        let (deadline, limits) = (self.now + nanos(self.limits.write), self.limits.clone());
        let sending = self.of(client).outbox.sending;
        let connection = self.connection_of(client);
        connection.write_taken += u64::from(taken);
        let least = u64::from(limits.write_rate.unwrap_or(0)) * u64::from(limits.write) / 1000;
        let is_in_time = is_whole || connection.write_taken >= least.max(1);
        if sending != Sending::Blocked {
            if is_in_time {
                connection.write_deadline = NEVER;
            }
        } else if is_in_time || connection.write_deadline == NEVER {
            connection.write_deadline = deadline;
            connection.write_taken = 0;
            self.arm_client(client);
        }
    }

    /// What the peer of an open client sent before may still come, for as long as closing may take.
    fn transport_failed(&mut self, client: ClientId) {
        if self.of(client).phase == Phase::Marked {
            self.end_marked(client);
        } else if self.of(client).phase == Phase::Open {
            self.connection_of(client).write_deadline = self.now + nanos(self.limits.close);
            self.arm_client(client);
        } else {
            self.abort_client(client);
        }
    }

    pub(super) fn writable(&mut self, connection: ConnectionId) -> Result<(), Error> {
        let Some(client) = self.need_connection(connection)? else { return Ok(()) };
        let of = self.of(client);
        let is_closing = of.phase == Phase::Closing;
        match of.outbox.sending {
            Sending::Blocked if of.outbox.has_pending() => self.wake_slow(client),
            // Its close frame is with the transport, and on its way now.
            Sending::Blocked if is_closing => of.outbox.sending = Sending::Ended,
            Sending::Blocked => of.outbox.sending = Sending::Idle,
            Sending::Leased => of.outbox.writable_meanwhile = true,
            _ => {}
        }
        if self.of(client).outbox.sending == Sending::Idle {
            self.at(connection).write_deadline = NEVER;
        }
        self.finish_closing(client);
        Ok(())
    }
}
