//! Deadlines and heartbeats. Each connection has one timer, set to the earliest of what it waits for; what
//! traffic pushes back is looked at when the timer fires, not when the traffic comes.

use super::cause::Cause;
use super::client::NEVER;
use super::{Action, Hub, Notice, Owner};
use crate::close::ClosedBy;
use crate::outbox::{Phase, Sending};
use crate::time::{Instant, nanos};

impl Hub {
    pub(super) fn handle_timeout(&mut self) {
        self.sweep_slice();
        self.disperse_slice();
        while let Some((_, owner)) = self.wheel.pop(self.now) {
            match owner {
                Owner::Client(index) => self.client_timeout(index),
                Owner::User(slot) => self.forget_user(slot),
                Owner::Address(slot) => self.forget_address(slot),
            }
        }
    }

    fn client_timeout(&mut self, index: u32) {
        self.unpace_if_due(index);
        match self.outboxes.entries[index].phase {
            Phase::Vacant => return,
            Phase::Accepted | Phase::Reserved => {
                if self.is_due(self.clients[index as usize].deadline) {
                    self.handshake_timed_out(index);
                }
            }
            Phase::Open => self.open_timeout(index),
            Phase::Closing => {
                if self.is_write_overdue(index) {
                    self.abort(index);
                } else if self.is_due(self.clients[index as usize].deadline) {
                    self.close_overdue(index);
                }
            }
        }
        self.arm(index);
    }

    fn open_timeout(&mut self, index: u32) {
        if self.is_due(self.resume_at(index)) {
            self.usages[index as usize].resume_at = NEVER;
            // It was not read from, so it could not be heard.
            let cold = &mut self.clients[index as usize];
            (cold.heard, cold.last_in) = (self.now.as_nanos(), self.now.as_nanos());
            let client = self.outboxes.entries.id(index);
            self.notices.push_back(Notice::Action(Action::Resume { client }));
        }
        if self.is_write_overdue(index) {
            if self.outboxes.entries[index].sending == Sending::Ended {
                return self.end_abruptly(index, "", ClosedBy::Transport);
            }
            self.totals.write_timeouts += 1;
            return self.end_abruptly(index, "write deadline", ClosedBy::Hub);
        }
        if self.is_due(self.pong_deadline(index)) {
            if self.clients[index as usize].working {
                return self.end_for(index, Cause::NoAnswer);
            }
            self.totals.pong_timeouts += 1;
            return self.end_abruptly(index, "pong deadline", ClosedBy::Hub);
        }
        let cold = &self.clients[index as usize];
        if self.is_due(cold.deadline) || self.is_due(self.drain_idle_deadline(index)) {
            return self.end_for(index, Cause::Draining);
        }
        if self.is_due(self.idle_deadline(index)) {
            return self.end_for(index, Cause::Idle);
        }
        if self.is_due(self.idle_inbound_deadline(index)) {
            return self.end_for(index, Cause::IdleInbound);
        }
        if self.is_due(cold.next_ping) {
            let ping = self.config.deadlines.ping.map_or(NEVER, nanos);
            self.clients[index as usize].next_ping = self.now.as_nanos().saturating_add(ping);
            self.totals.pings += 1;
            self.outboxes.push_ping(index);
        }
    }

    /// Sets the timer of a connection to the earliest of what it waits for.
    pub(super) fn arm(&mut self, index: u32) {
        if self.outboxes.entries[index].phase != Phase::Vacant {
            let earliest = self.earliest_deadline(index);
            self.wheel.reset(self.timer_of(index), Instant::from_nanos(earliest));
        }
    }

    /// The earliest of what a connection waits for.
    pub(super) fn earliest_deadline(&self, index: u32) -> u64 {
        let cold = &self.clients[index as usize];
        match self.outboxes.entries[index].phase {
            Phase::Vacant => NEVER,
            Phase::Accepted | Phase::Reserved => cold.deadline,
            Phase::Closing => cold.deadline.min(cold.write_deadline).min(self.paced_until(index)),
            Phase::Open => [
                cold.deadline,
                cold.next_ping,
                cold.write_deadline,
                self.resume_at(index),
                self.pong_deadline(index),
                self.idle_deadline(index),
                self.drain_idle_deadline(index),
                self.paced_until(index),
                self.idle_inbound_deadline(index),
            ]
            .into_iter()
            .fold(NEVER, u64::min),
        }
    }

    fn is_due(&self, deadline: u64) -> bool {
        deadline <= self.now.as_nanos()
    }

    /// While reading is paused, nothing can be heard.
    fn pong_deadline(&self, index: u32) -> u64 {
        let cold = &self.clients[index as usize];
        match self.config.deadlines.pong {
            Some(pong) if self.resume_at(index) == NEVER => cold.heard.saturating_add(nanos(pong)),
            _ => NEVER,
        }
    }

    fn idle_deadline(&self, index: u32) -> u64 {
        self.config.deadlines.idle.map_or(NEVER, |idle| (self.last_active(index) + idle).as_nanos())
    }
}
