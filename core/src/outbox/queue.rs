//! One client's queue: a list of spans. The entry holds the last span.

use super::entry::Entry;
use super::nodes::{Nodes, Span};
use super::runs::{Items, RunItem};
use super::{Class, DropReason, Dropped, Flags, NONE, Outboxes, Sending};

impl Entry {
    /// Adds a frame to the last span if the queue is empty or ends with `before`, the frame's predecessor in the log.
    /// Returns whether it did. The caller counts the reference to the frame.
    #[inline]
    pub(super) fn append(&mut self, frame: u32, before: u32) -> bool {
        if self.count == 0 {
            self.first = frame;
        } else if self.last != before {
            return false;
        }
        self.last = frame;
        self.count += 1;
        true
    }

    /// Counts a frame that was added to the queue.
    #[inline]
    pub(super) fn count_in(&mut self, size: u32, now: u64) {
        self.messages += 1;
        self.bytes += size;
        self.last_out = now;
    }

    /// Begins a new last span, and moves the old one into a node.
    pub(super) fn push_span(&mut self, nodes: &mut Nodes, frame: u32) {
        let node = nodes.insert(Span { first: self.first, count: self.count }, NONE);
        if self.tail == NONE {
            self.head = node;
        } else {
            nodes.get_mut(self.tail).next = node;
        }
        self.tail = node;
        (self.first, self.last, self.count) = (frame, frame, 1);
    }
}

impl Outboxes {
    /// Adds a frame to the back. The caller counts the reference to the frame.
    pub(super) fn push_back(&mut self, index: u32, frame: u32, before: u32) {
        let entry = &mut self.entries[index];
        if !entry.append(frame, before) {
            entry.push_span(&mut self.nodes, frame);
        }
    }

    /// Adds a frame to the front, in the first span if the frame precedes it in the log.
    pub(super) fn push_front(&mut self, index: u32, frame: u32) {
        let next = self.frames.next(frame);
        let entry = &mut self.entries[index];
        if entry.count == 0 {
            (entry.first, entry.last, entry.count) = (frame, frame, 1);
        } else if entry.head == NONE && entry.first == next {
            entry.first = frame;
            entry.count += 1;
        } else if entry.head != NONE && self.nodes.get(entry.head).span.first == next {
            let span = &mut self.nodes.get_mut(entry.head).span;
            span.first = frame;
            span.count += 1;
        } else {
            entry.head = self.nodes.insert(Span { first: frame, count: 1 }, entry.head);
            if entry.tail == NONE {
                entry.tail = entry.head;
            }
        }
    }

    /// The first frame; `None` if the queue is empty.
    pub(super) fn front(&self, index: u32) -> Option<u32> {
        let entry = &self.entries[index];
        if entry.head != NONE {
            return Some(self.nodes.get(entry.head).span.first);
        }
        (entry.count > 0).then_some(entry.first)
    }

    /// Takes the first frame off. Its reference goes to the caller.
    pub(super) fn pop_front(&mut self, index: u32) -> Option<u32> {
        let entry = &mut self.entries[index];
        if entry.head == NONE {
            if entry.count == 0 {
                return None;
            }
            let frame = entry.first;
            entry.count -= 1;
            entry.first = self.frames.next(frame);
            return Some(frame);
        }
        let head = entry.head;
        let node = self.nodes.get_mut(head);
        let frame = node.span.first;
        node.span.count -= 1;
        if node.span.count > 0 {
            node.span.first = self.frames.next(frame);
        } else {
            entry.head = node.next;
            if entry.head == NONE {
                entry.tail = NONE;
            }
            self.nodes.remove(head);
        }
        Some(frame)
    }

    pub(super) fn has_room(&self, index: u32, size: u32) -> bool {
        let (entry, (most_messages, most_bytes)) = (&self.entries[index], self.bounds(index));
        entry.messages < most_messages && u64::from(entry.bytes) + u64::from(size) <= u64::from(most_bytes)
    }

    /// Drops frames from the front until `size` bytes fit, and returns whether they do. If they never would, nothing
    /// is dropped. O(1) a frame.
    pub(super) fn drop_oldest(&mut self, index: u32, size: u32) -> bool {
        if self.has_room(index, size) {
            return true;
        }
        let (messages, bytes) = self.undroppable(index);
        let (most_messages, most_bytes) = self.bounds(index);
        if messages >= most_messages || u64::from(bytes) + u64::from(size) > u64::from(most_bytes) {
            return false;
        }
        while !self.has_room(index, size)
            && let Some(frame) = self.pop_front(index)
        {
            self.drop_frame(index, frame, DropReason::OutboxFull);
        }
        true
    }

    /// The messages and bytes that cannot be dropped: those on lease, else those that the transport has begun.
    fn undroppable(&self, index: u32) -> (u32, u32) {
        let entry = &self.entries[index];
        if entry.sending == Sending::Leased {
            let run = &self.runs.get(entry.link).items;
            return (run.messages, run.bytes);
        }
        self.begun_items(index).map_or((0, 0), |begun| (begun.messages, begun.bytes))
    }

    /// Drops every frame of the queue. What the transport has begun is not in it.
    pub(super) fn drop_queue(&mut self, index: u32, reason: DropReason) {
        while let Some(frame) = self.pop_front(index) {
            self.drop_frame(index, frame, reason);
        }
        self.forget_ready(index);
    }

    /// Makes an entry whose last frame was dropped neither ready nor paced.
    pub(super) fn forget_ready(&mut self, index: u32) {
        let entry = &mut self.entries[index];
        if !entry.has_pending() && entry.sending == Sending::Ready {
            self.ready.remove(&mut self.entries, index);
            self.entries[index].sending = Sending::Idle;
        } else if entry.count == 0 && entry.sending == Sending::Paced {
            entry.sending = Sending::Idle;
            if entry.has_pending() {
                // Only the close frame is left, which does not wait for the rate.
                self.wake(index, Class::Prompt);
            }
        }
    }

    /// The frames of a queue, in order.
    pub(super) fn queued(&self, index: u32) -> impl Iterator<Item = u32> + '_ {
        let entry = &self.entries[index];
        let mut node = entry.head;
        let nodes = core::iter::from_fn(move || {
            let current = (node != NONE).then(|| self.nodes.get(node))?;
            node = current.next;
            Some(current.span)
        });
        nodes.chain([Span { first: entry.first, count: entry.count }]).flat_map(|span| self.span(span))
    }

    /// Whether the frame of a publish is in an entry's queue, or begun by its transport and not on lease.
    pub(crate) fn has_queued(&self, index: u32, sequence: u64) -> bool {
        let begun = self.begun_items(index).into_iter().flat_map(Items::frames);
        begun.chain(self.queued(index)).any(|frame| self.frames.sequence(frame) == sequence)
    }

    /// The position of the frame of a publish among the items on lease, from 0.
    pub(crate) fn leased_at(&self, index: u32, sequence: u64) -> Option<usize> {
        let entry = &self.entries[index];
        if entry.sending != Sending::Leased {
            return None;
        }
        self.runs
            .get(entry.link)
            .items
            .iter()
            .position(|item| matches!(item, RunItem::Frame(slot) if self.frames.sequence(slot) == sequence))
    }

    /// The frames of a span, in order.
    pub(super) fn span(&self, span: Span) -> impl Iterator<Item = u32> + '_ {
        let mut next = span.first;
        (0..span.count).map(move |at| {
            if at > 0 {
                next = self.frames.next(next);
            }
            next
        })
    }

    /// Releases a frame that was taken off a queue, and counts it as dropped.
    // Always: a publish to slow clients does it for each recipient.
    #[inline(always)]
    pub(super) fn drop_frame(&mut self, index: u32, frame: u32, reason: DropReason) {
        let size = self.frames.size(frame);
        let entry = &mut self.entries[index];
        entry.messages -= 1;
        entry.bytes -= size;
        if entry.flags.has(Flags::AWAITED) {
            self.relieved.push(index);
        }
        let of_history = self.frames.of_history(frame);
        self.frames.release(frame, 1);
        let dropped = Dropped { frames: 1, bytes: size.into(), of_history: of_history > 0, reason };
        self.count_drop(index, dropped, of_history);
    }
}
