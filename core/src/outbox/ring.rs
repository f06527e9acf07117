//! A ring: the frames that the history of one room keeps. See [`rings`](super::rings).

use super::frames::Frames;
use crate::pool::Pool;
use crate::position::Unrecoverable;
use alloc::collections::VecDeque;

/// The bounds of a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RingBounds {
    pub(crate) messages: u32,
    pub(crate) bytes: u64,
}

/// A frame of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// The slot of the frame.
    pub(super) slot: u32,
    /// When it was published, in nanoseconds of the hub's time.
    pub(super) time: u64,
}

/// The last frames of a room.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    pub(super) kept: VecDeque<Kept>,
    /// The bytes that the frames hold.
    pub(super) bytes: u64,
    /// The offset of the last frame that was published, whether it is kept or not.
    pub(super) top: u64,
    /// Why the last of the frames that are not kept any more is not.
    pub(super) lost: Unrecoverable,
}

impl Ring {
    pub(super) fn new() -> Self {
        Self { kept: VecDeque::new(), bytes: 0, top: 0, lost: Unrecoverable::Trimmed }
    }

    pub(super) fn oldest(&self) -> u64 {
        self.top - self.kept.len() as u64 + 1
    }

    pub(super) fn is_over(&self, bounds: RingBounds) -> bool {
        self.kept.len() > bounds.messages as usize || self.bytes > bounds.bytes
    }

    /// Discards the oldest frames until the ring is within its bounds.
    pub(super) fn trim(&mut self, bounds: RingBounds, frames: &Frames, discarded: &mut VecDeque<u32>) {
        while self.is_over(bounds) {
            self.pop(frames, discarded, Unrecoverable::Trimmed);
        }
    }

    /// Discards the oldest frame.
    pub(super) fn pop(&mut self, frames: &Frames, discarded: &mut VecDeque<u32>, why: Unrecoverable) {
        if let Some(Kept { slot, .. }) = self.kept.pop_front() {
            self.bytes -= frames.get(slot).held();
            self.lost = why;
            discarded.push_back(slot);
        }
    }
}

/// All rings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rings {
    pub(super) list: Pool<Ring>,
    /// Frames that left a ring and are not released yet.
    pub(super) discarded: VecDeque<u32>,
    /// The number of frames in all rings.
    pub(super) messages: u64,
    pub(super) totals: RingTotals,
}

/// Counters over the life of the hub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RingTotals {
    pub(crate) trimmed: u64,
    pub(crate) expired: u64,
    pub(crate) evicted: u64,
}

/// What is known of a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// The offset of the oldest frame; `top + 1` if there is none.
    pub(crate) oldest: u64,
    pub(crate) top: u64,
    pub(crate) lost: Unrecoverable,
    /// When the oldest frame was published.
    pub(crate) since: Option<u64>,
}
