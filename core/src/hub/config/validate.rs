//! Checks every field of a config.

use super::{Config, ConfigError, DrainPlan, Must, PerUser};
use crate::outbox::Policy;
use crate::time::nanos;
use core::time::Duration;

/// Each refused connection costs a scan of all probes.
const MOST_PROBES: u32 = 4096;

/// A WebSocket request needs at least this: Host, Upgrade, Connection, Sec-WebSocket-Version, Sec-WebSocket-Key.
const LEAST_HEAD_BYTES: u32 = 256;
const LEAST_HEADERS: u32 = 5;

impl Config {
    /// Checks every field.
    ///
    /// # Errors
    /// [`ConfigError`] names the first invalid field and its value.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.validate_for(self.host.epoch_seed)
    }

    /// Checks every field for a hub with this seed of epochs.
    fn validate_for(&self, epoch_seed: u64) -> Result<(), ConfigError> {
        self.validate_counts()?;
        self.validate_sizes()?;
        self.validate_outbox()?;
        self.history.validate(epoch_seed)?;
        self.presence.validate()?;
        self.validate_rates()?;
        self.validate_times()?;
        for (cause, farewell) in self.closes.iter() {
            if !farewell.code.may_be_sent() {
                let [_, field] = cause.fields();
                return fail(field, u64::from(farewell.code.0), Must::BeACloseCode);
            }
        }
        if self.host.slice == 0 {
            return fail("host.slice", 0, Must::BePositive);
        }
        match self.host.lanes {
            0 => fail("host.lanes", 0, Must::BePositive),
            lanes if lanes > 256 => fail("host.lanes", u64::from(lanes), Must::BeAtMost(256)),
            _ => Ok(()),
        }
    }

    /// Checks the limits that may be off, and how many clients a user may have.
    fn validate_counts(&self) -> Result<(), ConfigError> {
        for (field, value) in [
            ("admission.connections", self.admission.connections),
            ("admission.handshakes", self.admission.handshakes),
            ("admission.per_address", self.admission.per_address),
            ("rooms.per_client", self.rooms.per_client),
            ("rooms.members", self.rooms.members),
            ("rooms.total", self.rooms.total),
            ("sessions.total", self.sessions.total),
            ("sessions.per_user", self.sessions.per_user),
            ("sessions.per_address", self.sessions.per_address),
            ("deadlines.write_rate", self.deadlines.write_rate),
        ] {
            if value == Some(0) {
                return fail(field, 0, Must::BePositiveOrNone);
            }
        }
        match self.admission.per_user {
            PerUser::RefuseNewest(0) | PerUser::EvictOldest(0) => {
                return fail("admission.per_user", 0, Must::BePositive);
            }
            _ => {}
        }
        Ok(())
    }

    /// Checks the limits that cannot be off.
    fn validate_sizes(&self) -> Result<(), ConfigError> {
        let positive = |field, value| if value == 0 { fail(field, 0, Must::BePositive) } else { Ok(()) };
        positive("admission.probes", self.admission.probes)?;
        if self.admission.probes > MOST_PROBES {
            return fail(
                "admission.probes",
                self.admission.probes.into(),
                Must::BeAtMost(MOST_PROBES.into()),
            );
        }
        positive("rooms.name_bytes", self.rooms.name_bytes)?;
        positive("sessions.name_bytes", self.sessions.name_bytes)?;
        positive("sessions.messages", self.sessions.messages)?;
        positive("sessions.bytes", self.sessions.bytes)?;
        positive("asks.per_client", self.asks.per_client)?;
        positive("websocket.fragments", self.websocket.fragments)?;
        positive("websocket.head_bytes", self.websocket.head_bytes)?;
        positive("websocket.headers", self.websocket.headers)?;
        for (field, value, least) in [
            ("websocket.head_bytes", self.websocket.head_bytes, LEAST_HEAD_BYTES),
            ("websocket.headers", self.websocket.headers, LEAST_HEADERS),
        ] {
            if value < least {
                return fail(field, value.into(), Must::BeAtLeast(least.into()));
            }
        }
        Ok(())
    }

    fn validate_rates(&self) -> Result<(), ConfigError> {
        for (field, rate) in [
            ("admission.connect_rate", &self.admission.connect_rate),
            ("outbox.rate", &self.outbox.rate),
            ("inbound.messages", &self.inbound.messages),
            ("inbound.bytes", &self.inbound.bytes),
            ("inbound.user_messages", &self.inbound.user_messages),
            ("inbound.user_bytes", &self.inbound.user_bytes),
            ("inbound.control", &self.inbound.control),
        ] {
            if rate.is_some_and(|rate| !rate.is_valid()) {
                return fail(field, 0, Must::BeARateOrNone);
            }
        }
        Ok(())
    }

    /// Checks deadlines, limits of hooks, and the times of a drain.
    fn validate_times(&self) -> Result<(), ConfigError> {
        for (field, duration) in [
            ("deadlines.handshake", self.deadlines.handshake),
            ("deadlines.write", self.deadlines.write),
            ("deadlines.close", self.deadlines.close),
            ("deadlines.standstill", self.deadlines.standstill),
            ("hooks.authentication", self.hooks.authentication),
            ("asks.deadline", self.asks.deadline),
        ] {
            if duration.is_zero() {
                return fail(field, 0, Must::BePositive);
            }
        }
        for (field, duration) in [
            ("sessions.grace", self.sessions.grace),
            ("deadlines.ping", self.deadlines.ping),
            ("deadlines.pong", self.deadlines.pong),
            ("deadlines.idle", self.deadlines.idle),
            ("deadlines.idle_inbound", self.deadlines.idle_inbound),
            ("deadlines.expiry_notice", self.deadlines.expiry_notice),
            ("hooks.limit", self.hooks.limit),
            ("hooks.message", self.hooks.message),
        ] {
            if duration == Some(Duration::ZERO) {
                return fail(field, 0, Must::BePositiveOrNone);
            }
        }
        if let (Some(ping), Some(pong)) = (self.deadlines.ping, self.deadlines.pong)
            && pong <= ping
        {
            return fail("deadlines.pong", nanos(pong), Must::BeLongerThan("deadlines.ping", nanos(ping)));
        }
        // Otherwise the deadline would cut off clients whose time to be closed had not come.
        let DrainPlan { spread, deadline, .. } = self.drain;
        if !spread.is_zero() && deadline <= spread {
            return fail(
                "drain.deadline",
                nanos(deadline),
                Must::BeLongerThan("drain.spread", nanos(spread)),
            );
        }
        Ok(())
    }

    /// Checks every field, and that a hub that runs with the config `running` can change to this one.
    ///
    /// # Errors
    /// [`ConfigError`] names the first field that is invalid or cannot change, and its value.
    pub fn validate_change(&self, running: &Self) -> Result<(), ConfigError> {
        self.validate_for(running.host.epoch_seed)?;
        for (field, value, was) in [
            ("host.lanes", u64::from(self.host.lanes), u64::from(running.host.lanes)),
            ("host.seed", self.host.seed, running.host.seed),
            ("host.slice", u64::from(self.host.slice), u64::from(running.host.slice)),
            ("host.occupancy", u64::from(self.host.occupancy), u64::from(running.host.occupancy)),
        ] {
            if value != was {
                return Err(ConfigError { field, value, must: Must::Stay(was) });
            }
        }
        Ok(())
    }

    fn validate_outbox(&self) -> Result<(), ConfigError> {
        const MOST: u32 = u32::MAX >> 2;
        let outbox = &self.outbox;
        let frame = u64::from(outbox.message_bytes) + crate::frame::MAX_HEAD as u64;
        for (field, value) in [("outbox.message_bytes", outbox.message_bytes), ("outbox.bytes", outbox.bytes)]
        {
            if value == 0 {
                return fail(field, 0, Must::BePositive);
            }
            if value > MOST {
                return fail(field, u64::from(value), Must::BeAtMost(u64::from(MOST)));
            }
        }
        if outbox.messages == 0 {
            return fail("outbox.messages", 0, Must::BePositive);
        }
        if u64::from(outbox.bytes) < frame {
            return fail("outbox.bytes", u64::from(outbox.bytes), Must::Hold("outbox.message_bytes", frame));
        }
        if outbox.hub_bytes < u64::from(outbox.bytes) {
            let least = u64::from(outbox.bytes);
            return fail("outbox.hub_bytes", outbox.hub_bytes, Must::Hold("outbox.bytes", least));
        }
        if outbox.policy == Policy::Wait {
            return fail("outbox.policy", 0, Must::NotBeWait);
        }
        Ok(())
    }
}

const fn fail(field: &'static str, value: u64, must: Must) -> Result<(), ConfigError> {
    Err(ConfigError { field, value, must })
}
