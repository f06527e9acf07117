//! The settings of a node in a cluster.

use super::subject::Subject;
use crate::id::Name;
use crate::time::nanos;
use core::fmt;
use core::time::Duration;

/// The limits and times of a node in a cluster. All nodes of a cluster need the same [`prefix`](Self::prefix), and should have the same
/// [`heartbeat`](Self::heartbeat) and [`message_bytes`](Self::message_bytes).
///
/// With the feature `serde` it can be read from a file, like the config of the hub: each field is a key of the same name, and a missing
/// key has its default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The beginning of each subject: at most 32 bytes of ASCII letters, digits, `-`, `_` and, between others, `.`. Clusters that share a
    /// broker need different ones. Default: `throng`.
    pub prefix: Name,
    /// Most bytes that wait for the broker: payloads, and for each message its head and [`OVERHEAD`](Self::OVERHEAD) bytes. What does not
    /// fit is dropped, counted and told. Default: 16 MiB.
    pub queue_bytes: u32,
    /// Longest payload of a message between nodes, in bytes, out and in. Default: 1 MiB.
    pub message_bytes: u32,
    /// Most clients that a message between nodes may except, out and in. Default: 1,024.
    pub except: u32,
    /// Longest name of a room or user, in bytes, out and in; at most 65,535. Default: 1,024.
    pub name_bytes: u32,
    /// Most commands in one batch for the broker. Default: 512.
    pub batch: u32,
    /// Most actions that wait to be polled. Beyond, events are [refused](super::Refusal::ActionsWaiting). Default: 8,192.
    pub actions: u32,
    /// Most rooms and users together in which the node is interested. Default: 2,000,000.
    pub topics: u32,
    /// Most other nodes that are known, present or not. Messages of more are dropped and counted. Default: 1,000.
    pub nodes: u32,
    /// Most subjects for which the node remembers the number of the last message that it published. Beyond, one that was not used lately
    /// is forgotten, after its [tail](Self::tail) was sent. Nothing is taken for lost by that, and repeats are still recognised; only if that
    /// tail is lost, losses right before it are not noticed. Default: 65,536.
    pub published_streams: u32,
    /// Most pairs of another node and a subject for which the number of the last message is remembered. What arrives beyond is delivered
    /// without a check for loss and repeats, and counted as [unchecked](super::Stats::unchecked). Default: 1,000,000.
    pub received_streams: u32,
    /// Most questions to other nodes without an answer. Default: 4,096.
    pub questions: u32,
    /// Which of its rooms this node tells the others of, and whether it keeps what they tell. Should be the same on each node: a node that tells
    /// nothing also knows of no rooms but its own. Default: [`TellRooms::All`].
    pub tell_rooms: TellRooms,
    /// For how long changes of rooms are collected before they are told. Default: 1 s.
    pub room_tick: Duration,
    /// Most bytes for what other nodes tell of their rooms: names, information of members, and about 256 bytes for each room of each node and
    /// 128 for each member. What does not fit is left out and counted. Default: 256 MiB.
    pub room_bytes: u32,
    /// How long a link may take to come up. Default: 5 s.
    pub connect: Duration,
    /// The shortest time between two attempts to connect, which doubles with each attempt. Default: 100 ms.
    pub backoff: Duration,
    /// The longest time between two attempts to connect. Default: 10 s.
    pub backoff_max: Duration,
    /// A link that nothing has proved for this time is probed. Default: 10 s.
    pub probe: Duration,
    /// How long a probe, or the confirmation of a subscription, may take. Default: 5 s.
    pub proof: Duration,
    /// The time between two heartbeats; other nodes evict a node after three that did not come. Default: 5 s.
    pub heartbeat: Duration,
    /// How long a node that left is remembered, so that what is still on its way does not bring it back. Default: 10 min.
    pub forget: Duration,
    /// How long the subscription to a room or user stays after the interest in it has ended. Default: 5 s.
    pub linger: Duration,
    /// When a subject has had no message for this time, one small message tells its subscribers the number of the last one, so that they
    /// notice the loss of it too. `None`: the next message tells. Default: 1 s.
    pub tail: Option<Duration>,
    /// How long an answer of another node may take. Default: 5 s.
    pub answer: Duration,
    /// How long a node that leaves may take to send what is queued. Default: 2 s.
    pub goodbye: Duration,
    /// If an event comes this much later than the machine asked for, the host stood still; deadlines get that time again. Default: 1 s.
    pub standstill: Duration,
}

/// The rooms of which a node tells the other nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TellRooms {
    /// None.
    None,
    /// Those with [presence](crate::hub::Presence): their numbers and their members.
    Presence,
    /// All rooms that have members: their numbers, and the members of those with presence.
    #[default]
    All,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            prefix: "throng".into(),
            queue_bytes: 16 << 20,
            message_bytes: 1 << 20,
            except: 1_024,
            name_bytes: 1_024,
            batch: 512,
            actions: 8_192,
            topics: 2_000_000,
            nodes: 1_000,
            published_streams: 65_536,
            received_streams: 1_000_000,
            questions: 4_096,
            tell_rooms: TellRooms::All,
            room_tick: Duration::from_secs(1),
            room_bytes: 256 << 20,
            connect: Duration::from_secs(5),
            backoff: Duration::from_millis(100),
            backoff_max: Duration::from_secs(10),
            probe: Duration::from_secs(10),
            proof: Duration::from_secs(5),
            heartbeat: Duration::from_secs(5),
            forget: Duration::from_secs(600),
            linger: Duration::from_secs(5),
            tail: Some(Duration::from_secs(1)),
            answer: Duration::from_secs(5),
            goodbye: Duration::from_secs(2),
            standstill: Duration::from_secs(1),
        }
    }
}

/// Messages longer than this make no sense through a broker, and the length of everything fits in a `u32`.
const MOST_MESSAGE_BYTES: u64 = 1 << 28;

impl Config {
    /// What a queued message counts in [`queue_bytes`](Self::queue_bytes) besides its bytes.
    pub const OVERHEAD: u32 = 128;

    /// The longest prefix in bytes.
    pub const MAX_PREFIX: usize = 32;

    /// The number of heartbeats after which a silent node is evicted.
    pub const SILENT_HEARTBEATS: u32 = 3;

    /// Checks every field.
    ///
    /// # Errors
    /// [`ConfigError`] names the first invalid field and its value.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if self.prefix.len() > Self::MAX_PREFIX || Subject::new(&self.prefix).is_err() {
            return fail("cluster.prefix", self.prefix.len() as u64, Must::BeAPrefix);
        }
        let positive = [
            ("cluster.message_bytes", self.message_bytes),
            ("cluster.name_bytes", self.name_bytes),
            ("cluster.batch", self.batch),
            ("cluster.actions", self.actions),
            ("cluster.nodes", self.nodes),
            ("cluster.published_streams", self.published_streams),
        ];
        if let Some((field, _)) = positive.iter().find(|(_, value)| *value == 0) {
            return fail(field, 0, Must::BePositive);
        }
        for (field, value, most) in [
            ("cluster.message_bytes", self.message_bytes.into(), MOST_MESSAGE_BYTES),
            ("cluster.name_bytes", self.name_bytes.into(), u64::from(u16::MAX)),
            ("cluster.except", self.except.into(), u64::from(u16::MAX)),
        ] {
            if value > most {
                return fail(field, value, Must::BeAtMost(most));
            }
        }
        let least = u64::from(self.message_bytes) + u64::from(Self::OVERHEAD);
        if u64::from(self.queue_bytes) < least {
            return fail(
                "cluster.queue_bytes",
                self.queue_bytes.into(),
                Must::Hold("cluster.message_bytes", least),
            );
        }
        self.validate_times()
    }

    fn validate_times(&self) -> Result<(), ConfigError> {
        for (field, time) in [
            ("cluster.room_tick", self.room_tick),
            ("cluster.connect", self.connect),
            ("cluster.backoff", self.backoff),
            ("cluster.probe", self.probe),
            ("cluster.proof", self.proof),
            ("cluster.heartbeat", self.heartbeat),
            ("cluster.tail", self.tail.unwrap_or(Duration::MAX)),
            ("cluster.answer", self.answer),
            ("cluster.standstill", self.standstill),
        ] {
            if time.is_zero() {
                return fail(field, 0, Must::BePositive);
            }
        }
        let silent = self.heartbeat.saturating_mul(Self::SILENT_HEARTBEATS);
        for (field, time, other, least) in [
            ("cluster.backoff_max", self.backoff_max, "cluster.backoff", self.backoff),
            ("cluster.forget", self.forget, "cluster.heartbeat", silent),
        ] {
            if time < least {
                return fail(field, nanos(time), Must::BeAtLeastAsLongAs(other, nanos(least)));
            }
        }
        Ok(())
    }
}

fn fail(field: &'static str, value: u64, must: Must) -> Result<(), ConfigError> {
    Err(ConfigError { field, value, must })
}

/// An invalid field of [`Config`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The name of the field, such as `cluster.queue_bytes`.
    pub field: &'static str,
    /// The field's value, durations in nanoseconds, of a text its length in bytes.
    pub value: u64,
    /// The rule that the value breaks.
    pub must: Must,
}

/// A rule for a field of [`Config`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Must {
    /// The field must be more than zero.
    BePositive,
    /// The field must be at most this value.
    BeAtMost(u64),
    /// The field must be at least this value, so that it holds what the named field allows.
    Hold(&'static str, u64),
    /// The field must be at least this long, in nanoseconds, which the named field demands.
    BeAtLeastAsLongAs(&'static str, u64),
    /// The text must be 1 to 32 ASCII letters, digits, `-`, `_` and, between others, `.`.
    BeAPrefix,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "config field `{}` is ", self.field)?;
        match self.must {
            Must::BePositive => f.write_str("0: it must be more than zero"),
            Must::BeAtMost(most) => write!(f, "{}: it must be at most {most}", self.value),
            Must::Hold(other, least) => {
                write!(f, "{}: it must be at least {least}, to hold what `{other}` allows", self.value)
            }
            Must::BeAtLeastAsLongAs(other, least) => write!(
                f,
                "{:?}: it must be at least {:?}, because of `{other}`",
                Duration::from_nanos(self.value),
                Duration::from_nanos(least)
            ),
            Must::BeAPrefix => write!(
                f,
                "a text of {} bytes: it must be 1 to {} ASCII letters, digits, '-', '_' and, between others, '.'",
                self.value,
                Config::MAX_PREFIX
            ),
        }
    }
}

impl core::error::Error for ConfigError {}
