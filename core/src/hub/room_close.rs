//! Closes a room: it has no members any more, at once. The consequences are worked off in slices.
//!
//! A closed room has no name, so that it cannot be found. Its members are removed one after the other, each with an action.
//! Until then the closed room is in the client's list, and everything that reads the list skips it.

use super::room::ClosedRoom;
use super::work::{CLIENT, MEMBER, Slice};
use super::{Action, Error, Flush, Hub, Members, Notice, Refusal};
use crate::close::{CloseFrame, ClosedBy};

impl Hub {
    pub(super) fn handle_close_room(&mut self, name: &str, members: Members<'_>) -> Result<u32, Error> {
        let slot = self.rooms.find(name.as_bytes()).ok_or(Refusal::NoSuchRoom)?;
        self.rooms.unlist(slot);
        let Some(room) = self.rooms.get_mut(slot) else { return Err(Refusal::NoSuchRoom.into()) };
        room.closed = true;
        let count = room.members.len() as u32;
        self.end_stream(slot);
        self.close_presence(slot);
        self.totals.leaves += u64::from(count);
        self.stale += u64::from(count);
        if count > 0 {
            self.note_vacated(slot);
        }
        let end = match members {
            Members::Leave => None,
            Members::Disconnect { code, reason } => Some(CloseFrame::new(code, reason)),
        };
        self.closed_rooms.push_back(ClosedRoom { slot, end });
        self.close_rooms_slice();
        Ok(count)
    }

    /// Removes the next slice of members from closed rooms, those that joined last first.
    pub(super) fn close_rooms_slice(&mut self) {
        let mut slice = Slice::of(self.config.host.slice);
        while !slice.is_over()
            && let Some(ClosedRoom { slot, .. }) = self.closed_rooms.front()
        {
            slice.spend(MEMBER);
            let slot = *slot;
            let last = self
                .rooms
                .get(slot)
                .and_then(|room| Some((*room.members.last()?, *room.memberships.last()?)));
            match last {
                Some((index, node)) => self.take_out(index, node, &mut slice),
                None => {
                    self.rooms.remove(slot);
                    self.closed_rooms.pop_front();
                }
            }
        }
    }

    /// Removes a member from the first of the closed rooms.
    fn take_out(&mut self, index: u32, node: u32, slice: &mut Slice) {
        let client = self.outboxes.entries.id(index);
        if let Some(room) = self.exit(index, node) {
            self.notices.push_back(Notice::Action(Action::RoomClosed { client, room }));
        }
        let end = self.closed_rooms.front().and_then(|room| room.end.clone());
        if let Some(CloseFrame { code, reason }) = end
            && self.outboxes.entries[index].phase.is_open()
        {
            slice.spend(CLIENT.saturating_add(self.load(index)));
            self.end(index, code, &reason, Flush::First, ClosedBy::Application);
        }
    }

    /// Whether a membership belongs to a closed room.
    pub(super) fn is_stale(&self, slot: u32) -> bool {
        !self.closed_rooms.is_empty() && self.rooms.get(slot).is_some_and(|room| room.closed)
    }

    /// The number of rooms that a client is in. O(1), or O(rooms of the client) while a room is being closed.
    pub(super) fn rooms_of_index(&self, index: u32) -> usize {
        let list = self.clients[index as usize].memberships;
        if self.closed_rooms.is_empty() {
            return list.len();
        }
        self.memberships.iter(list).filter(|(_, membership)| !self.is_stale(membership.room)).count()
    }

    /// Drops all closed rooms, when no client is left.
    pub(super) fn forget_closed_rooms(&mut self) {
        while let Some(ClosedRoom { slot, .. }) = self.closed_rooms.pop_front() {
            self.rooms.remove(slot);
        }
    }
}
