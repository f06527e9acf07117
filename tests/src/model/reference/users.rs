//! Users and their limits.

use super::client::Phase;
use super::rates::Bucket;
use super::{Model, User, swap_out};
use crate::model::limits::Cause;
use throng_core::ClientId;
use throng_core::hub::{Error, PerUser, Refusal};

impl Model {
    pub(super) fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    /// Whether a client, or a newcomer, may be this user's.
    pub(super) fn check_user(&self, client: Option<ClientId>, name: &str) -> Result<(), Error> {
        self.check_name(name)?;
        if let PerUser::RefuseNewest(limit) = self.limits.per_user {
            let counts = |client: &&ClientId| !self.continues_own(**client);
            let clients = self.user(name).map_or(0, |user| user.clients.iter().filter(counts).count());
            let own = client.filter(|client| counts(&client)).and_then(|client| self.find(client));
            let is_its_own = own.is_some_and(|own| own.user.as_deref() == Some(name));
            if !is_its_own && clients >= limit as usize {
                return Err(Refusal::TooManyOfUser { limit }.into());
            }
        }
        Ok(())
    }

    pub(super) fn set_user(&mut self, client: ClientId, user: Option<&str>) -> Result<(), Error> {
        let phase = self.phase(client)?;
        if !matches!(phase, Phase::Reserved | Phase::Open | Phase::Away) {
            return Err(Error::NotOpen);
        }
        if let Some(continued) = self.continued_by(client) {
            if self.of(continued).user.as_deref() != user {
                return Err(Refusal::SessionOfAnotherUser.into());
            }
        } else if let Some(name) = user {
            self.check_user(Some(client), name)?;
        }
        self.assign_user(client, user);
        if phase != Phase::Reserved {
            self.evict_others(client);
        }
        Ok(())
    }

    pub(super) fn assign_user(&mut self, client: ClientId, name: Option<&str>) {
        if self.of(client).user.as_deref() == name {
            return;
        }
        self.change_user_of_present(client, name);
        for user in &mut self.users {
            swap_out(&mut user.clients, &client);
        }
        self.of(client).user = name.map(Into::into);
        let Some(name) = name else { return };
        if self.user(name).is_none() {
            let (messages, bytes) = (Bucket::default(), Bucket::default());
            self.users.push(User { name: name.into(), clients: Vec::new(), messages, bytes });
        }
        let (limits, now) = (self.limits.clone(), self.now);
        let is_late = self.arrived_since() < now;
        for user in &mut self.users {
            if user.name == name {
                if is_late && user.clients.is_empty() {
                    user.messages.take(limits.user_messages, now, 0);
                    user.bytes.take(limits.user_bytes, now, 0);
                }
                user.clients.push(client);
            }
        }
    }

    /// The open clients of a user.
    pub(super) fn clients_of(&self, name: &str) -> Vec<ClientId> {
        let clients = self.user(name).map_or(&[][..], |user| &user.clients);
        clients.iter().copied().filter(|&client| self.need_open(client).is_ok()).collect()
    }

    /// Ends those of a client's user that opened first, never itself, until the limit holds.
    pub(super) fn evict_others(&mut self, client: ClientId) {
        let PerUser::EvictOldest(limit) = self.limits.per_user else { return };
        let Some(name) = self.of(client).user.clone() else { return };
        while self.clients_of(&name).len() > limit as usize {
            let others = self.clients_of(&name).into_iter().filter(|&other| other != client);
            let Some(oldest) = others.min_by_key(|&other| self.find(other).map(|found| found.opened)) else {
                return;
            };
            self.end_for(oldest, Cause::Evicted);
        }
    }
}
