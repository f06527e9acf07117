//! Begins, expires and ends the histories of rooms.
//!
//! A room with a history outlives its members until `meta_age` after its last message: until then it is *idle*. Idle rooms are in
//! a list in the order in which they were last used. It is bounded, and the first of it ends when there are too many.
//!
//! Each history has one timer, for the age of its oldest message and for the end of its room. A publish does not touch the timer,
//! unless the history was empty: the timer fires too early at most, and is set again.

use super::room::Room;
use super::room_config::History;
use super::stream::{Neighbours, Stream};
use super::{Error, Hub, Owner, Refusal};
use crate::outbox::NONE;
use crate::position::Epoch;
use crate::time::{Instant, nanos};
use alloc::boxed::Box;

/// Idle rooms that one event ends at most, if there are too many.
const EVICTED_AT_ONCE: u32 = 8;

/// Messages of a history that expire with one firing of its timer at most. If more are due, it fires again at once.
const EXPIRED_AT_ONCE: u32 = 1_024;

/// Messages of a history that are released when it ends. A timer that is due at once releases the others.
const RELEASED_AT_ONCE: u32 = 64;

impl Hub {
    pub(super) fn handle_remove_history(&mut self, name: &str) -> Result<(), Error> {
        let slot = self.rooms.find(name.as_bytes()).ok_or(Refusal::NoSuchRoom)?;
        let Some(bounds) = self.stream(slot).map(|stream| stream.bounds) else {
            return Err(Refusal::NoHistory.into());
        };
        self.end_stream(slot);
        self.begin_stream(slot, bounds);
        self.settle_room(slot);
        Ok(())
    }

    #[inline]
    pub(super) fn stream(&self, slot: u32) -> Option<&Stream> {
        self.rooms.get(slot).and_then(|room| room.stream.as_deref())
    }

    fn stream_mut(&mut self, slot: u32) -> Option<&mut Stream> {
        self.rooms.get_mut(slot).and_then(|room| room.stream.as_deref_mut())
    }

    /// Begins the history of a room that has none.
    pub(super) fn begin_stream(&mut self, slot: u32, bounds: History) {
        let stream = Stream {
            epoch: Epoch::next(self.config.host.epoch_seed, &mut self.epochs),
            ring: self.outboxes.new_ring(),
            bounds,
            published: self.now.as_nanos(),
            version: None,
            timer: self.wheel.insert(Instant::FAR_FUTURE, Owner::Room(slot)),
            idle: None,
        };
        self.streams += 1;
        if let Some(room) = self.rooms.get_mut(slot) {
            room.stream = Some(Box::new(stream));
        }
    }

    /// Ends the history of a room, if it has one.
    pub(super) fn end_stream(&mut self, slot: u32) {
        self.leave_idle_rooms(slot);
        let Some(stream) = self.rooms.get_mut(slot).and_then(|room| room.stream.take()) else { return };
        self.streams -= 1;
        self.wheel.remove(stream.timer);
        self.outboxes.remove_ring(stream.ring);
        self.release_some_discarded(RELEASED_AT_ONCE.min(self.config.host.slice));
    }

    /// Gives a room the history that its config asks for, or ends the one it has.
    pub(super) fn configure_stream(&mut self, slot: u32, history: Option<History>) {
        let Some(bounds) = history else { return self.end_stream(slot) };
        match self.stream_mut(slot) {
            None => self.begin_stream(slot, bounds),
            Some(stream) => {
                stream.bounds = bounds;
                let (ring, ring_bounds) = (stream.ring, stream.ring_bounds());
                self.outboxes.trim_ring(ring, ring_bounds);
                self.release_discarded();
            }
        }
    }

    /// The history that a room of this name has: that of its own config, else by the beginning of its name.
    pub(super) fn history_of(&self, name: &str, own: Option<History>) -> Option<History> {
        own.or_else(|| self.config.history.of(name)).filter(|history| history.messages > 0)
    }

    /// Puts a room into the list of idle rooms or out of it, ends the room if nothing keeps it, and sets its timer. To be called
    /// when its members, its config or its history have changed.
    pub(super) fn settle_room(&mut self, slot: u32) {
        let Some(room) = self.rooms.get(slot) else { return };
        if room.is_over() {
            self.rooms.remove(slot);
            return;
        }
        let (is_idle, was_idle) =
            (room.is_idle(), self.stream(slot).is_some_and(|stream| stream.idle.is_some()));
        if is_idle && !was_idle {
            self.enter_idle_rooms(slot);
            self.evict_idle_rooms();
        } else if was_idle && !is_idle {
            self.leave_idle_rooms(slot);
        }
        self.arm_stream(slot);
    }

    /// Sets the timer of a history. O(1).
    pub(super) fn arm_stream(&mut self, slot: u32) {
        let Some(stream) = self.stream(slot) else { return };
        let (timer, at) = (stream.timer, self.stream_deadline(stream));
        self.wheel.reset(timer, Instant::from_nanos(at));
    }

    /// When the timer of a history must fire at the latest.
    pub(super) fn stream_deadline(&self, stream: &Stream) -> u64 {
        let expires = stream.expires_at(self.outboxes.extent_of(stream.ring).since);
        if stream.idle.is_some() { expires.min(stream.ends_at()) } else { expires }
    }

    /// Handles the timer of a history: expires its oldest messages, or ends the room. Returns the number of messages that expired.
    pub(super) fn stream_timeout(&mut self, slot: u32) -> u32 {
        let Some(stream) = self.stream(slot) else { return 0 };
        let (now, ring) = (self.now.as_nanos(), stream.ring);
        let is_over = stream.idle.is_some() && stream.ends_at() <= now;
        let until = now.checked_sub(nanos(stream.bounds.age));
        let expired = until.map_or(0, |until| self.outboxes.expire_ring(ring, until, EXPIRED_AT_ONCE));
        if expired > 0 {
            self.release_some_discarded(expired);
        }
        if is_over {
            self.end_idle_room(slot);
        } else {
            self.arm_stream(slot);
        }
        expired
    }

    /// The number of idle rooms.
    pub(super) fn idle_rooms(&self) -> usize {
        self.idle_rooms.len as usize
    }

    fn end_idle_room(&mut self, slot: u32) {
        self.end_stream(slot);
        self.rooms.remove(slot);
    }

    /// Ends the room that has been idle longest, for a new one. Returns whether there was one.
    pub(super) fn evict_idle_room(&mut self) -> bool {
        let slot = self.idle_rooms.first;
        if slot == NONE {
            return false;
        }
        self.stream_totals.idle_rooms_evicted += 1;
        self.end_idle_room(slot);
        true
    }

    fn evict_idle_rooms(&mut self) {
        for _ in 0..EVICTED_AT_ONCE {
            if self.idle_rooms.len <= self.config.history.idle_rooms || !self.evict_idle_room() {
                return;
            }
        }
    }

    /// Notes that an idle room was used: it is the last to be evicted.
    pub(super) fn use_idle_room(&mut self, slot: u32) {
        if self.idle_rooms.last != slot && self.stream(slot).is_some_and(|stream| stream.idle.is_some()) {
            self.leave_idle_rooms(slot);
            self.enter_idle_rooms(slot);
        }
    }

    pub(super) fn enter_idle_rooms(&mut self, slot: u32) {
        let before = self.idle_rooms.last;
        let Some(stream) = self.stream_mut(slot) else { return };
        stream.idle = Some(Neighbours { before, after: NONE });
        match self.neighbours_mut(before) {
            Some(neighbours) => neighbours.after = slot,
            None => self.idle_rooms.first = slot,
        }
        self.idle_rooms.last = slot;
        self.idle_rooms.len += 1;
    }

    fn leave_idle_rooms(&mut self, slot: u32) {
        let Some(Neighbours { before, after }) = self.stream_mut(slot).and_then(|stream| stream.idle.take())
        else {
            return;
        };
        match self.neighbours_mut(before) {
            Some(neighbours) => neighbours.after = after,
            None => self.idle_rooms.first = after,
        }
        match self.neighbours_mut(after) {
            Some(neighbours) => neighbours.before = before,
            None => self.idle_rooms.last = before,
        }
        self.idle_rooms.len -= 1;
    }

    fn neighbours_mut(&mut self, slot: u32) -> Option<&mut Neighbours> {
        self.stream_mut(slot).and_then(|stream| stream.idle.as_mut())
    }

    /// Releases the first discarded frames. If more are left, a timer that is due at once releases the next.
    pub(super) fn release_discarded(&mut self) {
        self.release_some_discarded(self.config.host.slice);
    }

    fn release_some_discarded(&mut self, most: u32) {
        let is_left = self.outboxes.release_discarded(most);
        match (is_left, self.discarding) {
            (true, Some(timer)) => self.wheel.reset(timer, self.now),
            (true, None) => self.discarding = Some(self.wheel.insert(self.now, Owner::Discarded)),
            (false, Some(timer)) => {
                self.wheel.remove(timer);
                self.discarding = None;
            }
            (false, None) => {}
        }
    }
}

impl Room {
    /// Whether only the history keeps the room.
    pub(super) fn is_idle(&self) -> bool {
        self.members.is_empty() && !self.is_kept() && !self.closed && self.stream.is_some()
    }
}
