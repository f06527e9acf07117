//! Closing a room: nobody is in it any more, at once. What follows from that is told from a cursor, and done in slices.

use super::dispersal::{Dispersal, Untold};
use super::drain::SLICE;
use super::{Action, Error, Flush, Hub, Members, Notice, Refusal};
use crate::close::ClosedBy;
use crate::outbox::Phase;
use alloc::boxed::Box;
use alloc::vec::Vec;

impl Hub {
    pub(super) fn handle_close_room(&mut self, name: &str, members: Members<'_>) -> Result<u32, Error> {
        let slot = self.rooms.find(name.as_bytes()).ok_or(Refusal::NoSuchRoom)?;
        let Some(room) = self.rooms.remove(slot) else { return Err(Refusal::NoSuchRoom.into()) };
        for (&index, &node) in room.members.iter().zip(&room.memberships) {
            self.memberships.remove(index, &mut self.clients[index as usize].memberships, node);
        }
        self.totals.leaves += room.members.len() as u64;
        let ids: Vec<_> = room.members.iter().map(|&index| self.outboxes.entries.id(index)).collect();
        let count = ids.len() as u32;
        if count == 0 {
            return Ok(0);
        }
        if let Members::Disconnect { code, reason } = members {
            let clients = ids.iter().rev().copied().collect();
            self.dispersals.push_back(Dispersal { clients, code, reason: reason.into() });
        }
        let untold = Untold { room: room.name, members: ids.into_iter() };
        self.notices.push_back(Notice::RoomClosed(Box::new(untold)));
        self.disperse_slice();
        Ok(count)
    }

    /// Disconnects the next of those who were in a room that was closed.
    pub(super) fn disperse_slice(&mut self) {
        let Some(mut dispersal) = self.dispersals.pop_front() else { return };
        let Dispersal { clients, code, reason } = &mut dispersal;
        for client in clients.split_off(clients.len().saturating_sub(SLICE)).into_iter().rev() {
            // It may have ended meanwhile.
            if let Some(index) = self.outboxes.entries.find(client)
                && self.outboxes.entries[index].phase == Phase::Open
            {
                self.end(index, *code, reason, Flush::First, ClosedBy::Application);
            }
        }
        if !clients.is_empty() {
            self.dispersals.push_front(dispersal);
        }
    }

    /// Tells the next member that its room was closed.
    pub(super) fn poll_untold(&mut self, mut untold: Box<Untold>) -> Option<Action> {
        let client = untold.members.next()?;
        let room = untold.room.clone();
        if untold.members.len() > 0 {
            self.notices.push_front(Notice::RoomClosed(untold));
        }
        Some(Action::RoomClosed { client, room })
    }
}
