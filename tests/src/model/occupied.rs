//! What the hub has told of the rooms that have members and the users that have clients, against those that have.

use super::driver::{Wrong, ensure};
use super::reference::Model;
use std::collections::BTreeSet;
use throng_core::hub::Action;

/// The rooms and users that the hub has told of, and not taken back.
#[derive(Default)]
pub(super) struct Occupied {
    rooms: BTreeSet<String>,
    users: BTreeSet<String>,
}

impl Occupied {
    /// Takes the actions about occupancy out of the list, and follows them.
    pub(super) fn follow(&mut self, actions: &mut Vec<Action>) -> Result<(), Wrong> {
        let mut result = Ok(());
        actions.retain(|action| {
            let turns = match action {
                Action::RoomOccupied { room } => self.rooms.insert(room.to_string()),
                Action::RoomVacated { room } => self.rooms.remove(&**room),
                Action::UserPresent { user } => self.users.insert(user.to_string()),
                Action::UserAbsent { user } => self.users.remove(&**user),
                _ => return true,
            };
            if !turns {
                result = Err(format!("{action:?}, which was told before"));
            }
            false
        });
        result
    }

    /// Checks, when all actions are polled, that those told of are those that the model has.
    pub(super) fn check(&self, model: &Model, is_told: bool) -> Result<(), Wrong> {
        let with_members = model.rooms.iter().filter(|room| is_told && !room.members.is_empty());
        let rooms: BTreeSet<String> = with_members.map(|room| room.name.clone()).collect();
        ensure!(self.rooms == rooms, "rooms told of are {:?}, and should be {rooms:?}", self.rooms);
        let with_clients = model.users.iter().filter(|user| is_told && !user.clients.is_empty());
        let users: BTreeSet<String> = with_clients.map(|user| user.name.clone()).collect();
        ensure!(self.users == users, "users told of are {:?}, and should be {users:?}", self.users);
        Ok(())
    }
}

/// Without those about occupancy, which the model does not make.
pub(super) fn without(actions: impl Iterator<Item = Action>) -> impl Iterator<Item = Action> {
    actions.filter(|action| {
        !matches!(
            action,
            Action::RoomOccupied { .. }
                | Action::RoomVacated { .. }
                | Action::UserPresent { .. }
                | Action::UserAbsent { .. }
        )
    })
}
