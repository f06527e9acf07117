//! The rooms of one node, as it tells them.

use super::record::{Key, hash_member, hash_room};
use crate::id::Name;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use bytes::Bytes;
use core::ops::Bound;

/// Rooms by name. Its digest is the sum of the hashes of its records.
#[derive(Debug, Default)]
pub(super) struct Roster {
    pub(super) rooms: BTreeMap<Name, Room>,
    pub(super) digest: u64,
}

#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) clients: u32,
    pub(super) users: u32,
    /// By client.
    pub(super) members: BTreeMap<u64, Member>,
    /// The sum of the hashes of the room's record and those of its members.
    sum: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) user: Option<Name>,
    pub(super) info: Bytes,
}

impl Room {
    /// The hash of its own record; 0 before there was one.
    fn hash(&self, name: &str) -> u64 {
        if self.clients == 0 { 0 } else { hash_room(name, self.clients, self.users) }
    }
}

impl Member {
    fn hash(&self, room: &str, client: u64) -> u64 {
        hash_member(room, client, self.user.as_deref(), &self.info)
    }
}

impl Roster {
    /// Sets the numbers of a room, which is made if there is none; returns the former numbers. O(log rooms).
    pub(super) fn set_room(&mut self, name: &Name, clients: u32, users: u32) -> (u32, u32) {
        let room = self.rooms.entry(name.clone()).or_default();
        let (before, old) = (room.hash(name), (room.clients, room.users));
        (room.clients, room.users) = (clients, users);
        let change = room.hash(name).wrapping_sub(before);
        room.sum = room.sum.wrapping_add(change);
        self.digest = self.digest.wrapping_add(change);
        old
    }

    /// Sets a member of a room that is there; returns what it was before. O(log).
    pub(super) fn set_member(&mut self, name: &str, client: u64, member: Member) -> Option<Member> {
        let room = self.rooms.get_mut(name)?;
        let mut change = member.hash(name, client);
        let old = room.members.insert(client, member);
        change = change.wrapping_sub(old.as_ref().map_or(0, |old| old.hash(name, client)));
        room.sum = room.sum.wrapping_add(change);
        self.digest = self.digest.wrapping_add(change);
        old
    }

    pub(super) fn remove_member(&mut self, name: &str, client: u64) -> Option<Member> {
        let room = self.rooms.get_mut(name)?;
        let old = room.members.remove(&client)?;
        let hash = old.hash(name, client);
        room.sum = room.sum.wrapping_sub(hash);
        self.digest = self.digest.wrapping_sub(hash);
        Some(old)
    }

    pub(super) fn remove_room(&mut self, name: &str) -> Option<(Name, Room)> {
        let (name, room) = self.rooms.remove_entry(name)?;
        self.digest = self.digest.wrapping_sub(room.sum);
        Some((name, room))
    }

    /// The rooms that are wholly behind one record and before another one. O(rooms in between).
    pub(super) fn rooms_between(&self, after: Option<&Key>, before: Option<&Key>) -> Vec<Name> {
        let from = after.map_or(Bound::Unbounded, |key| Bound::Excluded(&*key.room));
        let to = before.map_or(Bound::Unbounded, |key| Bound::Excluded(&*key.room));
        if let (Some(after), Some(before)) = (after, before)
            && after.room >= before.room
        {
            return Vec::new();
        }
        self.rooms.range::<str, _>((from, to)).map(|(name, _)| name.clone()).collect()
    }

    /// The members of a room behind one client and before another one. O(members in between).
    pub(super) fn members_between(&self, room: &str, after: Option<u64>, before: Option<u64>) -> Vec<u64> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let to = before.map_or(Bound::Unbounded, Bound::Excluded);
        let is_empty = after.zip(before).is_some_and(|(after, before)| after >= before);
        let members = self.rooms.get(room).filter(|_| !is_empty).map(|room| room.members.range((from, to)));
        members.into_iter().flatten().map(|(client, _)| *client).collect()
    }

    /// Checks the digest against the records.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let mut digest = 0_u64;
        for (name, room) in &self.rooms {
            let members = room.members.iter().map(|(client, member)| member.hash(name, *client));
            let sum = members.fold(room.hash(name), u64::wrapping_add);
            if sum != room.sum {
                return Err("the sum of a room is that of the hashes of its records");
            }
            digest = digest.wrapping_add(sum);
        }
        if digest == self.digest {
            Ok(())
        } else {
            Err("the digest of a roster is the sum of those of its rooms")
        }
    }
}
