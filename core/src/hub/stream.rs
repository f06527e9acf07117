//! The hub's state of the history of one room, and the list of rooms that only their history keeps.

use super::room_config::History;
use crate::outbox::{NONE, RingBounds};
use crate::position::Epoch;
use crate::time::nanos;
use crate::timer::Timer;

/// The history of a room. Its frames are in a ring of the outboxes.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) epoch: Epoch,
    pub(super) ring: u32,
    pub(super) bounds: History,
    /// When the last message was published, or the history began, in nanoseconds of the hub's time.
    pub(super) published: u64,
    /// The version of the last message that had one.
    pub(super) version: Option<u64>,
    /// It fires when the oldest message expires, or when the room ends; earlier if that moment has moved.
    pub(super) timer: Timer,
    /// The place in the list of idle rooms, if the room is in it.
    pub(super) idle: Option<Neighbours>,
}

/// The rooms before and after a room in the list of idle rooms, `NONE` at its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Neighbours {
    pub(super) before: u32,
    pub(super) after: u32,
}

impl Stream {
    pub(super) fn ring_bounds(&self) -> RingBounds {
        RingBounds { messages: self.bounds.messages, bytes: self.bounds.bytes.into() }
    }

    /// The moment at which the oldest message expires, which was published at `since`.
    pub(super) fn expires_at(&self, since: Option<u64>) -> u64 {
        since.map_or(u64::MAX, |since| since.saturating_add(nanos(self.bounds.age)))
    }

    /// The moment at which the room ends if it is idle until then.
    pub(super) fn ends_at(&self) -> u64 {
        self.published.saturating_add(nanos(self.bounds.meta_age))
    }
}

/// The ends of the list of rooms without members that exist only for their history: the one whose last member left, or whose last
/// message came, longest ago is the first.
#[derive(Clone, Copy, Debug)]
pub(super) struct IdleRooms {
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) len: u32,
}

impl Default for IdleRooms {
    fn default() -> Self {
        Self { first: NONE, last: NONE, len: 0 }
    }
}

/// Counters over the life of the hub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StreamTotals {
    /// Messages that were given an offset.
    pub(super) kept: u64,
    pub(super) repeated: u64,
    pub(super) outdated: u64,
    pub(super) recovered: u64,
    pub(super) recovered_messages: u64,
    /// By reason, in the order of `Unrecoverable::ALL`.
    pub(super) unrecovered: [u64; 5],
    pub(super) idle_rooms_evicted: u64,
}
