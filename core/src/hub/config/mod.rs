//! Every limit, deadline and rate, with its default.

mod closes;
#[cfg(feature = "serde")]
mod closes_file;
mod error;
#[cfg(feature = "serde")]
mod file;
mod validate;

pub use closes::{Closes, Farewell};
pub use error::{ConfigError, Must};

use crate::hub::Drain;
use crate::outbox::Outbox;
use crate::rate::Rate;
use core::time::Duration;

/// What is allowed: every limit, deadline and rate, of the hub and of the host that drives it. `Config::default()` is
/// meant for production: sizes, counts and deadlines are on, rates and limits per address are off.
///
/// `None` always means "no limit".
///
/// ```
/// use throng_core::Rate;
/// use throng_core::hub::{Config, Inbound, Rooms};
///
/// let config = Config {
///     rooms: Rooms { members: Some(500), ..Rooms::default() },
///     inbound: Inbound { messages: Some(Rate::per_second(20).burst(100)), ..Inbound::default() },
///     ..Config::default()
/// };
/// assert_eq!(config.validate(), Ok(()));
/// ```
///
/// # At run time
///
/// [`Event::Reconfigure`](super::Event::Reconfigure) gives a hub another config while it runs: all of it, or if a field
/// cannot stand or cannot change, nothing of it. Nobody is thrown out: what is over a limit that was lowered stays, and
/// becomes less by itself.
///
/// | fields | from then on |
/// | --- | --- |
/// | `admission` | are asked of newcomers. Connections that came while there was neither a limit nor a rate of addresses are counted for no address. Under [`PerUser::EvictOldest`] the next client of a user that opens ends those that are too many |
/// | `rooms` | are asked of every join |
/// | `outbox.message_bytes` | is asked of every publish, and of a peer from its next message on |
/// | `outbox.messages`, `bytes`, `policy` | are asked of every publish. Whoever waits for room that there is now is told so at once |
/// | `outbox.rate` | as of `inbound`; whoever is held up is looked at anew at once |
/// | `outbox.hub_bytes` | holds at once: what is over it is shed, but for what is being written |
/// | rates of `inbound`, `admission.connect_rate` | a bucket keeps what is used of it, as far as the new burst goes, and its debt. A rate that is new begins with full buckets. Who reads again at some moment because it was paused does so then |
/// | `deadlines.ping`, `pong` | if either is another, both begin anew for every client |
/// | `deadlines.idle`, `idle_inbound` | counts from when a client was last active, or said something, also if that was before |
/// | `deadlines.handshake`, `write`, `close` | those that run already keep their end |
/// | `deadlines.write_rate` | is asked of what a client takes from then on |
/// | `deadlines.standstill` | holds for the next standstill |
/// | `closes` | hold for whoever is closed from then on, by a drain that runs too |
/// | `websocket`, `hooks`, `drain` | hold for the next message, request, hook or drain |
/// | `host.lanes`, `host.seed` | cannot change: the config is refused |
/// | `host.capacity`, `host.hash_key` | are not looked at: the hub keeps its own, on which nothing depends that can be seen |
#[cfg_attr(
    feature = "serde",
    doc = r##"
# In a file

With the feature `serde`, a config is read from any format that serde knows, and written to it. Fields have their names,
sections their tables; what is missing has its default, and a name that there is not is an error.

| type | in a file |
| --- | --- |
| a number, of bytes for one | `1048576` |
| a [`Duration`] | `"10s"`, `"1m 30s"`, `"250ms"`; units `d h m s ms us ns` |
| a [`Rate`] | `{ units = 30, per = "1m", burst = 50 }`; `per` is `"1s"` and `burst` as `units`, if missing |
| [`PerUser`] | `"unlimited"`, `{ refuse_newest = 3 }`, `{ evict_oldest = 3 }` |
| [`Policy`](crate::outbox::Policy) | `"drop_newest"`, `"drop_oldest"`, `"disconnect"`, `{ conflate = 1 }` |
| [`OverRate`] | `"drop"`, `"pause"`, `"close"` |
| a [`Farewell`] | `{ code = 4408, reason = "still there?" }`; `reason` is empty, if missing |
| `None` | `"none"`, or where a format has it, null |

```
use throng_core::hub::Config;

let config: Config = toml::from_str(r#"
    [admission]
    connections = 50000
    connect_rate = { units = 30, per = "1m" }
    per_user = { evict_oldest = 3 }

    [outbox]
    policy = "drop_oldest"

    [deadlines]
    ping = "20s"
    pong = "30s"
    idle = "1h"

    [closes]
    idle = { code = 4408, reason = "still there?" }
"#)?;
config.validate()?;
# let json = r#"{"rooms": {"members": 500, "per_client": "none"}}"#;
# assert_eq!(serde_json::from_str::<Config>(json)?.rooms.per_client, None);
# Ok::<(), Box<dyn core::error::Error>>(())
```

Each section, and each type of the table but the numbers, durations and `None`, is read and written by itself as well: in a
settings type of your own, say, which has a `Deadlines` or a `Rate` and derives `Deserialize`.

An error names the field: ``config field `outbox.bytes`: invalid type: string "many", expected a whole number``. Of
[`host`](Host) only `capacity` is in a file; the rest is for the host to say. To lay variables of the environment over a
file is for the application: `Figment::new().merge(Toml::file("chat.toml")).merge(Env::prefixed("CHAT_").split("__")).extract()`
of the crate `figment`, whose values are those of a file.
"##
)]
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
    /// With what clients are closed.
    pub closes: Closes,
    /// What the codec takes from a peer, beside `outbox.message_bytes`.
    pub websocket: Websocket,
    /// How long an application's hooks may take.
    pub hooks: Hooks,
    /// How a server ends.
    pub drain: DrainPlan,
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
    /// Connections that a limit refuses and whose request is read all the same, for at most a second, as it may ask for
    /// `/healthz` or `/readyz`. When all places are taken, a newcomer takes that of the oldest connection of the address that
    /// has the most. Default 256, at most 4,096. For hosts: the hub itself does not look at it.
    pub probes: u32,
    /// Refused connections that have been answered and are kept until the peer has hung up, for at most a second: a socket
    /// that is closed before its input has been read may take the answer with it. Those over this number are closed right after the
    /// answer. Default 1,024. For hosts: the hub itself does not look at it.
    pub lingering: u32,
}

/// What happens when a user has several clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PerUser {
    /// Any number.
    Unlimited,
    /// At most so many: one more is refused.
    RefuseNewest(u32),
    /// At most so many: one more ends the client of this user that opened first, as [`Cause::Evicted`](crate::hub::Cause::Evicted) says.
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
    /// Pings and pongs of one client; over it the client is closed, as [`Cause::Controls`](crate::hub::Cause::Controls) says. Default 100 a second,
    /// burst 1,000.
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
    /// The client is closed, as [`Cause::OverRate`](crate::hub::Cause::OverRate) says.
    Close,
}

/// Deadlines and heartbeats.
///
/// Of several that are over at once the first of these decides how an open client ends: `write`, `pong`, a drain's, `idle`,
/// `idle_inbound`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// From accept to open. Default 10 s.
    pub handshake: Duration,
    /// Between two pings to a client. Default 54 s.
    pub ping: Option<Duration>,
    /// A client from which nothing at all arrives for so long is gone. Longer than `ping`: what is over it is the time to
    /// answer a ping, counted from when the ping was written. With the defaults that is 6 s. A client to which no ping
    /// could be written is not late; without `ping` nobody is asked. Default 60 s.
    pub pong: Option<Duration>,
    /// A client that takes no byte of what is being written for so long is gone. Default 10 s.
    pub write: Duration,
    /// The least that a client takes of what is being written, in bytes a second on average over `write`: with the defaults
    /// 10 KiB in 10 s, or all that was leased for it. A client that takes less is gone as if it had taken nothing, so that a
    /// byte now and then does not hold a frame in memory for ever. `None`: any byte is enough. Default 1,024, of which a
    /// phone on a bad network takes many times as much.
    pub write_rate: Option<u32>,
    /// From the start of closing to the end of the transport: flush, close frames both ways. A client whose transport fails
    /// is read for so long, too, for what its peer sent before. Default 5 s.
    pub close: Duration,
    /// A client without a message in either direction for so long is closed, as [`Cause::Idle`](crate::hub::Cause::Idle) says. Default: none.
    pub idle: Option<Duration>,
    /// A client from which no message arrives for so long is closed, as [`Cause::IdleInbound`](crate::hub::Cause::IdleInbound) says, whatever is sent to it.
    /// Pings and pongs are no messages. While the hub pauses its reading, or the application works on its last message, the
    /// client cannot say anything: it has its whole time again afterwards. Default: none.
    pub idle_inbound: Option<Duration>,
    /// A host that hands in an event so much later than [`Hub::poll_timeout`](super::Hub::poll_timeout) asked for one, and
    /// none in between, stood still: the process was stopped, the machine suspended, the processor taken. That time counts
    /// for no deadline, and every deadline that ran has at least so much left afterwards, or all of its time if that is
    /// shorter. For the rates of what peers send, in [`Inbound`] and [`Admission::connect_rate`], it counts: peers went on
    /// sending, and what they sent meanwhile may pass afterwards, beyond the burst. The standstill is counted
    /// ([`Stats::standstills`](super::Stats::standstills)) and told ([`Action::StoodStill`](super::Action::StoodStill)). A peer
    /// that is dead is found so much later. Default 1 s.
    pub standstill: Duration,
}

/// What the codec takes from a peer, beside `outbox.message_bytes`. For hosts: the hub itself does not look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Websocket {
    /// Frames of one message; over it the client is closed with 1008. Default 131,072: the Autobahn suite sends 65,537.
    pub fragments: u32,
    /// Bytes of a request's head; over it the answer is 431. Default 8 KiB, at least 256: those of browsers have some 500.
    pub head_bytes: u32,
    /// Headers of a request; over it the answer is 431. Default 100, at least the 5 that every request for a WebSocket has.
    pub headers: u32,
}

/// How long an application's hooks may take. For hosts: the hub itself does not look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hooks {
    /// Each hook that has no limit of its own. Default 5 s.
    pub limit: Option<Duration>,
    /// The handler of a message. Default 5 s.
    pub message: Option<Duration>,
    /// Authentication after the upgrade. Default 5 s, within `deadlines.handshake`.
    pub authentication: Duration,
}

/// How a server ends, unless it is told otherwise. For hosts: the hub itself does not look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrainPlan {
    /// A client without a message for so long counts as idle and goes at once. Zero: nobody does. Default 30 s.
    pub idle: Duration,
    /// The closes of all others are spread over this time. Default 30 s.
    pub spread: Duration,
    /// When what is left is closed by force. Default 60 s.
    pub deadline: Duration,
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
            probes: 256,
            lingering: 1024,
        }
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
            write_rate: Some(1024),
            close: Duration::from_secs(5),
            idle: None,
            idle_inbound: None,
            standstill: Duration::from_secs(1),
        }
    }
}

impl Default for Websocket {
    fn default() -> Self {
        Self { fragments: 131_072, head_bytes: 8 << 10, headers: 100 }
    }
}

impl Default for Hooks {
    fn default() -> Self {
        let limit = Duration::from_secs(5);
        Self { limit: Some(limit), message: Some(limit), authentication: limit }
    }
}

impl Default for DrainPlan {
    fn default() -> Self {
        let Drain { idle, spread } = Drain::default();
        Self { idle, spread, deadline: Duration::from_secs(60) }
    }
}

impl DrainPlan {
    /// What the hub is asked for.
    #[must_use]
    pub const fn drain(&self) -> Drain {
        Drain { idle: self.idle, spread: self.spread }
    }
}

impl Default for Host {
    fn default() -> Self {
        Self { lanes: 1, capacity: 0, hash_key: [0; 2], seed: 0 }
    }
}
