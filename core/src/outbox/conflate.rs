//! Drops the message that a publish under [`Policy::Conflate`](super::Policy::Conflate) replaces.
//!
//! Recipients of a publish mostly wait for the same messages, so they have the same spans, however long. What a span holds of the
//! key is therefore remembered for the recipients to come: the first looks at each frame, the others at each span. The frame is
//! taken out where it is, without moving those around it.

use super::lookups::{Found, Place};
use super::nodes::{Node, Span};
use super::{DropReason, NONE, Outboxes};

impl Outboxes {
    /// Drops the queued frames that have this key: at most one, unless another came back from a lease. O(spans of the queue), and
    /// O(frames) for the first recipient that has a span.
    pub(super) fn drop_conflated(&mut self, index: u32, key: u64) {
        let mut found = None;
        let (mut second_last, mut last, mut node) = (NONE, NONE, self.entries[index].head);
        while node != NONE {
            let Node { span, next } = self.nodes.get(node);
            match self.find_key(span, key) {
                Found::Nothing => {}
                Found::One(place) if found.is_none() => found = Some((last, node, place)),
                _ => return self.drop_all_conflated(index, key),
            }
            (second_last, last, node) = (last, node, next);
        }
        let entry = &self.entries[index];
        if entry.count > 0 {
            match self.find_key(Span { first: entry.first, count: entry.count }, key) {
                Found::Nothing => {}
                Found::One(place) if found.is_none() => {
                    self.cut_last_span(index, second_last, place);
                    return self.drop_frame(index, place.frame, DropReason::Conflated);
                }
                _ => return self.drop_all_conflated(index, key),
            }
        }
        if let Some((previous, node, place)) = found {
            self.cut_node(index, previous, node, place);
            self.drop_frame(index, place.frame, DropReason::Conflated);
        }
    }

    /// The frames of this key within a span, for the publish that began last.
    fn find_key(&mut self, span: Span, key: u64) -> Found {
        if span.count == 1 {
            let place = Place { frame: span.first, before: NONE, at: 0 };
            return if self.frames.key(span.first) == Some(key) { Found::One(place) } else { Found::Nothing };
        }
        if let Some(found) = self.lookups.get(span) {
            return found;
        }
        let found = self.look_through(span, key);
        self.lookups.insert(span, found);
        found
    }

    fn look_through(&self, span: Span, key: u64) -> Found {
        let (mut found, mut before) = (Found::Nothing, NONE);
        for (at, frame) in (0..).zip(self.span(span)) {
            if self.frames.key(frame) == Some(key) {
                match found {
                    Found::Nothing => found = Found::One(Place { frame, before, at }),
                    _ => return Found::Several,
                }
            }
            before = frame;
        }
        found
    }

    /// Takes a frame out of the last span, which is in the entry. `second_last` is the node before the last one.
    fn cut_last_span(&mut self, index: u32, second_last: u32, place: Place) {
        let Place { frame, before, at } = place;
        let next = self.frames.next(frame);
        let entry = &mut self.entries[index];
        if entry.count == 1 {
            return self.pull_last_node(index, second_last);
        }
        if at + 1 == entry.count {
            (entry.last, entry.count) = (before, at);
        } else if at == 0 {
            (entry.first, entry.count) = (next, entry.count - 1);
        } else {
            let node = self.nodes.insert(Span { first: entry.first, count: at }, NONE);
            (entry.first, entry.count) = (next, entry.count - at - 1);
            match entry.tail {
                NONE => entry.head = node,
                tail => self.nodes.get_mut(tail).next = node,
            }
            entry.tail = node;
        }
    }

    /// Puts the span of the last node in place of the last span, whose only frame was taken out.
    fn pull_last_node(&mut self, index: u32, second_last: u32) {
        let tail = self.entries[index].tail;
        if tail == NONE {
            self.entries[index].count = 0;
            return;
        }
        let span = self.nodes.get(tail).span;
        let last = self.span(span).last().unwrap_or(span.first);
        self.nodes.remove(tail);
        let entry = &mut self.entries[index];
        (entry.first, entry.last, entry.count) = (span.first, last, span.count);
        entry.tail = second_last;
        match second_last {
            NONE => entry.head = NONE,
            node => self.nodes.get_mut(node).next = NONE,
        }
    }

    /// Takes a frame out of the span of a node; `previous` is the node before it.
    fn cut_node(&mut self, index: u32, previous: u32, node: u32, place: Place) {
        let Place { frame, at, .. } = place;
        let Node { span: Span { first, count }, next } = self.nodes.get(node);
        let after = self.frames.next(frame);
        if count == 1 {
            self.nodes.remove(node);
            let entry = &mut self.entries[index];
            match previous {
                NONE => entry.head = next,
                previous => self.nodes.get_mut(previous).next = next,
            }
            if entry.tail == node {
                entry.tail = previous;
            }
        } else if at == 0 {
            self.nodes.get_mut(node).span = Span { first: after, count: count - 1 };
        } else {
            self.nodes.get_mut(node).span = Span { first, count: at };
            if at + 1 < count {
                let rest = self.nodes.insert(Span { first: after, count: count - at - 1 }, next);
                self.nodes.get_mut(node).next = rest;
                let entry = &mut self.entries[index];
                if entry.tail == node {
                    entry.tail = rest;
                }
            }
        }
    }

    /// The same for a queue that holds several frames of the key. O(queued frames).
    #[cold]
    fn drop_all_conflated(&mut self, index: u32, key: u64) {
        let mut waiting = core::mem::take(&mut self.scratch);
        while let Some(frame) = self.pop_front(index) {
            if self.frames.key(frame) == Some(key) {
                self.drop_frame(index, frame, DropReason::Conflated);
            } else {
                waiting.push(frame);
            }
        }
        for frame in waiting.drain(..).rev() {
            self.push_front(index, frame);
        }
        self.scratch = waiting;
    }
}
