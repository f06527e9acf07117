//! Replaces the config at run time. The hub reads most fields where it needs them; this file updates state that was
//! derived from the old config: buckets, timers, and clients that a publish waits for.

use super::client::{NEVER, Usage};
use super::connection::Row;
use super::{Config, Error, Histories, Hub, Outbox, Owner, PerUser};
use crate::outbox::{Flags, Phase};
use crate::time::nanos;
use crate::timer::Timer;
use alloc::boxed::Box;
use alloc::vec::Vec;

impl Hub {
    pub(super) fn handle_reconfigure(&mut self, config: &Config) -> Result<(), Error> {
        config.validate_change(&self.config).map_err(|_| Error::ConfigRefused)?;
        if self.loosest.is_none() {
            self.loosest = Some(Box::new(self.config.clone()));
        }
        let config = Config { host: self.config.host, ..config.clone() };
        let old = core::mem::replace(&mut self.config, config);
        if let Some(loosest) = &mut self.loosest {
            loosest.loosen(&self.config);
        }
        self.least_standstill = nanos(self.config.deadlines.standstill);
        self.carry_over_rates(&old);
        self.restart_deadlines(&old);
        if (&old.outbox, old.sessions.bounds()) != (&self.config.outbox, self.config.sessions.bounds()) {
            self.outboxes.set_limits(self.config.outbox.clone(), self.config.sessions.bounds());
            self.outboxes.set_rate(self.config.outbox.rate, self.now);
            self.tell_all_low();
            self.outboxes.keep_to_budget();
        }
        Ok(())
    }

    /// Converts the buckets, since a bucket counts in steps of its rate.
    fn carry_over_rates(&mut self, old: &Config) {
        let (was, is, arrivals) = (&old.inbound, self.config.inbound.clone(), self.arrivals());
        // Usage is never dropped again, since a client may be paused.
        if is.has_rates() {
            self.usages.resize(self.clients.len(), Usage::NONE);
        }
        if (was.messages, was.bytes) != (is.messages, is.bytes) {
            let messages = arrivals.change(was.messages, is.messages);
            let bytes = arrivals.change(was.bytes, is.bytes);
            for usage in &mut self.usages {
                messages.carry_over(&mut usage.messages);
                bytes.carry_over(&mut usage.bytes);
            }
        }
        if was.control != is.control {
            let controls = arrivals.change(was.control, is.control);
            for connection in &mut self.connections.list {
                controls.carry_over(&mut connection.controls);
            }
        }
        // A user or address without connections is kept until its buckets are full. A timeout removes it, not this
        // function.
        if (was.user_messages, was.user_bytes) != (is.user_messages, is.user_bytes) {
            let messages = arrivals.change(was.user_messages, is.user_messages);
            let bytes = arrivals.change(was.user_bytes, is.user_bytes);
            for user in self.users.iter_mut() {
                messages.carry_over(&mut user.messages);
                bytes.carry_over(&mut user.bytes);
            }
            let remembered =
                self.users.slots().filter_map(|(slot, user)| Some((user.timer?, Owner::User(slot))));
            self.remember_anew(remembered.collect());
        }
        let (was, is) = (old.admission.connect_rate, self.config.admission.connect_rate);
        if was != is {
            let connects = arrivals.change(was, is);
            for origin in self.addresses.iter_mut() {
                connects.carry_over(&mut origin.connects);
            }
            let addresses = self.addresses.slots();
            let remembered =
                addresses.filter_map(|(slot, origin)| Some((origin.timer?, Owner::Address(slot))));
            self.remember_anew(remembered.collect());
        }
    }

    fn remember_anew(&mut self, remembered: Vec<(Timer, Owner)>) {
        for (timer, owner) in remembered {
            let until = self.remembered_until(owner).unwrap_or(self.now);
            self.wheel.reset(timer, until);
        }
    }

    /// Restarts pings and pongs if their deadlines change, since a client that was not pinged in time cannot be late.
    fn restart_deadlines(&mut self, old: &Config) {
        let (was, is) = (&old.deadlines, self.config.deadlines.clone());
        let is_restarted = (was.ping, was.pong) != (is.ping, is.pong);
        if *was == is {
            return;
        }
        let now = self.now.as_nanos();
        for row in (0..self.connections.end() as u32).map(Row) {
            if !self.connections.is_live(row) {
                continue;
            }
            let slot = &mut self.connections[row];
            if is_restarted && self.outboxes.entries.phase(slot.client) == Phase::Open {
                slot.hear(now);
                slot.next_ping = now.saturating_add(is.ping.map_or(NEVER, nanos));
            }
            self.arm(row);
        }
    }

    /// Queues `Action::OutboxLow` for outboxes that are low under the new bounds, since no other event would.
    fn tell_all_low(&mut self) {
        for index in 0..self.outboxes.entries.len() as u32 {
            if self.outboxes.entries[index].flags.has(Flags::AWAITED) {
                self.tell_low(index);
            }
        }
    }

    /// The loosest value that each bound ever had, since what was within a bound may stay when the bound gets lower.
    pub(crate) fn loosest(&self) -> &Config {
        self.loosest.as_deref().unwrap_or(&self.config)
    }
}

impl Config {
    pub(super) fn loosen(&mut self, other: &Self) {
        let (admission, rooms) = (&other.admission, &other.rooms);
        for (bound, other) in [
            (&mut self.admission.connections, admission.connections),
            (&mut self.admission.handshakes, admission.handshakes),
            (&mut self.admission.per_address, admission.per_address),
            (&mut self.rooms.per_client, rooms.per_client),
            (&mut self.rooms.members, rooms.members),
            (&mut self.rooms.total, rooms.total),
            (&mut self.sessions.total, other.sessions.total),
            (&mut self.sessions.per_address, other.sessions.per_address),
        ] {
            *bound = bound.zip(other).map(|(bound, other)| bound.max(other));
        }
        if self.admission.per_user != admission.per_user {
            self.admission.per_user = PerUser::Unlimited;
        }
        self.asks.per_client = self.asks.per_client.max(other.asks.per_client);
        let Histories { idle_rooms, keys, .. } = &mut self.history;
        *idle_rooms = other.history.idle_rooms.max(*idle_rooms);
        *keys = other.history.keys.max(*keys);
        let Outbox { messages, bytes, hub_bytes, .. } = &mut self.outbox;
        *messages = other.outbox.messages.max(*messages);
        *bytes = other.outbox.bytes.max(*bytes);
        *hub_bytes = other.outbox.hub_bytes.max(*hub_bytes);
    }
}
