//! What an event does of its consequences at once, and what is left for the next timeouts.

use super::Model;
use super::client::Phase;
use crate::model::limits::Cause;
use throng_core::{ClientId, ClosedBy};

/// Units of work: for a client or handshake that ends, a room that it leaves, and a message that it loses.
pub(super) const CLIENT: u32 = 16;
const ROOM: u32 = 2;
const MESSAGE: u32 = 1;
/// For a timer, a member of a closed room, and a connection that is looked at.
pub(super) const TIMER: u32 = 8;
pub(super) const MEMBER: u32 = 8;
pub(super) const VISIT: u32 = 1;
/// Of each client that is told what was dropped.
pub(super) const NOTICE: u32 = 16;

impl Model {
    /// These were too slow.
    pub(super) fn mark(&mut self, clients: Vec<ClientId>) {
        if clients.is_empty() {
            return;
        }
        for client in clients {
            if self.need_open(client).is_ok() {
                self.drop_session(client);
                self.of(client).phase = Phase::Marked;
                self.marked.push(client);
            }
        }
        self.end_some_marked();
    }

    /// As many as there are units of work; one at least.
    pub(super) fn end_some_marked(&mut self) {
        let mut spent = 0;
        while spent < self.limits.slice && !self.marked.is_empty() {
            let client = self.marked.remove(0);
            spent += CLIENT;
            if self.phase(client) == Ok(Phase::Marked) {
                spent += self.work_of(client);
                self.end_marked(client);
            }
        }
    }

    pub(super) fn end_marked(&mut self, client: ClientId) {
        self.of(client).phase = Phase::Open;
        self.end_for(client, Cause::TooSlow);
    }

    /// It has gone, and is told of as what it was marked for.
    pub(super) fn marked_has_gone(&mut self, client: ClientId) {
        let (code, reason) = self.limits.farewell(Cause::TooSlow);
        self.numbers.causes.push(Cause::TooSlow);
        self.leave_hub(client, code, super::reason_in_frame(&reason), ClosedBy::Hub);
    }

    /// For what a client has.
    pub(super) fn work_of(&mut self, client: ClientId) -> u32 {
        let one = self.of(client);
        let asks = NOTICE * one.asks.len() as u32;
        ROOM * one.rooms.len() as u32 + MESSAGE * one.outbox.sums().0 + asks
    }

    /// Does something to a client; for how much of what it had, and for its end.
    pub(super) fn work_on(&mut self, client: ClientId, work: impl FnOnce(&mut Self)) -> u32 {
        let (phase, had) = (self.phase(client), self.work_of(client));
        work(self);
        let end = if self.phase(client) == phase { 0 } else { CLIENT };
        // A reservation that was given up is no more, and had nothing.
        let has = if self.find(client).is_some() { self.work_of(client) } else { 0 };
        end + had.saturating_sub(has)
    }
}
