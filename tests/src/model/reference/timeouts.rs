//! Deadlines and heartbeats.
//!
//! The hub does not move a timer whenever a deadline is pushed back; it looks when the timer fires. When it looks makes
//! no difference to what it does, only to the order in which clients come that are late at the same time, so the
//! model keeps the moment, too. That no timer is lost is checked against [`Model::earliest_deadline`], which knows
//! nothing of that.

use super::Model;
use super::connection::{Connection, Phase};
use super::outbox::Sending;
use crate::model::limits::Cause;
use throng_core::hub::Action;
use throng_core::{ClientId, ClosedBy};

/// A deadline that is not set.
pub(crate) const NEVER: u64 = u64::MAX;

/// What an open client is ended for, or pinged, at a deadline.
enum Due {
    Write,
    Pong,
    Drain,
    Idle,
    IdleInbound,
    Ping,
}

pub(super) fn nanos(millis: u32) -> u64 {
    u64::from(millis) * 1_000_000
}

impl Model {
    pub(super) fn timeout(&mut self) {
        self.do_sweep();
        self.end_some_marked();
        loop {
            let due = self.connections.iter().filter(|connection| connection.timer.0 <= self.now);
            let Some(client) = due.min_by_key(|connection| connection.timer).map(|first| first.id) else {
                return;
            };
            self.of(client).timer.0 = NEVER;
            self.unpace_if_due(client);
            match self.of(client).phase {
                Phase::Accepted | Phase::Reserved => {
                    let connection = self.of(client).clone();
                    if self.phase_deadline(&connection) <= self.now {
                        self.numbers.handshake_timeouts += 1;
                        self.abandon_handshake(client);
                    }
                }
                Phase::Open => self.open_timeout(client),
                Phase::Marked => {}
                Phase::Closing => {
                    self.excuse_from_writing(client);
                    let connection = self.of(client).clone();
                    if self.write_deadline(&connection) <= self.now {
                        self.abort(client);
                    } else if self.phase_deadline(&connection) <= self.now {
                        self.close_overdue(client);
                    }
                }
            }
            self.arm(client);
        }
    }

    /// Of what is due the first in the table comes, and nothing else.
    fn open_timeout(&mut self, client: ClientId) {
        let now = self.now;
        if self.of(client).resume_at <= now {
            self.of(client).resume_at = NEVER;
            // It was not read from, so it could not be heard.
            self.of(client).hear(now);
            self.of(client).last_in = now;
            self.tell(Action::Resume { client });
        }
        self.excuse_from_writing(client);
        let connection = self.of(client).clone();
        let due = self.deadlines(&connection).into_iter().find(|(deadline, _)| *deadline <= now);
        match due.map(|(_, due)| due) {
            None => {}
            Some(Due::Write) if connection.has_failed() => {
                self.end_abruptly(client, "", ClosedBy::Transport);
            }
            Some(Due::Write) => {
                self.numbers.write_timeouts += 1;
                self.end_abruptly(client, "write deadline", ClosedBy::Hub);
            }
            Some(Due::Pong) if connection.working => self.end_for(client, Cause::NoAnswer),
            Some(Due::Pong) => {
                self.numbers.pong_timeouts += 1;
                self.end_abruptly(client, "pong deadline", ClosedBy::Hub);
            }
            Some(Due::Drain) => self.end_for(client, Cause::Draining),
            Some(Due::Idle) => self.end_for(client, Cause::Idle),
            Some(Due::IdleInbound) => self.end_for(client, Cause::IdleInbound),
            Some(Due::Ping) => {
                self.of(client).next_ping = self.limits.ping.map_or(NEVER, |ping| now + nanos(ping));
                self.numbers.pings += 1;
                self.of(client).outbox.add_ping();
                self.wake_for_control(client);
            }
        }
    }

    /// When an open client is ended for what, or pinged; what comes first stands first.
    fn deadlines(&self, connection: &Connection) -> [(u64, Due); 6] {
        [
            (self.write_deadline(connection), Due::Write),
            (self.pong_deadline(connection), Due::Pong),
            (connection.deadline.min(self.drain_idle_deadline(connection)), Due::Drain),
            (self.idle_deadline(connection), Due::Idle),
            (self.idle_inbound_deadline(connection), Due::IdleInbound),
            (connection.next_ping, Due::Ping),
        ]
    }

    /// Who has nothing to write is not late with it. A transport that is full has its time anew.
    fn excuse_from_writing(&mut self, client: ClientId) {
        let (now, later) = (self.now, self.now + nanos(self.limits.write));
        let connection = self.of(client).clone();
        if self.write_deadline(&connection) > now {
            return;
        }
        let connection = self.of(client);
        match connection.outbox.sending {
            Sending::Leased => {}
            Sending::Ended if connection.phase == Phase::Open => {}
            Sending::Blocked if connection.outbox.has_pending() => {}
            Sending::Blocked => (connection.write_deadline, connection.write_taken) = (later, 0),
            _ => connection.write_deadline = NEVER,
        }
    }

    /// While reading is paused nothing can be heard. Where pings are sent, a client answers one that was written to it.
    fn pong_deadline(&self, connection: &Connection) -> u64 {
        let Some(pong) = self.limits.pong.map(nanos).filter(|_| connection.resume_at == NEVER) else {
            return NEVER;
        };
        let lasts = match self.limits.ping {
            Some(_) if !connection.asked => return NEVER,
            Some(ping) => pong - nanos(ping),
            None => pong,
        };
        self.put_off(connection.id, connection.heard + pong, lasts)
    }

    /// A ping was written. It has its time from now on, unless something came since the hub decided to send it.
    pub(super) fn ping_sent(&mut self, client: ClientId) {
        let now = self.now;
        let Some(ping) = self.limits.ping.map(nanos) else { return };
        if self.phase(client) != Ok(Phase::Open) {
            return;
        }
        let connection = self.of(client);
        let decided = connection.next_ping - ping;
        if !connection.asked && connection.heard < decided {
            connection.asked = true;
            connection.heard = connection.heard.max(now.saturating_sub(ping));
            self.arm(client);
        }
    }

    fn idle_deadline(&self, connection: &Connection) -> u64 {
        let idle = self.limits.idle.map(nanos);
        idle.map_or(NEVER, |idle| self.put_off(connection.id, connection.last_active() + idle, idle))
    }

    fn write_deadline(&self, connection: &Connection) -> u64 {
        self.put_off(connection.id, connection.write_deadline, nanos(self.limits.write))
    }

    /// Of the handshake, or of closing.
    fn phase_deadline(&self, connection: &Connection) -> u64 {
        let lasts =
            if connection.phase == Phase::Closing { self.limits.close } else { self.limits.handshake };
        self.put_off(connection.id, connection.deadline, nanos(lasts))
    }

    /// While it is not read from it can say nothing.
    fn idle_inbound_deadline(&self, connection: &Connection) -> u64 {
        match self.limits.idle_inbound {
            Some(idle) if connection.resume_at == NEVER && !connection.working => {
                let idle = nanos(idle);
                self.put_off(connection.id, connection.last_in + idle, idle)
            }
            _ => NEVER,
        }
    }

    /// What a connection waits for next.
    fn next_deadline(&self, connection: &Connection) -> u64 {
        match connection.phase {
            Phase::Accepted | Phase::Reserved => self.phase_deadline(connection),
            Phase::Marked => NEVER,
            Phase::Closing => {
                let deadlines = [self.phase_deadline(connection), self.write_deadline(connection)];
                deadlines.into_iter().fold(self.paced_until(connection), u64::min)
            }
            Phase::Open => {
                let deadlines = self.deadlines(connection).into_iter().map(|(deadline, _)| deadline);
                deadlines.chain([connection.resume_at, self.paced_until(connection)]).min().unwrap_or(NEVER)
            }
        }
    }

    pub(super) fn arm(&mut self, client: ClientId) {
        let connection = self.of(client).clone();
        let deadline = self.next_deadline(&connection);
        self.timers_set += 1;
        self.of(client).timer = (deadline, self.timers_set);
    }

    /// The first moment at which anything is due: the hub must ask for a timeout no later.
    pub(crate) fn earliest_deadline(&self) -> Option<u64> {
        if self.is_busy() {
            return Some(self.now);
        }
        let deadlines = self.connections.iter().map(|connection| self.next_deadline(connection));
        deadlines.min().filter(|&deadline| deadline != NEVER)
    }
}
