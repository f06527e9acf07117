//! Rooms that are not like the others: who may be in one and publish to it, what happens to readers who are too slow for
//! it, and how long it lives.

use super::Policy;

/// How a room differs from the others, for as long as it lives.
///
/// ```
/// use throng_core::hub::{Config, Hub, Lifetime, Policy, Publishers, RoomConfig};
/// use throng_core::Instant;
///
/// let mut hub = Hub::new(Config::default())?;
/// let (now, client) = (Instant::ORIGIN, hub.admit(Instant::ORIGIN, None)?);
/// // Prices: the application alone publishes, and who is slow gets the latest.
/// let ticker = RoomConfig {
///     publishers: Publishers::Application,
///     policy: Some(Policy::Conflate(0)),
///     lifetime: Lifetime::Kept,
///     ..RoomConfig::default()
/// };
/// hub.configure_room(now, "prices", ticker)?;
/// assert!(hub.room_exists("prices"), "it is there before anybody is in it");
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
    /// Members that it may have; those that it has stay, if they are more. `None`, the default: as many as
    /// [`rooms.members`](super::Rooms::members) says.
    pub members: Option<u32>,
    /// Who may publish to it. Default: anybody.
    pub publishers: Publishers,
    /// When an outbox is full, for a publish that says nothing of that itself and whose first target this room is. `None`,
    /// the default: as [`outbox.policy`](super::Outbox::policy) says. `Wait` cannot be.
    pub policy: Option<Policy>,
    /// How long the room, and this config with it, lives. Default: as long as it has members.
    pub lifetime: Lifetime,
}

/// Who may publish to a room.
///
/// A publish by the application is an [`Event::Publish`](super::Event::Publish) without a publisher; one that passes on what a
/// client says names that client as its publisher.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Publishers {
    /// Every client, and the application.
    #[default]
    Anybody,
    /// Its members, and the application.
    Members,
    /// Only the application.
    Application,
}

/// How long a room lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lifetime {
    /// From the first join to the last leave.
    #[default]
    Members,
    /// Until it is closed, or configured to live no longer than its members do. It counts against
    /// [`rooms.total`](super::Rooms::total), members or not.
    Kept,
}
