//! Users and addresses: the clients of a user and the connections of an address, and the limits that these share.

use super::user::{Origin, User};
use super::{Error, Hub, Owner, PerUser, Refusal};
use crate::cause::Cause;
use crate::id::{Address, ClientId};
use crate::outbox::{LogEnd, NONE, Phase};
use crate::rate::Bucket;
use alloc::vec::Vec;

impl Hub {
    /// Checks a user's name, and that one more client is within the user's limit; `index` is a client that exists and may be
    /// the user's already. With `EvictOldest` the eviction comes later, when the new client opens.
    pub(super) fn check_user(&self, index: Option<u32>, name: &str) -> Result<(), Error> {
        self.check_name(name)?;
        let PerUser::RefuseNewest(limit) = self.config.admission.per_user else { return Ok(()) };
        let Some(slot) = self.users.find(name.as_bytes()) else { return Ok(()) };
        let user_clients = self.count_clients_of(slot);
        let counts = |index: u32| self.clients[index as usize].user == slot && !self.continues_own(index);
        let is_of_user = index.is_some_and(counts);
        if !is_of_user && user_clients >= limit as usize {
            return Err(Refusal::TooManyOfUser { limit }.into());
        }
        Ok(())
    }

    pub(super) fn handle_set_user(&mut self, client: ClientId, user: Option<&str>) -> Result<(), Error> {
        let index = self.outboxes.entries.find(client).ok_or(Error::Gone)?;
        let phase = self.outboxes.entries[index].phase;
        if phase != Phase::Reserved && !phase.is_open() {
            return Err(Error::NotOpen);
        }
        match self.holder_of(index) {
            Some(holder) if !self.is_of(holder, user) => return Err(Refusal::SessionOfAnotherUser.into()),
            // It counts as the client that it will continue.
            Some(_) => {}
            None => {
                if let Some(name) = user {
                    self.check_user(Some(index), name)?;
                }
            }
        }
        self.assign_user(index, user);
        if phase.is_open() {
            self.evict_others(index);
        }
        Ok(())
    }

    /// Whether a client is of this user, or of none.
    pub(super) fn is_of(&self, index: u32, user: Option<&str>) -> bool {
        self.users.get(self.clients[index as usize].user).map(|of_client| &*of_client.name) == user
    }

    /// Sets the user of a client; the limits have been checked.
    pub(super) fn assign_user(&mut self, index: u32, user: Option<&str>) {
        let slot = match user {
            None => NONE,
            Some(name) => self.users.find(name.as_bytes()).unwrap_or_else(|| {
                self.users.insert(User {
                    name: name.into(),
                    clients: Vec::new(),
                    messages: Bucket::new(),
                    bytes: Bucket::new(),
                    log: LogEnd::default(),
                    timer: None,
                    named: false,
                    away: 0,
                })
            }),
        };
        if self.clients[index as usize].user == slot {
            return;
        }
        if self.present > 0 {
            self.change_user_of_present(index, slot);
        }
        self.clear_user(index);
        let is_away = self.away(index).is_some();
        let Some(user) = self.users.get(slot) else { return };
        if user.clients.is_empty() {
            self.users_present += 1;
            self.note_user_present(slot);
            self.begin_user_rates(slot);
        }
        let Some(user) = self.users.get_mut(slot) else { return };
        if let Some(timer) = user.timer.take() {
            self.wheel.remove(timer);
        }
        let client = &mut self.clients[index as usize];
        client.user = slot;
        client.user_position = user.clients.len() as u32;
        user.clients.push(index);
        user.away += u32::from(is_away);
    }

    /// Removes a client from its user.
    pub(super) fn clear_user(&mut self, index: u32) {
        let is_away = self.away(index).is_some();
        let client = &mut self.clients[index as usize];
        let (slot, position) = (client.user, client.user_position as usize);
        client.user = NONE;
        let Some(user) = self.users.get_mut(slot) else { return };
        user.away -= u32::from(is_away);
        user.clients.swap_remove(position);
        if let Some(&moved) = user.clients.get(position) {
            self.clients[moved as usize].user_position = position as u32;
        }
        if !user.clients.is_empty() {
            return;
        }
        self.users_present -= 1;
        self.note_user_absent(slot);
        let Some(until) = self.remembered_until(Owner::User(slot)) else {
            self.users.remove(slot);
            return;
        };
        if let Some(user) = self.users.get_mut(slot) {
            user.timer = Some(self.wheel.insert(until, Owner::User(slot)));
        }
    }

    /// Removes a user without clients whose buckets are full. If another standstill of the host has moved that time, the
    /// timer is set again.
    pub(super) fn forget_user(&mut self, slot: u32) {
        let Some(timer) = self.users.get(slot).and_then(|user| user.timer) else { return };
        if let Some(until) = self.remembered_until(Owner::User(slot)) {
            return self.wheel.reset(timer, until);
        }
        self.wheel.remove(timer);
        self.users.remove(slot);
    }

    /// Evicts the oldest clients of this client's user until the limit holds, but never this client.
    pub(super) fn evict_others(&mut self, index: u32) {
        let PerUser::EvictOldest(limit) = self.config.admission.per_user else { return };
        loop {
            let Some(user) = self.users.get(self.clients[index as usize].user) else { return };
            let open = |&&other: &&u32| self.outboxes.entries[other].phase.is_open();
            if user.clients.iter().filter(open).count() <= limit as usize {
                return;
            }
            let oldest = user.clients.iter().filter(open).filter(|&&other| other != index);
            let Some(&oldest) = oldest.min_by_key(|&&other| self.clients[other as usize].opened) else {
                return;
            };
            self.end_for(oldest, Cause::Evicted);
        }
    }

    /// Checks the limits of an address, counts a connection to it and returns its slot.
    pub(super) fn enter_address(&mut self, address: Option<Address>) -> Result<u32, Refusal> {
        let limits = &self.config.admission;
        let counts = limits.per_address.is_some()
            || limits.connect_rate.is_some()
            || self.config.sessions.counts_addresses();
        let Some(address) = address.filter(|_| counts) else {
            return Ok(NONE);
        };
        let (arrivals, found) = (self.arrivals(), self.addresses.find(&address.0));
        if let Some(origin) = found.and_then(|slot| self.addresses.get(slot)) {
            if let Some(limit) = limits.per_address
                && origin.connections >= limit
            {
                return Err(Refusal::TooManyOfAddress { limit });
            }
            if let Some(rate) = &limits.connect_rate
                && let Err(retry_at) = arrivals.conforms(origin.connects, rate, 1)
            {
                return Err(Refusal::ConnectRate { retry_at });
            }
        }
        let slot = found.unwrap_or_else(|| {
            let origin = Origin::new(address);
            self.addresses.insert(origin)
        });
        if let Some(origin) = self.addresses.get_mut(slot) {
            origin.connections += 1;
            if let Some(timer) = origin.timer.take() {
                self.wheel.remove(timer);
            }
            if let Some(rate) = &limits.connect_rate {
                arrivals.take(&mut origin.connects, rate, 1);
            }
        }
        Ok(slot)
    }

    pub(super) fn leave_address(&mut self, slot: u32) {
        let Some(origin) = self.addresses.get_mut(slot) else { return };
        origin.connections -= 1;
        self.tidy_address(slot);
    }

    /// Forgets an address without connections and away clients, or keeps it until its bucket is full.
    pub(super) fn tidy_address(&mut self, slot: u32) {
        if self.addresses.get(slot).is_none_or(|origin| origin.holders() > 0) {
            return;
        }
        let Some(until) = self.remembered_until(Owner::Address(slot)) else {
            self.addresses.remove(slot);
            return;
        };
        if let Some(origin) = self.addresses.get_mut(slot) {
            origin.timer = Some(self.wheel.insert(until, Owner::Address(slot)));
        }
    }

    /// Removes an address without connections whose bucket is full. If another standstill of the host has moved that time,
    /// the timer is set again.
    pub(super) fn forget_address(&mut self, slot: u32) {
        let Some(timer) = self.addresses.get(slot).and_then(|origin| origin.timer) else { return };
        if let Some(until) = self.remembered_until(Owner::Address(slot)) {
            return self.wheel.reset(timer, until);
        }
        self.wheel.remove(timer);
        self.addresses.remove(slot);
    }
}
