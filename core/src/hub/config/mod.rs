//! Every limit, deadline and rate, with its default.

mod closes;
#[cfg(feature = "serde")]
mod closes_file;
mod error;
#[cfg(feature = "serde")]
mod file;
mod histories;
mod presences;
mod sessions;
mod validate;

pub use closes::Closes;
pub use error::{ConfigError, Must};
pub use histories::Histories;
pub use presences::Presences;
pub use sessions::{EndedBy, SecondConnection, Sessions};

use crate::hub::Drain;
use crate::outbox::Outbox;
use crate::rate::Rate;
use core::time::Duration;

/// Every limit, deadline and rate of the hub and of the host that drives it. `Config::default()` is meant for
/// production: sizes, counts and deadlines are on, rates and limits per address are off.
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
/// [`Event::Reconfigure`](super::Event::Reconfigure) gives a running hub another config. If a field is invalid or cannot
/// change, the hub keeps the old config. A lowered limit of connections or members closes no client: the surplus stays
/// until it ends by itself.
///
/// | fields | effect of a change |
/// | --- | --- |
/// | `admission` | Applies to new connections. Connections that were accepted while there was neither a limit nor a rate per address count for no address. Under [`PerUser::EvictOldest`] the next client of a user that opens ends the surplus |
/// | `rooms` | Applies to every later join |
/// | `sessions` | Applies to the next connection that is lost, and to every later publish to an away client. Clients that are away keep the end of their grace |
/// | `asks` | Applies to every later question; those that wait for a reply keep their deadline |
/// | `outbox.message_bytes` | Applies to every later publish, and to each peer from its next message on |
/// | `outbox.messages`, `bytes`, `policy` | Apply to every later publish. Senders that wait for room are told at once if there is room now |
/// | `outbox.rate` | As the rates of `inbound`. Clients whose messages are held back are checked again at once |
/// | `outbox.hub_bytes` | Applies at once: messages over the new limit are dropped, except those that are being written |
/// | `history.by_prefix` | Applies to rooms that are made from then on. [`Event::ConfigureRoom`](super::Event::ConfigureRoom) changes a room that exists |
/// | `history`, the other fields | Apply to every later event. Idle rooms that are too many end some at a time, as rooms become idle |
/// | `presence.by_prefix` | Applies to rooms that are made from then on. [`Event::ConfigureRoom`](super::Event::ConfigureRoom) changes a room that exists |
/// | `presence.page` | Applies to the next page |
/// | rates of `inbound`, `admission.connect_rate` | A bucket keeps what was used of it, up to the new burst, and its debt. A rate that did not exist before begins with full buckets. A client that is paused keeps the end of its pause |
/// | `deadlines.ping`, `pong` | If either changes, both begin anew for every client |
/// | `deadlines.idle`, `idle_inbound` | Count from the client's last message (in either direction, or from the client), also if that was before the change |
/// | `deadlines.handshake`, `write`, `close` | Deadlines that run already keep their end |
/// | `deadlines.write_rate` | Applies to the bytes that a client takes from then on |
/// | `deadlines.standstill` | Applies to the next standstill |
/// | `deadlines.expiry_notice` | Applies to every expiry that is set from then on |
/// | `closes` | Apply to every client that is closed from then on, also by a drain that runs already |
/// | `websocket`, `hooks`, `drain` | Apply to the next message, request, hook or drain |
/// | `host.lanes`, `host.seed`, `host.slice`, `host.occupancy` | Cannot change: the config is refused |
/// | `host.capacity`, `host.hash_key`, `host.epoch_seed` | Are ignored: the hub keeps its own values |
#[cfg_attr(
    feature = "serde",
    doc = r##"
# In a file

With the feature `serde`, a config can be read from and written to any format of serde. Each section is a table, each
field a key of the same name. A missing key has its default; an unknown key is an error.

| type | in a file |
| --- | --- |
| a number, for example of bytes | `1048576` |
| a [`Duration`] | `"10s"`, `"1m 30s"`, `"250ms"`; units `d h m s ms us ns` |
| a [`Rate`] | `{ units = 30, per = "1m", burst = 50 }`; default `per` is `"1s"`, default `burst` is `units` |
| [`PerUser`] | `"unlimited"`, `{ refuse_newest = 3 }`, `{ evict_oldest = 3 }` |
| [`Policy`](crate::outbox::Policy) | `"drop_newest"`, `"drop_oldest"`, `"disconnect"`, `{ conflate = 1 }` |
| [`OverRate`] | `"drop"`, `"pause"`, `"close"` |
| [`EndedBy`] | `"any_close"`, `"normal_close"`, `"no_close"` |
| [`SecondConnection`] | `"takes_over"`, `"refused"` |
| a [`CloseFrame`](crate::close::CloseFrame) | `{ code = 4408, reason = "still there?" }`; default `reason` is empty |
| `None` | `"none"`, or null if the format has it |

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
[`host`](Host) only `capacity` is in a file; the program sets the rest (in throng-tokio `Builder::lanes` and `Builder::seed`). A file that gives rooms a history is therefore not valid by itself, as
`host.epoch_seed` must be random: `Builder::build` sets it, and then checks all of the config. Origins and
subprotocols are no part of the config either: an application reads them itself and passes them to `Builder::origin` and
`Builder::subprotocols`. To override a file by environment variables, use the crate `figment`: `Figment::new().merge(Toml::file("chat.toml")).merge(Env::prefixed("CHAT_").split("__")).extract()`.
The values of the variables are written as in a file.
"##
)]
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Config {
    /// Limits of connections, handshakes and clients per user.
    pub admission: Admission,
    /// Limits of rooms and memberships.
    pub rooms: Rooms,
    /// Clients that lose their connection and may return.
    pub sessions: Sessions,
    /// Questions to peers that wait for a reply.
    pub asks: Asks,
    /// Limits of the frames that wait to be written, and the policy when an outbox is full.
    pub outbox: Outbox,
    /// Limits of the histories of rooms, and which rooms have one.
    pub history: Histories,
    /// Which rooms have presence.
    pub presence: Presences,
    /// Rates of what a peer may send.
    pub inbound: Inbound,
    /// Deadlines and heartbeats.
    pub deadlines: Deadlines,
    /// Close codes and reasons, by the cause for which the hub closes a client.
    pub closes: Closes,
    /// Limits of the codec, beside `outbox.message_bytes`.
    pub websocket: Websocket,
    /// Time limits of the application's hooks.
    pub hooks: Hooks,
    /// Times of a drain.
    pub drain: DrainPlan,
    /// How the host drives the hub.
    pub host: Host,
}

/// Limits of connections, handshakes and clients per user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Most connections that are reserved, open or closing. Default: `None`.
    pub connections: Option<u32>,
    /// Most connections with an open handshake: accepted and not yet reserved. Default: 10,000.
    pub handshakes: Option<u32>,
    /// Most connections from one address, open handshakes included. Default: `None`.
    pub per_address: Option<u32>,
    /// Rate of new connections from one address. Default: `None`.
    pub connect_rate: Option<Rate>,
    /// How many clients one user may have. Default: any number.
    pub per_user: PerUser,
    /// Most connections that a limit refused and whose request the host still reads, for at most a second, since it may ask
    /// for `/healthz` or `/readyz`. At this number, a new one replaces the oldest connection of the address that has the
    /// most. Default: 256, at most 4,096. For hosts: the hub ignores it.
    pub probes: u32,
    /// Most refused and answered connections that the host keeps until the peer closes, for at most a second each. (Closing
    /// a socket with unread input may destroy the answer.) A connection beyond this number is closed right after the answer.
    /// Default: 1,024. For hosts: the hub ignores it.
    pub lingering: u32,
}

/// What happens when a user has several clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PerUser {
    /// A user may have any number of clients.
    Unlimited,
    /// A user may have this many clients; the hub refuses the next one.
    RefuseNewest(u32),
    /// At most so many: one more ends the client of this user that opened first, as [`Cause::Evicted`](crate::hub::Cause::Evicted) says.
    EvictOldest(u32),
}

/// Limits of rooms and memberships.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rooms {
    /// Most rooms that one client may be in. Default: 1,024.
    pub per_client: Option<u32>,
    /// Most members of one room. Default: `None`.
    pub members: Option<u32>,
    /// Most rooms of the hub. Default: 1,000,000.
    pub total: Option<u32>,
    /// Longest name of a room or user, in bytes. Default: 255.
    pub name_bytes: u32,
}

/// Questions to peers that wait for a reply: [`Event::Ask`](super::Event::Ask).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asks {
    /// Most questions to one client that wait for a reply; one more is refused. Default: 64.
    pub per_client: u32,
    /// How long the application waits for a reply if it does not say. Default: 10 s. For hosts: the hub ignores it.
    pub deadline: Duration,
}

/// Rates of what a peer may send. The hub checks each rate for every message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// Messages from one client. Default: `None`.
    pub messages: Option<Rate>,
    /// Payload bytes from one client. Default: `None`.
    pub bytes: Option<Rate>,
    /// Messages from all clients of one user. Default: `None`.
    pub user_messages: Option<Rate>,
    /// Payload bytes from all clients of one user. Default: `None`.
    pub user_bytes: Option<Rate>,
    /// Pings and pongs of one client; over it the client is closed, as [`Cause::Controls`](crate::hub::Cause::Controls) says. Default 100 a second,
    /// burst 1,000.
    pub control: Option<Rate>,
    /// What the hub does with a message over a rate. Default: [`OverRate::Pause`].
    pub over_rate: OverRate,
}

/// What the hub does with a message over a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OverRate {
    /// The message is dropped; [`Action::OverRate`](super::Action::OverRate) tells the application how many were.
    Drop,
    /// The message is accepted, and the host stops reading from the client until it is within its rate again.
    Pause,
    /// The client is closed, as [`Cause::OverRate`](crate::hub::Cause::OverRate) says.
    Close,
}

/// Deadlines and heartbeats.
///
/// If several deadlines of an open client pass at once, the first of this list decides how the client ends: `write`,
/// `pong`, the drain's, `idle`, `idle_inbound`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// The time from accept to open. Default: 10 s.
    pub handshake: Duration,
    /// The time between two pings to a client. Default: 54 s.
    pub ping: Option<Duration>,
    /// The hub ends a client from which nothing arrives for this time. It must be longer than `ping`: the difference, 6 s
    /// by default, is the time to answer a ping, counted from when the ping was written. A client to which no ping could
    /// be written is not late. Without `ping`, silence alone counts. Default: 60 s.
    pub pong: Option<Duration>,
    /// The hub ends a client that takes no byte of what is being written for this time. Default: 10 s.
    pub write: Duration,
    /// The least that a client must take of what is being written, in bytes a second on average over `write`: with the
    /// defaults 10 KiB in 10 s, or all that was leased for it. A client that takes less ends as if it had taken nothing;
    /// otherwise a peer could hold a frame in memory by taking one byte now and then. A phone on a bad network takes many
    /// times the default. `None`: any byte is enough. Default: 1,024.
    pub write_rate: Option<u32>,
    /// The time from the start of closing to the end of the transport, for the flush and the close frames of both sides.
    /// If a client's transport fails, the host reads what the peer sent before for at most this time; throng's hosts read
    /// at most 16 MiB then, or one message. Default: 5 s.
    pub close: Duration,
    /// A client without a message in either direction for so long is closed, as [`Cause::Idle`](crate::hub::Cause::Idle) says. Default: none.
    pub idle: Option<Duration>,
    /// A client from which no message arrives for so long is closed, as [`Cause::IdleInbound`](crate::hub::Cause::IdleInbound) says, whatever is sent to it.
    /// Pings and pongs are no messages. While the hub pauses its reading, or the application works on its last message, the
    /// client cannot say anything: it has its whole time again afterwards. Default: none.
    pub idle_inbound: Option<Duration>,
    /// The host stood still if it hands in an event later than [`Hub::poll_timeout`](super::Hub::poll_timeout) asked by
    /// more than this time, and none in between: the process was stopped or starved, or the machine was suspended and the host's clock ran on. That time
    /// does not count for deadlines, except for [`DrainPlan::deadline`], and each running deadline has at least this much
    /// time left afterwards, or its whole time if that is shorter. The time does count for the rates of [`Inbound`] and
    /// [`Admission::connect_rate`]: peers went on sending, so what they sent meanwhile may pass afterwards, beyond the
    /// burst. The hub counts each standstill ([`Stats::standstills`](super::Stats::standstills)) and reports it
    /// ([`Action::StoodStill`](super::Action::StoodStill)). A dead peer is found later by the time of the standstill.
    /// Default: 1 s.
    pub standstill: Duration,
    /// How long before the [expiry](super::Event::SetExpiry) of a client the application is told of it, so that it can renew: this
    /// long, or half of the time for which the client is authorised if that is shorter. `None`: the application is not told. Default:
    /// 25 s.
    pub expiry_notice: Option<Duration>,
}

/// Limits of the codec, beside `outbox.message_bytes`. For hosts: the hub ignores them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Websocket {
    /// Most frames of one message; a peer that sends more is closed with 1008. Default: 131,072 (Autobahn sends 65,537).
    pub fragments: u32,
    /// Most bytes of a request's head; a longer one is answered with 431. Default: 8 KiB, at least 256. Browsers send
    /// some 500.
    pub head_bytes: u32,
    /// Most headers of a request; more are answered with 431. Default: 100, at least the 5 that a WebSocket request needs.
    pub headers: u32,
}

/// Time limits of the application's hooks. Time during which the process [stood still](Deadlines::standstill) does not
/// count. For hosts: the hub ignores them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hooks {
    /// For each hook that has no limit of its own. Default: 5 s.
    pub limit: Option<Duration>,
    /// For the handler of a message. Default: 5 s.
    pub message: Option<Duration>,
    /// For authentication after the upgrade. Default: 5 s, within `deadlines.handshake`.
    pub authentication: Duration,
}

/// Times of a drain, unless the call that drains gives others. For hosts: the hub ignores them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrainPlan {
    /// A client without a message for this time counts as idle and is closed early. Zero: no client is idle. Default: 30 s.
    pub idle: Duration,
    /// The closes of the other clients are spread over this time. Default: 30 s.
    pub spread: Duration,
    /// The drain ends after this time: connections that are left are cut off. Must be longer than `spread`, unless that is zero.
    /// The time in which the process stood still counts, since whatever stops the process kills it when its own time is over.
    /// Default: 60 s.
    pub deadline: Duration,
}

/// How the host drives the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// The number of lanes: lists of ready clients, each with a writer of its own. Default: 1, at most 256.
    pub lanes: u16,
    /// Connections for which memory is reserved at the start; it grows as needed. Default: 0.
    pub capacity: u32,
    /// The key under which names and addresses are hashed. A host takes it from the operating system's
    /// random numbers, so that no peer can choose names that collide. No behaviour depends on it.
    pub hash_key: [u64; 2],
    /// The seed of all jitter: of a drain, and of deadlines after a standstill.
    pub seed: u64,
    /// The seed of all [epochs](crate::Epoch). A host takes it from the operating system's random numbers, so that the epochs of a
    /// process differ from those of the process before: clients that return after a restart learn that messages are lost. It must
    /// not be 0 if a room has a [history](crate::hub::History). Default: 0.
    pub epoch_seed: u64,
    /// The most units of work that one event does for each kind of consequence for many clients: clients that are closed,
    /// rooms that they leave, messages that are dropped, timers that fire. A unit is about 50 ns. The next
    /// [`Timeout`](crate::hub::Event::Timeout), for which the hub asks at once, continues. Default: 4,096.
    pub slice: u32,
    /// Whether the hub tells when a room gets its first member and loses its last one, and when a user gets its first client and
    /// loses its last one: [`Action::RoomOccupied`](crate::hub::Action::RoomOccupied) and the six after it. A host that gets
    /// messages from other nodes, or tells other nodes of its rooms, needs them. Default: `false`.
    pub occupancy: bool,
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

impl Default for Asks {
    fn default() -> Self {
        Self { per_client: 64, deadline: Duration::from_secs(10) }
    }
}

impl Inbound {
    /// Whether any rate for messages is set.
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
            expiry_notice: Some(Duration::from_secs(25)),
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
    /// The plan for [`Event::Drain`](super::Event::Drain), without the deadline.
    #[must_use]
    pub const fn drain(&self) -> Drain {
        Drain { idle: self.idle, spread: self.spread }
    }
}

impl Default for Host {
    fn default() -> Self {
        Self {
            lanes: 1,
            capacity: 0,
            hash_key: [0; 2],
            seed: 0,
            epoch_seed: 0,
            slice: 4_096,
            occupancy: false,
        }
    }
}
