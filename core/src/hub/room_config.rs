//! Rooms that are not like the others: who may be in one and publish to it, what happens to readers who are too slow for
//! it, and how long it lives.

use super::rooms::Room;
use super::{Error, Hub, Policy, Refusal};
use crate::id::ClientId;
use alloc::boxed::Box;

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
/// The application is whoever publishes without naming a client: [`Event::Publish`](super::Event::Publish). What is
/// published on a client's behalf is [`Event::PublishAs`](super::Event::PublishAs).
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

impl Room {
    /// Whether it is over: nobody is in it, and it is not kept.
    pub(super) fn is_over(&self) -> bool {
        self.members.is_empty() && !self.is_kept()
    }

    pub(super) fn is_kept(&self) -> bool {
        self.config.as_ref().is_some_and(|config| config.lifetime == Lifetime::Kept)
    }
}

impl Hub {
    pub(super) fn handle_configure_room(&mut self, name: &str, config: RoomConfig) -> Result<(), Error> {
        self.check_name(name)?;
        if config.policy == Some(Policy::Wait) {
            return Err(Error::WaitIsForOnePublish);
        }
        let slot = match (self.rooms.find(name.as_bytes()), config.lifetime) {
            (Some(slot), _) => slot,
            (None, Lifetime::Members) => return Err(Refusal::NoSuchRoom.into()),
            (None, Lifetime::Kept) => self.new_room(name)?,
        };
        self.totals.rooms_configured += 1;
        if let Some(room) = self.rooms.get_mut(slot) {
            room.config = (config != RoomConfig::default()).then(|| Box::new(config));
            if room.is_over() {
                self.rooms.remove(slot);
            }
        }
        Ok(())
    }

    /// Makes a room, if there may be one more.
    pub(super) fn new_room(&mut self, name: &str) -> Result<u32, Refusal> {
        match self.config.rooms.total {
            Some(limit) if self.rooms.len() >= limit as usize => Err(Refusal::TooManyRooms { limit }),
            _ => Ok(self.rooms.insert(Room::new(name.into()))),
        }
    }

    /// Members that a room may have.
    pub(super) fn most_members(&self, room: &Room) -> Option<u32> {
        room.config.as_ref().and_then(|config| config.members).or(self.config.rooms.members)
    }

    /// What happens when an outbox is full, for what is published to a room.
    #[inline]
    pub(super) fn policy_of_room(&self, slot: u32) -> Policy {
        let config = self.rooms.get(slot).and_then(|room| room.config.as_ref());
        config.and_then(|config| config.policy).unwrap_or(self.config.outbox.policy)
    }

    /// Whether a client may publish to a room. To one that does not exist it may: that says so itself.
    pub(super) fn may_publish(&self, index: u32, name: &str) -> bool {
        let Some(slot) = self.rooms.find(name.as_bytes()) else { return true };
        let config = self.rooms.get(slot).and_then(|room| room.config.as_ref());
        match config.map_or(Publishers::Anybody, |config| config.publishers) {
            Publishers::Anybody => true,
            Publishers::Members => self.membership(index, slot).is_some(),
            Publishers::Application => false,
        }
    }

    /// Members that a room may have; one that does not exist, as many as any other. O(1).
    #[must_use]
    pub fn room_capacity(&self, room: &str) -> Option<u32> {
        let known = self.rooms.find(room.as_bytes()).and_then(|slot| self.rooms.get(slot));
        known.map_or(self.config.rooms.members, |room| self.most_members(room))
    }

    /// The config of a room; that of any other room if it was not configured, `None` if it does not exist. O(1).
    #[must_use]
    pub fn room_config(&self, room: &str) -> Option<RoomConfig> {
        let room = self.rooms.find(room.as_bytes()).and_then(|slot| self.rooms.get(slot))?;
        Some(room.config.as_deref().copied().unwrap_or_default())
    }

    /// Whether a client may publish to a room on its own behalf; to one that does not exist it may. O(the shorter of its
    /// rooms and the room's members).
    #[must_use]
    pub fn may_publish_to(&self, client: ClientId, room: &str) -> bool {
        self.open_index(client).is_ok_and(|index| self.may_publish(index, room))
    }
}
