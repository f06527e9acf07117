//! The rosters of all nodes, this one's included, within a bound of bytes.

use super::page::{ClusterMember, ClusterPage, RoomCounts};
use super::record::Key;
use super::roster::{Member, Room, Roster};
use super::sums::Sums;
use super::syncing::Sync;
use crate::cluster::node_id::{GlobalId, NodeId};
use crate::id::{ClientId, Name};
use crate::pool::Pool;
use crate::time::Instant;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use bytes::Bytes;
use core::ops::Bound;

/// The slot of this node's own roster.
pub(crate) const OWN: u32 = 0;

/// The approximate memory of a room and of a member, besides their texts.
const ROOM: u64 = 256;
const MEMBER: u64 = 128;

/// Records of a node or room that is gone which leave at once.
const SLICE: usize = 1_024;

#[derive(Debug)]
pub(crate) struct Rosters {
    slots: Pool<Replica>,
    by_node: BTreeMap<NodeId, u32>,
    sums: Sums,
    /// What the rosters of other nodes take, and may take.
    bytes: u64,
    limit: u64,
    /// Rooms that are gone, and the slots of their rosters; a roster without rooms that is gone itself.
    leaving: VecDeque<(u32, BTreeMap<Name, Room>)>,
    /// Rosters that are to be asked for, and those that are asked for.
    pub(crate) wanted: BTreeSet<u32>,
    pub(crate) asked: BTreeSet<(Instant, u32)>,
}

/// A roster, as far as this node has it.
#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) node: NodeId,
    pub(crate) incarnation: u64,
    roster: Roster,
    /// The last message of changes that has come, or was made up for by a page.
    pub(crate) version: u64,
    pub(crate) sync: Sync,
    /// Not asked for again before.
    pub(crate) not_before: Instant,
    /// Something did not fit.
    pub(crate) is_cut: bool,
    is_gone: bool,
}

impl Replica {
    fn new(node: NodeId, incarnation: u64) -> Self {
        Self {
            node,
            incarnation,
            roster: Roster::default(),
            version: 0,
            sync: Sync::No,
            not_before: Instant::ORIGIN,
            is_cut: false,
            is_gone: false,
        }
    }

    pub(crate) const fn digest(&self) -> u64 {
        self.roster.digest
    }
}

impl Rosters {
    pub(crate) fn new(node: NodeId, incarnation: u64, limit: u64) -> Self {
        let mut slots = Pool::default();
        slots.insert(Replica::new(node, incarnation));
        Self {
            slots,
            by_node: BTreeMap::new(),
            sums: Sums::default(),
            bytes: 0,
            limit,
            leaving: VecDeque::new(),
            wanted: BTreeSet::new(),
            asked: BTreeSet::new(),
        }
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&Replica> {
        self.slots.get(slot)
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut Replica> {
        self.slots.get_mut(slot)
    }

    /// The roster of a node that is present, which begins empty.
    pub(crate) fn of(&mut self, node: &NodeId, incarnation: u64) -> u32 {
        if let Some(&slot) = self.by_node.get(node) {
            return slot;
        }
        let slot = self.slots.insert(Replica::new(node.clone(), incarnation));
        self.by_node.insert(node.clone(), slot);
        slot
    }

    pub(crate) fn find(&self, node: &str) -> Option<u32> {
        self.by_node.get(node).copied()
    }

    const fn fits(&self, slot: u32, more: u64) -> bool {
        slot == OWN || self.bytes + more <= self.limit
    }

    /// Sets the numbers of a room. `false`: it does not fit. O(log).
    pub(crate) fn set_room(&mut self, slot: u32, room: &str, clients: u32, users: u32) -> bool {
        if clients == 0 {
            self.remove_room(slot, room);
            return true;
        }
        let cost = ROOM + room.len() as u64;
        let fits = self.fits(slot, cost);
        let Some(replica) = self.slots.get_mut(slot) else { return false };
        let is_new = !replica.roster.rooms.contains_key(room);
        if is_new && !fits {
            replica.is_cut = true;
            return false;
        }
        let name = self.sums.name(room);
        if is_new {
            self.bytes += if slot == OWN { 0 } else { cost };
            self.sums.enter(&name, slot);
        }
        let (before, _) = replica.roster.set_room(&name, clients, users);
        self.sums.count(&name, before, clients);
        true
    }

    /// Sets a member of a room. `false`: the room is not there, or the member does not fit. O(log).
    pub(crate) fn set_member(
        &mut self,
        slot: u32,
        room: &str,
        client: u64,
        user: Option<&str>,
        info: &[u8],
    ) -> bool {
        let cost = cost_of(user, info);
        let fits = self.fits(slot, cost);
        let Some(replica) = self.slots.get_mut(slot) else { return false };
        let Some(of) = replica.roster.rooms.get(room) else { return false };
        if let Some(member) = of.members.get(&client)
            && member.user.as_deref() == user
            && *member.info == *info
        {
            return true;
        }
        if !fits {
            replica.is_cut = true;
            return false;
        }
        let user = user.map(|user| self.sums.user(room, user));
        let member = Member { user, info: Bytes::copy_from_slice(info) };
        self.sums.add(room, &member);
        let old = replica.roster.set_member(room, client, member);
        self.bytes += if slot == OWN { 0 } else { cost };
        if let Some(old) = old {
            self.forget(slot, room, &old);
        }
        true
    }

    /// Whether there was such a member. O(log).
    pub(crate) fn remove_member(&mut self, slot: u32, room: &str, client: u64) -> bool {
        let old = self.slots.get_mut(slot).and_then(|replica| replica.roster.remove_member(room, client));
        if let Some(old) = &old {
            self.forget(slot, room, old);
        }
        old.is_some()
    }

    fn forget(&mut self, slot: u32, room: &str, member: &Member) {
        self.sums.subtract(room, member);
        if slot != OWN {
            self.bytes -= cost_of(member.user.as_deref(), &member.info);
        }
    }

    /// Whether there was such a room. Its members leave in slices, if they are many. O(log) and O(slice).
    pub(crate) fn remove_room(&mut self, slot: u32, room: &str) -> bool {
        let Some((name, room)) =
            self.slots.get_mut(slot).and_then(|replica| replica.roster.remove_room(room))
        else {
            return false;
        };
        // The same room may come again before the members of this one have left: the sums know both.
        if let Some(room) = self.empty(slot, &name, room, &mut 0) {
            self.leaving.push_back((slot, BTreeMap::from([(name, room)])));
        }
        true
    }

    /// Takes a room out of the sums, up to a slice of its members. `None`: all of it.
    fn empty(&mut self, slot: u32, name: &Name, mut room: Room, done: &mut usize) -> Option<Room> {
        while let Some((_, member)) = room.members.pop_first() {
            self.forget(slot, name, &member);
            *done += 1;
            if *done >= SLICE && !room.members.is_empty() {
                return Some(room);
            }
        }
        *done += 1;
        self.sums.count(name, room.clients, 0);
        self.bytes -= if slot == OWN { 0 } else { ROOM + name.len() as u64 };
        let is_there_again = |replica: &Replica| replica.roster.rooms.contains_key(name);
        let is_leaving = |(of, rooms): &(u32, BTreeMap<Name, Room>)| *of == slot && rooms.contains_key(name);
        if !self.slots.get(slot).is_some_and(is_there_again) && !self.leaving.iter().any(is_leaving) {
            self.sums.leave(name, slot);
        }
        None
    }

    /// A node is gone: its rooms leave in slices, the first one at once. O(slice).
    pub(crate) fn node_gone(&mut self, node: &NodeId) {
        let is_first = self.leaving.is_empty();
        self.let_go(node);
        if is_first {
            self.leave_slice();
        }
    }

    /// All other nodes are gone. O(nodes + slice).
    pub(crate) fn all_gone(&mut self) {
        while let Some((node, _)) = self.by_node.first_key_value() {
            let node = node.clone();
            self.let_go(&node);
        }
        self.leave_slice();
    }

    fn let_go(&mut self, node: &NodeId) {
        let Some(slot) = self.by_node.remove(node) else { return };
        self.set_sync(slot, Sync::No);
        let Some(replica) = self.slots.get_mut(slot) else { return };
        replica.is_gone = true;
        let rooms = core::mem::take(&mut replica.roster).rooms;
        self.leaving.push_back((slot, rooms));
    }

    pub(crate) fn has_leaving(&self) -> bool {
        !self.leaving.is_empty()
    }

    /// Lets the next slice leave. O(slice).
    pub(crate) fn leave_slice(&mut self) {
        let mut done = 0;
        while done < SLICE
            && let Some((slot, mut rooms)) = self.leaving.pop_front()
        {
            let Some((name, room)) = rooms.pop_first() else {
                if self.slots.get(slot).is_some_and(|replica| replica.is_gone) && !self.is_leaving(slot) {
                    self.slots.remove(slot);
                }
                continue;
            };
            if let Some(rest) = self.empty(slot, &name, room, &mut done) {
                rooms.insert(name, rest);
            }
            self.leaving.push_front((slot, rooms));
        }
    }

    fn is_leaving(&self, slot: u32) -> bool {
        self.leaving.iter().any(|(of, _)| *of == slot)
    }

    /// Removes what is behind one record and before another one. O(records in between).
    pub(crate) fn clear_between(&mut self, slot: u32, after: Option<&Key>, before: Option<&Key>) {
        let Some(replica) = self.slots.get(slot) else { return };
        let rooms = replica.roster.rooms_between(after, before);
        let mut members = Vec::new();
        if let Some(after) = after {
            let until = before.filter(|before| before.room == after.room);
            // The record of the room is before all of its members.
            let until = until.map(|before| before.client.unwrap_or(0));
            let of_room = replica.roster.members_between(&after.room, after.client, until);
            members.extend(of_room.into_iter().map(|client| (after.room.clone(), client)));
        }
        if let Some(before) = before
            && after.is_none_or(|after| after.room < before.room)
            && let Some(until) = before.client
        {
            let of_room = replica.roster.members_between(&before.room, None, Some(until));
            members.extend(of_room.into_iter().map(|client| (before.room.clone(), client)));
        }
        for room in rooms {
            self.remove_room(slot, &room);
        }
        for (room, client) in members {
            self.remove_member(slot, &room, client);
        }
    }

    pub(crate) fn set_sync(&mut self, slot: u32, sync: Sync) {
        let Some(replica) = self.slots.get_mut(slot) else { return };
        match replica.sync {
            Sync::No => {}
            Sync::Wanted { .. } => _ = self.wanted.remove(&slot),
            Sync::Asked { until, .. } => _ = self.asked.remove(&(until, slot)),
        }
        match sync {
            Sync::No => {}
            Sync::Wanted { .. } => _ = self.wanted.insert(slot),
            Sync::Asked { until, .. } => _ = self.asked.insert((until, slot)),
        }
        replica.sync = sync;
    }

    /// The link is another one: what was asked for is asked for again.
    pub(crate) fn ask_again(&mut self) {
        while let Some(&(_, slot)) = self.asked.first() {
            self.ask_again_for(slot);
        }
    }

    /// A page has not come, or is too old.
    pub(crate) fn ask_again_for(&mut self, slot: u32) {
        if let Some(Sync::Asked { after, .. }) = self.slots.get(slot).map(|replica| &replica.sync) {
            let after = after.clone();
            self.set_sync(slot, Sync::Wanted { after });
        }
    }

    /// Whether more than a quarter of the bytes is free.
    pub(crate) const fn has_room(&self) -> bool {
        self.bytes <= self.limit / 4 * 3
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Other nodes whose rosters this node does not have as they are: they are asked for, or have not fitted. O(nodes).
    pub(crate) fn behind(&self) -> u64 {
        let behind = self.by_node.values().filter_map(|slot| self.slots.get(*slot));
        behind.filter(|replica| replica.is_cut || replica.sync != Sync::No).count() as u64
    }

    pub(crate) fn rooms(&self) -> usize {
        self.sums.rooms.len()
    }

    pub(crate) fn room(&self, slot: u32, room: &str) -> Option<(u32, u32)> {
        let room = self.slots.get(slot)?.roster.rooms.get(room)?;
        Some((room.clients, room.users))
    }

    pub(crate) fn member(&self, slot: u32, room: &str, client: u64) -> Option<(Option<&str>, &Bytes)> {
        let member = self.slots.get(slot)?.roster.rooms.get(room)?.members.get(&client)?;
        Some((member.user.as_deref(), &member.info))
    }

    /// The members of a room of a roster behind this client.
    pub(crate) fn members(
        &self,
        slot: u32,
        room: &str,
        after: Option<u64>,
    ) -> impl Iterator<Item = (u64, Option<&str>, &Bytes)> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let room = self.slots.get(slot).and_then(|replica| replica.roster.rooms.get(room));
        let members = room.map(|room| room.members.range((from, Bound::Unbounded)));
        members.into_iter().flatten().map(|(client, member)| (*client, member.user.as_deref(), &member.info))
    }

    /// The first room of a roster, or the next one.
    pub(crate) fn room_after(&self, slot: u32, after: Option<&str>) -> Option<(&Name, u32, u32)> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rooms = &self.slots.get(slot)?.roster.rooms;
        let (name, room) = rooms.range::<str, _>((from, Bound::Unbounded)).next()?;
        Some((name, room.clients, room.users))
    }

    pub(crate) fn counts(&self, room: &str) -> Option<RoomCounts> {
        Some(self.sums.rooms.get(room)?.counts())
    }

    pub(crate) fn all_after<'a>(
        &'a self,
        after: Option<&str>,
    ) -> impl Iterator<Item = (&'a Name, RoomCounts)> + use<'a> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rooms = self.sums.rooms.range::<str, _>((from, Bound::Unbounded));
        rooms.map(|(name, sum)| (name, sum.counts()))
    }

    /// O(nodes that have the room + limit · log).
    pub(crate) fn page(&self, room: &str, after: Option<&GlobalId>, limit: u32) -> Option<ClusterPage> {
        let sum = self.sums.rooms.get(room)?;
        let mut replicas: Vec<(&Replica, u32)> =
            sum.rosters.iter().filter_map(|slot| Some((self.slots.get(*slot)?, *slot))).collect();
        replicas.sort_unstable_by_key(|(replica, _)| (&replica.node, replica.incarnation));
        let mut page = ClusterPage { counts: sum.counts(), ..ClusterPage::default() };
        for (replica, slot) in replicas {
            let order = after.map(|id| (&replica.node, replica.incarnation).cmp(&(&id.node, id.incarnation)));
            let from = match order {
                Some(core::cmp::Ordering::Less) => continue,
                Some(core::cmp::Ordering::Equal) => after.map(|id| id.client.to_u64()),
                _ => None,
            };
            for (client, user, info) in self.members(slot, room, from) {
                if page.members.len() >= limit as usize {
                    page.next = page.members.last().map(|member| member.client.clone());
                    return Some(page);
                }
                let (node, client) = (replica.node.clone(), ClientId::from_u64(client));
                let client = GlobalId { node, incarnation: replica.incarnation, client };
                page.members.push(ClusterMember { client, user: user.map(Into::into), info: info.clone() });
            }
        }
        Some(page)
    }

    /// Checks what holds after each event, for tests. O(everything).
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let mut bytes = 0;
        let mut sums = BTreeMap::<&str, (u64, u64)>::new();
        let left = self.leaving.iter().map(|(slot, rooms)| (*slot, rooms));
        let there = self.slots.iter().map(|(slot, replica)| (slot, &replica.roster.rooms));
        for (slot, rooms) in left.chain(there) {
            for (name, room) in rooms {
                let members = room.members.values().map(|of| cost_of(of.user.as_deref(), &of.info));
                bytes += if slot == OWN { 0 } else { members.sum::<u64>() + ROOM + name.len() as u64 };
                let sum = sums.entry(name).or_default();
                sum.0 = sum.0.wrapping_add(room.clients.into());
                sum.1 += room.members.len() as u64;
            }
        }
        for (_, replica) in self.slots.iter() {
            replica.roster.check()?;
        }
        if bytes != self.bytes || bytes > self.limit {
            return Err("the bytes of rosters are counted, and within their bound");
        }
        let is_sum = |(name, sum): (&Name, &super::sums::Sum)| {
            sums.get(&**name).is_some_and(|counted| (counted.0, counted.1) == sum.totals())
        };
        if sums.len() != self.sums.rooms.len() || !self.sums.rooms.iter().all(is_sum) {
            return Err("the sums of rooms are those of their rosters");
        }
        let is_known = |slot: &u32| self.slots.get(*slot).is_some();
        if self.wanted.iter().all(is_known) && self.asked.iter().all(|(_, slot)| is_known(slot)) {
            Ok(())
        } else {
            Err("only rosters that are there are asked for")
        }
    }
}

const fn cost_of(user: Option<&str>, info: &[u8]) -> u64 {
    let user = match user {
        Some(user) => user.len(),
        None => 0,
    };
    MEMBER + user as u64 + info.len() as u64
}
