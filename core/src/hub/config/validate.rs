//! Checks every field of a config.

use super::{Config, ConfigError, Must, PerUser};
use crate::outbox::Policy;
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
        let fail = |field, value, must| Err(ConfigError { field, value, must });
        let positive = |field, value: Option<u32>| match value {
            Some(0) => fail(field, 0, Must::BePositive),
            _ => Ok(()),
        };
        positive("admission.connections", self.admission.connections)?;
        positive("admission.handshakes", self.admission.handshakes)?;
        positive("admission.per_address", self.admission.per_address)?;
        match self.admission.per_user {
            PerUser::RefuseNewest(0) | PerUser::EvictOldest(0) => {
                return fail("admission.per_user", 0, Must::BePositive);
            }
            _ => {}
        }
        positive("admission.probes", Some(self.admission.probes))?;
        if self.admission.probes > MOST_PROBES {
            return fail(
                "admission.probes",
                self.admission.probes.into(),
                Must::BeAtMost(MOST_PROBES.into()),
            );
        }
        positive("rooms.per_client", self.rooms.per_client)?;
        positive("rooms.members", self.rooms.members)?;
        positive("rooms.total", self.rooms.total)?;
        positive("rooms.name_bytes", Some(self.rooms.name_bytes))?;
        positive("deadlines.write_rate", self.deadlines.write_rate)?;
        positive("websocket.fragments", Some(self.websocket.fragments))?;
        positive("websocket.head_bytes", Some(self.websocket.head_bytes))?;
        positive("websocket.headers", Some(self.websocket.headers))?;
        for (field, value, least) in [
            ("websocket.head_bytes", self.websocket.head_bytes, LEAST_HEAD_BYTES),
            ("websocket.headers", self.websocket.headers, LEAST_HEADERS),
        ] {
            if value < least {
                return fail(field, value.into(), Must::BeAtLeast(least.into()));
            }
        }
        self.validate_outbox()?;
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
                return fail(field, 0, Must::BePositive);
            }
        }
        for (field, duration) in [
            ("deadlines.handshake", Some(self.deadlines.handshake)),
            ("deadlines.ping", self.deadlines.ping),
            ("deadlines.pong", self.deadlines.pong),
            ("deadlines.write", Some(self.deadlines.write)),
            ("deadlines.close", Some(self.deadlines.close)),
            ("deadlines.idle", self.deadlines.idle),
            ("deadlines.idle_inbound", self.deadlines.idle_inbound),
            ("deadlines.standstill", Some(self.deadlines.standstill)),
            ("hooks.limit", self.hooks.limit),
            ("hooks.message", self.hooks.message),
            ("hooks.authentication", Some(self.hooks.authentication)),
        ] {
            if duration == Some(Duration::ZERO) {
                return fail(field, 0, Must::BePositive);
            }
        }
        if let (Some(ping), Some(pong)) = (self.deadlines.ping, self.deadlines.pong)
            && pong <= ping
        {
            let (ping, pong) = (crate::time::nanos(ping), crate::time::nanos(pong));
            return fail("deadlines.pong", pong, Must::BeLongerThan("deadlines.ping", ping));
        }
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

    /// Checks every field, and that a hub that runs with the config `running` can change to this one.
    ///
    /// # Errors
    /// [`ConfigError`] names the first field that is invalid or cannot change, and its value.
    pub fn validate_change(&self, running: &Self) -> Result<(), ConfigError> {
        self.validate()?;
        for (field, value, was) in [
            ("host.lanes", u64::from(self.host.lanes), u64::from(running.host.lanes)),
            ("host.seed", self.host.seed, running.host.seed),
            ("host.slice", u64::from(self.host.slice), u64::from(running.host.slice)),
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
        let fail = |field, value: u64, must| Err(ConfigError { field, value, must });
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
            return fail("outbox.bytes", u64::from(outbox.bytes), Must::BeAtLeast(frame));
        }
        if outbox.hub_bytes < u64::from(outbox.bytes) {
            return fail("outbox.hub_bytes", outbox.hub_bytes, Must::BeAtLeast(u64::from(outbox.bytes)));
        }
        if outbox.policy == Policy::Wait {
            return fail("outbox.policy", 0, Must::NotBeWait);
        }
        Ok(())
    }
}
