//! Places a client among the other clients of its user, by the application's decision about them.

use super::fate::{Fate, Incumbent};
use super::{Error, Hub, Refusal, State};
use crate::cause::Cause;
use crate::close::CloseCode;
use crate::id::ClientId;
use crate::outbox::Phase;

impl Hub {
    pub(super) fn handle_place(
        &mut self,
        client: ClientId,
        user: &str,
        among: &[Incumbent],
        code: CloseCode,
        reason: &str,
    ) -> Result<(), Error> {
        let index = self.outboxes.entries.find(client).ok_or(Error::Gone)?;
        let phase = self.outboxes.entries[index].phase;
        match phase {
            Phase::Reserved if self.state == State::Stopped => return Err(Refusal::Stopped.into()),
            Phase::Reserved | Phase::Open | Phase::Away => {}
            _ => return Err(Error::NotOpen),
        }
        self.check_continued(index, user, among)?;
        let present = self.clients_of(user).filter(|&other| other != client);
        if !present.eq(among.iter().map(|incumbent| incumbent.client)) {
            return Err(Error::RosterChanged);
        }
        for Incumbent { client, fate } in among {
            if *fate == Fate::Goes
                && let Some(index) = self.outboxes.entries.find(*client)
            {
                self.end_with(index, Cause::Evicted, code, reason);
            }
        }
        self.assign_user(index, Some(user));
        match self.row_of(index).filter(|_| phase == Phase::Reserved) {
            Some(row) => self.open_or_resume(row, index),
            None => {
                self.evict_others(index);
                Ok(())
            }
        }
    }

    /// Checks that a client may get this user, and continue the client that has its session if that one stays.
    fn check_continued(&self, index: u32, user: &str, among: &[Incumbent]) -> Result<(), Error> {
        let Some(holder) = self.holder_of(index) else { return self.check_user(Some(index), user) };
        self.check_name(user)?;
        let id = self.outboxes.entries.id(holder);
        if among.iter().any(|one| one.client == id && one.fate == Fate::Goes) {
            return Ok(());
        }
        if !self.is_of(holder, Some(user)) {
            return Err(Refusal::SessionOfAnotherUser.into());
        }
        Ok(self.check_is_free(holder)?)
    }
}
