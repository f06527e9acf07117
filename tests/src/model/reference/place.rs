//! A newcomer among the clients of its user.

use super::Model;
use super::client::Phase;
use crate::model::limits::Cause;
use throng_core::hub::{Error, Fate, Incumbent, Refusal, SecondConnection, State};
use throng_core::{ClientId, CloseCode};

impl Model {
    pub(super) fn place(
        &mut self,
        client: ClientId,
        user: &str,
        among: &[Incumbent],
        code: CloseCode,
        reason: &str,
    ) -> Result<(), Error> {
        let phase = self.phase(client)?;
        if !matches!(phase, Phase::Reserved | Phase::Open | Phase::Away) {
            return Err(Error::NotOpen);
        }
        if phase == Phase::Reserved && self.state == State::Stopped {
            return Err(Refusal::Stopped.into());
        }
        match self.continued_by(client) {
            Some(continued) => self.check_continued(continued, user, among)?,
            None => self.check_user(Some(client), user)?,
        }
        let mut others = self.clients_of(user);
        others.retain(|&other| other != client);
        let seen: Vec<_> = among.iter().map(|incumbent| incumbent.client).collect();
        if others != seen {
            return Err(Error::RosterChanged);
        }
        for incumbent in among {
            if incumbent.fate == Fate::Goes {
                self.end_with(incumbent.client, Cause::Evicted, code, reason);
            }
        }
        self.assign_user(client, Some(user));
        if phase == Phase::Reserved {
            return self.open_or_resume(client);
        }
        self.evict_others(client);
        Ok(())
    }

    /// Whether a newcomer may be this user's that is to continue a client, if that one stays.
    fn check_continued(&mut self, continued: ClientId, user: &str, among: &[Incumbent]) -> Result<(), Error> {
        self.check_name(user)?;
        let goes = Incumbent { client: continued, fate: Fate::Goes };
        if among.contains(&goes) {
            return Ok(());
        }
        let one = self.of(continued);
        if one.user.as_deref() != Some(user) {
            return Err(Refusal::SessionOfAnotherUser.into());
        }
        if one.phase == Phase::Open && self.limits.second == SecondConnection::Refused {
            return Err(Refusal::SessionInUse.into());
        }
        Ok(())
    }
}
