//! A newcomer continues a client that is away, or takes over one that has another connection.

use super::connection::Row;
use super::{Action, Error, Hub, Notice, Refusal, SecondConnection};
use crate::cause::Cause;
use crate::close::CloseFrame;
use crate::outbox::{NONE, Phase};

impl Hub {
    /// Opens a reserved client, or continues the client that has its session.
    pub(super) fn open_or_resume(&mut self, row: Row, reserved: u32) -> Result<(), Error> {
        match self.holder_of(reserved) {
            None => self.open_client(row, reserved),
            Some(index) => {
                self.check_resume(reserved, index)?;
                self.resume(row, reserved, index);
            }
        }
        Ok(())
    }

    /// Checks that a reserved client may continue another one.
    fn check_resume(&self, reserved: u32, index: u32) -> Result<(), Refusal> {
        if self.clients[reserved as usize].user != self.clients[index as usize].user {
            return Err(Refusal::SessionOfAnotherUser);
        }
        self.check_is_free(index)
    }

    /// Checks that a client is away, or may be taken over.
    pub(super) fn check_is_free(&self, index: u32) -> Result<(), Refusal> {
        let is_live = self.outboxes.entries[index].phase == Phase::Open;
        if is_live && self.config.sessions.second == SecondConnection::Refused {
            return Err(Refusal::SessionInUse);
        }
        Ok(())
    }

    /// Attaches a client to the connection of a reservation, which is over by that.
    fn resume(&mut self, row: Row, reserved: u32, index: u32) {
        self.connections[row].client = NONE;
        self.phases.accepted += 1;
        self.phases.reserved -= 1;
        self.leave_session(reserved);
        self.clear_user(reserved);
        self.inherit_expiry(reserved, index);
        self.outboxes.remove(reserved);
        let client = self.outboxes.entries.id(index);
        match self.row_of(index) {
            Some(old) => {
                let connection = self.connections.id(old);
                self.notices.push_back(Notice::Action(Action::Replaced { client, connection }));
                let CloseFrame { code, reason } = self.config.closes[Cause::Replaced].clone();
                self.totals.count_cause(Cause::Replaced);
                self.part(old, index, Some(code), super::closing::cut(&reason));
            }
            None => self.stop_grace(index, self.clients[index as usize].session),
        }
        self.outboxes.entries[index].phase = Phase::Open;
        self.totals.resumed += 1;
        let connection = self.connections.id(row);
        self.notices.push_back(Notice::Action(Action::Resumed { client, connection }));
        self.attach(row, index);
        self.begin_expiry(index);
        self.resume_asks(index, connection);
        self.tell_low(index);
    }
}
