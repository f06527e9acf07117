//! A newcomer among the clients of its user.

use super::Model;
use super::client::Phase;
use crate::model::limits::Cause;
use throng_core::hub::{Error, Fate, Incumbent, Refusal, State};
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
        if phase != Phase::Reserved && phase != Phase::Open {
            return Err(Error::NotOpen);
        }
        if phase == Phase::Reserved && self.state == State::Stopped {
            return Err(Refusal::Stopped.into());
        }
        self.check_user(Some(client), user)?;
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
            return self.open_client(client);
        }
        self.evict_others(client);
        Ok(())
    }
}
