//! Checks the invariants of presence.

use super::attendance::{Attendance, Key, Pending};
use super::presence::PresentAs;
use super::room::Room;
use super::{Hub, Owner};
use crate::invariant::Invariant as I;
use crate::invariant::{Broken, ensure};
use crate::outbox::NONE;
use alloc::vec::Vec;

impl Hub {
    pub(super) fn check_presences(&self) -> Result<(), Broken> {
        let (mut present, mut watchers) = (0, 0);
        for (slot, room) in self.rooms.slots() {
            let Some(attendance) = room.attendance.as_deref() else { continue };
            self.check_attendance(slot, room, attendance)?;
            if room.closed {
                ensure(attendance.timer.is_none(), I::Watched, slot)?;
                continue;
            }
            present += attendance.present.len() as u64;
            watchers += attendance.watchers.len() as u64;
            self.check_told(slot, attendance)?;
        }
        ensure((present, watchers) == (self.present, self.watchers), I::Present, 0)
    }

    /// Checks that exactly the members of a room are present, each as its user.
    fn check_attendance(&self, slot: u32, room: &Room, attendance: &Attendance) -> Result<(), Broken> {
        let is_all = attendance.arrivals.len() == room.members.len()
            && attendance.present.len() == room.members.len()
            && attendance.of_users.len() == room.members.len();
        ensure(is_all && attendance.bounds.validate().is_ok(), I::Present, slot)?;
        for (&index, arrival) in room.members.iter().zip(&attendance.arrivals) {
            let Some(present) = attendance.present.get(arrival) else {
                return Err(Broken { invariant: I::Present, slot });
            };
            let key = Key::of(present.user, index);
            let is_known = present.client == index && attendance.of_users.contains(&(key, *arrival));
            ensure(is_known && *arrival <= attendance.version, I::Present, slot)?;
            ensure(room.closed || present.user == self.clients[index as usize].user, I::Present, slot)?;
            let position = present.watcher as usize;
            let is_watcher = attendance.watchers.get(position) == Some(&index)
                && attendance.watching.get(position) == Some(arrival);
            ensure(is_watcher || present.watcher == NONE, I::Watched, slot)?;
        }
        let watchers = attendance.present.values().filter(|present| present.watcher != NONE).count();
        let lists = (attendance.watchers.len(), attendance.watching.len());
        ensure(lists == (watchers, watchers), I::Watched, slot)?;
        let mut keys = attendance.of_users.iter().map(|(key, _)| key).collect::<Vec<_>>();
        keys.dedup();
        let is_past =
            attendance.told <= attendance.version && attendance.version <= self.presence_totals.changes;
        ensure(keys.len() == attendance.users as usize && is_past, I::Present, slot)
    }

    /// Checks that what is to be told is bounded, and is told by a timer.
    fn check_told(&self, slot: u32, attendance: &Attendance) -> Result<(), Broken> {
        let is_due = !attendance.watchers.is_empty() && attendance.told != attendance.version;
        ensure(attendance.timer.is_some() == is_due, I::Watched, slot)?;
        let edges = &attendance.pending.edges;
        let Pending { is_over, cancelled, .. } = attendance.pending;
        ensure(edges.is_empty() || !is_over, I::Watched, slot)?;
        ensure(is_due || (edges.is_empty() && !is_over && cancelled == 0), I::Watched, slot)?;
        ensure(edges.len() <= attendance.bounds.users as usize, I::Watched, slot)?;
        for (who, edge) in edges {
            let key = match who {
                PresentAs::User(name) => self.users.find(name.as_bytes()).map(Key::User),
                PresentAs::Client(client) => self.outboxes.entries.find(*client).map(Key::Client),
            };
            let info = key.and_then(|key| attendance.info_of(key));
            ensure(edge.before != edge.after && edge.after.as_ref() == info, I::Watched, slot)?;
        }
        let Some(timer) = attendance.timer else { return Ok(()) };
        let is_its = matches!(self.wheel.get(timer), Some((_, Owner::Presence(owner))) if owner == slot);
        ensure(is_its, I::TimerOwner, slot)
    }
}
