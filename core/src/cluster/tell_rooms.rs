//! Tells the other nodes of this node's rooms: what has changed, and pages for those that ask.

use super::address::{self, Place};
use super::config::TellRooms;
use super::ends::is_over;
use super::outcome::{Outcome, Refusal};
use super::rooms::{Asked, Changed, Key, OWN, Record, Replica, Sync};
use super::traffic::Command;
use super::wire::{self, Body, Kind, Records, State};
use super::{Cluster, Ending};
use crate::id::{ClientId, Name};
use crate::time::Instant;
use alloc::vec::Vec;
use bytes::Bytes;

/// Most bytes of records in one message, unless messages must be shorter.
const MOST_BYTES: usize = 32 << 10;

/// Pages that are asked for at the same time.
const MOST_ASKED: usize = 16;

impl Cluster {
    pub(super) fn handle_room(&mut self, room: &str, clients: u32, users: u32) -> Result<Outcome, Refusal> {
        let is_told = match self.config.tell_rooms {
            TellRooms::None => false,
            TellRooms::Presence => users > 0,
            TellRooms::All => true,
        };
        if is_over(self.ending) {
            return Ok(Outcome::Done);
        }
        self.check_name_of_room(room)?;
        let due = self.now + self.config.room_tick;
        if clients == 0 || !is_told {
            if self.rosters.remove_room(OWN, room) {
                self.telling.room_ended(&room.into(), due);
            }
        } else if self.rosters.room(OWN, room) != Some((clients, users)) {
            self.rosters.set_room(OWN, room, clients, users);
            self.telling.room_changed(&room.into(), due);
        }
        Ok(Outcome::Done)
    }

    pub(super) fn handle_present(
        &mut self,
        room: &str,
        client: ClientId,
        user: Option<&str>,
        info: &[u8],
    ) -> Result<Outcome, Refusal> {
        if is_over(self.ending) || self.config.tell_rooms == TellRooms::None {
            return Ok(Outcome::Done);
        }
        self.check_name_of_room(room)?;
        self.check_name_of_room(user.unwrap_or_default())?;
        let client = client.to_u64();
        let is_cut = info.len() > self.most_bytes_of_rooms();
        let info = if is_cut { &[] } else { info };
        let is_known = self.rosters.member(OWN, room, client);
        if is_known.is_some_and(|(of, bytes)| of == user && **bytes == *info) {
            return Ok(Outcome::Done);
        }
        self.stats.infos_cut += u64::from(is_cut);
        if self.rosters.room(OWN, room).is_none() {
            // Its numbers follow.
            self.rosters.set_room(OWN, room, 1, 1);
        }
        self.rosters.set_member(OWN, room, client, user, info);
        self.telling.member_changed(&room.into(), client, self.now + self.config.room_tick);
        Ok(Outcome::Done)
    }

    pub(super) fn handle_absent(&mut self, room: &str, client: ClientId) -> Result<Outcome, Refusal> {
        let client = client.to_u64();
        if self.rosters.remove_member(OWN, room, client) {
            self.telling.member_changed(&room.into(), client, self.now + self.config.room_tick);
        }
        Ok(Outcome::Done)
    }

    fn check_name_of_room(&self, name: &str) -> Result<(), Refusal> {
        let limit = self.config.name_bytes;
        if name.len() > limit as usize { Err(Refusal::NameTooLong { limit }) } else { Ok(()) }
    }

    fn most_bytes_of_rooms(&self) -> usize {
        MOST_BYTES.min(self.config.message_bytes as usize)
    }

    /// How far this node has told of its rooms.
    pub(super) fn state_of_rooms(&self) -> State {
        let own = self.rosters.get(OWN).filter(|_| !self.telling.has_changes());
        State { version: self.telling.version, digest: own.map(Replica::digest) }
    }

    fn tells_rooms(&self) -> bool {
        self.ending == Ending::No && self.link.up().is_some_and(|up| up.is_proven)
    }

    /// When something is to be done about rooms.
    pub(super) fn next_of_rooms(&self) -> Option<Instant> {
        // Once it has come, they go with the next batch.
        let due = self.telling.due.filter(|due| *due > self.now && self.tells_rooms());
        let asked = self.rosters.asked.first().map(|(until, _)| *until);
        due.into_iter().chain(asked).min()
    }

    pub(super) fn time_out_rooms(&mut self) {
        self.rosters.leave_slice();
        while let Some(&(until, slot)) = self.rosters.asked.first()
            && until <= self.now
        {
            self.rosters.ask_again_for(slot);
        }
    }

    /// Whether there is something to send about rooms. O(1).
    pub(super) fn has_to_tell_rooms(&self) -> bool {
        let can_ask = !self.rosters.wanted.is_empty() && self.rosters.asked.len() < MOST_ASKED;
        self.tells_rooms() && (self.are_changes_due() || self.telling.is_asked() || can_ask)
    }

    fn are_changes_due(&self) -> bool {
        self.telling.due.is_some_and(|due| due <= self.now)
    }

    /// Adds questions, changes and pages to a batch, of this many bytes at most but at least one message. Returns their bytes.
    pub(super) fn take_rooms(&mut self, max_bytes: usize, most: usize, batch: &mut Vec<Command>) -> usize {
        let mut bytes = 0;
        if !self.tells_rooms() {
            return bytes;
        }
        self.take_questions_for_rooms(most, batch);
        while self.are_changes_due() && bytes <= max_bytes && batch.len() < most {
            if !self.telling.has_changes() {
                self.telling.due = None;
                break;
            }
            let payload = self.changes();
            bytes += payload.len();
            batch.push(Command::Publish { subject: self.all.clone(), payload });
        }
        while bytes <= max_bytes
            && batch.len() < most
            && let Some(asked) = self.telling.pop_asked()
        {
            let subject = address::subject(&self.config.prefix, Place::Node(asked.by.as_str()));
            let payload = self.page(&asked);
            bytes += payload.len();
            batch.push(Command::Publish { subject, payload });
        }
        bytes
    }

    fn take_questions_for_rooms(&mut self, most: usize, batch: &mut Vec<Command>) {
        while batch.len() < most
            && self.rosters.asked.len() < MOST_ASKED
            && let Some(&slot) = self.rosters.wanted.first()
        {
            let Some(replica) = self.rosters.get(slot) else { return };
            let Sync::Wanted { after } = replica.sync.clone() else { return };
            self.asks += 1;
            self.stats.room_pages += 1;
            let subject = address::subject(&self.config.prefix, Place::Node(replica.node.as_str()));
            let (incarnation, ask) = (replica.incarnation, self.asks);
            let behind = after.as_ref().map(|key| (&*key.room, key.client));
            let message = self.unnumbered(Kind::Ask, &Body::Ask { incarnation, ask, after: behind });
            batch.push(Command::Publish { subject, payload: message.into() });
            let until = self.now + self.config.answer;
            self.rosters.set_sync(slot, Sync::Asked { ask, after, until });
        }
    }

    /// The next message of changes.
    fn changes(&mut self) -> Bytes {
        let (most, mut records) = (self.most_bytes_of_rooms(), Vec::new());
        while records.len() < most
            && let Some((room, changed)) = self.telling.pop()
        {
            if let Some(left) = self.write_changed(&room, changed, most, &mut records) {
                self.telling.put_back(room, left);
                break;
            }
        }
        self.telling.version += 1;
        let state = self.state_of_rooms();
        let mut message =
            self.unnumbered(Kind::Changes, &Body::Changes { state, records: Records::default() });
        message.append(&mut records);
        message.into()
    }

    /// Writes what has changed in a room, as far as it fits. Returns what is left.
    fn write_changed(
        &self,
        room: &Name,
        changed: Changed,
        most: usize,
        out: &mut Vec<u8>,
    ) -> Option<Changed> {
        let numbers = self.rosters.room(OWN, room);
        let mut of_room = Vec::new();
        if changed.has_ended || numbers.is_none() {
            wire::write_record(&Record::Room { name: room, clients: 0, users: 0 }, &mut of_room);
        }
        if let Some((clients, users)) = numbers {
            wire::write_record(&Record::Room { name: room, clients, users }, &mut of_room);
        }
        if !out.is_empty() && out.len() + of_room.len() > most {
            return Some(changed);
        }
        out.append(&mut of_room);
        let mut members = changed.members;
        let mut is_first = true;
        while numbers.is_some()
            && let Some(&client) = members.first()
        {
            let member = self.rosters.member(OWN, room, client);
            let record = match member {
                Some((user, info)) => Record::Member { client, user, info },
                None => Record::Gone { client },
            };
            if !is_first && out.len() + wire::size_of(&record) > most {
                return Some(Changed { has_ended: false, members });
            }
            wire::write_record(&record, out);
            members.pop_first();
            is_first = false;
        }
        None
    }

    /// The records behind the one in a question, as far as they fit.
    fn page(&self, asked: &Asked) -> Bytes {
        let (most, mut records) = (self.most_bytes_of_rooms(), Vec::new());
        let is_last = self.write_page(asked.after.as_ref(), most, &mut records);
        let (ask, state) = (asked.ask, self.state_of_rooms());
        let body = Body::Page { ask, state, is_last, records: Records::default() };
        let mut message = self.unnumbered(Kind::Page, &body);
        message.append(&mut records);
        message.into()
    }

    /// Returns whether no records are left.
    fn write_page(&self, after: Option<&Key>, most: usize, out: &mut Vec<u8>) -> bool {
        if let Some(Key { room, client }) = after
            && let Some((clients, users)) = self.rosters.room(OWN, room)
            && self.rosters.members(OWN, room, *client).next().is_some()
        {
            wire::write_record(&Record::Room { name: room, clients, users }, out);
            if !self.write_members(room, *client, most, out) {
                return false;
            }
        }
        let mut last = after.map(|key| key.room.clone());
        while let Some((name, clients, users)) = self.rosters.room_after(OWN, last.as_deref()) {
            let record = Record::Room { name, clients, users };
            if !out.is_empty() && out.len() + wire::size_of(&record) > most {
                return false;
            }
            wire::write_record(&record, out);
            if !self.write_members(name, None, most, out) {
                return false;
            }
            last = Some(name.clone());
        }
        true
    }

    /// Writes the members of a room behind this client, at least one if there is one. Returns whether none are left.
    fn write_members(&self, room: &str, after: Option<u64>, most: usize, out: &mut Vec<u8>) -> bool {
        for (at, (client, user, info)) in self.rosters.members(OWN, room, after).enumerate() {
            let record = Record::Member { client, user, info };
            if at > 0 && out.len() + wire::size_of(&record) > most {
                return false;
            }
            wire::write_record(&record, out);
        }
        true
    }
}
