//! Messages that are written no faster than a rate.

use super::client::{Client, Phase};
use super::outbox::Sending;
use super::{Model, NEVER};
use throng_core::ClientId;

impl Model {
    /// How many messages a lease may hold now. What is begun may be finished.
    pub(super) fn may_be_written(&mut self, client: ClientId) -> usize {
        let Some(rate) = self.limits.written_messages else { return usize::MAX };
        let (now, of) = (self.now, self.of(client));
        let may = |messages: &u32| of.written.check(Some(rate), now, *messages).is_ok();
        let most = (1..=rate.burst).rev().find(may).unwrap_or(0) as usize;
        most.max(of.outbox.begun_messages().count())
    }

    /// So many were.
    pub(super) fn pace(&mut self, client: ClientId, messages: u32) {
        let (rate, now) = (self.limits.written_messages, self.now);
        self.of(client).written.take(rate, now, messages);
    }

    /// When a client goes on that is paced.
    pub(super) fn paced_until(&self, client: &Client) -> u64 {
        match client.outbox.sending {
            Sending::Paced => client.written.check(self.limits.written_messages, 0, 1).err().unwrap_or(0),
            _ => NEVER,
        }
    }

    /// Whoever is paced is ready, behind those that can be served in one turn.
    pub(super) fn unpace(&mut self, client: ClientId) {
        if self.of(client).outbox.sending == Sending::Paced {
            self.wake_slow(client);
        }
    }

    pub(super) fn unpace_if_due(&mut self, client: ClientId) {
        let of = self.of(client).clone();
        if of.phase >= Phase::Open && self.paced_until(&of) <= self.now {
            self.unpace(client);
        }
    }

    /// A control frame waits, which no rate holds up.
    pub(super) fn wake_for_control(&mut self, client: ClientId) {
        let outbox = &mut self.of(client).outbox;
        if outbox.sending == Sending::Paced {
            outbox.sending = Sending::Idle;
        }
        self.wake(client);
    }
}
