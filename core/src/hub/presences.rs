//! Begins and ends the presence of rooms, notes who comes and goes, and tells those who watch, once a tick.
//!
//! A room has one list of pending changes and one timer, whatever the number of its watchers. Without watchers it has neither.

use super::attendance::{Attendance, Key, Pending};
use super::presence::{Presence, PresenceChange, PresentAs};
use super::{Action, Error, Hub, Notice, Owner, Refusal};
use crate::id::ClientId;
use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;

/// Units of work for each member that appears or disappears because the presence of its room begins or ends.
pub(super) const PRESENT: u32 = 4;

/// Units of work for each user that is told.
const TOLD: u32 = 2;

impl Hub {
    pub(super) fn attendance(&self, slot: u32) -> Option<&Attendance> {
        self.rooms.get(slot).and_then(|room| room.attendance.as_deref())
    }

    pub(super) fn attendance_mut(&mut self, slot: u32) -> Option<&mut Attendance> {
        self.rooms.get_mut(slot).and_then(|room| room.attendance.as_deref_mut())
    }

    /// The arrival of a client in a room with presence.
    pub(super) fn arrival(&self, index: u32, slot: u32) -> Option<u64> {
        let membership = self.membership(index, slot)?;
        let position = self.memberships.nodes[membership as usize].position;
        self.attendance(slot)?.arrivals.get(position as usize).copied()
    }

    /// The presence that a room of this name has: that of its own config, else by the beginning of its name.
    pub(super) fn presence_of(&self, name: &str, own: Option<Presence>) -> Option<Presence> {
        own.or_else(|| self.config.presence.of(name)).filter(|presence| !presence.tick.is_zero())
    }

    /// Checks that the presence of a room may begin or end now: either costs some work for each member.
    pub(super) fn check_presence(
        &self,
        slot: Option<u32>,
        presence: Option<Presence>,
    ) -> Result<(), Refusal> {
        let Some(room) = slot.and_then(|slot| self.rooms.get(slot)) else { return Ok(()) };
        let limit = self.config.host.slice / PRESENT;
        if room.attendance.is_some() != presence.is_some() && room.members.len() > limit as usize {
            return Err(Refusal::TooManyPresent { limit });
        }
        Ok(())
    }

    /// Gives a room the presence that its config asks for, or ends the one it has. [`check_presence`](Self::check_presence) allows it.
    pub(super) fn configure_presence(&mut self, slot: u32, presence: Option<Presence>) {
        let had_presence = self.attendance(slot).is_some();
        let Some(bounds) = presence else {
            self.end_presence(slot);
            if had_presence {
                self.note_counted(slot);
            }
            return;
        };
        let Some(attendance) = self.attendance_mut(slot) else {
            self.begin_presence(slot, bounds);
            self.note_counted(slot);
            return;
        };
        attendance.bounds = bounds;
        let is_over = attendance.pending.edges.len().max(attendance.users as usize) > bounds.users as usize;
        if is_over && attendance.timer.is_some() {
            attendance.tell_counts_only();
        }
    }

    /// Begins the presence of a room that has none: its members are present, without information.
    pub(super) fn begin_presence(&mut self, slot: u32, bounds: Presence) {
        let attendance = Attendance::new(bounds, self.presence_totals.changes);
        let Some(room) = self.rooms.get_mut(slot) else { return };
        room.attendance = Some(Box::new(attendance));
        for index in room.members.clone() {
            self.arrive(index, slot, Bytes::new());
        }
    }

    fn end_presence(&mut self, slot: u32) {
        self.stop_telling(slot);
        let Some(attendance) = self.rooms.get_mut(slot).and_then(|room| room.attendance.take()) else {
            return;
        };
        self.present -= attendance.present.len() as u64;
        self.watchers -= attendance.watchers.len() as u64;
        for present in attendance.present.values() {
            self.note_member_absent(slot, present.client);
        }
    }

    /// Forgets what is to be told, if the room is closed or nobody watches it any more.
    pub(super) fn stop_telling(&mut self, slot: u32) {
        let Some(attendance) = self.attendance_mut(slot) else { return };
        attendance.pending = Pending::default();
        if let Some(timer) = attendance.timer.take() {
            self.wheel.remove(timer);
        }
    }

    /// The presence of a room that is closed: its members leave it later, and nothing is told of that.
    pub(super) fn close_presence(&mut self, slot: u32) {
        self.stop_telling(slot);
        let Some(attendance) = self.attendance(slot) else { return };
        let (present, watchers) = (attendance.present.len() as u64, attendance.watchers.len() as u64);
        self.present -= present;
        self.watchers -= watchers;
    }

    pub(super) fn handle_watch_presence(&mut self, client: ClientId, name: &str) -> Result<(), Error> {
        let (slot, arrival) = self.find_present(client, name)?;
        let Some(attendance) = self.attendance_mut(slot) else { return Ok(()) };
        let before = attendance.watchers.len() as u64;
        attendance.watch(arrival);
        self.watchers += self.watchers_of_slot(slot) - before;
        Ok(())
    }

    pub(super) fn handle_unwatch_presence(&mut self, client: ClientId, name: &str) -> Result<(), Error> {
        let (slot, arrival) = self.find_present(client, name)?;
        let Some(attendance) = self.attendance_mut(slot) else { return Ok(()) };
        let before = attendance.watchers.len() as u64;
        attendance.unwatch(arrival);
        self.watchers -= before - self.watchers_of_slot(slot);
        if self.watchers_of_slot(slot) == 0 {
            self.stop_telling(slot);
        }
        Ok(())
    }

    fn watchers_of_slot(&self, slot: u32) -> u64 {
        self.attendance(slot).map_or(0, |attendance| attendance.watchers.len() as u64)
    }

    fn find_present(&self, client: ClientId, name: &str) -> Result<(u32, u64), Error> {
        let index = self.open_index(client)?;
        let slot = self.rooms.find(name.as_bytes()).ok_or(Refusal::NoSuchRoom)?;
        self.membership(index, slot).ok_or(Refusal::NotInRoom)?;
        let arrival = self.arrival(index, slot).ok_or(Refusal::NoPresence)?;
        Ok((slot, arrival))
    }

    /// Notes that a client has become the last member of a room with presence.
    pub(super) fn arrive(&mut self, index: u32, slot: u32, info: Bytes) {
        let user = self.clients[index as usize].user;
        self.presence_totals.changes += 1;
        let arrival = self.presence_totals.changes;
        let key = Key::of(user, index);
        self.note_member_present(slot, index, user, info.clone());
        self.change_presence(slot, key, |attendance| attendance.arrive(arrival, index, user, info));
        self.present += 1;
    }

    /// Notes that the member at a position of a room's list has left it. Does nothing for a room without presence.
    pub(super) fn depart(&mut self, slot: u32, position: u32) {
        let Some(room) = self.rooms.get_mut(slot) else { return };
        let Some(attendance) = room.attendance.as_deref_mut() else { return };
        if room.closed {
            attendance.depart(position as usize);
            return;
        }
        let present = attendance.arrivals.get(position as usize).and_then(|at| attendance.present.get(at));
        let Some((key, index)) = present.map(|of| (Key::of(of.user, of.client), of.client)) else { return };
        let before = attendance.watchers.len();
        self.presence_totals.changes += 1;
        self.change_presence(slot, key, |attendance| _ = attendance.depart(position as usize));
        self.note_member_absent(slot, index);
        self.present -= 1;
        let left = self.watchers_of_slot(slot);
        self.watchers -= before as u64 - left;
        if left == 0 {
            self.stop_telling(slot);
        }
    }

    /// The user of a client is about to change: it is present as another one from now on. O(rooms of the client).
    #[cold]
    pub(super) fn change_user_of_present(&mut self, index: u32, user: u32) {
        let list = self.clients[index as usize].memberships;
        let rooms: Vec<(u32, u32)> =
            self.memberships.iter(list).map(|(_, one)| (one.room, one.position)).collect();
        for (slot, position) in rooms {
            let Some(room) = self.rooms.get(slot).filter(|room| !room.closed) else { continue };
            let Some(attendance) = room.attendance.as_deref() else { continue };
            let Some(&arrival) = attendance.arrivals.get(position as usize) else { continue };
            let (old, new) = (Key::of(self.clients[index as usize].user, index), Key::of(user, index));
            self.presence_totals.changes += 1;
            self.change_presence(slot, old, |attendance| attendance.leave_user(old, arrival));
            self.change_presence(slot, new, |attendance| {
                attendance.enter_user(new, arrival);
                if let Some(present) = attendance.present.get_mut(&arrival) {
                    present.user = user;
                }
            });
            let info = self.attendance(slot).and_then(|attendance| attendance.present.get(&arrival));
            let info = info.map(|present| present.info.clone()).unwrap_or_default();
            self.note_member_present(slot, index, user, info);
            self.note_counted(slot);
        }
    }

    /// Makes one change to the presence of a room that may change what is told of one user.
    fn change_presence(&mut self, slot: u32, key: Key, change: impl FnOnce(&mut Attendance)) {
        let version = self.presence_totals.changes;
        let Some(attendance) = self.attendance_mut(slot) else { return };
        attendance.version = version;
        if attendance.watchers.is_empty() {
            return change(attendance);
        }
        let (before, users) = (attendance.info_of(key).cloned(), attendance.users);
        change(attendance);
        let after = attendance.info_of(key).cloned();
        let who = self.present_as(key);
        let Some(attendance) = self.attendance_mut(slot) else { return };
        if users.max(attendance.users) > attendance.bounds.users {
            attendance.tell_counts_only();
        }
        attendance.note(who, before, after);
        if attendance.timer.is_none() && !attendance.watchers.is_empty() {
            let tick = attendance.bounds.tick;
            let timer = self.wheel.insert(self.now + tick, Owner::Presence(slot));
            if let Some(attendance) = self.attendance_mut(slot) {
                attendance.timer = Some(timer);
            }
        }
    }

    fn present_as(&self, key: Key) -> PresentAs {
        let user = if let Key::User(slot) = key { self.users.get(slot) } else { None };
        match (user, key) {
            (Some(user), _) => PresentAs::User(user.name.clone()),
            (None, Key::User(index) | Key::Client(index)) => {
                PresentAs::Client(self.outboxes.entries.id(index))
            }
        }
    }

    /// Tells what has changed in a tick. Returns the units of work that it took.
    pub(super) fn presence_timeout(&mut self, slot: u32) -> u32 {
        let Some(room) = self.rooms.get_mut(slot) else { return 0 };
        let Some(attendance) = room.attendance.as_deref_mut() else { return 0 };
        if let Some(timer) = attendance.timer.take() {
            self.wheel.remove(timer);
        }
        let pending = core::mem::take(&mut attendance.pending);
        let work = pending.edges.len() as u32 * TOLD;
        let (since, version) = (attendance.told, attendance.version);
        attendance.told = version;
        let (counts, users) = (attendance.counts(), pending.into_changes());
        self.presence_totals.told += 1;
        match &users {
            Some(users) => self.presence_totals.cancelled += u64::from(users.cancelled),
            None => self.presence_totals.counts_only += 1,
        }
        let change = Box::new(PresenceChange { since, version, counts, users });
        self.notices.push_back(Notice::Action(Action::PresenceChanged { room: room.name.clone(), change }));
        work
    }
}
