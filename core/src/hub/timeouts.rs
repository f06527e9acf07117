//! Deadlines and heartbeats. Each connection has one timer, set to the earliest of what it waits for; what
//! traffic pushes back is looked at when the timer fires, not when the traffic comes.

use super::client::NEVER;
use super::work::{Slice, TIMER};
use super::{Action, Hub, Notice, Owner};
use crate::cause::Cause;
use crate::close::ClosedBy;
use crate::outbox::{Phase, Sending};
use crate::time::{Instant, nanos};

/// Steps by which the timers of a crowded tick come nearer in one timeout, at most. To forget a user takes some, too.
const STEPS: u32 = 8_192;

impl Hub {
    pub(super) fn handle_timeout(&mut self) {
        self.sweep_slice();
        self.close_rooms_slice();
        self.end_marked_slice();
        let (mut slice, mut steps) = (Slice::of(self.config.host.slice), STEPS);
        while !slice.is_over()
            && steps > 0
            && let Some((_, owner)) = self.wheel.pop(self.now, &mut steps)
        {
            match owner {
                Owner::Client(index) => {
                    slice.spend(TIMER);
                    self.work_on(index, &mut slice, |hub| hub.client_timeout(index));
                }
                Owner::User(slot) => {
                    steps = steps.saturating_sub(TIMER);
                    self.forget_user(slot);
                }
                Owner::Address(slot) => {
                    steps = steps.saturating_sub(TIMER);
                    self.forget_address(slot);
                }
            }
        }
    }

    fn client_timeout(&mut self, index: u32) {
        self.unpace_if_due(index);
        match self.outboxes.entries[index].phase {
            Phase::Vacant => return,
            // Its turn comes without a timer.
            Phase::Ending => {}
            Phase::Accepted | Phase::Reserved => {
                if self.is_due(self.phase_deadline(index)) {
                    self.handshake_timed_out(index);
                }
            }
            Phase::Open => self.open_timeout(index),
            Phase::Closing => {
                if self.is_write_overdue(index) {
                    self.abort(index);
                } else if self.is_due(self.phase_deadline(index)) {
                    self.close_overdue(index);
                }
            }
        }
        self.arm(index);
    }

    fn open_timeout(&mut self, index: u32) {
        if self.is_due(self.resume_at(index)) {
            self.usages[index as usize].resume_at = NEVER;
            // The host did not read from the client, so its idle times start again.
            let cold = &mut self.clients[index as usize];
            cold.hear(self.now.as_nanos());
            cold.last_in = self.now.as_nanos();
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

    /// Sets the timer of a connection to its earliest deadline.
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
            Phase::Vacant | Phase::Ending => NEVER,
            Phase::Accepted | Phase::Reserved => self.phase_deadline(index),
            Phase::Closing => {
                self.phase_deadline(index).min(self.write_deadline(index)).min(self.paced_until(index))
            }
            Phase::Open => [
                cold.deadline,
                cold.next_ping,
                self.write_deadline(index),
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

    /// The deadline of the handshake, or of closing.
    fn phase_deadline(&self, index: u32) -> u64 {
        let deadlines = &self.config.deadlines;
        let is_closing = self.outboxes.entries[index].phase == Phase::Closing;
        let lasts = if is_closing { deadlines.close } else { deadlines.handshake };
        self.put_off(index, self.clients[index as usize].deadline, nanos(lasts))
    }

    pub(super) fn write_deadline(&self, index: u32) -> u64 {
        let end = self.clients[index as usize].write_deadline;
        self.put_off(index, end, nanos(self.config.deadlines.write))
    }

    /// The pong deadline; `NEVER` while reading is paused, or while no ping waits for an answer.
    fn pong_deadline(&self, index: u32) -> u64 {
        let (cold, deadlines) = (&self.clients[index as usize], &self.config.deadlines);
        let Some(pong) = deadlines.pong.map(nanos).filter(|_| self.resume_at(index) == NEVER) else {
            return NEVER;
        };
        let lasts = match deadlines.ping {
            Some(_) if !cold.asked => return NEVER,
            Some(ping) => pong.saturating_sub(nanos(ping)),
            None => pong,
        };
        self.put_off(index, cold.heard.saturating_add(pong), lasts)
    }

    /// Starts the pong deadline when a ping was written. Not if anything arrived after the ping was queued: that answers
    /// it.
    pub(super) fn ping_sent(&mut self, index: u32) {
        let Some(ping) = self.config.deadlines.ping.map(nanos) else { return };
        let now = self.now.as_nanos();
        let cold = &mut self.clients[index as usize];
        let queued = cold.next_ping.saturating_sub(ping);
        if self.outboxes.entries[index].phase == Phase::Open && !cold.asked && cold.heard < queued {
            cold.asked = true;
            cold.heard = cold.heard.max(now.saturating_sub(ping));
            self.arm(index);
        }
    }

    fn idle_deadline(&self, index: u32) -> u64 {
        let last = self.last_active(index).as_nanos();
        self.config.deadlines.idle.map_or(NEVER, |idle| self.deadline(index, last, idle))
    }
}
