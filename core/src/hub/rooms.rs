//! Joining and leaving rooms. A room's list and a client's list each hold the position in the other, so that
//! removing a membership costs O(1).

use super::memberships::{FEW, Membership};
use super::room::Room;
use super::{Action, Error, Hub, Joined, Notice, Outcome, Refusal, State};
use crate::id::{ClientId, Name};
use crate::position::Recover;
use alloc::vec::Vec;
use bytes::Bytes;

impl Hub {
    // The outcome of the event, which is large, is made here once and not copied.
    pub(super) fn handle_join(
        &mut self,
        client: ClientId,
        name: &str,
        recover: Option<Recover>,
        info: Option<&[u8]>,
    ) -> Result<Outcome, Error> {
        let index = self.open_index(client)?;
        if self.state == State::Stopped {
            return Err(Refusal::Stopped.into());
        }
        self.check_name(name)?;
        let limits = &self.config.rooms;
        let found = self.rooms.find(name.as_bytes());
        if let Some(room) = found
            && self.membership(index, room).is_some()
        {
            return Err(Refusal::AlreadyInRoom.into());
        }
        if let Some(limit) = limits.per_client
            && self.rooms_of_index(index) >= limit as usize
        {
            return Err(Refusal::TooManyRoomsOfClient { limit }.into());
        }
        if let Some(info) = info {
            self.check_info(name, found, info)?;
        }
        let room = match found {
            Some(room) => {
                if let Some(known) = self.rooms.get(room) {
                    self.check_capacity(known)?;
                }
                room
            }
            None => self.new_room(name)?,
        };
        let members = self.enter(index, room, info.unwrap_or_default());
        if recover.is_none() && self.stream(room).is_none() {
            return Ok(Outcome::Joined(Joined::new(members)));
        }
        self.settle_room(room);
        Ok(Outcome::Joined(self.recover(index, room, members, recover)))
    }

    /// Checks that a client without rooms could join all of these now; each must be named once. O(rooms).
    pub(super) fn check_first_rooms(&self, rooms: &[Name]) -> Result<(), Error> {
        if let Some(limit) = self.config.rooms.per_client
            && rooms.len() > limit as usize
        {
            return Err(Refusal::TooManyRoomsOfClient { limit }.into());
        }
        let (mut new, mut idle) = (0, self.idle_rooms());
        for name in rooms {
            self.check_name(name)?;
            match self.rooms.find(name.as_bytes()).and_then(|room| self.rooms.get(room)) {
                Some(room) => {
                    self.check_capacity(room)?;
                    // It makes way for none of the others.
                    idle = idle.saturating_sub(usize::from(room.is_idle()));
                }
                None => new += 1,
            }
        }
        match self.config.rooms.total {
            Some(limit) if new > 0 && self.rooms.len() + new - idle > limit as usize => {
                Err(Refusal::TooManyRooms { limit }.into())
            }
            _ => Ok(()),
        }
    }

    /// Checks that a room has room for one more member.
    fn check_capacity(&self, room: &Room) -> Result<(), Error> {
        match self.most_members(room) {
            Some(limit) if room.members.len() >= limit as usize => Err(Refusal::RoomFull { limit }.into()),
            _ => Ok(()),
        }
    }

    /// Checks the information of a client that joins a room, or makes it.
    fn check_info(&self, name: &str, found: Option<u32>, info: &[u8]) -> Result<(), Refusal> {
        let presence = match found {
            Some(slot) => self.attendance(slot).map(|attendance| attendance.bounds),
            None => self.presence_of(name, None),
        };
        match presence {
            None => Err(Refusal::NoPresence),
            Some(bounds) if info.len() > bounds.info_bytes as usize => {
                Err(Refusal::InfoTooLong { limit: bounds.info_bytes })
            }
            Some(_) => Ok(()),
        }
    }

    fn enter(&mut self, index: u32, slot: u32, info: &[u8]) -> u32 {
        let Some(room) = self.rooms.get_mut(slot) else { return 0 };
        let list = &mut self.clients[index as usize].memberships;
        let membership = self.memberships.insert(index, list, slot, room.members.len() as u32);
        room.members.push(index);
        room.memberships.push(membership);
        self.totals.joins += 1;
        let (members, has_presence) = (room.members.len() as u32, room.attendance.is_some());
        if members == 1 {
            self.note_occupied(slot);
        }
        if has_presence {
            self.arrive(index, slot, Bytes::copy_from_slice(info));
        }
        self.note_counted(slot);
        members
    }

    #[inline]
    pub(super) fn handle_leave(&mut self, client: ClientId, name: &str) -> Result<(), Error> {
        let index = self.open_index(client)?;
        let room = self.rooms.find(name.as_bytes()).ok_or(Refusal::NoSuchRoom)?;
        let membership = self.membership(index, room).ok_or(Refusal::NotInRoom)?;
        self.exit(index, membership);
        Ok(())
    }

    pub(super) fn handle_leave_all(&mut self, client: ClientId) -> Result<u32, Error> {
        let index = self.open_index(client)?;
        let list = self.clients[index as usize].memberships;
        if !self.closed_rooms.is_empty() {
            return Ok(self.leave_open_rooms(index));
        }
        self.memberships.begin_to_pop(index, list);
        while let Some(membership) = self.memberships.pop(&mut self.clients[index as usize].memberships) {
            self.vacate(membership);
        }
        Ok(list.len)
    }

    /// Removes a client from its rooms, except those that were closed: of these it is told when its turn comes.
    fn leave_open_rooms(&mut self, index: u32) -> u32 {
        let list = self.clients[index as usize].memberships;
        let is_open = |(_, membership): &(u32, Membership)| !self.is_stale(membership.room);
        let open: Vec<u32> = self.memberships.iter(list).filter(is_open).map(|(node, _)| node).collect();
        for &node in &open {
            self.exit(index, node);
        }
        open.len() as u32
    }

    /// Removes a client that ends from all its rooms, in the order of joining, with an `Action::Left` for each.
    pub(super) fn leave_every_room(&mut self, client: ClientId) {
        self.memberships.begin_to_pop(client.index, self.clients[client.index()].memberships);
        while let Some(membership) = self.memberships.pop(&mut self.clients[client.index()].memberships) {
            let was_closed = self.is_stale(membership.room);
            if let Some(room) = self.vacate(membership) {
                self.notices.push_back(Notice::Action(match was_closed {
                    true => Action::RoomClosed { client, room },
                    false => Action::Left { client, room },
                }));
            }
        }
    }

    /// Ends a membership of a client and returns the room's name.
    pub(super) fn exit(&mut self, index: u32, membership: u32) -> Option<Name> {
        let list = &mut self.clients[index as usize].memberships;
        let membership = self.memberships.remove(index, list, membership);
        self.vacate(membership)
    }

    /// Removes a member from a room, and the room with its last member unless it is kept. Returns the room's name.
    fn vacate(&mut self, membership: Membership) -> Option<Name> {
        let Membership { room: slot, position, .. } = membership;
        if self.rooms.get(slot)?.attendance.is_some() {
            self.depart(slot, position);
        }
        let room = self.rooms.get_mut(slot)?;
        room.members.swap_remove(position as usize);
        room.memberships.swap_remove(position as usize);
        if let Some(&moved) = room.memberships.get(position as usize) {
            self.memberships.set_position(moved, position);
        }
        if room.closed {
            // The leave was counted when the room was closed.
            self.stale -= 1;
        } else {
            self.totals.leaves += 1;
        }
        if room.members.is_empty() && !room.closed {
            self.note_vacated(slot);
        } else {
            self.note_counted(slot);
        }
        let room = self.rooms.get(slot)?;
        if room.is_over() {
            return self.rooms.remove(slot).map(|room| room.name);
        }
        let name = room.name.clone();
        if room.is_idle() {
            self.settle_room(slot);
        }
        Some(name)
    }

    /// The membership of a client in a room. O(1).
    pub(super) fn membership(&self, index: u32, slot: u32) -> Option<u32> {
        let list = self.clients[index as usize].memberships;
        let room = self.rooms.get(slot)?;
        if room.members.len() >= list.len().min(FEW as usize) {
            return self.memberships.find(index, list, slot);
        }
        // The room has fewer members than the client has rooms, and they are consecutive in memory.
        let position = room.members.iter().position(|&member| member == index)?;
        Some(room.memberships[position])
    }

    /// Checks that the name of a room or user is not empty and not too long.
    pub(super) fn check_name(&self, name: &str) -> Result<(), Refusal> {
        let limit = self.config.rooms.name_bytes;
        match name.len() {
            0 => Err(Refusal::EmptyName),
            len if len > limit as usize => Err(Refusal::NameTooLong { limit }),
            _ => Ok(()),
        }
    }
}
