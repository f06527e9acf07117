//! Rooms, as the application has them: who is in which follows from what was asked for.

use throng_core::ClientId;
use throng_core::hub::{Error, Members, Refusal, RoomConfig};
use throng_runtime::{Client, Hub};

use super::application::{Application, serial_of};
use super::ledger::Ledger;
use super::plan::ROOMS;

/// Up to so many accounts, membership is compared in both directions.
const FEW: usize = 100;

pub(super) fn room(number: u64) -> String {
    format!("room {}", number % ROOMS)
}

impl Application {
    pub(super) fn join(&self, hub: &Hub, client: ClientId, serial: usize, number: u64) {
        let result = hub.join(client, &room(number));
        let mut ledger = self.ledger();
        let known = ledger.accounts[serial].rooms.contains(&number);
        match result {
            Ok(_) => {
                ledger.require(!known, || format!("client {serial} joined room {number} twice"));
                ledger.accounts[serial].rooms.insert(number);
            }
            Err(Error::Refused(Refusal::AlreadyInRoom)) => {
                ledger.require(known, || format!("client {serial} is in room {number} and never joined"));
            }
            Err(Error::Refused(
                Refusal::TooManyRooms { .. }
                | Refusal::TooManyRoomsOfClient { .. }
                | Refusal::RoomFull { .. },
            )) => ledger.require(!known, || format!("client {serial} is no longer in room {number}")),
            Err(Error::Gone | Error::NotOpen) => {}
            Err(error) => ledger.violation(format!("client {serial} may not join: {error}")),
        }
    }

    pub(super) fn leave(&self, hub: &Hub, client: ClientId, serial: usize, number: u64) {
        let result = hub.leave(client, &room(number));
        let mut ledger = self.ledger();
        let known = ledger.accounts[serial].rooms.contains(&number);
        match result {
            Ok(()) => {
                ledger.require(known, || format!("client {serial} left room {number} and was not in it"));
                ledger.accounts[serial].rooms.remove(&number);
            }
            Err(Error::Refused(Refusal::NotInRoom | Refusal::NoSuchRoom)) => {
                ledger.require(!known, || format!("client {serial} cannot leave room {number}"));
            }
            Err(Error::Gone | Error::NotOpen) => {}
            Err(error) => ledger.violation(format!("client {serial} may not leave: {error}")),
        }
    }

    pub(super) fn leave_all(&self, client: &Client, serial: usize) {
        let result = client.hub().leave_all(client.id());
        let mut ledger = self.ledger();
        if let Ok(count) = result {
            let rooms = std::mem::take(&mut ledger.accounts[serial].rooms);
            ledger.require(rooms.len() == count as usize, || {
                format!("client {serial} left {count} rooms and was in {rooms:?}")
            });
        }
    }

    /// Says how a room differs from the others.
    pub(super) fn configure_room(&self, hub: &Hub, number: u64, config: RoomConfig) {
        match hub.configure_room(&room(number), config) {
            Ok(()) | Err(Error::Refused(Refusal::NoSuchRoom | Refusal::TooManyRooms { .. })) => {}
            Err(error) => self.ledger().violation(format!("room {number} may not be so: {error}")),
        }
    }

    /// Closes a room. Its members are in it no more, and may be closed, too.
    pub(super) fn close_room(&self, hub: &Hub, number: u64, members: Members<'_>) {
        let (name, mut ledger) = (room(number), self.ledger());
        let inside = hub.members(&name);
        self.compare_members(hub, &name, &inside, &mut ledger);
        let count = hub.close_room(&name, members).unwrap_or_default();
        ledger.require(count as usize == inside.len() && !hub.room_exists(&name), || {
            format!("{name} was closed with {count} members, of {inside:?}")
        });
        for client in inside {
            let Some(serial) = serial_of(&ledger, hub, client) else { continue };
            let account = &mut ledger.accounts[serial];
            account.rooms.remove(&number);
            account.causes.dismissed |= matches!(members, Members::Disconnect { .. });
        }
    }

    pub(super) fn compare_members(&self, hub: &Hub, name: &str, members: &[ClientId], ledger: &mut Ledger) {
        let number = (0..ROOMS).find(|number| room(*number) == name).unwrap_or(u64::MAX);
        for member in members {
            let serial = serial_of(ledger, hub, *member);
            let known = serial.is_some_and(|serial| ledger.accounts[serial].rooms.contains(&number));
            ledger.require(known, || format!("a ghost in {name}: {member}, client {serial:?}"));
        }
        if ledger.accounts.len() > FEW {
            return;
        }
        let mut lost = Vec::new();
        for (client, serial) in &ledger.serials {
            let is_member = ledger.accounts[*serial].rooms.contains(&number);
            if is_member && !members.contains(client) && hub.client(*client).is_some() {
                lost.push(*serial);
            }
        }
        ledger.require(lost.is_empty(), || format!("{name} has lost clients {lost:?}"));
    }
}
