//! How a client ends.

use super::client::Phase;
use super::outbox::Sending;
use super::sessions::Loss;
use super::timeouts::nanos;
use super::{Model, NEVER, reason_in_frame, swap_out};
use crate::model::limits::Cause;
use throng_core::ClosedBy;
use throng_core::hub::{Action, DropReason, Error, Flush};
use throng_core::outbox::Control;
use throng_core::{ClientId, CloseCode, ConnectionId, Name};

impl Model {
    pub(super) fn close(
        &mut self,
        client: ClientId,
        code: CloseCode,
        reason: &str,
        flush: Flush,
        by: ClosedBy,
    ) -> Result<(), Error> {
        self.need_open(client)?;
        if by == ClosedBy::Hub {
            self.numbers.told.push(code);
        }
        self.end(client, code, reason, flush, by);
        Ok(())
    }

    pub(super) fn peer_closed(
        &mut self,
        connection: ConnectionId,
        code: Option<CloseCode>,
        reason: &str,
    ) -> Result<(), Error> {
        let told = code.unwrap_or(CloseCode::NO_STATUS);
        self.peer_ended(connection, code, told, reason_in_frame(reason), ClosedBy::Peer)
    }

    pub(super) fn half_closed(&mut self, connection: ConnectionId) -> Result<(), Error> {
        self.peer_ended(connection, None, CloseCode::ABNORMAL, None, ClosedBy::Transport)
    }

    /// The peer says nothing more. What waits for it is written before the close frame.
    fn peer_ended(
        &mut self,
        connection: ConnectionId,
        answer: Option<CloseCode>,
        told: CloseCode,
        reason: Option<Name>,
        by: ClosedBy,
    ) -> Result<(), Error> {
        let client = self.need_connection(connection)?.ok_or(Error::NotOpen)?;
        let phase = self.phase(client)?;
        if phase < Phase::Open {
            return Err(Error::NotOpen);
        }
        self.at(connection).peer_closed = true;
        if phase != Phase::Open {
            self.finish_closing(client);
            return Ok(());
        }
        let loss = Loss { code: told, by, reason: reason.clone() };
        let says_so = by == ClosedBy::Peer && self.is_farewell(answer);
        if !says_so && self.lose_closing(client, answer, &loss) {
            return Ok(());
        }
        self.leave_hub(client, told, reason, by);
        self.begin_closing(client, answer, None);
        Ok(())
    }

    /// The transport is no more: its client ends with it.
    pub(super) fn gone(&mut self, connection: ConnectionId) -> Result<(), Error> {
        let loss = Loss { code: CloseCode::ABNORMAL, by: ClosedBy::Transport, reason: None };
        if let Some(client) = self.need_connection(connection)?
            && !self.lose(client, &loss)
        {
            self.stop_sending(client);
            match self.phase(client)? {
                Phase::Open => self.leave_hub(client, CloseCode::ABNORMAL, None, ClosedBy::Transport),
                Phase::Marked => self.marked_has_gone(client),
                Phase::Reserved | Phase::Closing | Phase::Away => {}
            }
            self.assign_user(client, None);
            self.forget(client);
        }
        self.connections.retain(|one| one.id != connection);
        self.connection_ids.take_back(connection.index());
        Ok(())
    }

    /// Ends an open client with a close frame.
    pub(super) fn end(
        &mut self,
        client: ClientId,
        code: CloseCode,
        reason: &str,
        flush: Flush,
        by: ClosedBy,
    ) {
        if self.of(client).on().is_none() {
            self.stop_sending(client);
        } else if flush == Flush::Never {
            self.drop_unsent(client);
        }
        self.leave_hub(client, code, reason_in_frame(reason), by);
        self.begin_closing(client, Some(code), reason_in_frame(reason));
    }

    /// Ends an open client for a cause of the hub's.
    pub(super) fn end_for(&mut self, client: ClientId, cause: Cause) {
        let (code, reason) = self.limits.farewell(cause);
        self.end_with(client, cause, code, &reason);
    }

    pub(super) fn end_with(&mut self, client: ClientId, cause: Cause, code: CloseCode, reason: &str) {
        let flush = match cause {
            Cause::Controls | Cause::TooSlow | Cause::ShutDown => Flush::Never,
            _ => Flush::First,
        };
        self.numbers.causes.push(cause);
        self.end(client, code, reason, flush, ClosedBy::Hub);
    }

    /// Ends an open client whose transport is of no use any more.
    pub(super) fn end_abruptly(&mut self, client: ClientId, reason: &str, by: ClosedBy) {
        self.stop_sending(client);
        self.leave_hub(client, CloseCode::ABNORMAL, reason_in_frame(reason), by);
        self.of(client).phase = Phase::Closing;
        self.abort_client(client);
    }

    fn drop_unsent(&mut self, client: ClientId) {
        let outbox = &mut self.of(client).outbox;
        outbox.discard = outbox.sending == Sending::Leased;
        self.drop_queue(client, DropReason::Closed);
    }

    /// The client is out of everything, and the application is told.
    pub(super) fn leave_hub(
        &mut self,
        client: ClientId,
        code: CloseCode,
        reason: Option<Name>,
        by: ClosedBy,
    ) {
        self.tell_drops_of(client);
        self.tell_over_rate(client);
        self.end_asks(client, code, by);
        self.of(client).asks_timer.0 = NEVER;
        self.of(client).expiry = None;
        self.leave_every_room(client);
        self.of(client).session = None;
        self.of(client).away = None;
        self.assign_user(client, None);
        swap_out(&mut self.open, &client);
        self.numbers.count_end(by, code);
        self.tell(Action::Disconnected { client, code, by, reason });
    }

    fn begin_closing(&mut self, client: ClientId, code: Option<CloseCode>, reason: Option<Name>) {
        let code = code.filter(|code| code.may_be_sent());
        let reason = reason.filter(|_| code.is_some());
        let deadline = self.now + nanos(self.limits.close);
        if self.of(client).on().is_none() {
            return self.forget(client);
        }
        let of = self.of(client);
        of.phase = Phase::Closing;
        if matches!(of.outbox.sending, Sending::Ended | Sending::Held) {
            return self.abort_client(client);
        }
        of.outbox.close.get_or_insert(Control::Close { code, reason });
        self.connection_of(client).deadline = deadline;
        self.wake_for_control(client);
        self.arm_client(client);
    }

    /// A client has been closing for too long. If its messages wait for nothing but their rate, they are dropped, and the
    /// close frame has its time anew.
    pub(super) fn close_overdue(&mut self, client: ClientId) {
        let is_paced = self.limits.written_messages.is_some();
        let deadline = self.now + nanos(self.limits.close);
        let outbox = &self.of(client).outbox;
        if is_paced && matches!(outbox.sending, Sending::Paced | Sending::Ready) && outbox.can_shed() {
            self.drop_unsent(client);
            self.connection_of(client).deadline = deadline;
        } else {
            self.abort_client(client);
        }
    }

    /// Close frames have gone both ways: the transport is to end.
    pub(super) fn finish_closing(&mut self, client: ClientId) {
        let of = self.of(client);
        let is_written = of.phase == Phase::Closing && of.outbox.sending == Sending::Ended;
        if is_written && self.connection_of(client).peer_closed {
            self.abort_client(client);
        }
    }

    pub(super) fn abort_client(&mut self, client: ClientId) {
        let connection = self.of(client).connection;
        self.abort(connection);
    }

    /// Asks the host to end a transport, once.
    pub(super) fn abort(&mut self, connection: ConnectionId) {
        if let Some(client) = self.at(connection).client {
            self.stop_sending(client);
        }
        let found = self.at(connection);
        if found.aborted {
            return;
        }
        found.aborted = true;
        found.deadline = NEVER;
        found.write_deadline = NEVER;
        self.tell(Action::Abort { connection });
        self.arm(connection);
    }
}
