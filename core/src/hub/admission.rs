//! Admission: accepts, reserves and opens connections.

use super::client::{Client, NEVER, Usage};
use super::{Action, Admission, Error, Hub, Notice, Owner, Refusal, State};
use crate::id::{Address, ClientId, Name};
use crate::outbox::Phase;
use crate::time::{Instant, nanos};

impl Hub {
    pub(super) fn handle_accept(&mut self, address: Option<Address>, lane: u8) -> Result<ClientId, Error> {
        if usize::from(lane) >= self.outboxes.lanes() {
            return Err(Error::NoSuchLane);
        }
        if self.state == State::Stopped {
            return Err(Refusal::Stopped.into());
        }
        if let Some(limit) = self.config.admission.handshakes
            && self.phases.accepted >= limit
        {
            return Err(Refusal::TooManyHandshakes { limit }.into());
        }
        let address = self.enter_address(address)?;
        let Some(client) = self.outboxes.entries.insert(lane) else {
            self.leave_address(address);
            return Err(Refusal::TooManyConnections { limit: u32::MAX }.into());
        };
        let deadline = self.now + self.config.deadlines.handshake;
        let until = self.put_off(client.index, deadline.as_nanos(), nanos(self.config.deadlines.handshake));
        let timer = self.wheel.insert(Instant::from_nanos(until), Owner::Client(client.index));
        let cold = Client { address, ..Client::new(timer, deadline.as_nanos()) };
        match self.clients.get_mut(client.index()) {
            Some(slot) => *slot = cold,
            None => self.clients.push(cold),
        }
        if self.keeps_usages() {
            match self.usages.get_mut(client.index()) {
                Some(slot) => *slot = Usage::NONE,
                None => self.usages.push(Usage::NONE),
            }
        }
        self.phases.accepted += 1;
        self.totals.accepted += 1;
        Ok(client)
    }

    pub(super) fn handle_reserve(
        &mut self,
        client: ClientId,
        user: Option<&str>,
        rooms: &[Name],
    ) -> Result<(), Error> {
        let index = self.outboxes.entries.find(client).ok_or(Error::Gone)?;
        if self.outboxes.entries[index].phase != Phase::Accepted || self.clients[index as usize].aborted {
            return Err(Error::NotOpen);
        }
        match self.state {
            State::Running => {}
            State::Draining => return Err(Refusal::Draining.into()),
            State::Stopped => return Err(Refusal::Stopped.into()),
        }
        if let Some(limit) = self.config.admission.connections
            && self.admitted() >= limit
        {
            return Err(Refusal::TooManyConnections { limit }.into());
        }
        self.check_first_rooms(rooms)?;
        if let Some(user) = user {
            self.check_user(index, user)?;
            self.assign_user(index, Some(user));
        }
        self.outboxes.entries[index].phase = Phase::Reserved;
        self.phases.accepted -= 1;
        self.phases.reserved += 1;
        Ok(())
    }

    pub(super) fn handle_open(&mut self, client: ClientId) -> Result<(), Error> {
        let index = self.outboxes.entries.find(client).ok_or(Error::Gone)?;
        if self.outboxes.entries[index].phase != Phase::Reserved {
            return Err(Error::NotOpen);
        }
        if self.state == State::Stopped {
            return Err(Refusal::Stopped.into());
        }
        let now = self.now.as_nanos();
        let ping = self.config.deadlines.ping.map_or(NEVER, nanos);
        self.totals.opened += 1;
        let entry = &mut self.outboxes.entries[index];
        entry.phase = Phase::Open;
        entry.last_out = now;
        let cold = &mut self.clients[index as usize];
        cold.opened = self.totals.opened;
        cold.hear(now);
        cold.last_in = now;
        cold.deadline = NEVER;
        cold.next_ping = now.saturating_add(ping);
        cold.position = self.all.len() as u32;
        self.all.push(index);
        self.phases.reserved -= 1;
        self.begin_rates(index);
        self.evict_others(index);
        self.notices.push_back(Notice::Action(Action::Connected { client }));
        self.schedule_late_drain(index);
        self.arm(index);
        Ok(())
    }

    /// Why the hub would refuse a new connection now, whatever its address and user: it has stopped or drains, or a limit
    /// of connections or open handshakes is reached. `None` if it would not. O(1).
    #[must_use]
    pub fn newcomer_refusal(&self) -> Option<Refusal> {
        let Admission { connections, handshakes, .. } = self.config.admission;
        match self.state {
            State::Stopped => return Some(Refusal::Stopped),
            State::Draining => return Some(Refusal::Draining),
            State::Running => {}
        }
        if let Some(limit) = connections
            && self.admitted() >= limit
        {
            return Some(Refusal::TooManyConnections { limit });
        }
        handshakes
            .filter(|limit| self.phases.accepted >= *limit)
            .map(|limit| Refusal::TooManyHandshakes { limit })
    }

    /// The number of connections that count against the limit: reserved, open and closing.
    pub(super) fn admitted(&self) -> u32 {
        self.phases.reserved + self.all.len() as u32 + self.phases.closing
    }

    /// Ends a handshake or reservation that was not completed in time.
    pub(super) fn handshake_timed_out(&mut self, index: u32) {
        self.totals.handshake_timeouts += 1;
        self.abandon_handshake(index);
    }

    /// Gives up a reservation, and asks the host to end the transport. Until then the connection counts as an open
    /// handshake.
    pub(super) fn abandon_handshake(&mut self, index: u32) {
        self.clear_user(index);
        if self.outboxes.entries[index].phase == Phase::Reserved {
            self.outboxes.entries[index].phase = Phase::Accepted;
            self.phases.reserved -= 1;
            self.phases.accepted += 1;
        }
        self.abort(index);
    }

    /// Decrements the count of the connection's phase.
    pub(super) fn count_out_of_phase(&mut self, index: u32) {
        match self.outboxes.entries[index].phase {
            Phase::Accepted => self.phases.accepted -= 1,
            Phase::Reserved => self.phases.reserved -= 1,
            Phase::Closing => self.phases.closing -= 1,
            Phase::Open | Phase::Ending | Phase::Vacant => {}
        }
    }

    /// When the last message of this client came or was queued.
    pub(super) fn last_active(&self, index: u32) -> Instant {
        let cold = &self.clients[index as usize];
        Instant::from_nanos(cold.last_in.max(self.outboxes.entries[index].last_out))
    }
}
