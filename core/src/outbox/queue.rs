//! Queueing: one publish, its recipients, and what happens when an outbox is full.

use super::{Class, DropReason, Flags, NONE, Outboxes, Phase, Policy, Sending};
use crate::frame::Frame;

/// A publish under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Publication {
    /// The frame's slot.
    frame: u32,
    size: u32,
    /// The mark of those it has reached, or is kept from.
    sequence: u64,
    now: u64,
    policy: Policy,
    class: Class,
    /// Whether the hub's budget has room for it.
    fits: Fits,
}

/// Whether the hub's budget has room for a publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fits {
    Yes,
    /// It is dropped for everybody.
    No,
}

/// What became of a publish so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) queued: u32,
    pub(crate) dropped: u32,
    pub(crate) refused: u32,
}

impl Outboxes {
    /// Begins a publish under a [sequence](Outboxes::next_sequence), for at most `recipients` clients. At the
    /// hub's budget the largest outboxes shed first.
    pub(crate) fn begin(
        &mut self,
        frame: &Frame,
        policy: Policy,
        sequence: u64,
        now: u64,
        recipients: usize,
    ) -> Publication {
        let fits = if self.make_room(frame.size(), recipients) { Fits::Yes } else { Fits::No };
        let key = match policy {
            Policy::Conflate(key) => Some(key),
            _ => None,
        };
        Publication {
            frame: self.frames.insert(frame.clone(), key, sequence),
            size: frame.size(),
            sequence,
            now,
            policy,
            class: if recipients > super::BULK { Class::Bulk } else { Class::Prompt },
            fits,
        }
    }

    /// Ends a publish: from now on its frame lives as long as somebody waits for it.
    pub(crate) fn finish(&mut self, publication: &Publication, tally: &Tally) {
        self.totals.queued += u64::from(tally.queued) + u64::from(tally.dropped);
        // The hold that nobody has makes a frame without recipients go at once.
        self.frames.hold(publication.frame, 1);
        self.frames.release(publication.frame, 1);
    }

    /// Keeps a publish from a client that a target may reach.
    pub(crate) fn except(&mut self, index: u32, sequence: u64) {
        self.entries[index].mark = sequence;
    }

    /// Queues for each of `recipients` that the publish has not reached yet. O(recipients): no allocation once
    /// the node pool is warm.
    pub(crate) fn push_all(&mut self, publication: &Publication, recipients: &[u32], tally: &mut Tally) {
        let limits = (self.limits.messages, self.limits.bytes - publication.size.min(self.limits.bytes));
        let plain = publication.fits == Fits::Yes && !matches!(publication.policy, Policy::Conflate(_));
        let mut queued = 0;
        for &index in recipients {
            let entry = &mut self.entries[index];
            if entry.mark == publication.sequence || entry.phase != Phase::Open {
                continue;
            }
            entry.mark = publication.sequence;
            if plain && entry.messages < limits.0 && entry.bytes <= limits.1 {
                self.append(publication, index);
                queued += 1;
            } else {
                self.frames.hold(publication.frame, queued);
                tally.queued += queued;
                queued = 0;
                self.push_with_care(publication, index, tally);
            }
        }
        self.frames.hold(publication.frame, queued);
        tally.queued += queued;
    }

    /// Adds a node to the back of a queue. The caller holds the frame.
    #[inline]
    fn append(&mut self, publication: &Publication, index: u32) {
        let node = self.nodes.insert(publication.frame, NONE);
        let entry = &mut self.entries[index];
        if entry.head == NONE {
            entry.head = node;
        } else {
            self.nodes.set_next(entry.tail, node);
        }
        entry.tail = node;
        entry.messages += 1;
        entry.bytes += publication.size;
        entry.last_out = publication.now;
        match entry.sending {
            Sending::Idle => self.ready.push(&mut self.entries, index, publication.class),
            Sending::Ready if publication.class == Class::Prompt && entry.flags.has(Flags::BULK) => {
                self.ready.promote(&mut self.entries, index);
            }
            _ => {}
        }
    }

    /// The path of a recipient whose outbox is full, or that conflates, or when the hub's budget is used up.
    fn push_with_care(&mut self, publication: &Publication, index: u32, tally: &mut Tally) {
        let reason = match publication.fits {
            Fits::Yes => DropReason::OutboxFull,
            Fits::No => DropReason::HubFull,
        };
        if let Policy::Conflate(key) = publication.policy {
            self.drop_conflated(index, key);
        }
        let fits = publication.fits == Fits::Yes
            && match publication.policy {
                Policy::DropOldest => self.drop_oldest(index, publication.size),
                _ => self.has_room(index, publication.size),
            };
        if fits {
            self.frames.hold(publication.frame, 1);
            self.append(publication, index);
            tally.queued += 1;
            return;
        }
        match publication.policy {
            Policy::Wait => {
                self.entries[index].flags.set(Flags::AWAITED);
                tally.refused += 1;
                return;
            }
            Policy::Disconnect => self.doomed.push(index),
            _ => {}
        }
        self.count_drop(index, 1, u64::from(publication.size), reason);
        tally.dropped += 1;
    }

    fn has_room(&self, index: u32, size: u32) -> bool {
        let entry = &self.entries[index];
        entry.messages < self.limits.messages
            && u64::from(entry.bytes) + u64::from(size) <= u64::from(self.limits.bytes)
    }

    /// Drops from the front until `size` bytes fit; whether they do.
    fn drop_oldest(&mut self, index: u32, size: u32) -> bool {
        while !self.has_room(index, size) {
            let before = self.before_droppable(index);
            if !self.drop_after(index, before, DropReason::OutboxFull) {
                return false;
            }
        }
        true
    }

    /// Drops the waiting frame that has this key. There is at most one.
    fn drop_conflated(&mut self, index: u32, key: u64) {
        let mut before = self.before_droppable(index);
        loop {
            let node = self.node_after(index, before);
            if node == NONE {
                return;
            }
            if self.frames.key(self.nodes.get(node).frame) == Some(key) {
                self.drop_after(index, before, DropReason::Conflated);
                return;
            }
            before = node;
        }
    }

    /// Drops every frame of a queue that can be dropped.
    pub(super) fn drop_queue(&mut self, index: u32, reason: DropReason) {
        let before = self.before_droppable(index);
        while self.drop_after(index, before, reason) {}
    }

    /// The close frame goes next: whatever is queued is dropped, but for a frame that is half written.
    pub(crate) fn drop_unsent(&mut self, index: u32) {
        self.drop_queue(index, DropReason::Closed);
    }

    /// The node after which frames may be dropped: a frame that is half written must be finished.
    fn before_droppable(&self, index: u32) -> u32 {
        let entry = &self.entries[index];
        if entry.offset > 0 && !entry.flags.has(Flags::CONTROL_CUT) { entry.head } else { NONE }
    }

    fn node_after(&self, index: u32, before: u32) -> u32 {
        if before == NONE { self.entries[index].head } else { self.nodes.get(before).next }
    }

    /// Drops the frame after a node, the first one after `NONE`; whether there was one.
    fn drop_after(&mut self, index: u32, before: u32, reason: DropReason) -> bool {
        let doomed = self.node_after(index, before);
        if doomed == NONE {
            return false;
        }
        let node = self.nodes.get(doomed);
        if before == NONE {
            self.entries[index].head = node.next;
        } else {
            self.nodes.set_next(before, node.next);
        }
        let size = self.frames.size(node.frame);
        let entry = &mut self.entries[index];
        if entry.tail == doomed {
            entry.tail = before;
        }
        entry.messages -= 1;
        entry.bytes -= size;
        if entry.flags.has(Flags::AWAITED) {
            self.relieved.push(index);
        }
        if !entry.has_pending() && entry.sending == Sending::Ready {
            self.ready.remove(&mut self.entries, index);
            self.entries[index].sending = Sending::Idle;
        }
        self.nodes.remove_chain(doomed, doomed, 1);
        self.frames.release(node.frame, 1);
        self.count_drop(index, 1, u64::from(size), reason);
        true
    }
}
