//! The two ends of a client's life on a connection. *Detach*: the connection is no longer the client's. *End*: the client is
//! no longer in the hub. A client that does not [go away](super::away) is detached and ends in one event.

use super::Hub;
use super::client::NEVER;
use super::connection::{Marks, Row};
use crate::close::{CloseCode, ClosedBy};
use crate::id::Name;
use crate::outbox::{NONE, NOWHERE, Phase, Sending};

/// Whether the messages that a client's connection has not written are dropped or kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Queued {
    /// They are dropped, and counted as [`DropReason::Closed`](super::DropReason::Closed).
    Drop,
    /// They wait for the next connection. Those on lease go to the front, and may reach the peer twice.
    Keep,
}

impl Hub {
    /// Separates a client from its connection. The connection has no client then, gets no other, and counts as a handshake
    /// until it is gone, which the caller sees to; a lease that it has is stale. The caller ends the client, or it is away.
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
        self.end_pause(index);
    }

    /// Separates a client from its connection, which then closes: what it has begun is finished, and the close frame follows. An
    /// entry of its own does that: the *rest*, which is not a client and has no messages but those that are begun or on lease.
    /// If the transport has failed, the host is asked to end it.
    pub(super) fn part(&mut self, row: Row, index: u32, code: Option<CloseCode>, reason: Option<Name>) {
        let has_failed = matches!(self.outboxes.entries[index].sending, Sending::Ended | Sending::Detached);
        let (connection, lane) = (self.connections.id(row), self.connections[row].lane);
        // With every id in use there is none for the rest.
        let rest = if has_failed { None } else { self.outboxes.entries.insert(connection, lane) };
        let Some(rest) = rest else {
            self.detach(row, index, Queued::Keep);
            return self.abort(row);
        };
        self.begin_client(rest.index());
        self.outboxes.pass_on(index, rest.index);
        self.phases.detached += 1;
        self.end_pause(index);
        let slot = &mut self.connections[row];
        slot.client = rest.index;
        slot.marks.set(Marks::PARTED);
        self.write_close(row, rest.index, code, reason);
    }

    /// Reading from the connection that was paused has ended.
    fn end_pause(&mut self, index: u32) {
        if let Some(usage) = self.usages.get_mut(index as usize) {
            usage.resume_at = NEVER;
        }
    }

    /// Attaches an open client that has no connection to one that has no client: what waits is written to it first.
    pub(super) fn attach(&mut self, row: Row, index: u32) {
        let connection = self.connections.id(row);
        let slot = &mut self.connections[row];
        slot.client = index;
        let lane = slot.lane;
        self.outboxes.attach(index, connection, lane);
        self.phases.accepted -= 1;
        self.phases.detached -= 1;
        self.begin_to_hear(row);
        self.begin_controls(row);
        self.schedule_late_drain(index);
        self.arm(row);
    }

    /// Ends a client that has no connection, in whatever phase it is, and frees its id.
    pub(super) fn end_detached(&mut self, index: u32) {
        match self.outboxes.entries[index].phase {
            Phase::Open | Phase::Away => {
                self.leave_hub(index, CloseCode::ABNORMAL, None, ClosedBy::Transport);
            }
            Phase::Ending => self.leave_marked(index),
            Phase::Reserved => {
                self.leave_session(index);
                self.clear_user(index);
                self.drop_expiry(index);
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
