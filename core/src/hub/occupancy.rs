//! Tells which rooms have members and which users have clients, for a host that brings messages of other nodes only to those.

use super::{Action, Hub, Notice};
use crate::id::Name;

impl Hub {
    /// After a room without members has got its first one.
    #[inline]
    pub(super) fn note_occupied(&mut self, slot: u32) {
        if self.config.host.occupancy
            && let Some(room) = self.rooms.get(slot)
        {
            let room = room.name.clone();
            self.notices.push_back(Notice::Action(Action::RoomOccupied { room }));
        }
    }

    /// After the last member has left a room, or all at once because it is closed.
    #[inline]
    pub(super) fn note_vacated(&mut self, slot: u32) {
        if self.config.host.occupancy
            && let Some(room) = self.rooms.get(slot)
        {
            let room = room.name.clone();
            self.notices.push_back(Notice::Action(Action::RoomVacated { room }));
        }
    }

    /// After a user without clients has got its first one.
    #[inline]
    pub(super) fn note_user_present(&mut self, slot: u32) {
        if let Some(user) = self.told_user(slot) {
            self.notices.push_back(Notice::Action(Action::UserPresent { user }));
        }
    }

    /// After a user's last client has gone.
    #[inline]
    pub(super) fn note_user_absent(&mut self, slot: u32) {
        if let Some(user) = self.told_user(slot) {
            self.notices.push_back(Notice::Action(Action::UserAbsent { user }));
        }
    }

    fn told_user(&self, slot: u32) -> Option<Name> {
        let user = self.users.get(slot).filter(|_| self.config.host.occupancy)?;
        Some(user.name.clone())
    }
}
