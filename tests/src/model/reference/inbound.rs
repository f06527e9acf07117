//! What arrives from peers.

use super::Model;
use super::Notice;
use super::client::Phase;
use crate::model::limits::Cause;
use throng_core::hub::{Error, OverRate, Verdict};
use throng_core::{ClientId, ConnectionId, Instant};

impl Model {
    pub(super) fn received(&mut self, connection: ConnectionId, bytes: u32) -> Result<Verdict, Error> {
        let client = self.need_open_on(connection)?;
        self.numbers.received += 1;
        self.numbers.received_bytes += u64::from(bytes);
        let now = self.now;
        self.at(connection).hear(now);
        self.at(connection).last_in = now;
        let Some(until) = self.over_rate_until(client, bytes) else {
            self.take_rates(client, bytes);
            return Ok(Verdict::Accept);
        };
        self.numbers.over_rate += 1;
        match self.limits.over_rate {
            OverRate::Drop => {
                self.note_over_rate(client);
                Ok(Verdict::Drop)
            }
            OverRate::Pause => {
                self.take_rates(client, bytes);
                self.at(connection).resume_at = until;
                self.arm(connection);
                Ok(Verdict::Pause { until: Instant::from_nanos(until) })
            }
            _ => {
                self.end_for(client, Cause::OverRate);
                Ok(Verdict::Close)
            }
        }
    }

    /// When a message is within every rate; none if it is now.
    fn over_rate_until(&mut self, client: ClientId, bytes: u32) -> Option<u64> {
        let (limits, now) = (self.limits.clone(), self.now);
        let of = self.of(client).clone();
        let mut checks = vec![
            of.messages.check(limits.client_messages, now, 1),
            of.bytes.check(limits.client_bytes, now, bytes),
        ];
        if let Some(user) = of.user.and_then(|name| self.user(&name).cloned()) {
            checks.push(user.messages.check(limits.user_messages, now, 1));
            checks.push(user.bytes.check(limits.user_bytes, now, bytes));
        }
        checks.into_iter().filter_map(Result::err).max()
    }

    fn take_rates(&mut self, client: ClientId, bytes: u32) {
        let (limits, since) = (self.limits.clone(), self.arrived_since());
        let of = self.of(client);
        of.messages.take(limits.client_messages, since, 1);
        of.bytes.take(limits.client_bytes, since, bytes);
        let name = of.user.clone();
        for user in &mut self.users {
            if Some(&user.name) == name.as_ref() {
                user.messages.take(limits.user_messages, since, 1);
                user.bytes.take(limits.user_bytes, since, bytes);
            }
        }
    }

    fn note_over_rate(&mut self, client: ClientId) {
        for notice in &mut self.notices {
            if let Notice::OverRate(of, messages) = notice
                && *of == client
            {
                *messages += 1;
                return;
            }
        }
        self.notices.push(Notice::OverRate(client, 1));
    }

    /// What was over the rate is told before the end of the client it is of.
    pub(super) fn tell_over_rate(&mut self, client: ClientId) {
        let is_it = |notice: &Notice| matches!(notice, Notice::OverRate(of, _) if *of == client);
        if let Some(at) = self.notices.iter().position(is_it) {
            let notice = self.notices.remove(at);
            self.notices.push(notice);
        }
    }

    pub(super) fn ping(&mut self, connection: ConnectionId, payload: &[u8]) -> Result<(), Error> {
        let client = self.control_arrived(connection)?;
        if self.phase(client) == Ok(Phase::Open) {
            let pong = payload[..payload.len().min(125)].to_vec();
            self.of(client).outbox.add_pong(pong.into());
            self.wake_for_control(client);
        }
        Ok(())
    }

    /// From which client it is.
    pub(super) fn control_arrived(&mut self, connection: ConnectionId) -> Result<ClientId, Error> {
        let client = self.need_open_on(connection)?;
        self.numbers.controls += 1;
        let (now, since, rate) = (self.now, self.arrived_since(), self.limits.control);
        let found = self.at(connection);
        found.hear(now);
        if found.controls.check(rate, now, 1).is_ok() {
            found.controls.take(rate, since, 1);
        } else {
            self.end_for(client, Cause::Controls);
        }
        Ok(client)
    }

    pub(super) fn heard(&mut self, connection: ConnectionId) -> Result<(), Error> {
        self.need_open_on(connection)?;
        let now = self.now;
        let found = self.at(connection);
        found.hear(now);
        if std::mem::take(&mut found.working) {
            found.last_in = now;
            if self.limits.idle_inbound.is_some() {
                self.arm(connection);
            }
        }
        Ok(())
    }

    pub(super) fn working(&mut self, connection: ConnectionId) -> Result<(), Error> {
        self.need_open_on(connection)?;
        self.at(connection).working = true;
        Ok(())
    }
}
