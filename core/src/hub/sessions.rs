//! Gives sessions to clients, and finds the client that a newcomer continues.

use super::connection::Marks;
use super::session::Session;
use super::{Error, Hub, Refusal, Reserved, SecondConnection};
use crate::id::{ClientId, ConnectionId, Name};
use crate::outbox::{NONE, Phase};

impl Hub {
    pub(super) fn handle_identify(
        &mut self,
        client: ClientId,
        user: Option<&str>,
        session: Option<&str>,
    ) -> Result<Option<ClientId>, Error> {
        let index = self.outboxes.entries.find(client).ok_or(Error::Gone)?;
        match self.outboxes.entries[index].phase {
            Phase::Reserved => {
                let Reserved { resumes, .. } = self.check_identity(Some(index), user, session)?;
                self.take_identity(index, user, session);
                Ok(resumes)
            }
            Phase::Open => {
                self.check_new_session(index, session)?;
                if let Some(user) = user {
                    self.check_user(Some(index), user)?;
                }
                self.take_session(index, session);
                self.assign_user(index, user);
                self.evict_others(index);
                Ok(None)
            }
            _ => Err(Error::NotOpen),
        }
    }

    /// Checks the user and the session of a reservation; `index` is the reserved client if there is one already. The client of
    /// the answer is not set yet.
    pub(super) fn check_identity(
        &self,
        index: Option<u32>,
        user: Option<&str>,
        session: Option<&str>,
    ) -> Result<Reserved, Error> {
        let mut resumes = None;
        if let Some(name) = session {
            self.check_session_name(name)?;
            if let Some(slot) = self.sessions.find(name.as_bytes()) {
                resumes = self.check_takeover(slot, index, user)?;
            }
        }
        match user {
            Some(user) if resumes.is_some() => self.check_name(user)?,
            Some(user) => self.check_user(index, user)?,
            None => {}
        }
        let resumes = resumes.map(|index| self.outboxes.entries.id(index));
        Ok(Reserved { client: ClientId { index: NONE, generation: 0 }, resumes })
    }

    fn check_session_name(&self, name: &str) -> Result<(), Refusal> {
        let limit = self.config.sessions.name_bytes;
        match name.len() {
            0 => Err(Refusal::EmptyName),
            len if len > limit as usize => Err(Refusal::NameTooLong { limit }),
            _ => Ok(()),
        }
    }

    /// Checks that a reservation may have a session that exists. Returns the index of the client that it would continue.
    fn check_takeover(
        &self,
        slot: u32,
        index: Option<u32>,
        user: Option<&str>,
    ) -> Result<Option<u32>, Refusal> {
        let Some(session) = self.sessions.get(slot) else { return Ok(None) };
        let holder = if session.client == NONE { session.reserved } else { session.client };
        if index == Some(holder) {
            return Ok(None);
        }
        if !self.is_of(holder, user) {
            return Err(Refusal::SessionOfAnotherUser);
        }
        let is_live = session.client == NONE || session.away.is_none();
        let is_others = session.reserved != NONE && index != Some(session.reserved);
        if (is_live || is_others) && self.config.sessions.second == SecondConnection::Refused {
            return Err(Refusal::SessionInUse);
        }
        Ok((session.client != NONE).then_some(session.client))
    }

    /// Checks that an open client may have a session that no other has.
    fn check_new_session(&self, index: u32, session: Option<&str>) -> Result<(), Error> {
        let Some(name) = session else { return Ok(()) };
        self.check_session_name(name)?;
        let slot = self.sessions.find(name.as_bytes());
        if slot.is_some_and(|slot| slot != self.clients[index as usize].session) {
            return Err(Refusal::SessionInUse.into());
        }
        Ok(())
    }

    /// Sets the user and the session of a reserved client; both have been checked.
    pub(super) fn take_identity(&mut self, index: u32, user: Option<&str>, session: Option<&str>) {
        self.take_session(index, session);
        self.assign_user(index, user);
    }

    /// Sets the session of a client, reserved or open. Another reservation of the session is given up.
    pub(super) fn take_session(&mut self, index: u32, session: Option<&str>) {
        let slot = match session {
            None => NONE,
            Some(name) => {
                let found = self.sessions.find(name.as_bytes());
                found.unwrap_or_else(|| self.sessions.insert(Session::new(name.into())))
            }
        };
        if self.clients[index as usize].session == slot {
            return;
        }
        self.drop_session(index);
        let is_reserved = self.outboxes.entries[index].phase == Phase::Reserved;
        let Some(session) = self.sessions.get_mut(slot) else { return };
        let place = if is_reserved { &mut session.reserved } else { &mut session.client };
        let other = core::mem::replace(place, index);
        self.clients[index as usize].session = slot;
        if other != NONE {
            self.clients[other as usize].session = NONE;
            if let Some(row) = self.row_of(other) {
                self.connections[row].marks.set(Marks::REPLACED);
                self.abandon_handshake(row);
            }
        }
    }

    /// Makes a client that opens the one that has its session.
    pub(super) fn hold_session(&mut self, index: u32) {
        if let Some(session) = self.sessions.get_mut(self.clients[index as usize].session) {
            (session.client, session.reserved) = (index, NONE);
        }
    }

    /// Takes the session from a client that stays: a reservation that was to continue it is given up, or its user would have one
    /// client more than it may have.
    pub(super) fn drop_session(&mut self, index: u32) {
        let session = self.sessions.get(self.clients[index as usize].session);
        let reserved = session.filter(|session| session.client == index).map(|session| session.reserved);
        self.leave_session(index);
        if let Some(row) = reserved.filter(|&reserved| reserved != NONE).and_then(|index| self.row_of(index))
        {
            self.abandon_handshake(row);
        }
    }

    /// Takes the session from a client that has one. A session that nobody has ends.
    pub(super) fn leave_session(&mut self, index: u32) {
        let slot = core::mem::replace(&mut self.clients[index as usize].session, NONE);
        if slot == NONE {
            return;
        }
        self.stop_grace(index, slot);
        let Some(session) = self.sessions.get_mut(slot) else { return };
        for place in [&mut session.client, &mut session.reserved] {
            if *place == index {
                *place = NONE;
            }
        }
        if session.is_over() {
            self.sessions.remove(slot);
        }
    }

    /// The open client that a reserved one will continue.
    pub(super) fn holder_of(&self, reserved: u32) -> Option<u32> {
        if self.outboxes.entries[reserved].phase != Phase::Reserved {
            return None;
        }
        let session = self.sessions.get(self.clients[reserved as usize].session)?;
        (session.client != NONE).then_some(session.client)
    }

    /// The clients of a user as its limit counts them: without reservations that will continue another client of the user.
    pub(super) fn count_clients_of(&self, slot: u32) -> usize {
        let Some(user) = self.users.get(slot) else { return 0 };
        if self.sessions.len() == 0 {
            return user.clients.len();
        }
        let continues = |&&index: &&u32| self.continues_own(index);
        user.clients.len() - user.clients.iter().filter(continues).count()
    }

    /// Whether a client is a reservation that will continue another client of its user.
    pub(super) fn continues_own(&self, index: u32) -> bool {
        let user = self.clients[index as usize].user;
        self.holder_of(index).is_some_and(|holder| self.clients[holder as usize].user == user)
    }

    /// The open client that has a session, whether or not it is away; `None` if there is none. O(1).
    #[must_use]
    pub fn find_session(&self, name: &str) -> Option<ClientId> {
        let session = self.sessions.get(self.sessions.find(name.as_bytes())?)?;
        (session.client != NONE).then(|| self.outboxes.entries.id(session.client))
    }

    /// Whether the client that was reserved for a connection was given up because another connection came with its session. O(1).
    #[must_use]
    pub fn was_replaced(&self, connection: ConnectionId) -> bool {
        self.connections.find(connection).is_some_and(|row| self.connections[row].is(Marks::REPLACED))
    }

    /// The session of a client, reserved or open; `None` if it has none or is gone. O(1).
    #[must_use]
    pub fn session_of(&self, client: ClientId) -> Option<Name> {
        let index = self.outboxes.entries.find(client)?;
        self.sessions.get(self.clients[index as usize].session).map(|session| session.name.clone())
    }

    /// Whether a client is away: it has lost its connection, and is still open. O(1).
    #[must_use]
    pub fn is_away(&self, client: ClientId) -> bool {
        let index = self.outboxes.entries.find(client);
        index.is_some_and(|index| self.outboxes.entries[index].phase == Phase::Away)
    }
}
