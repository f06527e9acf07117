//! Deadlines and heartbeats. Each connection has one timer, set to its earliest deadline. Traffic that defers a
//! deadline does not touch the timer: the deadline is checked when the timer fires.

use super::client::NEVER;
use super::connection::{Marks, Row};
use super::work::{Slice, TIMER};
use super::{Action, Hub, Notice, Owner};
use crate::cause::Cause;
use crate::close::ClosedBy;
use crate::outbox::{Phase, Sending};
use crate::time::{Instant, nanos};

/// The most steps by which one timeout moves the timers of a crowded tick. Removing a user takes steps too.
const STEPS: u32 = 8_192;

impl Hub {
    pub(super) fn handle_timeout(&mut self) {
        self.sweep_slice();
        self.close_rooms_slice();
        self.end_marked_slice();
        if self.discarding.is_some() {
            self.release_discarded();
        }
        let (mut slice, mut steps) = (Slice::of(self.config.host.slice), STEPS);
        while !slice.is_over()
            && steps > 0
            && let Some((_, owner)) = self.wheel.pop(self.now, &mut steps)
        {
            match owner {
                Owner::Connection(row) => {
                    slice.spend(TIMER);
                    let row = Row(row);
                    self.work_on(self.connections[row].client, &mut slice, |hub| hub.connection_timeout(row));
                }
                Owner::Away(index) => {
                    slice.spend(TIMER);
                    self.work_on(index, &mut slice, |hub| hub.away_timeout(index));
                }
                Owner::Asks(index) => {
                    slice.spend(TIMER);
                    self.work_on(index, &mut slice, |hub| hub.asks_timeout(index));
                }
                Owner::User(slot) => {
                    steps = steps.saturating_sub(TIMER);
                    self.forget_user(slot);
                }
                Owner::Address(slot) => {
                    steps = steps.saturating_sub(TIMER);
                    self.forget_address(slot);
                }
                Owner::Room(slot) => {
                    let expired = self.stream_timeout(slot);
                    steps = steps.saturating_sub(TIMER + expired);
                }
                Owner::Presence(slot) => {
                    let work = self.presence_timeout(slot);
                    slice.spend(TIMER + work);
                }
                Owner::Discarded => {}
            }
        }
        let now = self.now();
        while !slice.is_over()
            && steps > 0
            && let Some((_, index)) = self.expiries.wheel.pop(now, &mut steps)
        {
            slice.spend(TIMER);
            self.work_on(index, &mut slice, |hub| hub.expiry_timeout(index));
        }
        if let Some(timer) = self.discarding {
            self.wheel.reset(timer, self.now);
        }
    }

    fn connection_timeout(&mut self, row: Row) {
        let index = self.connections[row].client;
        match self.outboxes.entries.phase(index) {
            // Without a client, or with one that is not open yet.
            Phase::Vacant | Phase::Reserved => {
                if self.is_due(self.handshake_deadline(row)) {
                    self.handshake_timed_out(row);
                }
            }
            // A marked client is ended without a timer, and an away one has no connection.
            Phase::Ending | Phase::Away => self.unpace_if_due(index),
            Phase::Open => {
                self.unpace_if_due(index);
                self.open_timeout(row, index);
            }
            Phase::Closing => {
                self.unpace_if_due(index);
                if self.is_write_overdue(row, index) {
                    self.abort(row);
                } else if self.is_due(self.close_deadline(row)) {
                    self.close_overdue(row, index);
                }
            }
        }
        self.arm(row);
    }

    fn open_timeout(&mut self, row: Row, index: u32) {
        if self.is_due(self.resume_at(index)) {
            self.usages[index as usize].resume_at = NEVER;
            // The host did not read from the client, so its idle times start again.
            let slot = &mut self.connections[row];
            slot.hear(self.now.as_nanos());
            slot.last_in = self.now.as_nanos();
            let connection = self.connections.id(row);
            self.notices.push_back(Notice::Action(Action::Resume { connection }));
        }
        if self.is_write_overdue(row, index) {
            if matches!(self.outboxes.entries[index].sending, Sending::Ended | Sending::Detached) {
                return self.cut_off(row, index, "", ClosedBy::Transport);
            }
            self.totals.write_timeouts += 1;
            return self.cut_off(row, index, "write deadline", ClosedBy::Hub);
        }
        if self.is_due(self.pong_deadline(row, index)) {
            if self.connections[row].is(Marks::WORKING) {
                return self.end_for(index, Cause::NoAnswer);
            }
            self.totals.pong_timeouts += 1;
            return self.cut_off(row, index, "pong deadline", ClosedBy::Hub);
        }
        let slot = &self.connections[row];
        if self.is_due(slot.deadline) || self.is_due(self.drain_idle_deadline(row, index)) {
            return self.end_for(index, Cause::Draining);
        }
        if self.is_due(self.idle_deadline(row, index)) {
            return self.end_for(index, Cause::Idle);
        }
        if self.is_due(self.idle_inbound_deadline(row, index)) {
            return self.end_for(index, Cause::IdleInbound);
        }
        if self.is_due(slot.next_ping) {
            let ping = self.config.deadlines.ping.map_or(NEVER, nanos);
            self.connections[row].next_ping = self.now.as_nanos().saturating_add(ping);
            self.totals.pings += 1;
            self.outboxes.push_ping(index);
        }
    }

    /// Sets the timer of a connection to its earliest deadline.
    pub(super) fn arm(&mut self, row: Row) {
        let earliest = self.earliest_deadline(row);
        self.wheel.reset(self.connections[row].timer, Instant::from_nanos(earliest));
    }

    /// Sets the timer of a client's connection likewise.
    pub(super) fn arm_client(&mut self, index: u32) {
        if let Some(row) = self.row_of(index) {
            self.arm(row);
        }
    }

    /// The earliest deadline of a connection.
    pub(super) fn earliest_deadline(&self, row: Row) -> u64 {
        let slot = &self.connections[row];
        let index = slot.client;
        match self.outboxes.entries.phase(index) {
            Phase::Ending | Phase::Away => NEVER,
            Phase::Vacant | Phase::Reserved => self.handshake_deadline(row),
            Phase::Closing => {
                self.close_deadline(row).min(self.write_deadline(row)).min(self.paced_until(index))
            }
            Phase::Open => [
                slot.deadline,
                slot.next_ping,
                self.write_deadline(row),
                self.resume_at(index),
                self.pong_deadline(row, index),
                self.idle_deadline(row, index),
                self.drain_idle_deadline(row, index),
                self.paced_until(index),
                self.idle_inbound_deadline(row, index),
            ]
            .into_iter()
            .fold(NEVER, u64::min),
        }
    }

    fn is_due(&self, deadline: u64) -> bool {
        deadline <= self.now.as_nanos()
    }

    fn handshake_deadline(&self, row: Row) -> u64 {
        self.put_off(row, self.connections[row].deadline, nanos(self.config.deadlines.handshake))
    }

    fn close_deadline(&self, row: Row) -> u64 {
        self.put_off(row, self.connections[row].deadline, nanos(self.config.deadlines.close))
    }

    pub(super) fn write_deadline(&self, row: Row) -> u64 {
        self.put_off(row, self.connections[row].write_deadline, nanos(self.config.deadlines.write))
    }

    /// The pong deadline; `NEVER` while reading is paused, or while no ping waits for an answer.
    fn pong_deadline(&self, row: Row, index: u32) -> u64 {
        let (slot, deadlines) = (&self.connections[row], &self.config.deadlines);
        let Some(pong) = deadlines.pong.map(nanos).filter(|_| self.resume_at(index) == NEVER) else {
            return NEVER;
        };
        let lasts = match deadlines.ping {
            Some(_) if !slot.is(Marks::ASKED) => return NEVER,
            Some(ping) => pong.saturating_sub(nanos(ping)),
            None => pong,
        };
        self.put_off(row, slot.heard.saturating_add(pong), lasts)
    }

    /// Starts the pong deadline when a ping was written. Does nothing if anything has arrived since the ping was queued, because
    /// that shows that the peer is alive.
    pub(super) fn ping_sent(&mut self, row: Row, index: u32) {
        let Some(ping) = self.config.deadlines.ping.map(nanos) else { return };
        let now = self.now.as_nanos();
        let slot = &mut self.connections[row];
        let queued = slot.next_ping.saturating_sub(ping);
        let is_open = self.outboxes.entries[index].phase == Phase::Open;
        if is_open && !slot.is(Marks::ASKED) && slot.heard < queued {
            slot.marks.set(Marks::ASKED);
            slot.heard = slot.heard.max(now.saturating_sub(ping));
            self.arm(row);
        }
    }

    fn idle_deadline(&self, row: Row, index: u32) -> u64 {
        let last = self.last_active(row, index).as_nanos();
        self.config.deadlines.idle.map_or(NEVER, |idle| self.deadline(row, last, idle))
    }
}
