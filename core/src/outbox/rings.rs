//! The histories of rooms: for each the last frames that were published to it.
//!
//! A ring refers to frames of the one log that queues refer to as well, and consecutive frames of a ring are linked in that log. So
//! what a client missed is one span: it is queued for a client without a copy, and the next publish extends it.
//!
//! Frames that leave a ring are *discarded*: they are no longer part of the history at once, and their references are released in
//! slices, as a ring may have very many.

use super::frames::LogEnd;
use super::nodes::Node;
use super::publication::{Budget, Publication};
use super::ring::{Extent, Kept, Ring, RingBounds, RingTotals, Rings};
use super::shed::AT_ONCE;
use super::{Class, NONE, Outboxes, Sending};
use crate::frame::Frame;
use crate::position::Unrecoverable;
use alloc::collections::BinaryHeap;
use core::cmp::Reverse;

/// The capacity that the list of discarded frames keeps when it is empty.
const KEPT_CAPACITY: usize = 1024;

/// Frames of histories that one event gives up at most, even if that frees too little: outboxes may hold the same frames.
const EVICTED_AT_MOST: u32 = 16 * AT_ONCE;

impl Outboxes {
    pub(crate) fn new_ring(&mut self) -> u32 {
        self.rings.list.insert(Ring::new())
    }

    /// Removes a ring; its frames are discarded.
    pub(crate) fn remove_ring(&mut self, ring: u32) {
        if let Some(ring) = self.rings.list.remove(ring) {
            self.rings.messages -= ring.kept.len() as u64;
            self.rings.discarded.extend(ring.kept.iter().map(|kept| kept.slot));
        }
    }

    pub(crate) fn extent_of(&self, ring: u32) -> Extent {
        let ring = &self.rings.list[ring];
        let since = ring.kept.front().map(|kept| kept.time);
        Extent { oldest: ring.oldest(), top: ring.top, lost: ring.lost, since }
    }

    /// The frames of a ring from an offset on, each with its offset.
    pub(crate) fn kept_from(
        &self,
        ring: u32,
        offset: u64,
    ) -> impl DoubleEndedIterator<Item = (u64, &Frame)> + ExactSizeIterator {
        let ring = &self.rings.list[ring];
        let oldest = ring.oldest();
        let skip = usize::try_from(offset.saturating_sub(oldest)).unwrap_or(usize::MAX).min(ring.kept.len());
        ring.kept
            .range(skip..)
            .enumerate()
            .map(move |(at, kept)| (oldest + (skip + at) as u64, self.frames.get(kept.slot)))
    }

    /// Adds the frame of a publish to a ring, and discards what is over the bounds. A frame for which the hub's budget had no
    /// room is not kept, and neither is any before it, since a history has no gaps.
    pub(crate) fn keep(&mut self, ring: u32, publication: &Publication, bounds: RingBounds) {
        let Self { rings, frames, .. } = self;
        let ring = &mut rings.list[ring];
        ring.top += 1;
        if publication.budget == Budget::UsedUp {
            let lost = ring.kept.len() as u64;
            ring.lost = Unrecoverable::Trimmed;
            ring.bytes = 0;
            rings.discarded.extend(ring.kept.drain(..).map(|kept| kept.slot));
            rings.messages -= lost;
            rings.totals.evicted += lost + 1;
            return;
        }
        frames.hold(publication.frame, 1);
        ring.kept.push_back(Kept { slot: publication.frame, time: publication.now });
        ring.bytes += frames.get(publication.frame).held();
        rings.messages += 1;
        if !ring.is_over(bounds) {
            return;
        }
        let before = ring.kept.len();
        ring.trim(bounds, frames, &mut rings.discarded);
        let trimmed = (before - ring.kept.len()) as u64;
        rings.messages -= trimmed;
        rings.totals.trimmed += trimmed;
        // Mostly it is one, which makes way for this frame.
        if trimmed == 1
            && let Some(slot) = rings.discarded.pop_back()
        {
            match slot == publication.frame {
                // It ends with the publish, if no queue holds it.
                true => frames.give_up(slot, 1),
                false => frames.release(slot, 1),
            }
        }
    }

    /// Discards what is over new bounds.
    pub(crate) fn trim_ring(&mut self, ring: u32, bounds: RingBounds) {
        let Rings { list, discarded, messages, totals } = &mut self.rings;
        let ring = &mut list[ring];
        let before = ring.kept.len();
        ring.trim(bounds, &self.frames, discarded);
        let trimmed = (before - ring.kept.len()) as u64;
        *messages -= trimmed;
        totals.trimmed += trimmed;
    }

    /// Discards at most so many frames that were published at or before a moment, in nanoseconds of the hub's time. Returns their
    /// number.
    pub(crate) fn expire_ring(&mut self, ring: u32, until: u64, most: u32) -> u32 {
        let Rings { list, discarded, messages, totals } = &mut self.rings;
        let ring = &mut list[ring];
        let mut expired = 0;
        while expired < most && ring.kept.front().is_some_and(|kept| kept.time <= until) {
            ring.pop(&self.frames, discarded, Unrecoverable::Expired);
            expired += 1;
        }
        *messages -= u64::from(expired);
        totals.expired += u64::from(expired);
        expired
    }

    /// Releases at most so many discarded frames, and returns whether any are left.
    pub(crate) fn release_discarded(&mut self, most: u32) -> bool {
        for _ in 0..most {
            let Some(slot) = self.rings.discarded.pop_front() else { break };
            self.frames.release(slot, 1);
        }
        if self.rings.discarded.is_empty() {
            self.rings.discarded.shrink_to(KEPT_CAPACITY);
        }
        !self.rings.discarded.is_empty()
    }

    /// Discards frames of histories, and releases them, until the hub uses no more bytes than `target`: each time the older half of
    /// the largest history, which is then as large as the rest of it. Once only `enough` bytes are used, or if it frees too little
    /// because outboxes hold the same frames, it stops after some thousands. Returns false if it stopped so.
    ///
    /// O(histories), and O(log histories) for each half.
    pub(super) fn evict_history(&mut self, target: u64, enough: u64) -> bool {
        let (mut left, mut most) = (AT_ONCE, EVICTED_AT_MOST);
        // Frames that were discarded earlier are released first.
        while self.used_bytes() > target && left > 0 && !self.rings.discarded.is_empty() {
            self.release_discarded(1);
            left -= 1;
        }
        let rings = self.rings.list.iter().filter(|(_, ring)| !ring.kept.is_empty());
        let mut largest: BinaryHeap<_> = rings.map(|(slot, ring)| (ring.bytes, Reverse(slot))).collect();
        while let Some((bytes, Reverse(slot))) = largest.pop() {
            let used = self.used_bytes();
            if used <= target {
                return true;
            }
            if left == 0 && used <= enough || most == 0 {
                return false;
            }
            let evicted = self.evict_from(slot, bytes / 2, target, left.clamp(1, most));
            left = left.saturating_sub(evicted);
            most = most.saturating_sub(evicted);
            let ring = &self.rings.list[slot];
            if !ring.kept.is_empty() {
                largest.push((ring.bytes, Reverse(slot)));
            }
        }
        true
    }

    /// Discards frames of a ring, from one to so many, until it holds no more bytes than this, or the hub no more than `target`.
    fn evict_from(&mut self, slot: u32, most_bytes: u64, target: u64, most: u32) -> u32 {
        let mut evicted = 0;
        while evicted < most {
            let Rings { list, discarded, .. } = &mut self.rings;
            let ring = &mut list[slot];
            if evicted > 0 && ring.bytes <= most_bytes {
                break;
            }
            ring.pop(&self.frames, discarded, Unrecoverable::Trimmed);
            evicted += 1;
            if let Some(slot) = discarded.pop_back() {
                self.frames.release(slot, 1);
            }
            if self.used_bytes() <= target {
                break;
            }
        }
        self.rings.messages -= u64::from(evicted);
        self.rings.totals.evicted += u64::from(evicted);
        evicted
    }

    /// Whether a client's outbox has room for the last `count` frames of a ring: the sum of their bytes, or `None`.
    pub(crate) fn room_for_kept(&self, index: u32, ring: u32, count: u32, most_bytes: u32) -> Option<u32> {
        let entry = &self.entries[index];
        let messages = entry.messages.checked_add(count)?;
        let bounds = self.bounds(index);
        let most_bytes = most_bytes.min(bounds.1.saturating_sub(entry.bytes));
        let has_node =
            entry.count == 0 || self.used_bytes() + size_of::<Node>() as u64 <= self.limits.hub_bytes;
        if messages > bounds.0 || !has_node {
            return None;
        }
        let kept = &self.rings.list[ring].kept;
        let mut bytes = 0_u32;
        for kept in kept.range(kept.len() - count as usize..) {
            bytes = bytes.checked_add(self.frames.size(kept.slot)).filter(|bytes| *bytes <= most_bytes)?;
        }
        Some(bytes)
    }

    /// Queues the last `count` frames of a ring for a client, at least one, as one span: the next publish to the room extends it.
    /// [`room_for_kept`](Self::room_for_kept) has returned `bytes`.
    pub(crate) fn push_kept(&mut self, index: u32, ring: u32, (count, bytes): (u32, u32), now: u64) {
        let kept = &self.rings.list[ring].kept;
        let (mut first, mut last) = (NONE, NONE);
        for kept in kept.range(kept.len() - count as usize..) {
            self.frames.hold(kept.slot, 1);
            first = if first == NONE { kept.slot } else { first };
            last = kept.slot;
        }
        let entry = &mut self.entries[index];
        if entry.count > 0 {
            entry.push_span(&mut self.nodes, first);
        }
        (entry.first, entry.last, entry.count) = (first, last, count);
        entry.messages += count;
        entry.bytes += bytes;
        entry.last_out = now;
        self.totals.queued += u64::from(count);
        // More than one message is not urgent, and waits behind the others.
        self.wake(index, if count == 1 { Class::Prompt } else { Class::Bulk });
        let entry = &self.entries[index];
        if entry.messages > self.limits.messages / 2
            && matches!(entry.sending, Sending::Ready | Sending::Leased)
        {
            self.ready.press(entry.lane);
        }
        self.drop_undeliverable();
    }

    /// Whether a ring exists and is within its bounds.
    pub(crate) fn is_within(&self, ring: u32, bounds: RingBounds) -> bool {
        self.rings
            .list
            .get(ring)
            .is_some_and(|ring| ring.kept.len() <= bounds.messages as usize && ring.bytes <= bounds.bytes)
    }

    /// Whether a publish after this end of a log continues a ring.
    pub(crate) fn ends_with(&self, ring: u32, log: LogEnd) -> bool {
        let last = self.rings.list.get(ring).and_then(|ring| ring.kept.back());
        last.is_none_or(|last| {
            let end = self.frames.slots.get(last.slot).map(|stored| (stored.sequence, stored.next));
            last.slot == log.slot && end == Some((log.sequence, NONE))
        })
    }

    /// Whether the last frame of a ring was published no later than this, in nanoseconds of the hub's time.
    pub(crate) fn was_published_by(&self, ring: u32, time: u64) -> bool {
        let last = self.rings.list.get(ring).and_then(|ring| ring.kept.back());
        last.is_none_or(|last| last.time <= time)
    }

    /// Whether these are all rings.
    pub(crate) fn has_rings(&self, rings: &[u32]) -> bool {
        self.rings.list.iter().map(|(slot, _)| slot).eq(rings.iter().copied())
    }

    pub(crate) fn has_discarded(&self) -> bool {
        !self.rings.discarded.is_empty()
    }

    /// Whether any history has a frame.
    pub(super) fn has_history(&self) -> bool {
        self.rings.messages > 0
    }

    /// The number of frames in all histories.
    pub(crate) fn kept_messages(&self) -> u64 {
        self.rings.messages
    }

    pub(crate) fn ring_totals(&self) -> RingTotals {
        self.rings.totals
    }
}
