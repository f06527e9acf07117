//! Until when clients are authorised: a time of the host's clock, which no standstill moves.

use super::client::{Client, Expiry, Phase};
use super::marked::TIMER;
use super::timeouts::nanos;
use super::{Model, NEVER, reason_in_frame};
use crate::model::limits::Cause;
use throng_core::hub::{Action, Error};
use throng_core::{ClientId, CloseCode, Instant};

impl Model {
    pub(super) fn set_expiry(
        &mut self,
        client: ClientId,
        at: Option<Instant>,
        code: Option<CloseCode>,
        reason: &str,
    ) -> Result<(), Error> {
        if !matches!(self.phase(client)?, Phase::Reserved | Phase::Open | Phase::Away) {
            return Err(Error::NotOpen);
        }
        let Some(at) = at.map(Instant::as_nanos) else {
            self.of(client).expiry = None;
            return Ok(());
        };
        let left = at.saturating_sub(self.now);
        // So that whoever renews for a short time is not told again at once.
        let tell = match self.limits.expiry_notice.map(nanos) {
            Some(notice) if left > 0 => at - notice.min(left / 2),
            _ => NEVER,
        };
        let close = code.map(|code| {
            let reason = reason_in_frame(reason).map(|reason| reason.to_string());
            (code, reason.unwrap_or_default())
        });
        self.timers_set += 1;
        let timer = (at.min(tell), self.timers_set);
        self.of(client).expiry = Some(Expiry { at, tell, close, timer });
        Ok(())
    }

    /// What a reservation was not told, it is told when it is open.
    pub(super) fn begin_expiry(&mut self, client: ClientId) {
        self.timers_set += 1;
        let set = self.timers_set;
        if let Some(expiry) = &mut self.of(client).expiry {
            expiry.timer = (expiry.at.min(expiry.tell), set);
        }
    }

    /// After all other timers, with what is left of the slice.
    pub(super) fn end_expired(&mut self, mut spent: u32) {
        while spent < self.limits.slice {
            let timers = self.clients.iter().filter_map(|one| Some((one.expiry.as_ref()?.timer, one.id)));
            let Some((_, client)) = timers.filter(|(timer, _)| timer.0 <= self.now).min() else { return };
            spent += TIMER;
            spent += self.work_on(client, |model| model.expiry_fires(client));
        }
    }

    fn expiry_fires(&mut self, client: ClientId) {
        let one = self.of(client).clone();
        let Some(expiry) = one.expiry else { return };
        let is_over = expiry.at <= self.now;
        match one.phase {
            Phase::Open | Phase::Away if is_over => {
                self.of(client).expiry = None;
                match expiry.close {
                    Some((code, reason)) => self.end_with(client, Cause::Expired, code, &reason),
                    None => self.end_for(client, Cause::Expired),
                }
            }
            Phase::Reserved if is_over => {
                self.numbers.causes.push(Cause::Expired);
                self.abandon_handshake(one.connection);
            }
            Phase::Open | Phase::Away | Phase::Reserved => {
                self.timers_set += 1;
                let timer = (expiry.at, self.timers_set);
                let is_told = one.phase != Phase::Reserved;
                let tell = if is_told { NEVER } else { expiry.tell };
                self.of(client).expiry = Some(Expiry { tell, timer, ..expiry });
                if is_told {
                    self.numbers.expiry_notices += 1;
                    self.tell(Action::Expiring { client, at: Instant::from_nanos(expiry.at) });
                }
            }
            Phase::Marked | Phase::Closing => self.of(client).expiry = None,
        }
    }

    /// The moment at which something must be done for a client's expiry.
    pub(super) fn expiry_due(&self, client: &Client) -> u64 {
        let Some(expiry) = &client.expiry else { return NEVER };
        match client.phase {
            Phase::Open | Phase::Away => expiry.at.min(expiry.tell),
            Phase::Reserved => expiry.at,
            Phase::Marked | Phase::Closing => NEVER,
        }
    }
}
