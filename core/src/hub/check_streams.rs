//! Checks the invariants of histories.

use super::stream::{Neighbours, Stream};
use super::{Hub, Owner};
use crate::invariant::Invariant as I;
use crate::invariant::{Broken, ensure};
use crate::outbox::NONE;
use alloc::vec::Vec;

impl Hub {
    pub(super) fn check_streams(&self) -> Result<(), Broken> {
        let (mut idle, mut rings) = (0, Vec::new());
        for (slot, room) in self.rooms.slots() {
            let Some(stream) = room.stream.as_deref() else { continue };
            ensure(
                !room.closed && self.outboxes.is_within(stream.ring, stream.ring_bounds()),
                I::Streams,
                slot,
            )?;
            ensure(stream.bounds.validate().is_ok() && stream.bounds.messages > 0, I::Streams, slot)?;
            self.check_stream_timer(slot, stream)?;
            let is_past = self.outboxes.was_published_by(stream.ring, stream.published);
            ensure(is_past && stream.published <= self.now.as_nanos(), I::Streams, slot)?;
            ensure(self.outboxes.ends_with(stream.ring, room.log), I::Streams, slot)?;
            ensure(room.is_idle() == stream.idle.is_some(), I::IdleRooms, slot)?;
            idle += u32::from(stream.idle.is_some());
            rings.push(stream.ring);
        }
        let streams = rings.len();
        rings.sort_unstable();
        rings.dedup();
        let is_one_each = rings.len() == streams && self.outboxes.has_rings(&rings);
        ensure(is_one_each && streams == self.streams as usize, I::Streams, 0)?;
        let (mut before, mut at) = (NONE, self.idle_rooms.first);
        for _ in 0..self.idle_rooms.len {
            let here = self.stream(at).and_then(|stream| stream.idle);
            let Some(Neighbours { before: known, after }) = here else {
                return Err(Broken { invariant: I::IdleRooms, slot: at });
            };
            ensure(known == before, I::IdleRooms, at)?;
            (before, at) = (at, after);
        }
        let is_all = at == NONE && self.idle_rooms.last == before && self.idle_rooms.len == idle;
        ensure(is_all && idle <= self.loosest().history.idle_rooms, I::IdleRooms, 0)?;
        if let Some(timer) = self.discarding {
            let is_its = matches!(self.wheel.get(timer), Some((at, Owner::Discarded)) if at <= self.now);
            ensure(is_its, I::TimerOwner, 0)?;
        }
        // They may have been released for the budget.
        ensure(!self.outboxes.has_discarded() || self.discarding.is_some(), I::Streams, 0)?;
        let is_found = self.keys.check() && self.keys.len() <= self.loosest().history.keys as usize;
        ensure(is_found, I::Keys, 0)
    }

    fn check_stream_timer(&self, slot: u32, stream: &Stream) -> Result<(), Broken> {
        let Some((deadline, Owner::Room(owner))) = self.wheel.get(stream.timer) else {
            return Err(Broken { invariant: I::TimerOwner, slot });
        };
        ensure(owner == slot, I::TimerOwner, slot)?;
        ensure(deadline.as_nanos() <= self.stream_deadline(stream), I::TimerLate, slot)
    }
}
