//! Sets and reads the config of a room.

use super::room::Room;
use super::{Error, Hub, Lifetime, Policy, Publishers, Refusal, RoomConfig};
use crate::id::ClientId;
use alloc::boxed::Box;

impl Hub {
    pub(super) fn handle_configure_room(&mut self, name: &str, config: RoomConfig) -> Result<(), Error> {
        self.check_name(name)?;
        if config.policy == Some(Policy::Wait) {
            return Err(Error::WaitIsForOnePublish);
        }
        if let Some(history) = config.history {
            history.validate().map_err(|_| Error::InvalidHistory)?;
            if self.config.host.epoch_seed == 0 {
                return Err(Error::NoEpochSeed);
            }
        }
        if let Some(presence) = config.presence {
            presence.validate().map_err(|_| Error::InvalidPresence)?;
        }
        let history = self.history_of(name, config.history);
        let presence = self.presence_of(name, config.presence);
        let found = self.rooms.find(name.as_bytes());
        self.check_presence(found, presence)?;
        let slot = match (found, config.lifetime) {
            (Some(slot), _) => slot,
            (None, Lifetime::Members) if history.is_none() => return Err(Refusal::NoSuchRoom.into()),
            (None, _) => self.new_room(name)?,
        };
        self.totals.rooms_configured += 1;
        if let Some(room) = self.rooms.get_mut(slot) {
            room.config = (config != RoomConfig::default()).then(|| Box::new(config));
            self.configure_stream(slot, history);
            self.configure_presence(slot, presence);
            self.settle_room(slot);
        }
        Ok(())
    }

    /// Makes a room, with the history and the presence that its name gives it, if `rooms.total` allows one more. If not, the room that has been idle
    /// longest makes way for it.
    pub(super) fn new_room(&mut self, name: &str) -> Result<u32, Refusal> {
        if let Some(limit) = self.config.rooms.total
            && self.rooms.len() >= limit as usize
            && !self.evict_idle_room()
        {
            return Err(Refusal::TooManyRooms { limit });
        }
        let slot = self.rooms.insert(Room::new(name.into()));
        if let Some(history) = self.history_of(name, None) {
            self.begin_stream(slot, history);
        }
        if let Some(presence) = self.presence_of(name, None) {
            self.begin_presence(slot, presence);
        }
        Ok(slot)
    }

    /// The most members that a room may have.
    pub(super) fn most_members(&self, room: &Room) -> Option<u32> {
        room.config.as_ref().and_then(|config| config.members).or(self.config.rooms.members)
    }

    /// The policy for full outboxes of publishes to a room.
    #[inline]
    pub(super) fn policy_of_room(&self, slot: u32) -> Policy {
        let config = self.rooms.get(slot).and_then(|room| room.config.as_ref());
        config.and_then(|config| config.policy).unwrap_or(self.config.outbox.policy)
    }

    /// Whether a client may publish to a room. `true` for a room that does not exist: the publish then reports that.
    pub(super) fn may_publish(&self, index: u32, name: &str) -> bool {
        let Some(slot) = self.rooms.find(name.as_bytes()) else { return true };
        let config = self.rooms.get(slot).and_then(|room| room.config.as_ref());
        match config.map_or(Publishers::Anybody, |config| config.publishers) {
            Publishers::Anybody => true,
            Publishers::Members => self.membership(index, slot).is_some(),
            Publishers::Application => false,
        }
    }

    /// The most members that a room may have. For a room that does not exist, `rooms.members` of the config. O(1).
    #[must_use]
    pub fn room_capacity(&self, room: &str) -> Option<u32> {
        let known = self.rooms.find(room.as_bytes()).and_then(|slot| self.rooms.get(slot));
        known.map_or(self.config.rooms.members, |room| self.most_members(room))
    }

    /// The config of a room, by default `RoomConfig::default()`; `None` if the room does not exist. O(1).
    #[must_use]
    pub fn room_config(&self, room: &str) -> Option<RoomConfig> {
        let room = self.rooms.find(room.as_bytes()).and_then(|slot| self.rooms.get(slot))?;
        Some(room.config.as_deref().copied().unwrap_or_default())
    }

    /// Whether a publish on behalf of this client may go to a room; `true` if the room does not exist, `false` if the
    /// client is not open. O(1).
    #[must_use]
    pub fn may_publish_to(&self, client: ClientId, room: &str) -> bool {
        self.open_index(client).is_ok_and(|index| self.may_publish(index, room))
    }
}
