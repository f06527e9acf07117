//! Ends clients, and closes their transports afterwards.
//!
//! A client ends at once: it leaves its rooms and its user, and the application is told. The transport lives
//! on, under a deadline, until the queue and the close frame are written and the peer has answered.

use super::attach::Queued;
use super::away::Loss;
use super::client::NEVER;
use super::connection::{Marks, Row};
use super::{Action, Error, Flush, Hub, Notice};
use crate::close::{CloseCode, ClosedBy};
use crate::id::{ClientId, ConnectionId, Name};
use crate::outbox::{Phase, Sending};

/// The longest reason of a close frame in bytes: the 125 of a control frame minus the code (RFC 6455 section 5.5).
const REASON_BYTES: usize = 123;

impl Hub {
    pub(super) fn handle_close(
        &mut self,
        client: ClientId,
        code: CloseCode,
        reason: &str,
        flush: Flush,
        by: ClosedBy,
    ) -> Result<(), Error> {
        let index = self.open_index(client)?;
        if by == ClosedBy::Hub {
            self.totals.count_code(code);
        }
        self.end(index, code, reason, flush, by);
        Ok(())
    }

    pub(super) fn handle_close_connection(
        &mut self,
        connection: ConnectionId,
        code: CloseCode,
        reason: &str,
        flush: Flush,
    ) -> Result<(), Error> {
        let (_, index) = self.open_connection(connection)?;
        self.totals.count_code(code);
        self.end(index, code, reason, flush, ClosedBy::Hub);
        Ok(())
    }

    pub(super) fn handle_peer_closed(
        &mut self,
        connection: ConnectionId,
        code: Option<CloseCode>,
        reason: &str,
    ) -> Result<(), Error> {
        if let Some((row, index)) = self.finish_receiving(connection)? {
            let (said, by) = (code.unwrap_or(CloseCode::NO_STATUS), ClosedBy::Peer);
            if !self.is_farewell(code)
                && self.lose_closing(row, index, code, Loss { code: said, reason: cut(reason), by })
            {
                return Ok(());
            }
            self.leave_hub(index, said, cut(reason), by);
            // The queue may hold replies to the peer's last messages, so it goes first (RFC 6455 section 5.5.1 allows
            // that).
            self.begin_closing(index, code, None);
        }
        Ok(())
    }

    pub(super) fn handle_half_closed(&mut self, connection: ConnectionId) -> Result<(), Error> {
        if let Some((row, index)) = self.finish_receiving(connection)?
            && !self.lose_closing(row, index, None, Loss::TRANSPORT)
        {
            self.leave_hub(index, CloseCode::ABNORMAL, None, ClosedBy::Transport);
            self.begin_closing(index, None, None);
        }
        Ok(())
    }

    /// Notes that the peer sends nothing more of interest. Returns the row and index of an open client, which loses its connection by it. For a
    /// closing client, the peer's close frame answers ours or crosses it.
    fn finish_receiving(&mut self, connection: ConnectionId) -> Result<Option<(Row, u32)>, Error> {
        let row = self.connections.find(connection).ok_or(Error::Gone)?;
        let index = self.connections[row].client;
        let phase = self.outboxes.entries.phase(index);
        if phase < Phase::Open {
            return Err(Error::NotOpen);
        }
        self.connections[row].marks.set(Marks::PEER_CLOSED);
        if phase == Phase::Open {
            return Ok(Some((row, index)));
        }
        self.finish_closing(row, index);
        Ok(None)
    }

    pub(super) fn handle_gone(&mut self, connection: ConnectionId) -> Result<(), Error> {
        let row = self.connections.find(connection).ok_or(Error::Gone)?;
        if let Some(index) = self.connections[row].client()
            && !self.lose(row, index, Loss::TRANSPORT)
        {
            self.detach(row, index, Queued::Drop);
            self.end_detached(index);
        }
        let slot = &self.connections[row];
        let (timer, address) = (slot.timer, slot.address);
        self.wheel.remove(timer);
        self.leave_address(address);
        self.connections.remove(row);
        self.phases.accepted -= 1;
        Ok(())
    }

    /// Ends an open client with a close frame.
    pub(super) fn end(&mut self, index: u32, code: CloseCode, reason: &str, flush: Flush, by: ClosedBy) {
        if self.row_of(index).is_none() {
            // Nobody will write it.
            self.outboxes.stop_sending(index);
        } else if flush == Flush::Never {
            self.outboxes.drop_unsent(index);
        }
        let reason = cut(reason);
        self.leave_hub(index, code, reason.clone(), by);
        self.begin_closing(index, Some(code), reason);
    }

    /// Ends an open client without a close frame, and asks the host to end its transport.
    pub(super) fn end_abruptly(&mut self, index: u32, reason: &str, by: ClosedBy) {
        self.outboxes.stop_sending(index);
        self.leave_hub(index, CloseCode::ABNORMAL, cut(reason), by);
        let Some(row) = self.row_of(index) else { return self.forget_client(index) };
        self.outboxes.entries[index].phase = Phase::Closing;
        self.phases.closing += 1;
        self.abort(row);
    }

    /// Asks the host to end the transport of an open client, which goes away or ends.
    pub(super) fn cut_off(&mut self, row: Row, index: u32, reason: &str, by: ClosedBy) {
        let loss = Loss { code: CloseCode::ABNORMAL, reason: cut(reason), by };
        match self.lose(row, index, loss) {
            true => self.abort(row),
            false => self.end_abruptly(index, reason, by),
        }
    }

    /// Removes a client from its rooms, its user, its session and the list of clients, and queues its actions: drops first,
    /// `Disconnected` last.
    pub(super) fn leave_hub(&mut self, index: u32, code: CloseCode, reason: Option<Name>, by: ClosedBy) {
        let client = self.outboxes.entries.id(index);
        self.tell_tally(index);
        self.tell_over_rate(client);
        self.end_asks(index, code, by);
        self.leave_every_room(client);
        self.leave_session(index);
        self.clear_user(index);
        self.drop_expiry(index);
        let position = self.clients[index as usize].position;
        self.all.swap_remove(position as usize);
        if let Some(&moved) = self.all.get(position as usize) {
            self.clients[moved as usize].position = position;
        }
        self.totals.ended.count(by, code);
        self.notices.push_back(Notice::Action(Action::Disconnected { client, code, by, reason }));
    }

    /// Writes the queue and the close frame of a client that has left the hub; without a connection its id is free at once.
    fn begin_closing(&mut self, index: u32, code: Option<CloseCode>, reason: Option<Name>) {
        let Some(row) = self.row_of(index) else { return self.forget_client(index) };
        if matches!(self.outboxes.entries[index].sending, Sending::Ended | Sending::Detached) {
            // The transport has failed, so no close frame can be written.
            self.outboxes.entries[index].phase = Phase::Closing;
            self.phases.closing += 1;
            return self.abort(row);
        }
        self.write_close(row, index, code, reason);
    }

    /// Queues the close frame of a connection whose client has left it or the hub.
    pub(super) fn write_close(
        &mut self,
        row: Row,
        index: u32,
        code: Option<CloseCode>,
        reason: Option<Name>,
    ) {
        // A close frame never carries 1005 or 1006, and without a code it has no reason.
        let code = code.filter(|code| code.may_be_sent());
        let reason = reason.filter(|_| code.is_some());
        self.outboxes.entries[index].phase = Phase::Closing;
        self.phases.closing += 1;
        self.outboxes.push_close(index, code, reason);
        self.connections[row].deadline = (self.now + self.config.deadlines.close).as_nanos();
        self.arm(row);
    }

    /// Handles a close deadline that passed. If only the rate of messages delayed the close frame, the queued messages are
    /// dropped and the close frame goes, under a second deadline of the same length. Otherwise the transport is aborted.
    pub(super) fn close_overdue(&mut self, row: Row, index: u32) {
        let entry = &self.outboxes.entries[index];
        let waiting = entry.messages;
        if self.outboxes.is_paced() && matches!(entry.sending, Sending::Paced | Sending::Ready) {
            self.outboxes.drop_unsent(index);
        }
        if self.outboxes.entries[index].messages == waiting {
            return self.abort(row);
        }
        self.connections[row].deadline = (self.now + self.config.deadlines.close).as_nanos();
    }

    /// Aborts the transport once both close frames are exchanged: the server closes first (RFC 6455 section 7.1.1), so
    /// the peer need not wait for the deadline.
    pub(super) fn finish_closing(&mut self, row: Row, index: u32) {
        let entry = &self.outboxes.entries[index];
        let both = entry.sending == Sending::Ended && self.connections[row].is(Marks::PEER_CLOSED);
        if entry.phase == Phase::Closing && both {
            self.abort(row);
        }
    }

    /// Asks the host to end a transport, once.
    pub(super) fn abort(&mut self, row: Row) {
        if let Some(index) = self.connections[row].client() {
            self.outboxes.stop_sending(index);
        }
        let slot = &mut self.connections[row];
        if slot.is(Marks::ABORTED) {
            return;
        }
        slot.marks.set(Marks::ABORTED);
        slot.deadline = NEVER;
        slot.write_deadline = NEVER;
        let connection = self.connections.id(row);
        self.notices.push_back(Notice::Action(Action::Abort { connection }));
        self.arm(row);
    }
}

/// The reason cut to fit in a close frame; `None` if it is empty.
pub(super) fn cut(reason: &str) -> Option<Name> {
    let end = reason.floor_char_boundary(REASON_BYTES);
    (end > 0).then(|| reason[..end].into())
}
