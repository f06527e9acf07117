//! The two ends of a client's life on a connection. *Detach*: the connection is no longer the client's. *End*: the client is
//! no longer in the hub. Without a grace for returning, a client that loses its connection is detached and ends in one event.

use super::client::NEVER;
use super::connection::{Marks, Row};
use super::{Error, Hub};
use crate::close::{CloseCode, ClosedBy};
use crate::id::{ClientId, ConnectionId};
use crate::outbox::{NONE, NOWHERE, Phase};

/// Whether the messages that a client's connection has not written are dropped or kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Queued {
    /// They are dropped, and counted as [`DropReason::Closed`](super::DropReason::Closed).
    Drop,
    /// They wait for the next connection. Those on lease go to the front, and may reach the peer twice.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for clients that outlive their connection, which no event makes yet")
    )]
    Keep,
}

impl Hub {
    /// Separates a client from its connection. The connection has no client then, gets no other, and counts as a handshake
    /// until it is gone, which the caller sees to; a lease that it has is stale. The client stays a member of its rooms and
    /// is written nothing; the caller ends it, or lets it wait for another connection.
    pub(super) fn detach(&mut self, row: Row, index: u32, queued: Queued) {
        match queued {
            Queued::Drop => self.outboxes.stop_sending(index),
            Queued::Keep => self.outboxes.detach(index),
        }
        self.outboxes.entries[index].connection = NOWHERE;
        let slot = &mut self.connections[row];
        slot.client = NONE;
        slot.marks.set(Marks::LEFT);
        slot.write_deadline = NEVER;
        self.phases.accepted += 1;
        self.phases.detached += 1;
        if let Some(usage) = self.usages.get_mut(index as usize) {
            usage.resume_at = NEVER;
        }
    }

    /// Attaches an open client that has no connection to one that has no client: what waits is written to it first.
    ///
    /// # Errors
    /// A stale id; [`Error::NotOpen`] unless both are as said.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for clients that outlive their connection, which no event makes yet")
    )]
    pub(super) fn attach(&mut self, client: ClientId, connection: ConnectionId) -> Result<(), Error> {
        let index = self.open_index(client)?;
        let row = self.connections.find(connection).ok_or(Error::Gone)?;
        let slot = &mut self.connections[row];
        if self.outboxes.entries[index].connection.index != NONE
            || slot.client != NONE
            || slot.is(Marks::ABORTED | Marks::LEFT)
        {
            return Err(Error::NotOpen);
        }
        slot.client = index;
        let lane = slot.lane;
        self.outboxes.attach(index, connection, lane);
        self.phases.accepted -= 1;
        self.phases.detached -= 1;
        self.begin_to_hear(row);
        self.begin_controls(row);
        self.schedule_late_drain(index);
        self.arm(row);
        Ok(())
    }

    /// Ends a client that has no connection, in whatever phase it is, and frees its id.
    pub(super) fn end_detached(&mut self, index: u32) {
        match self.outboxes.entries[index].phase {
            Phase::Open => self.leave_hub(index, CloseCode::ABNORMAL, None, ClosedBy::Transport),
            Phase::Ending => self.leave_marked(index),
            Phase::Reserved => {
                self.clear_user(index);
                self.phases.reserved -= 1;
            }
            Phase::Closing => self.phases.closing -= 1,
            Phase::Vacant => return,
        }
        self.forget_client(index);
    }

    /// Frees the id of a client that has left the hub and has no connection.
    pub(super) fn forget_client(&mut self, index: u32) {
        self.phases.detached -= 1;
        self.outboxes.remove(index);
    }
}
