//! Writes the presence of rooms as bytes and reads it back: a part of the [snapshot](super::snapshot) of a hub. Who is present is written
//! in the order of arriving, and lists that follow from it are made again.

use super::Hub;
use super::attendance::{Attendance, Edge, Pending, PresenceTotals};
use super::presence::PresentAs;
use crate::field::{Field, Input, Wrong, fields, take_total, variants};
use crate::outbox::NONE;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

variants!(PresentAs { 0 => User(name), 1 => Client(client) });
fields!(Edge { before, after });
fields!(Pending { edges, cancelled, is_over });

impl<'a> Field<'a> for PresenceTotals {
    fn put(&self, log: &mut Vec<u8>) {
        let Self { changes, told, counts_only, cancelled } = self;
        for total in [changes, told, counts_only, cancelled] {
            total.put(log);
        }
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        let mut next = || take_total(input);
        Ok(Self { changes: next()?, told: next()?, counts_only: next()?, cancelled: next()? })
    }
}

pub(super) fn put_attendance(attendance: Option<&Attendance>, log: &mut Vec<u8>) {
    log.push(u8::from(attendance.is_some()));
    let Some(attendance) = attendance else { return };
    attendance.bounds.put(log);
    attendance.version.put(log);
    attendance.told.put(log);
    attendance.log.put(log);
    attendance.pending.put(log);
    (attendance.arrivals.len() as u64).put(log);
    for arrival in &attendance.arrivals {
        arrival.put(log);
        let Some(present) = attendance.present.get(arrival) else { continue };
        present.client.put(log);
        present.user.wrapping_add(1).put(log);
        present.watcher.wrapping_add(1).put(log);
        present.info.put(log);
    }
}

pub(super) fn take_attendance(input: &mut Input<'_>) -> Result<Option<Box<Attendance>>, Wrong> {
    if !bool::take(input)? {
        return Ok(None);
    }
    let mut attendance = Attendance::new(Field::take(input)?, take_total(input)?);
    attendance.told = take_total(input)?;
    attendance.log = Field::take(input)?;
    attendance.pending = Field::take(input)?;
    let mut watchers = Vec::new();
    for _ in 0..input.count()? {
        let (arrival, client) = (u64::take(input)?, u32::take(input)?);
        let (user, watcher) = (u32::take(input)?.wrapping_sub(1), u32::take(input)?.wrapping_sub(1));
        attendance.arrive(arrival, client, user, Field::take(input)?);
        if watcher != NONE {
            watchers.push((watcher, client, arrival));
        }
    }
    let end = watchers.len();
    let (mut indexes, mut arrivals) = (vec![NONE; end], vec![0; end]);
    for (watcher, client, arrival) in watchers {
        let position = watcher as usize;
        *indexes.get_mut(position).ok_or(Wrong::Malformed)? = client;
        *arrivals.get_mut(position).ok_or(Wrong::Malformed)? = arrival;
        attendance.present.get_mut(&arrival).ok_or(Wrong::Malformed)?.watcher = watcher;
    }
    (attendance.watchers, attendance.watching) = (indexes, arrivals);
    Ok(Some(Box::new(attendance)))
}

impl Hub {
    /// Counts what was read.
    pub(super) fn take_presences(&mut self) {
        let open = self.rooms.iter().filter(|room| !room.closed);
        let (mut present, mut watchers) = (0, 0);
        for attendance in open.filter_map(|room| room.attendance.as_deref()) {
            present += attendance.present.len() as u64;
            watchers += attendance.watchers.len() as u64;
        }
        (self.present, self.watchers) = (present, watchers);
    }
}
