//! Clients that are authorised until some time: the application is told before it, and the client ends at it.
//!
//! The time is one of the host's clock. Deadlines stop while the host stands still, but an authorisation does not last longer for
//! that: a token expires although the process that checked it was stopped. So the timers of expiries are in a wheel of their own,
//! which runs by the host's clock.
//!
//! An expiry belongs to the client, not to its connection. A client that is away is told of its expiry and ends at it like any
//! other. A reservation may have an expiry, which applies from the moment at which it opens or continues another client.

use super::closing::cut;
use super::expiries::Expiry;
use super::{Action, Error, Hub, Notice};
use crate::cause::Cause;
use crate::close::{CloseCode, CloseFrame};
use crate::id::ClientId;
use crate::outbox::Phase;
use crate::time::Instant;

impl Hub {
    pub(super) fn handle_set_expiry(
        &mut self,
        client: ClientId,
        at: Option<Instant>,
        code: Option<CloseCode>,
        reason: &str,
    ) -> Result<(), Error> {
        let index = self.outboxes.entries.find(client).ok_or(Error::Gone)?;
        let phase = self.outboxes.entries[index].phase;
        if phase != Phase::Reserved && !phase.is_open() {
            return Err(Error::NotOpen);
        }
        match at {
            Some(at) => {
                let tell = self.expiry_notice(at);
                self.expiries.set(
                    index,
                    at,
                    tell,
                    code.map(|code| CloseFrame::new(code, cut(reason).unwrap_or_default())),
                );
            }
            None => _ = self.expiries.remove(index),
        }
        Ok(())
    }

    /// When to tell the application of an expiry: `deadlines.expiry_notice` before it, or half of the time until it if that is shorter.
    /// Otherwise an application that renews for less than the notice would be told again at once, and again.
    fn expiry_notice(&self, at: Instant) -> Instant {
        let left = at.since(self.now());
        match self.config.deadlines.expiry_notice {
            Some(notice) if !left.is_zero() => at - notice.min(left / 2),
            _ => Instant::FAR_FUTURE,
        }
    }

    /// Tells the application that a client's expiry comes, or ends the client at it.
    pub(super) fn expiry_timeout(&mut self, index: u32) {
        let now = self.now();
        let Some(expiry) = self.expiries.get_mut(index) else { return };
        let (timer, at) = (expiry.timer, expiry.at);
        match self.outboxes.entries[index].phase {
            Phase::Open | Phase::Away if at <= now => self.end_expired(index),
            Phase::Open | Phase::Away => {
                expiry.tell = Instant::FAR_FUTURE;
                self.expiries.wheel.reset(timer, at);
                self.totals.expiry_notices += 1;
                let client = self.outboxes.entries.id(index);
                self.notices.push_back(Notice::Action(Action::Expiring { client, at }));
            }
            // It is told when it is open.
            Phase::Reserved if at > now => self.expiries.wheel.reset(timer, at),
            Phase::Reserved => {
                self.totals.count_cause(Cause::Expired);
                match self.row_of(index) {
                    Some(row) => self.abandon_handshake(row),
                    None => _ = self.expiries.remove(index),
                }
            }
            // A marked client ends anyway.
            Phase::Ending | Phase::Closing | Phase::Vacant => _ = self.expiries.remove(index),
        }
    }

    /// Ends a client that is not authorised any more.
    fn end_expired(&mut self, index: u32) {
        match self.expiries.remove(index).and_then(|expiry| expiry.close) {
            Some(CloseFrame { code, reason }) => self.end_with(index, Cause::Expired, code, &reason),
            None => self.end_for(index, Cause::Expired),
        }
    }

    /// Sets the timer of a client that has opened, since nothing was told while it was reserved.
    #[inline]
    pub(super) fn begin_expiry(&mut self, index: u32) {
        if self.expiries.len() > 0
            && let Some(expiry) = self.expiries.get(index)
        {
            let (timer, due) = (expiry.timer, expiry.due());
            self.expiries.wheel.reset(timer, due);
        }
    }

    /// Takes the expiry from a client that ends.
    #[inline]
    pub(super) fn drop_expiry(&mut self, index: u32) {
        if self.expiries.len() > 0 {
            self.expiries.remove(index);
        }
    }

    /// Gives the expiry of a reservation, if it has one, to the client that its connection continues.
    pub(super) fn inherit_expiry(&mut self, reserved: u32, index: u32) {
        if let Some(Expiry { at, tell, close, .. }) = self.expiries.remove(reserved) {
            self.expiries.set(index, at, tell, close);
        }
    }

    /// Until when a client is authorised, reserved or open, by the host's clock; `None` if it has no expiry or is gone. O(1).
    #[must_use]
    pub fn expiry_of(&self, client: ClientId) -> Option<Instant> {
        let index = self.outboxes.entries.find(client)?;
        self.expiries.get(index).map(|expiry| expiry.at)
    }
}
