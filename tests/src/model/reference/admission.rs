//! Accept, reserve, open.

use super::connection::{Connection, Phase};
use super::rates::Bucket;
use super::timeouts::nanos;
use super::{Model, NEVER};
use throng_core::hub::{Action, Error, Refusal, State};
use throng_core::{Address, ClientId, Instant, Name};

impl Model {
    pub(super) fn accept(
        &mut self,
        address: Option<Address>,
        lane: u8,
        id: Option<ClientId>,
    ) -> Result<ClientId, Error> {
        if u16::from(lane) >= self.limits.lanes {
            return Err(Error::NoSuchLane);
        }
        if self.state == State::Stopped {
            return Err(Refusal::Stopped.into());
        }
        if let Some(limit) = self.limits.handshakes
            && self.count(Phase::Accepted) >= limit
        {
            return Err(Refusal::TooManyHandshakes { limit }.into());
        }
        // Where there is neither a limit nor a rate of addresses, nobody is counted.
        let has_limits = self.limits.per_address.is_some() || self.limits.connect_rate.is_some();
        let address = address.filter(|_| has_limits);
        if let Some(address) = address {
            self.check_address(address)?;
        }
        // Where the hub refuses, though the model does not, any id will do: the outcomes differ anyway.
        self.places = self.places.max(id.map_or(0, |id| id.index() + 1));
        let id = id.unwrap_or(ClientId::from_u64(u64::MAX));
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
        client: ClientId,
        user: Option<&str>,
        rooms: &[Name],
    ) -> Result<(), Error> {
        let connection = self.find(client).ok_or(Error::Gone)?;
        if connection.phase != Phase::Accepted || connection.aborted {
            return Err(Error::NotOpen);
        }
        match self.state {
            State::Draining => return Err(Refusal::Draining.into()),
            State::Stopped => return Err(Refusal::Stopped.into()),
            _ => {}
        }
        let admitted = self.connections.iter().filter(|other| other.phase != Phase::Accepted).count();
        if let Some(limit) = self.limits.connections
            && admitted >= limit as usize
        {
            return Err(Refusal::TooManyConnections { limit }.into());
        }
        self.could_join_all(rooms)?;
        if let Some(user) = user {
            self.check_user(client, user)?;
            self.assign_user(client, Some(user));
        }
        self.of(client).phase = Phase::Reserved;
        Ok(())
    }

    pub(super) fn open(&mut self, client: ClientId) -> Result<(), Error> {
        if self.phase(client)? != Phase::Reserved {
            return Err(Error::NotOpen);
        }
        if self.state == State::Stopped {
            return Err(Refusal::Stopped.into());
        }
        self.numbers.opened += 1;
        let (now, opened) = (self.now, self.numbers.opened);
        let ping = self.limits.ping.map_or(NEVER, |ping| now + nanos(ping));
        let connection = self.of(client);
        connection.phase = Phase::Open;
        connection.opened = opened;
        connection.hear(now);
        connection.last_in = now;
        connection.last_out = now;
        connection.deadline = NEVER;
        connection.next_ping = ping;
        self.clients.push(client);
        self.begin_rates(client);
        self.evict_others(client);
        self.tell(Action::Connected { client });
        if self.state == State::Draining {
            self.give_moment(client);
        }
        self.arm(client);
        Ok(())
    }

    /// A handshake that takes too long, or that a shutdown ends: what it reserved is free again.
    pub(super) fn abandon_handshake(&mut self, client: ClientId) {
        self.assign_user(client, None);
        self.of(client).phase = Phase::Accepted;
        self.abort(client);
    }
}
