//! What the hub has told of the rooms that have members and the users that have clients, against those that have.

use super::driver::{Wrong, ensure};
use super::reference::Model;
use std::collections::{BTreeMap, BTreeSet};
use throng_core::ClientId;
use throng_core::hub::{Action, PresentAs};

/// The rooms and users that the hub has told of, and not taken back.
#[derive(Default)]
pub(super) struct Occupied {
    rooms: BTreeSet<String>,
    users: BTreeSet<String>,
    /// The clients and users of each room.
    counted: BTreeMap<String, (u32, u32)>,
    /// The members of rooms with presence, each with its user and the bytes of its join.
    present: BTreeMap<(String, ClientId), (Option<String>, Vec<u8>)>,
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
                Action::RoomCounted { room, clients, users } => {
                    self.counted.insert(room.to_string(), (*clients, *users));
                    true
                }
                Action::MemberPresent { room, member } => {
                    let user = member.user.as_deref().map(str::to_owned);
                    let known = (user, member.info.to_vec());
                    self.present.insert((room.to_string(), member.client), known.clone()) != Some(known)
                }
                Action::MemberAbsent { room, client } => {
                    self.present.remove(&(room.to_string(), *client)).is_some()
                }
                _ => return true,
            };
            if let Action::RoomVacated { room } = action {
                self.counted.remove(&**room);
                self.present.retain(|(of, _), _| **of != **room);
            }
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
        self.check_members(model, is_told)
    }

    fn check_members(&self, model: &Model, is_told: bool) -> Result<(), Wrong> {
        let (mut counted, mut present) = (BTreeMap::new(), BTreeMap::new());
        for room in model.rooms.iter().filter(|room| is_told && !room.members.is_empty()) {
            let users = room.roll.as_ref().map_or(0, |roll| roll.users().len());
            counted.insert(room.name.clone(), (room.members.len() as u32, users as u32));
            for one in room.roll.iter().flat_map(|roll| &roll.present) {
                let user = match &one.who {
                    PresentAs::User(user) => Some(user.to_string()),
                    _ => None,
                };
                present.insert((room.name.clone(), one.client), (user, one.info.to_vec()));
            }
        }
        ensure!(self.counted == counted, "members told of are {:?}, and should be {counted:?}", self.counted);
        ensure!(self.present == present, "told to be present are {:?}, not {present:?}", self.present);
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
                | Action::RoomCounted { .. }
                | Action::MemberPresent { .. }
                | Action::MemberAbsent { .. }
        )
    })
}
