//! What may be asked of the presence of rooms.

use super::Hub;
use super::attendance::Attendance;
use super::presence::{Presence, PresenceCounts, PresenceMember, PresencePage};
use crate::id::ClientId;

impl Hub {
    /// How many clients and users are in a room; `None` if the room does not exist or has no presence. O(1).
    #[must_use]
    pub fn presence_counts(&self, room: &str) -> Option<PresenceCounts> {
        self.attendance_in(room).map(Attendance::counts)
    }

    /// At most `limit` members of a room, and no more than [`Presences::page`](super::Presences::page), in the order in which they
    /// joined. The first page is at `None`, each other one at the `next` of the page before it. `None` if the room does not exist or has no presence.
    ///
    /// Members may come and go between two pages. Each member that is there all the time is in exactly one page.
    /// O(limit + log(members)).
    #[must_use]
    pub fn presence(&self, room: &str, at: Option<u64>, limit: u32) -> Option<PresencePage> {
        let attendance = self.attendance_in(room)?;
        let limit = limit.min(self.config.presence.page) as usize;
        let mut rest = attendance.present_from(at.unwrap_or(0));
        let members = rest.by_ref().take(limit).map(|(_, present)| PresenceMember {
            client: self.outboxes.entries.id(present.client),
            user: self.users.get(present.user).map(|user| user.name.clone()),
            info: present.info.clone(),
        });
        let members = members.collect();
        let next = rest.next().map(|(arrival, _)| arrival);
        Some(PresencePage { version: attendance.version, counts: attendance.counts(), members, next })
    }

    /// The presence that a room has; `None` if the room does not exist or has no presence. O(1).
    #[must_use]
    pub fn presence_config(&self, room: &str) -> Option<Presence> {
        self.attendance_in(room).map(|attendance| attendance.bounds)
    }

    /// The members that watch a room's presence; none if the room does not exist or has no presence. O(1) for each.
    pub fn watchers(&self, room: &str) -> impl ExactSizeIterator<Item = ClientId> + '_ {
        let watchers = self.attendance_in(room).map_or(&[][..], |attendance| &attendance.watchers);
        watchers.iter().map(|&index| self.outboxes.entries.id(index))
    }

    /// Whether a client watches a room's presence. O(1).
    #[must_use]
    pub fn watches_presence(&self, client: ClientId, room: &str) -> bool {
        let slot = self.rooms.find(room.as_bytes());
        self.outboxes.entries.find(client).zip(slot).is_some_and(|(index, slot)| self.is_watcher(index, slot))
    }

    pub(super) fn is_watcher(&self, index: u32, slot: u32) -> bool {
        let Some(attendance) = self.attendance(slot) else { return false };
        self.arrival(index, slot).is_some_and(|arrival| attendance.is_watching(arrival))
    }

    fn attendance_in(&self, room: &str) -> Option<&Attendance> {
        self.rooms.find(room.as_bytes()).and_then(|slot| self.attendance(slot))
    }
}
