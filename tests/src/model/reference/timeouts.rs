//! Deadlines and heartbeats.
//!
//! The hub does not move a timer whenever a deadline is pushed back; it looks when the timer fires. When it looks makes
//! no difference to what it does, only to the order in which clients come that are late at the same time, so the
//! model keeps the moment, too. That no timer is lost is checked against [`Model::earliest_deadline`], which knows
//! nothing of that.

use super::Model;
use super::client::{Client, Phase};
use super::connection::Connection;
use super::marked::TIMER;
use super::outbox::Sending;
use crate::model::limits::Cause;
use throng_core::hub::Action;
use throng_core::{ClientId, ClosedBy, ConnectionId};

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
        self.tell_some_closed();
        self.end_some_marked();
        let mut spent = 0;
        while spent < self.limits.slice {
            let away = self.clients.iter().filter_map(|one| Some((one.away.as_ref()?.timer, one.id)));
            let away = away.filter(|(timer, _)| timer.0 <= self.now).min();
            let due = self.connections.iter().filter(|connection| connection.timer.0 <= self.now);
            let connection =
                due.min_by_key(|connection| connection.timer).map(|first| (first.timer, first.id));
            let asked = self.clients.iter().map(|one| (one.asks_timer, one.id));
            let asked = asked.filter(|(timer, _)| timer.0 <= self.now).min();
            let told = self.next_told().filter(|(timer, _)| timer.0 <= self.now);
            let timers = [away, asked].map(|first| first.map(|first| first.0));
            let timers = timers.into_iter().chain([told.as_ref().map(|first| first.0)]);
            let timers = timers.chain([connection.map(|first| first.0)]);
            if let Some((timer, room)) = self.next_story()
                && timer.0 <= self.now
                && timers.clone().flatten().all(|other| timer < other)
            {
                self.story_fires(&room);
                continue;
            }
            let Some(first) = timers.flatten().min() else { break };
            spent += TIMER;
            if let Some((timer, room)) = told
                && timer == first
            {
                spent += self.tell_presence(&room);
                continue;
            }
            if let Some((timer, client)) = asked
                && timer == first
            {
                spent += self.work_on(client, |model| model.asks_fire(client));
                continue;
            }
            if let Some((timer, client)) = away
                && connection.is_none_or(|connection| timer < connection.0)
            {
                spent += self.work_on(client, |model| model.away_timer_fires(client));
                continue;
            }
            let Some((_, connection)) = connection else { break };
            self.at(connection).timer.0 = NEVER;
            match self.at(connection).client {
                Some(client) => spent += self.work_on(client, |model| model.timer_fires(connection)),
                None => self.timer_fires(connection),
            }
        }
        self.end_expired(spent);
    }

    fn timer_fires(&mut self, connection: ConnectionId) {
        let client = self.at(connection).client.and_then(|client| self.find(client));
        match client.map(|client| (client.id, client.phase)) {
            None | Some((_, Phase::Reserved)) => {
                let found = self.at(connection).clone();
                if self.phase_deadline(&found, self.limits.handshake) <= self.now {
                    self.numbers.handshake_timeouts += 1;
                    self.abandon_handshake(connection);
                }
            }
            Some((client, Phase::Open)) => {
                self.unpace_if_due(client);
                self.open_timeout(client);
            }
            Some((client, Phase::Marked | Phase::Away)) => self.unpace_if_due(client),
            Some((client, Phase::Closing)) => {
                self.unpace_if_due(client);
                self.excuse_from_writing(client);
                let found = self.at(connection).clone();
                if self.write_deadline(&found) <= self.now {
                    self.abort(connection);
                } else if self.phase_deadline(&found, self.limits.close) <= self.now {
                    self.close_overdue(client);
                }
            }
        }
        self.arm(connection);
    }

    /// Of what is due the first in the table comes, and nothing else.
    fn open_timeout(&mut self, client: ClientId) {
        let now = self.now;
        let connection = self.connection_of(client);
        if connection.resume_at <= now {
            connection.resume_at = NEVER;
            // It was not read from, so it could not be heard.
            connection.hear(now);
            connection.last_in = now;
            let connection = connection.id;
            self.tell(Action::Resume { connection });
        }
        self.excuse_from_writing(client);
        let (of, connection) = (self.of(client).clone(), self.connection_of(client).clone());
        let due = self.deadlines(&connection, &of).into_iter().find(|(deadline, _)| *deadline <= now);
        match due.map(|(_, due)| due) {
            None => {}
            Some(Due::Write) if of.has_failed() => {
                self.cut_off(client, "", ClosedBy::Transport);
            }
            Some(Due::Write) => {
                self.numbers.write_timeouts += 1;
                self.cut_off(client, "write deadline", ClosedBy::Hub);
            }
            Some(Due::Pong) if connection.working => self.end_for(client, Cause::NoAnswer),
            Some(Due::Pong) => {
                self.numbers.pong_timeouts += 1;
                self.cut_off(client, "pong deadline", ClosedBy::Hub);
            }
            Some(Due::Drain) => self.end_for(client, Cause::Draining),
            Some(Due::Idle) => self.end_for(client, Cause::Idle),
            Some(Due::IdleInbound) => self.end_for(client, Cause::IdleInbound),
            Some(Due::Ping) => {
                let next = self.limits.ping.map_or(NEVER, |ping| now + nanos(ping));
                self.connection_of(client).next_ping = next;
                self.numbers.pings += 1;
                self.of(client).outbox.add_ping();
                self.wake_for_control(client);
            }
        }
    }

    /// When an open client is ended for what, or pinged; what comes first stands first.
    fn deadlines(&self, connection: &Connection, client: &Client) -> [(u64, Due); 6] {
        [
            (self.write_deadline(connection), Due::Write),
            (self.pong_deadline(connection), Due::Pong),
            (connection.deadline.min(self.drain_idle_deadline(connection, client)), Due::Drain),
            (self.idle_deadline(connection, client), Due::Idle),
            (self.idle_inbound_deadline(connection), Due::IdleInbound),
            (connection.next_ping, Due::Ping),
        ]
    }

    /// Who has nothing to write is not late with it. A transport that is full has its time anew.
    fn excuse_from_writing(&mut self, client: ClientId) {
        let (now, later) = (self.now, self.now + nanos(self.limits.write));
        let (of, connection) = (self.of(client).clone(), self.connection_of(client).clone());
        if self.write_deadline(&connection) > now {
            return;
        }
        let connection = self.connection_of(client);
        match of.outbox.sending {
            Sending::Leased => {}
            Sending::Ended | Sending::Held if of.phase == Phase::Open => {}
            Sending::Blocked if of.outbox.has_pending() => {}
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
        let connection = self.connection_of(client);
        let decided = connection.next_ping - ping;
        if !connection.asked && connection.heard < decided {
            connection.asked = true;
            connection.heard = connection.heard.max(now.saturating_sub(ping));
            self.arm_client(client);
        }
    }

    fn idle_deadline(&self, connection: &Connection, client: &Client) -> u64 {
        let last_active = connection.last_in.max(client.last_out);
        let idle = self.limits.idle.map(nanos);
        idle.map_or(NEVER, |idle| self.put_off(connection.id, last_active + idle, idle))
    }

    fn write_deadline(&self, connection: &Connection) -> u64 {
        self.put_off(connection.id, connection.write_deadline, nanos(self.limits.write))
    }

    /// Of the handshake, or of closing.
    fn phase_deadline(&self, connection: &Connection, lasts: u32) -> u64 {
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
        let Some(client) = self.client_on(connection) else {
            return self.phase_deadline(connection, self.limits.handshake);
        };
        match client.phase {
            Phase::Reserved => self.phase_deadline(connection, self.limits.handshake),
            Phase::Marked | Phase::Away => NEVER,
            Phase::Closing => {
                let closed = self.phase_deadline(connection, self.limits.close);
                closed.min(self.write_deadline(connection)).min(self.paced_until(client))
            }
            Phase::Open => {
                let deadlines = self.deadlines(connection, client).into_iter().map(|(deadline, _)| deadline);
                deadlines.chain([connection.resume_at, self.paced_until(client)]).min().unwrap_or(NEVER)
            }
        }
    }

    pub(super) fn arm(&mut self, connection: ConnectionId) {
        let found = self.at(connection).clone();
        let deadline = self.next_deadline(&found);
        self.timers_set += 1;
        self.at(connection).timer = (deadline, self.timers_set);
    }

    pub(super) fn arm_client(&mut self, client: ClientId) {
        let connection = self.of(client).connection;
        self.arm(connection);
    }

    /// The first moment at which anything is due: the hub must ask for a timeout no later.
    pub(crate) fn earliest_deadline(&self) -> Option<u64> {
        if self.is_busy() {
            return Some(self.now);
        }
        let deadlines = self.connections.iter().map(|connection| self.next_deadline(connection));
        let graces = self.clients.iter().map(|client| self.grace_over(client));
        let asks = self.clients.iter().map(|client| self.asks_due(client));
        let expiries = self.clients.iter().map(|client| self.expiry_due(client));
        let graces = graces.chain(asks).chain(expiries);
        let stories = self.earliest_story();
        let told = self.next_told().map(|(timer, _)| timer.0);
        deadlines.chain(graces).chain(stories).chain(told).min().filter(|&deadline| deadline != NEVER)
    }
}
