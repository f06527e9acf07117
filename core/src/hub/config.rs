//! Every limit, deadline and rate of a hub, with its default.

use crate::close::CloseCode;
use crate::id::Name;
use crate::outbox::{Outbox, Policy};
use crate::rate::Rate;
use core::fmt;
use core::time::Duration;

/// What a hub allows. `Config::default()` is meant for production: sizes, counts and deadlines are on, rates
/// and limits per address are off.
///
/// `None` always means "no limit".
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Config {
    /// Who may connect.
    pub admission: Admission,
    /// Rooms and memberships.
    pub rooms: Rooms,
    /// What waits to be written, and what happens when too much does.
    pub outbox: Outbox,
    /// How fast a peer may send.
    pub inbound: Inbound,
    /// Deadlines and heartbeats.
    pub deadlines: Deadlines,
    /// How the host drives the hub.
    pub host: Host,
}

/// Who may connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Connections in all, reservations included. Default: none.
    pub connections: Option<u32>,
    /// Connections that were accepted and not yet admitted: an open handshake. Default 10,000.
    pub handshakes: Option<u32>,
    /// Connections of one address, open handshakes included. Default: none.
    pub per_address: Option<u32>,
    /// New connections of one address. Default: none.
    pub connect_rate: Option<Rate>,
    /// Several clients of one user. Default: any number.
    pub per_user: PerUser,
    /// How a client is closed that [`PerUser::EvictOldest`] evicts. Default: 1008, "another client of this user".
    pub eviction: Eviction,
}

/// With what a client is closed for the sake of another one of its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eviction {
    /// The code of the close frame.
    pub code: CloseCode,
    /// The reason in it; what is over 123 bytes is cut off.
    pub reason: Name,
}

/// What happens when a user has several clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PerUser {
    /// Any number.
    Unlimited,
    /// At most so many: one more is refused.
    RefuseNewest(u32),
    /// At most so many: one more ends the client of this user that opened first, as [`Admission::eviction`] says.
    EvictOldest(u32),
}

/// Rooms and memberships.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rooms {
    /// Rooms that one client may be in. Default 1,024.
    pub per_client: Option<u32>,
    /// Members of one room. Default: none.
    pub members: Option<u32>,
    /// Rooms in all. Default 1,000,000.
    pub total: Option<u32>,
    /// Bytes of a room's or user's name. Default 255.
    pub name_bytes: u32,
}

/// How fast a peer may send. Each rate is checked for every message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// Messages of one client. Default: none.
    pub messages: Option<Rate>,
    /// Payload bytes of one client. Default: none.
    pub bytes: Option<Rate>,
    /// Messages of all clients of one user. Default: none.
    pub user_messages: Option<Rate>,
    /// Payload bytes of all clients of one user. Default: none.
    pub user_bytes: Option<Rate>,
    /// Pings and pongs of one client; over it the client is closed with 1008. Default 100 a second, burst
    /// 1,000.
    pub control: Option<Rate>,
    /// What happens to a message over a rate. Default: pause reading.
    pub over_rate: OverRate,
}

/// What happens to a message over a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OverRate {
    /// The message is dropped; the application is told how many.
    Drop,
    /// The message is taken, and nothing is read from the client until it is within its rate again.
    Pause,
    /// The client is closed with 1008.
    Close,
}

/// Deadlines and heartbeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// From accept to open. Default 10 s.
    pub handshake: Duration,
    /// Between two pings to a client. Default 54 s.
    pub ping: Option<Duration>,
    /// A client from which nothing at all arrives for so long is gone. Longer than `ping`. Default 60 s.
    pub pong: Option<Duration>,
    /// A client that takes no byte of what is being written for so long is gone. Default 10 s.
    pub write: Duration,
    /// From the start of closing to the end of the transport: flush, close frames both ways. Default 5 s.
    pub close: Duration,
    /// A client without a message in either direction for so long is closed with 1000. Default: none.
    pub idle: Option<Duration>,
}

/// How the host drives the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// Lists of clients with something to write, each served by its own writer. Default 1, at most 256.
    pub lanes: u16,
    /// Entries reserved at the start; more are made as needed. Default 0.
    pub capacity: u32,
    /// The key under which names and addresses are hashed. A host takes it from the operating system's
    /// random numbers, so that nobody can choose names that collide; no behaviour depends on it.
    pub hash_key: [u64; 2],
    /// The seed of the jitter of a drain.
    pub seed: u64,
}

impl Default for Admission {
    fn default() -> Self {
        Self {
            connections: None,
            handshakes: Some(10_000),
            per_address: None,
            connect_rate: None,
            per_user: PerUser::Unlimited,
            eviction: Eviction::default(),
        }
    }
}

impl Default for Eviction {
    fn default() -> Self {
        Self { code: CloseCode::POLICY, reason: "another client of this user".into() }
    }
}

impl Default for Rooms {
    fn default() -> Self {
        Self { per_client: Some(1024), members: None, total: Some(1_000_000), name_bytes: 255 }
    }
}

impl Inbound {
    /// Whether messages have any rate.
    pub(super) fn has_rates(&self) -> bool {
        [self.messages, self.bytes, self.user_messages, self.user_bytes].iter().any(Option::is_some)
    }
}

impl Default for Inbound {
    fn default() -> Self {
        Self {
            messages: None,
            bytes: None,
            user_messages: None,
            user_bytes: None,
            control: Some(Rate::per_second(100).burst(1000)),
            over_rate: OverRate::Pause,
        }
    }
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            ping: Some(Duration::from_secs(54)),
            pong: Some(Duration::from_secs(60)),
            write: Duration::from_secs(10),
            close: Duration::from_secs(5),
            idle: None,
        }
    }
}

impl Default for Host {
    fn default() -> Self {
        Self { lanes: 1, capacity: 0, hash_key: [0; 2], seed: 0 }
    }
}

/// A field of [`Config`] that cannot stand as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The field, as in `outbox.bytes`.
    pub field: &'static str,
    /// The value it has, as far as a number can say.
    pub value: u64,
    /// What it must be.
    pub must: Must,
}

/// What a field of [`Config`] must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Must {
    /// More than zero (use `None` for "no limit").
    BePositive,
    /// No less than this.
    BeAtLeast(u64),
    /// No more than this.
    BeAtMost(u64),
    /// Longer than this field, which has this value in nanoseconds.
    BeLongerThan(&'static str, u64),
    /// A code that may stand in a close frame (RFC 6455 section 7.4).
    BeACloseCode,
    /// Something else: `Wait` as the policy of a whole hub, which is for a publish that says so itself.
    NotBeWait,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "config field `{}` is {}: it must ", self.field, self.value)?;
        match self.must {
            Must::BePositive => f.write_str("be more than zero (`None` means no limit)"),
            Must::BeAtLeast(least) => write!(f, "be at least {least}"),
            Must::BeAtMost(most) => write!(f, "be at most {most}"),
            Must::BeLongerThan(other, nanos) => {
                write!(f, "be longer than `{other}`, which is {:?}", Duration::from_nanos(nanos))
            }
            Must::BeACloseCode => f.write_str("be a code that may stand in a close frame"),
            Must::NotBeWait => f.write_str("not be `Wait`, which is for a publish that says so itself"),
        }
    }
}

impl core::error::Error for ConfigError {}

impl Config {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that cannot stand, with its name and value.
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
        let code = self.admission.eviction.code;
        if !code.may_be_sent() {
            return fail("admission.eviction.code", u64::from(code.0), Must::BeACloseCode);
        }
        positive("rooms.per_client", self.rooms.per_client)?;
        positive("rooms.members", self.rooms.members)?;
        positive("rooms.total", self.rooms.total)?;
        positive("rooms.name_bytes", Some(self.rooms.name_bytes))?;
        self.validate_outbox()?;
        for (field, rate) in [
            ("admission.connect_rate", &self.admission.connect_rate),
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
        match self.host.lanes {
            0 => fail("host.lanes", 0, Must::BePositive),
            lanes if lanes > 256 => fail("host.lanes", u64::from(lanes), Must::BeAtMost(256)),
            _ => Ok(()),
        }
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
