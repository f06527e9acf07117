//! Handles messages of other nodes about rooms: changes, pages, and requests for pages.

use super::Cluster;
use super::config::TellRooms;
use super::node_id::NodeId;
use super::rooms::{Asked, Key, Record, Sync};
use super::wire::{Records, State};
use crate::id::Name;

impl Cluster {
    fn hears_rooms(&self) -> bool {
        self.config.tell_rooms != TellRooms::None
    }

    /// A heartbeat says how far the node has told of its rooms.
    pub(super) fn hear_state(&mut self, node: &NodeId, incarnation: u64, state: State) {
        if !self.hears_rooms() {
            return;
        }
        let slot = self.rosters.of(node, incarnation);
        let has_room = self.rosters.has_room();
        let Some(replica) = self.rosters.get_mut(slot) else { return };
        if replica.is_cut && has_room {
            replica.is_cut = false;
            self.want(slot);
        } else if state.version > replica.version {
            if replica.is_cut {
                replica.version = state.version;
            } else {
                self.want(slot);
            }
        } else {
            self.compare(slot, state);
        }
    }

    /// The rooms of a node have changed.
    pub(super) fn hear_changes(
        &mut self,
        node: &NodeId,
        incarnation: u64,
        state: State,
        records: Records<'_>,
    ) {
        // Of a node that has not come yet, or is gone: its next heartbeat tells how far it is.
        if !self.hears_rooms() || self.nodes.find(node.as_str()) != Some((incarnation, true)) {
            return;
        }
        let slot = self.rosters.of(node, incarnation);
        let Some(replica) = self.rosters.get_mut(slot) else { return };
        if state.version <= replica.version {
            self.stats.repeated += 1;
            return;
        }
        let is_next = state.version == replica.version + 1;
        replica.version = state.version;
        self.apply_changes(slot, records);
        if is_next {
            self.compare(slot, state);
        } else {
            self.want(slot);
        }
    }

    fn apply_changes(&mut self, slot: u32, records: Records<'_>) {
        let mut room = "";
        for record in records.iter() {
            let has_fitted = match record {
                Record::Room { name, clients, users } => {
                    room = name;
                    self.rosters.set_room(slot, name, clients, users)
                }
                Record::Member { client, user, info } => {
                    self.rosters.set_member(slot, room, client, user, info)
                }
                Record::Gone { client } => {
                    self.rosters.remove_member(slot, room, client);
                    true
                }
            };
            self.stats.rooms_refused += u64::from(!has_fitted);
        }
    }

    /// Asks for a roster if it is not the one of this state.
    fn compare(&mut self, slot: u32, state: State) {
        let Some(replica) = self.rosters.get(slot) else { return };
        let is_as_told = state.version != replica.version
            || replica.is_cut
            || state.digest.is_none_or(|digest| digest == replica.digest());
        if !is_as_told {
            self.want(slot);
        }
    }

    fn want(&mut self, slot: u32) {
        if let Some(replica) = self.rosters.get(slot)
            && replica.sync == Sync::No
            && replica.not_before <= self.now
        {
            self.rosters.set_sync(slot, Sync::Wanted { after: None });
        }
    }

    /// Another node asks for a page of this one's rooms.
    pub(super) fn hear_ask(
        &mut self,
        node: NodeId,
        incarnation: u64,
        ask: u64,
        after: Option<(&str, Option<u64>)>,
    ) {
        if incarnation == self.identity.incarnation {
            let after = after.map(|(room, client)| Key { room: room.into(), client });
            self.telling.ask(Asked { by: node, ask, after });
        }
    }

    /// A page has come.
    pub(super) fn hear_page(
        &mut self,
        node: &NodeId,
        ask: u64,
        state: State,
        is_last: bool,
        records: Records<'_>,
    ) {
        let slot = self.rosters.find(node.as_str());
        let Some((slot, replica)) = slot.and_then(|slot| Some((slot, self.rosters.get_mut(slot)?))) else {
            return;
        };
        let after = match &replica.sync {
            Sync::Asked { ask: open, after, .. } if *open == ask => after.clone(),
            _ => {
                self.stats.repeated += 1;
                return;
            }
        };
        if state.version < replica.version {
            // Changes that are newer have come before it, and it would take them back.
            self.rosters.ask_again_for(slot);
            return;
        }
        if after.is_none() {
            // The pages after it are no older, and changes after it apply to all of them.
            replica.version = state.version;
        }
        let last = self.apply_page(slot, after.as_ref(), is_last, records);
        if is_last || last == after {
            self.rosters.set_sync(slot, Sync::No);
            if let Some(replica) = self.rosters.get_mut(slot) {
                replica.not_before = self.now + self.config.room_tick;
            }
        } else {
            self.rosters.set_sync(slot, Sync::Wanted { after: last });
        }
    }

    /// Replaces what is there behind a record by a page. Returns the last record of the page.
    fn apply_page(
        &mut self,
        slot: u32,
        after: Option<&Key>,
        is_last: bool,
        records: Records<'_>,
    ) -> Option<Key> {
        let (mut last, mut room) = (after.cloned(), Name::from(""));
        for record in records.iter() {
            let client = match record {
                Record::Room { name, .. } => {
                    room = name.into();
                    None
                }
                Record::Member { client, .. } | Record::Gone { client } => Some(client),
            };
            let key = Key { room: room.clone(), client };
            if last.as_ref().is_none_or(|last| *last < key) {
                self.rosters.clear_between(slot, last.as_ref(), Some(&key));
                last = Some(key);
            }
            let has_fitted = match record {
                Record::Room { name, clients, users } => self.rosters.set_room(slot, name, clients, users),
                Record::Member { client, user, info } => {
                    self.rosters.set_member(slot, &room, client, user, info)
                }
                Record::Gone { .. } => true,
            };
            self.stats.rooms_refused += u64::from(!has_fitted);
        }
        if is_last {
            self.rosters.clear_between(slot, last.as_ref(), None);
        }
        last
    }
}
