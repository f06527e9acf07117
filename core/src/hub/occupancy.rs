//! Tells which rooms have members, which members those with presence have, and which users have clients, for a host that brings messages
//! of other nodes only to those, and tells other nodes of its rooms.

use super::presence::PresenceMember;
use super::{Action, Hub, Notice};
use crate::id::Name;
use crate::outbox::NONE;
use alloc::boxed::Box;
use bytes::Bytes;

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

    /// After the number of members of a room has changed, or its presence has begun or ended. A room without members is vacated.
    #[inline]
    pub(super) fn note_counted(&mut self, slot: u32) {
        if self.config.host.occupancy
            && let Some(room) = self.rooms.get(slot)
            && !room.closed
            && !room.members.is_empty()
        {
            let users = room.attendance.as_ref().map_or(0, |attendance| attendance.users);
            let (room, clients) = (room.name.clone(), room.members.len() as u32);
            self.notices.push_back(Notice::Action(Action::RoomCounted { room, clients, users }));
        }
    }

    /// After a client has become present in a room as this user.
    pub(super) fn note_member_present(&mut self, slot: u32, index: u32, user: u32, info: Bytes) {
        if self.config.host.occupancy
            && let Some(room) = self.rooms.get(slot)
        {
            let client = self.outboxes.entries.id(index);
            let user = if user == NONE { None } else { self.users.get(user).map(|user| user.name.clone()) };
            let (room, member) = (room.name.clone(), Box::new(PresenceMember { client, user, info }));
            self.notices.push_back(Notice::Action(Action::MemberPresent { room, member }));
        }
    }

    /// After a client is not present in a room any more. Whoever is present when a room ends is not told one by one.
    pub(super) fn note_member_absent(&mut self, slot: u32, index: u32) {
        if self.config.host.occupancy
            && let Some(room) = self.rooms.get(slot)
        {
            let (room, client) = (room.name.clone(), self.outboxes.entries.id(index));
            self.notices.push_back(Notice::Action(Action::MemberAbsent { room, client }));
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
