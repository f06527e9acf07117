//! All frames that are queued or on lease, each stored once with a plain integer as reference count.

use super::entry::NONE;
use crate::frame::Frame;
use crate::pool::Pool;

/// A frame and its reference count.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) frame: Frame,
    pub(super) holders: u32,
    /// The next frame in the log. Valid only for a span that contains both.
    pub(super) next: u32,
    /// The key under which a later frame replaces this one.
    pub(super) key: Option<u64>,
    /// The sequence number of its publish.
    pub(super) sequence: u64,
    /// Whether it was published to a room with a history.
    pub(super) of_history: bool,
}

/// The last frame of the log of a room, of a user, or of all clients. The next publish there continues it, if the
/// frame still exists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogEnd {
    pub(super) slot: u32,
    pub(super) sequence: u64,
}

impl LogEnd {
    pub(crate) fn new(slot: u32, sequence: u64) -> Self {
        Self { slot, sequence }
    }
}

impl Default for LogEnd {
    /// An empty log.
    fn default() -> Self {
        Self { slot: NONE, sequence: 0 }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Frames {
    pub(super) slots: Pool<Stored>,
    pub(super) bytes: u64,
}

impl Frames {
    /// Stores a frame with so many references. If it has none, [`hold`](Self::hold) and [`finish`](Self::finish) must
    /// follow.
    // Always: a call would copy the frame once more.
    #[inline(always)]
    pub(crate) fn insert(&mut self, frame: Frame, key: Option<u64>, sequence: u64, holders: u32) -> u32 {
        self.bytes += frame.held();
        self.slots.insert(Stored { frame, holders, next: NONE, key, sequence, of_history: false })
    }

    /// Appends a frame to a log, if the log's end still exists and has no next frame. Returns the slot of that end, else
    /// `NONE`.
    #[inline]
    pub(crate) fn follow(&mut self, end: LogEnd, slot: u32) -> u32 {
        match self.slots.get_mut(end.slot) {
            Some(before) if before.sequence == end.sequence && before.next == NONE => {
                before.next = slot;
                end.slot
            }
            _ => NONE,
        }
    }

    /// Makes the frame the end of its log. A frame without references is removed at once.
    #[inline]
    pub(crate) fn finish(&mut self, slot: u32) -> LogEnd {
        let stored = &self.slots[slot];
        let end = LogEnd { slot, sequence: stored.sequence };
        if stored.holders == 0 {
            self.remove(slot);
        }
        end
    }

    /// The frame as the end of one client's private log, if no other queue holds it.
    #[inline]
    pub(crate) fn private_end(&self, slot: u32) -> LogEnd {
        match self.slots.get(slot) {
            Some(stored) if stored.holders == 1 => LogEnd { slot, sequence: stored.sequence },
            _ => LogEnd::default(),
        }
    }

    /// The next frame in a span.
    #[inline]
    pub(crate) fn next(&self, slot: u32) -> u32 {
        self.slots[slot].next
    }

    #[inline]
    pub(crate) fn hold(&mut self, slot: u32, holders: u32) {
        self.slots[slot].holders += holders;
    }

    /// Removes references, and keeps the frame even without any.
    #[inline]
    pub(crate) fn give_up(&mut self, slot: u32, holders: u32) {
        self.slots[slot].holders -= holders;
    }

    /// Removes references, and removes the frame with the last one.
    #[inline]
    pub(crate) fn release(&mut self, slot: u32, holders: u32) {
        let stored = &mut self.slots[slot];
        stored.holders -= holders;
        if stored.holders == 0 {
            self.remove(slot);
        }
    }

    fn remove(&mut self, slot: u32) {
        self.bytes -= self.slots[slot].frame.held();
        self.slots.discard(slot);
    }

    pub(crate) fn get(&self, slot: u32) -> &Frame {
        &self.slots[slot].frame
    }

    pub(super) fn stored(&self, slot: u32) -> &Stored {
        &self.slots[slot]
    }

    pub(crate) fn mark_as_history(&mut self, slot: u32) {
        self.slots[slot].of_history = true;
    }

    /// 1 for a frame of a history, else 0.
    pub(crate) fn of_history(&self, slot: u32) -> u32 {
        u32::from(self.slots[slot].of_history)
    }

    pub(crate) fn size(&self, slot: u32) -> u32 {
        self.get(slot).size()
    }

    pub(crate) fn key(&self, slot: u32) -> Option<u64> {
        self.slots[slot].key
    }

    pub(crate) fn sequence(&self, slot: u32) -> u64 {
        self.slots[slot].sequence
    }

    /// The bytes of all frames and their deflated variants, each counted once.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }
}
