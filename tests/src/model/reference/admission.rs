//! Accept, reserve, open.

use super::client::{Client, Phase};
use super::connection::Connection;
use super::rates::Bucket;
use super::timeouts::nanos;
use super::{Model, NEVER};
use throng_core::hub::{Action, Error, Refusal, Reserved, State};
use throng_core::{Address, ClientId, ConnectionId, Instant, Name};

impl Model {
    pub(super) fn accept(&mut self, address: Option<Address>, lane: u8) -> Result<ConnectionId, Error> {
        if u16::from(lane) >= self.limits.lanes {
            return Err(Error::NoSuchLane);
        }
        if self.state == State::Stopped {
            return Err(Refusal::Stopped.into());
        }
        if let Some(limit) = self.limits.handshakes
            && self.handshakes() >= limit
        {
            return Err(Refusal::TooManyHandshakes { limit }.into());
        }
        // Where there is neither a limit nor a rate of addresses, nobody is counted.
        let has_limits = self.limits.per_address.is_some()
            || self.limits.connect_rate.is_some()
            || (self.limits.grace.is_some() && self.limits.away_of_address.is_some());
        let address = address.filter(|_| has_limits);
        if let Some(address) = address {
            self.check_address(address)?;
        }
        let id = ConnectionId::from_u64(self.connection_ids.give());
        let deadline = self.now + nanos(self.limits.handshake);
        self.connections.push(Connection::new(id, lane, address, deadline));
        self.arm(id);
        self.numbers.accepted += 1;
        Ok(id)
    }

    fn check_address(&mut self, address: Address) -> Result<(), Refusal> {
        let from_there = self.connections.iter().filter(|other| other.address == Some(address)).count();
        if let Some(limit) = self.limits.per_address
            && from_there >= limit as usize
        {
            return Err(Refusal::TooManyOfAddress { limit });
        }
        if !self.addresses.iter().any(|(known, _)| *known == address) {
            self.addresses.push((address, Bucket::default()));
        }
        let (rate, now, since) = (self.limits.connect_rate, self.now, self.arrived_since());
        for (known, bucket) in &mut self.addresses {
            if *known == address {
                bucket
                    .check(rate, now, 1)
                    .map_err(|at| Refusal::ConnectRate { retry_at: Instant::from_nanos(at) })?;
                bucket.take(rate, since, 1);
            }
        }
        Ok(())
    }

    pub(super) fn reserve(
        &mut self,
        connection: ConnectionId,
        user: Option<&str>,
        session: Option<&str>,
        rooms: &[Name],
    ) -> Result<Reserved, Error> {
        let found = self.find_connection(connection).ok_or(Error::Gone)?;
        if found.client.is_some() || found.aborted || found.is_left {
            return Err(Error::NotOpen);
        }
        match self.state {
            State::Draining => return Err(Refusal::Draining.into()),
            State::Stopped => return Err(Refusal::Stopped.into()),
            _ => {}
        }
        if let Some(limit) = self.limits.connections
            && self.clients.len() - self.detached() as usize >= limit as usize
        {
            return Err(Refusal::TooManyConnections { limit }.into());
        }
        let continued = self.check_identity(None, user, session)?;
        if continued.is_none() {
            self.could_join_all(rooms)?;
        }
        let client = ClientId::from_u64(self.client_ids.give());
        self.clients.push(Client::new(client, connection));
        self.at(connection).client = Some(client);
        self.take_session(client, session);
        self.assign_user(client, user);
        Ok(Reserved::new(client, continued))
    }

    pub(super) fn open(&mut self, connection: ConnectionId) -> Result<(), Error> {
        let client = self.need_connection(connection)?.ok_or(Error::NotOpen)?;
        if self.phase(client)? != Phase::Reserved {
            return Err(Error::NotOpen);
        }
        self.open_or_resume(client)
    }

    pub(super) fn open_client(&mut self, client: ClientId) -> Result<(), Error> {
        if self.state == State::Stopped {
            return Err(Refusal::Stopped.into());
        }
        self.numbers.opened += 1;
        let (now, opened) = (self.now, self.numbers.opened);
        let of = self.of(client);
        of.phase = Phase::Open;
        of.opened = opened;
        of.last_out = now;
        let id = of.connection;
        self.begin_to_hear(id);
        self.open.push(client);
        self.begin_rates(client);
        self.evict_others(client);
        self.tell(Action::Connected { client, connection: id });
        if self.state == State::Draining {
            self.give_moment(client);
        }
        self.begin_expiry(client);
        self.arm(id);
        Ok(())
    }

    /// A connection has an open client from now on.
    pub(super) fn begin_to_hear(&mut self, connection: ConnectionId) {
        let now = self.now;
        let ping = self.limits.ping.map_or(NEVER, |ping| now + nanos(ping));
        let connection = self.at(connection);
        connection.hear(now);
        connection.last_in = now;
        connection.deadline = NEVER;
        connection.next_ping = ping;
    }

    /// A handshake that takes too long, or that a shutdown ends. What it reserved is free again, and the id of the client that
    /// it was to be; the connection stays until the host has ended it.
    pub(super) fn abandon_handshake(&mut self, connection: ConnectionId) {
        if let Some(client) = self.at(connection).client {
            self.assign_user(client, None);
            self.forget(client);
        }
        self.abort(connection);
    }
}
