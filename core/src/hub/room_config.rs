//! The config of one room: its size, its publishers, its policy for full outboxes, and its lifetime.

use super::Policy;

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
    /// The room exists from the first join to the last leave.
    #[default]
    Members,
    /// The room exists until it is closed, or until it is configured as `Members` and is empty. It counts against
    /// [`rooms.total`](super::Rooms::total), also without members.
    Kept,
}
