//! Rooms and who is in them.

use super::client::In;
use super::{Model, Room, Story, swap_out};
use throng_core::hub::{Action, Error, Joined, Recover, Refusal, State};
use throng_core::{ClientId, Name};

impl Model {
    pub(super) fn room(&self, name: &str) -> Option<&Room> {
        self.rooms.iter().find(|room| room.name == name)
    }

    pub(super) fn join(
        &mut self,
        client: ClientId,
        name: &str,
        recover: Option<Recover>,
        info: Option<&[u8]>,
    ) -> Result<Joined, Error> {
        self.need_open(client)?;
        if self.state == State::Stopped {
            return Err(Refusal::Stopped.into());
        }
        self.check_name(name)?;
        if self.of(client).rooms().iter().any(|room| room == name) {
            return Err(Refusal::AlreadyInRoom.into());
        }
        if let Some(limit) = self.limits.rooms_of_client
            && self.of(client).rooms().len() >= limit as usize
        {
            return Err(Refusal::TooManyRoomsOfClient { limit }.into());
        }
        if let Some(info) = info {
            self.check_info(name, info)?;
        }
        match self.room(name) {
            Some(room) => {
                let limit = room.config.members.or(self.limits.members);
                if let Some(limit) = limit.filter(|&limit| room.members.len() >= limit as usize) {
                    return Err(Refusal::RoomFull { limit }.into());
                }
            }
            None => self.new_room(name)?,
        }
        self.of(client).rooms.push(In { room: name.into(), closed: None });
        let mut members = 0;
        for room in &mut self.rooms {
            if room.name == name {
                room.members.push(client);
                members = room.members.len() as u32;
            }
        }
        self.arrive(client, name, info.unwrap_or_default());
        self.numbers.joins += 1;
        self.settle_room(name);
        let mut joined = Joined::new(members);
        joined.position = self.room(name).and_then(|room| room.story.as_ref()).map(Story::position);
        joined.recovery = recover.map(|recover| self.recover(client, name, recover));
        Ok(joined)
    }

    /// Whether somebody who is in no room could join these, one after the other.
    pub(super) fn could_join_all(&self, names: &[Name]) -> Result<(), Error> {
        if let Some(limit) = self.limits.rooms_of_client.filter(|&limit| names.len() > limit as usize) {
            return Err(Refusal::TooManyRoomsOfClient { limit }.into());
        }
        for name in names {
            self.check_name(name)?;
            let Some(room) = self.room(name) else { continue };
            let limit = room.config.members.or(self.limits.members);
            if let Some(limit) = limit.filter(|&limit| room.members.len() >= limit as usize) {
                return Err(Refusal::RoomFull { limit }.into());
            }
        }
        // Idle rooms make way for new ones, but not those that are to be joined.
        let idle = self.idle.iter().filter(|idle| !names.iter().any(|name| **name == ***idle)).count();
        let new = names.iter().filter(|name| self.room(name).is_none()).count();
        match self.limits.rooms {
            Some(limit) if new > 0 && self.rooms.len() + new - idle > limit as usize => {
                Err(Refusal::TooManyRooms { limit }.into())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn leave(&mut self, client: ClientId, name: &str) -> Result<(), Error> {
        self.need_open(client)?;
        let room = self.room(name).ok_or(Refusal::NoSuchRoom)?;
        if !room.members.contains(&client) {
            return Err(Refusal::NotInRoom.into());
        }
        self.exit(client, name);
        Ok(())
    }

    pub(super) fn leave_all(&mut self, client: ClientId) -> Result<u32, Error> {
        self.need_open(client)?;
        let rooms = self.of(client).rooms();
        for room in &rooms {
            self.exit(client, room);
        }
        Ok(rooms.len() as u32)
    }

    /// Out of every room, because the client ends.
    pub(super) fn leave_every_room(&mut self, client: ClientId) {
        for In { room, closed } in self.of(client).rooms.clone() {
            if let Some(number) = closed {
                self.exit_closed(client, number);
                self.tell(Action::RoomClosed { client, room: room.into() });
            } else {
                self.exit(client, &room);
                self.tell(Action::Left { client, room: room.into() });
            }
        }
    }

    fn exit(&mut self, client: ClientId, name: &str) {
        self.depart(client, name);
        self.of(client).rooms.retain(|one| one.room != name || one.closed.is_some());
        for room in &mut self.rooms {
            if room.name == name {
                swap_out(&mut room.members, &client);
            }
        }
        self.settle_room(name);
        self.numbers.leaves += 1;
    }
}
