//! How a client ends.

use super::connection::Phase;
use super::outbox::Sending;
use super::timeouts::nanos;
use super::{Model, NEVER, reason_in_frame, swap_out};
use crate::model::limits::Cause;
use throng_core::ClosedBy;
use throng_core::hub::{Action, DropReason, Error, Flush};
use throng_core::outbox::Control;
use throng_core::{ClientId, CloseCode, Name};

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
        client: ClientId,
        code: Option<CloseCode>,
        reason: &str,
    ) -> Result<(), Error> {
        let told = code.unwrap_or(CloseCode::NO_STATUS);
        self.peer_ended(client, code, told, reason_in_frame(reason), ClosedBy::Peer)
    }

    pub(super) fn half_closed(&mut self, client: ClientId) -> Result<(), Error> {
        self.peer_ended(client, None, CloseCode::ABNORMAL, None, ClosedBy::Transport)
    }

    /// The peer says nothing more. What waits for it is written before the close frame.
    fn peer_ended(
        &mut self,
        client: ClientId,
        answer: Option<CloseCode>,
        told: CloseCode,
        reason: Option<Name>,
        by: ClosedBy,
    ) -> Result<(), Error> {
        let phase = self.phase(client)?;
        if phase < Phase::Open {
            return Err(Error::NotOpen);
        }
        self.of(client).peer_closed = true;
        if phase != Phase::Open {
            self.finish_closing(client);
            return Ok(());
        }
        self.leave_hub(client, told, reason, by);
        self.begin_closing(client, answer, None);
        Ok(())
    }

    pub(super) fn gone(&mut self, client: ClientId) -> Result<(), Error> {
        let phase = self.phase(client)?;
        self.stop_sending(client);
        match phase {
            Phase::Open => self.leave_hub(client, CloseCode::ABNORMAL, None, ClosedBy::Transport),
            Phase::Marked => self.marked_has_gone(client),
            _ => {}
        }
        self.assign_user(client, None);
        self.connections.retain(|connection| connection.id != client);
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
        if flush == Flush::Never {
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
        self.abort(client);
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
        self.leave_every_room(client);
        self.assign_user(client, None);
        swap_out(&mut self.clients, &client);
        self.numbers.count_end(by, code);
        self.tell(Action::Disconnected { client, code, by, reason });
    }

    fn begin_closing(&mut self, client: ClientId, code: Option<CloseCode>, reason: Option<Name>) {
        let code = code.filter(|code| code.may_be_sent());
        let reason = reason.filter(|_| code.is_some());
        let deadline = self.now + nanos(self.limits.close);
        let connection = self.of(client);
        connection.phase = Phase::Closing;
        if connection.outbox.sending == Sending::Ended {
            return self.abort(client);
        }
        connection.deadline = deadline;
        connection.outbox.close.get_or_insert(Control::Close { code, reason });
        self.wake_for_control(client);
        self.arm(client);
    }

    /// A client has been closing for too long. If its messages wait for nothing but their rate, they are dropped, and the
    /// close frame has its time anew.
    pub(super) fn close_overdue(&mut self, client: ClientId) {
        let is_paced = self.limits.written_messages.is_some();
        let deadline = self.now + nanos(self.limits.close);
        let outbox = &self.of(client).outbox;
        if is_paced && matches!(outbox.sending, Sending::Paced | Sending::Ready) && outbox.can_shed() {
            self.drop_unsent(client);
            self.of(client).deadline = deadline;
        } else {
            self.abort(client);
        }
    }

    /// Close frames have gone both ways: the transport is to end.
    pub(super) fn finish_closing(&mut self, client: ClientId) {
        let connection = self.of(client);
        if connection.phase == Phase::Closing
            && connection.outbox.sending == Sending::Ended
            && connection.peer_closed
        {
            self.abort(client);
        }
    }

    /// Asks the host to end a transport, once.
    pub(super) fn abort(&mut self, client: ClientId) {
        self.stop_sending(client);
        let connection = self.of(client);
        if connection.aborted {
            return;
        }
        connection.aborted = true;
        connection.deadline = NEVER;
        connection.write_deadline = NEVER;
        self.tell(Action::Abort { client });
        self.arm(client);
    }
}
