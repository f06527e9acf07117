//! Admission: accepts connections, and reserves and opens their clients.

use super::attach::Queued;
use super::client::{Client, NEVER, Usage};
use super::connection::{Connection, Marks, Row};
use super::{Action, Admission, Error, Hub, Notice, Owner, Refusal, Reserved, State};
use crate::id::{Address, ConnectionId, Name};
use crate::outbox::{NONE, Phase};
use crate::time::{Instant, nanos};

impl Hub {
    pub(super) fn handle_accept(
        &mut self,
        address: Option<Address>,
        lane: u8,
    ) -> Result<ConnectionId, Error> {
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
        let row = self.connections.next().ok_or(Refusal::TooManyConnections { limit: u32::MAX })?;
        let address = self.enter_address(address)?;
        let deadline = (self.now + self.config.deadlines.handshake).as_nanos();
        let until = self.put_off(row, deadline, nanos(self.config.deadlines.handshake));
        let timer = self.wheel.insert(Instant::from_nanos(until), Owner::Connection(row.0));
        let connection = self.connections.insert(row, Connection::new(timer, deadline, address, lane));
        self.phases.accepted += 1;
        self.totals.accepted += 1;
        Ok(connection)
    }

    pub(super) fn handle_reserve(
        &mut self,
        connection: ConnectionId,
        user: Option<&str>,
        session: Option<&str>,
        rooms: &[Name],
    ) -> Result<Reserved, Error> {
        let row = self.connections.find(connection).ok_or(Error::Gone)?;
        let slot = &self.connections[row];
        if slot.client != NONE || slot.is(Marks::ABORTED | Marks::LEFT) {
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
        let Reserved { resumes, .. } = self.check_identity(None, user, session)?;
        // A client that is continued is in its rooms already.
        if !rooms.is_empty() && resumes.is_none() {
            self.check_first_rooms(rooms)?;
        }
        let lane = slot.lane;
        let client = self
            .outboxes
            .entries
            .insert(connection, lane)
            .ok_or(Refusal::TooManyConnections { limit: u32::MAX })?;
        self.connections[row].client = client.index;
        self.begin_client(client.index());
        self.phases.accepted -= 1;
        self.phases.reserved += 1;
        if user.is_some() || session.is_some() {
            self.take_identity(client.index, user, session);
        }
        Ok(Reserved { client, resumes })
    }

    /// Sets the cold state of a new client.
    #[inline]
    pub(super) fn begin_client(&mut self, index: usize) {
        match self.clients.get_mut(index) {
            Some(slot) => *slot = Client::NEW,
            None => self.clients.push(Client::NEW),
        }
        if self.keeps_usages() {
            match self.usages.get_mut(index) {
                Some(slot) => *slot = Usage::NONE,
                None => self.usages.push(Usage::NONE),
            }
        }
    }

    pub(super) fn handle_open(&mut self, connection: ConnectionId) -> Result<(), Error> {
        let row = self.connections.find(connection).ok_or(Error::Gone)?;
        let index = self.connections[row].client;
        if self.outboxes.entries.phase(index) != Phase::Reserved {
            return Err(Error::NotOpen);
        }
        if self.state == State::Stopped {
            return Err(Refusal::Stopped.into());
        }
        self.open_or_resume(row, index)
    }

    /// Opens a reserved client.
    pub(super) fn open_client(&mut self, row: Row, index: u32) {
        self.totals.opened += 1;
        let entry = &mut self.outboxes.entries[index];
        entry.phase = Phase::Open;
        entry.last_out = self.now.as_nanos();
        let client = &mut self.clients[index as usize];
        client.opened = self.totals.opened;
        client.position = self.all.len() as u32;
        self.all.push(index);
        self.phases.reserved -= 1;
        self.begin_to_hear(row);
        self.begin_rates(row, index);
        self.hold_session(index);
        self.evict_others(index);
        let (client, connection) = (self.outboxes.entries.id(index), self.connections.id(row));
        self.notices.push_back(Notice::Action(Action::Connected { client, connection }));
        self.schedule_late_drain(index);
        self.begin_expiry(index);
        self.arm(row);
    }

    /// Starts the keepalive and the idle time of a connection to which a client is attached.
    pub(super) fn begin_to_hear(&mut self, row: Row) {
        let now = self.now.as_nanos();
        let ping = self.config.deadlines.ping.map_or(NEVER, nanos);
        let slot = &mut self.connections[row];
        slot.hear(now);
        slot.last_in = now;
        slot.deadline = NEVER;
        slot.next_ping = now.saturating_add(ping);
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

    /// The number of connections that count against the limit of connections: reserved, open and closing.
    pub(super) fn admitted(&self) -> u32 {
        self.phases.reserved + self.all.len() as u32 - self.phases.detached + self.phases.closing
    }

    /// Ends a handshake or reservation that was not completed in time.
    pub(super) fn handshake_timed_out(&mut self, row: Row) {
        self.totals.handshake_timeouts += 1;
        self.abandon_handshake(row);
    }

    /// Gives up a reservation, and asks the host to end the transport. Until then the connection counts as an open
    /// handshake. The id of the reserved client is stale from now on.
    pub(super) fn abandon_handshake(&mut self, row: Row) {
        if let Some(index) = self.connections[row].client() {
            self.detach(row, index, Queued::Drop);
            self.end_detached(index);
        }
        self.abort(row);
    }

    /// When the last message of this client came or was queued.
    pub(super) fn last_active(&self, row: Row, index: u32) -> Instant {
        Instant::from_nanos(self.connections[row].last_in.max(self.outboxes.entries[index].last_out))
    }
}
