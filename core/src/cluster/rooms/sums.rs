//! The rooms of all nodes together.

use super::page::RoomCounts;
use super::roster::Member;
use crate::id::Name;
use alloc::collections::{BTreeMap, BTreeSet};

/// What all rosters together have, so that a question costs no walk over the nodes.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) rooms: BTreeMap<Name, Sum>,
}

#[derive(Debug, Default)]
pub(super) struct Sum {
    clients: u64,
    /// The clients of each user.
    users: BTreeMap<Name, u32>,
    /// Members without a user.
    nameless: u64,
    /// The slots of the rosters that have the room.
    pub(super) rosters: BTreeSet<u32>,
}

impl Sum {
    /// The clients, and the members.
    pub(super) fn totals(&self) -> (u64, u64) {
        (self.clients, self.users.values().map(|clients| u64::from(*clients)).sum::<u64>() + self.nameless)
    }

    pub(super) fn counts(&self) -> RoomCounts {
        RoomCounts { clients: self.clients, users: self.users.len() as u64 + self.nameless }
    }
}

impl Sums {
    /// The name of a room, shared with the rosters that have it.
    pub(super) fn name(&self, room: &str) -> Name {
        self.rooms.get_key_value(room).map_or_else(|| room.into(), |(name, _)| name.clone())
    }

    /// The name of a user, shared with the room's other members of this user.
    pub(super) fn user(&self, room: &str, user: &str) -> Name {
        let users = self.rooms.get(room).map(|sum| &sum.users);
        let shared = users.and_then(|users| users.get_key_value(user));
        shared.map_or_else(|| user.into(), |(name, _)| name.clone())
    }

    /// A roster has a room from now on.
    pub(super) fn enter(&mut self, room: &Name, roster: u32) {
        self.rooms.entry(room.clone()).or_default().rosters.insert(roster);
    }

    /// A roster has a room no more, nor members of it.
    pub(super) fn leave(&mut self, room: &str, roster: u32) {
        if let Some(sum) = self.rooms.get_mut(room) {
            sum.rosters.remove(&roster);
            if sum.rosters.is_empty() {
                self.rooms.remove(room);
            }
        }
    }

    pub(super) fn count(&mut self, room: &str, before: u32, after: u32) {
        if let Some(sum) = self.rooms.get_mut(room) {
            // A roster that claims too much cannot spoil the sum for longer than it is there.
            sum.clients = sum.clients.wrapping_sub(before.into()).wrapping_add(after.into());
        }
    }

    pub(super) fn add(&mut self, room: &str, member: &Member) {
        let Some(sum) = self.rooms.get_mut(room) else { return };
        match &member.user {
            Some(user) => *sum.users.entry(user.clone()).or_default() += 1,
            None => sum.nameless += 1,
        }
    }

    pub(super) fn subtract(&mut self, room: &str, member: &Member) {
        let Some(sum) = self.rooms.get_mut(room) else { return };
        let Some(user) = &member.user else {
            sum.nameless = sum.nameless.saturating_sub(1);
            return;
        };
        if let Some(clients) = sum.users.get_mut(user) {
            *clients -= 1;
            if *clients == 0 {
                sum.users.remove(user);
            }
        }
    }
}
