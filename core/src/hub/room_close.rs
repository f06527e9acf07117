//! Closing a room: nobody is in it any more, at once. What follows from that is told and done in slices.
//!
//! The room has no name from then on, so that nobody finds it, and its members are taken out of it one after the other, each told
//! when it is its turn. Until then a closed room is in a client's list, and passed over by whatever looks at that.

use super::room::ClosedRoom;
use super::work::{CLIENT, MEMBER, Slice};
use super::{Action, Error, Flush, Hub, Members, Notice, Refusal};
use crate::close::{CloseFrame, ClosedBy};
use crate::outbox::Phase;

impl Hub {
    pub(super) fn handle_close_room(&mut self, name: &str, members: Members<'_>) -> Result<u32, Error> {
        let slot = self.rooms.find(name.as_bytes()).ok_or(Refusal::NoSuchRoom)?;
        self.rooms.unlist(slot);
        let Some(room) = self.rooms.get_mut(slot) else { return Err(Refusal::NoSuchRoom.into()) };
        room.closed = true;
        let count = room.members.len() as u32;
        self.totals.leaves += u64::from(count);
        self.stale += u64::from(count);
        let end = match members {
            Members::Leave => None,
            Members::Disconnect { code, reason } => Some(CloseFrame::new(code, reason)),
        };
        self.closed_rooms.push_back(ClosedRoom { slot, end });
        self.close_rooms_slice();
        Ok(count)
    }

    /// Takes the next members out of rooms that were closed: of each room the one who joined last first.
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

    /// Takes a member out of the first of the closed rooms.
    fn take_out(&mut self, index: u32, node: u32, slice: &mut Slice) {
        let client = self.outboxes.entries.id(index);
        if let Some(room) = self.exit(index, node) {
            self.notices.push_back(Notice::Action(Action::RoomClosed { client, room }));
        }
        let end = self.closed_rooms.front().and_then(|room| room.end.clone());
        if let Some(CloseFrame { code, reason }) = end
            && self.outboxes.entries[index].phase == Phase::Open
        {
            slice.spend(CLIENT.saturating_add(self.load(index)));
            self.end(index, code, &reason, Flush::First, ClosedBy::Application);
        }
    }

    /// Whether a membership is of a room that was closed.
    pub(super) fn is_stale(&self, slot: u32) -> bool {
        !self.closed_rooms.is_empty() && self.rooms.get(slot).is_some_and(|room| room.closed)
    }

    /// How many rooms a client is in. O(1), and O(rooms of the client) while a room is being closed.
    pub(super) fn rooms_of_index(&self, index: u32) -> usize {
        let list = self.clients[index as usize].memberships;
        if self.closed_rooms.is_empty() {
            return list.len();
        }
        self.memberships.iter(list).filter(|(_, membership)| !self.is_stale(membership.room)).count()
    }

    /// Nobody is left who could be in a room that was closed.
    pub(super) fn forget_closed_rooms(&mut self) {
        while let Some(ClosedRoom { slot, .. }) = self.closed_rooms.pop_front() {
            self.rooms.remove(slot);
        }
    }
}
