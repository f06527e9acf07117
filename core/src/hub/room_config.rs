//! The config of one room: its size, its publishers, its policy for full outboxes, and its lifetime.

use super::Policy;
use super::presence::Presence;
use core::time::Duration;

/// The config of one room, for as long as the room exists. `RoomConfig::default()` is that of every other room.
///
/// ```
/// use throng_core::hub::{Config, Hub, Lifetime, Policy, Publishers, RoomConfig};
/// use throng_core::Instant;
///
/// let mut hub = Hub::new(Config::default())?;
/// let (now, client) = (Instant::ORIGIN, hub.admit(Instant::ORIGIN, None)?);
/// // Prices: only the application publishes, and slow clients get only the latest price.
/// let ticker = RoomConfig {
///     publishers: Publishers::Application,
///     policy: Some(Policy::Conflate(0)),
///     lifetime: Lifetime::Kept,
///     ..RoomConfig::default()
/// };
/// hub.configure_room(now, "prices", ticker)?;
/// assert!(hub.room_exists("prices"), "a kept room exists without members");
/// hub.join(now, client, "prices")?;
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[cfg_attr(
    feature = "serde",
    doc = r#"
With the feature `serde` it is read from a file, as a [`Config`](super::Config) is, and written to one:
`{ members = 1000, publishers = "application", policy = { conflate = 0 }, lifetime = "kept" }`.
"#
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RoomConfig {
    /// The most members. A lower value removes no member. Default: `None`, the hub's
    /// [`rooms.members`](super::Rooms::members) applies.
    pub members: Option<u32>,
    /// Who may publish to the room. Default: [`Publishers::Anybody`].
    pub publishers: Publishers,
    /// The policy for full outboxes, for publishes without a policy of their own whose first target is this room. Default:
    /// `None`, the hub's [`outbox.policy`](super::Outbox::policy) applies. `Wait` is refused.
    pub policy: Option<Policy>,
    /// How long the room and this config exist. Default: [`Lifetime::Members`].
    pub lifetime: Lifetime,
    /// The messages that the room keeps for clients that return. Default: `None`, that of
    /// [`Histories::by_prefix`](super::Histories::by_prefix) for the room's name, or none. [`History::OFF`]: none, whatever the name.
    ///
    /// A change of the bounds discards what is over them; a history that is turned off and on again begins a new epoch.
    pub history: Option<History>,
    /// Whether and how the room's members are listed and watched. Default: `None`, that of
    /// [`Presences::by_prefix`](super::Presences::by_prefix) for the room's name, or none. [`Presence::OFF`]: none, whatever the name.
    ///
    /// Presence begins and ends at once for all members, so a room that has many of them keeps what it has:
    /// [`Refusal::TooManyPresent`](super::Refusal::TooManyPresent).
    pub presence: Option<Presence>,
}

/// The messages that a room keeps, and for how long.
///
/// A message that is published to the room gets the next *offset*, and is kept until it is over one of these bounds. A client that
/// [joins](super::Event::Join) from a [`Position`](crate::Position) gets all messages after it.
///
/// The messages count in the hub's budget, [`outbox.hub_bytes`](super::Outbox::hub_bytes): when that is used up, the hub discards
/// messages of histories before it drops a message from an outbox. Times are those of the hub, in which a
/// [standstill](super::Deadlines::standstill) of the host does not count.
///
/// A room with a history exists until `meta_age` after its last message, also without members, unless the hub has more
/// [idle rooms](super::Histories::idle_rooms) than it may. When it ends, its epoch and offsets end with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct History {
    /// The most messages. Default: 100. 0: the room has no history.
    pub messages: u32,
    /// The most bytes of these messages, with their deflated variants. A message that is longer by itself is not kept, nor any before
    /// it. Default: 1 MiB.
    pub bytes: u32,
    /// How long a message is kept. Default: 5 min.
    pub age: Duration,
    /// How long after its last message a room without members exists: until then a client can return and hear that it has missed
    /// nothing, or what. At least `age`. Default: 24 h.
    pub meta_age: Duration,
}

impl History {
    /// No history.
    pub const OFF: Self =
        Self { messages: 0, bytes: 1 << 20, age: Duration::from_mins(5), meta_age: Duration::from_hours(24) };
}

impl Default for History {
    fn default() -> Self {
        Self { messages: 100, ..Self::OFF }
    }
}

/// Who may publish to a room.
///
/// The application publishes by an [`Event::Publish`](super::Event::Publish) without a publisher. A client's message is
/// published with the client as publisher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Publishers {
    /// Every client, and the application.
    #[default]
    Anybody,
    /// The members of the room, and the application.
    Members,
    /// Only the application.
    Application,
}

/// How long a room exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lifetime {
    /// The room exists from the first join to the last leave, and longer if it has a [history](History).
    #[default]
    Members,
    /// The room exists until it is closed, or until it is configured as `Members` and is empty. It counts against
    /// [`rooms.total`](super::Rooms::total), also without members.
    Kept,
}
