//! Delivers one frame to its recipients, and applies the policy when an outbox is full.

use super::entry::Entry;
use super::frames::LogEnd;
use super::nodes::Node;
use super::ready::Ready;
use super::{BULK, Class, DropReason, Dropped, Flags, Full, Outboxes, Phase, Policy, Sending, Unreached};
use crate::frame::Frame;

/// The number of recipients whose entries are loaded into the cache together.
const AT_ONCE: usize = 64;

/// A publish that is being delivered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Publication {
    /// The frame's slot.
    pub(super) frame: u32,
    /// The slot of the previous frame in the log.
    before: u32,
    size: u32,
    /// The most messages, and with `most_bytes` bytes, with which a client gets one more without further checks.
    most_messages: u32,
    most_bytes: u32,
    /// The mark of clients that the publish has reached or that are excepted.
    mark: u32,
    pub(super) now: u64,
    policy: Policy,
    class: Class,
    pub(super) budget: Budget,
    /// 1 if the frame is part of a room's history, else 0.
    of_history: u32,
    /// The number of queue entries that the hub's budget allows.
    most_nodes: u32,
}

impl Publication {
    /// Whether this client is open, not excepted, and not reached yet.
    #[inline]
    fn is_for(&self, entry: &Entry) -> bool {
        entry.mark != self.mark && entry.phase == Phase::Open
    }

    /// The same of a client that is away.
    #[inline]
    fn is_for_away(&self, entry: &Entry) -> bool {
        entry.phase == Phase::Away && entry.mark != self.mark
    }
}

impl Entry {
    /// Makes an entry ready after a frame was queued, and its lane pressed if half of the outbox is full. `true` if
    /// `wake` must do more: the entry must move to the prompt list, or its transport has failed.
    #[inline(always)]
    fn announce(&mut self, ready: &mut Ready, index: u32, class: Class, most_messages: u32) -> bool {
        if self.sending == Sending::Idle {
            ready.push(self, index, class);
            return false;
        }
        if self.sending > Sending::Leased {
            return self.sending == Sending::Ended;
        }
        if self.messages > most_messages / 2 {
            ready.press(self.lane);
        }
        class == Class::Prompt && self.flags.has(Flags::BULK)
    }
}

/// Whether recipients are far apart in memory. The processor prefetches neighbours by itself.
#[inline]
fn are_scattered(recipients: &[u32]) -> bool {
    match recipients {
        [first, .., last] => last.wrapping_sub(*first) as usize >= 2 * AT_ONCE,
        _ => false,
    }
}

/// Whether the hub's budget has room for a publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Budget {
    Left,
    /// The frame is dropped for all recipients.
    UsedUp,
}

/// The counts of a publish so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) queued: u32,
    pub(crate) dropped: u32,
    pub(crate) refused: u32,
}

impl Outboxes {
    /// The sequence number of the next publish, which marks the clients that it reached. O(clients) once in 2³² calls.
    #[inline]
    pub(crate) fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        if self.sequence as u32 == 0 {
            self.entries.clear_marks();
            self.sequence += 1;
        }
        self.sequence
    }

    /// Excepts a client from a publish.
    pub(crate) fn except(&mut self, index: u32, sequence: u64) {
        self.entries[index].mark = sequence as u32;
    }

    /// Begins a publish with a [sequence number](Self::next_sequence), for at most `recipients` clients, after the end
    /// of a log. If the budget has no room for it, although the hub has shed, it is dropped for all recipients.
    pub(crate) fn begin(
        &mut self,
        frame: Frame,
        policy: Policy,
        sequence: u64,
        now: u64,
        recipients: usize,
        log: LogEnd,
    ) -> Publication {
        let fits = self.used_bytes() + frame.held() <= self.limits.hub_bytes;
        let budget = if fits { Budget::Left } else { Budget::UsedUp };
        let key = match policy {
            Policy::Conflate(key) => {
                self.lookups.clear();
                Some(key)
            }
            _ => None,
        };
        let size = frame.size();
        let plain = budget == Budget::Left && key.is_none();
        let frame = self.frames.insert(frame, key, sequence, 0);
        Publication {
            frame,
            before: self.frames.follow(log, frame),
            size,
            most_messages: if plain { self.limits.messages } else { 0 },
            most_bytes: self.limits.bytes.saturating_sub(size),
            mark: sequence as u32,
            now,
            policy,
            class: if recipients > BULK { Class::Bulk } else { Class::Prompt },
            budget,
            of_history: 0,
            most_nodes: self.most_nodes(),
        }
    }

    /// Marks the frame of a publish, which has begun, as part of a room's history: a client for which it is dropped misses it.
    pub(crate) fn mark_as_history(&mut self, publication: &mut Publication) {
        publication.of_history = 1;
        self.frames.mark_as_history(publication.frame);
    }

    /// Ends a publish: its frame lives as long as a queue or lease holds it. Returns the new end of its log.
    pub(crate) fn finish(&mut self, publication: &Publication, tally: &Tally) -> LogEnd {
        self.totals.queued += u64::from(tally.queued) + u64::from(tally.dropped);
        let end = self.frames.finish(publication.frame);
        self.drop_undeliverable();
        // A drop from the middle of a span leaves two spans, so nodes may exceed the budget.
        self.keep_to_budget();
        end
    }

    /// The log end that a publish to one client can continue.
    pub(crate) fn end_of_queue(&self, index: u32) -> LogEnd {
        let entry = &self.entries[index];
        if entry.count == 0 { LogEnd::default() } else { self.frames.private_end(entry.last) }
    }

    /// Publishes to one client, after the end of a log, in the usual case: there is room and nothing to conflate. Returns
    /// the new end of the log; `None` without effect in all other cases.
    #[inline]
    pub(crate) fn push_one(
        &mut self,
        index: u32,
        frame: &Frame,
        policy: Policy,
        now: u64,
        log: LogEnd,
    ) -> Option<LogEnd> {
        let entry = &self.entries[index];
        let size = frame.size();
        let has_room = entry.messages < self.limits.messages
            && entry.bytes <= self.limits.bytes.saturating_sub(size)
            && self.used_bytes() + frame.held() + size_of::<Node>() as u64 <= self.limits.hub_bytes;
        if !has_room || entry.phase != Phase::Open || matches!(policy, Policy::Conflate(_)) {
            return None;
        }
        let sequence = self.next_sequence();
        let slot = self.frames.insert(frame.clone(), None, sequence, 1);
        let before = self.frames.follow(log, slot);
        let entry = &mut self.entries[index];
        entry.mark = sequence as u32;
        entry.count_in(size, now);
        if !entry.append(slot, before) {
            entry.push_span(&mut self.nodes, slot);
        }
        if entry.announce(&mut self.ready, index, Class::Prompt, self.limits.messages) {
            self.wake(index, Class::Prompt);
            self.drop_undeliverable();
        }
        self.totals.queued += 1;
        Some(LogEnd::new(slot, sequence))
    }

    /// Queues the frame for each of `recipients` that the publish has not reached yet. O(recipients), without
    /// allocation once the pools are warm.
    // Never: beside what a publish begins with, the loop has too few registers for itself.
    #[inline(never)]
    pub(crate) fn push_all(&mut self, publication: &Publication, recipients: &[u32], tally: &mut Tally) {
        let most = recipients.len() as u32;
        self.frames.hold(publication.frame, most);
        let mut queued = 0;
        for recipients in recipients.chunks(AT_ONCE) {
            if are_scattered(recipients) {
                self.entries.warm(recipients);
            }
            for &index in recipients {
                let entry = &self.entries[index];
                if publication.is_for(entry) {
                    queued += u32::from(self.push(publication, index, tally));
                } else if publication.is_for_away(entry) {
                    queued += u32::from(self.push_away(publication, index, tally));
                }
            }
        }
        self.frames.give_up(publication.frame, most - queued);
        tally.queued += queued;
    }

    /// Queues the frame for a recipient, and returns whether it did. The caller counts the reference.
    #[inline(always)]
    fn push(&mut self, publication: &Publication, index: u32, tally: &mut Tally) -> bool {
        let entry = &mut self.entries[index];
        entry.mark = publication.mark;
        let has_room = entry.messages < publication.most_messages && entry.bytes <= publication.most_bytes;
        if !has_room || !entry.append(publication.frame, publication.before) {
            return self.push_with_care(publication, index, tally);
        }
        entry.count_in(publication.size, publication.now);
        if entry.announce(&mut self.ready, index, publication.class, publication.most_messages) {
            self.wake(index, Class::Prompt);
        }
        true
    }

    /// Queues the frame for a client that is away, within bounds of its own.
    #[cold]
    #[inline(never)]
    fn push_away(&mut self, publication: &Publication, index: u32, tally: &mut Tally) -> bool {
        self.entries[index].mark = publication.mark;
        self.push_with_care(publication, index, tally)
    }

    pub(crate) fn list_unreached(&mut self, index: u32, full: Full) {
        self.unreached.push(Unreached { client: self.entries.id(index), full });
    }

    /// The slow path: the recipient's queue gets a new span, its outbox is full, the policy conflates, or the hub's
    /// budget is used up.
    // Never: inlined, it would take the registers of the loop over recipients.
    #[inline(never)]
    fn push_with_care(&mut self, publication: &Publication, index: u32, tally: &mut Tally) -> bool {
        if let Policy::Conflate(key) = publication.policy {
            self.drop_conflated(index, key);
        }
        let mut budget = publication.budget;
        if self.entries[index].count > 0 && self.nodes.used() >= publication.most_nodes {
            budget = Budget::UsedUp;
        }
        let fits = budget == Budget::Left
            && match publication.policy {
                Policy::DropOldest => self.drop_oldest(index, publication.size),
                _ => self.has_room(index, publication.size),
            };
        if fits {
            self.push_back(index, publication.frame, publication.before);
            self.entries[index].count_in(publication.size, publication.now);
            self.wake(index, publication.class);
            return true;
        }
        self.forget_ready(index);
        match publication.policy {
            // For an outbox that is low already no `OutboxLow` would come: only the hub has no room.
            Policy::Wait if budget == Budget::Left || !self.is_low(index) => {
                self.entries[index].flags.set(Flags::AWAITED);
                tally.refused += 1;
                self.list_unreached(index, Full::Outbox);
                return false;
            }
            Policy::Wait => self.list_unreached(index, Full::Hub),
            Policy::Disconnect if budget == Budget::Left => self.doomed.push(index),
            _ => {}
        }
        let reason = match budget {
            Budget::Left => DropReason::OutboxFull,
            Budget::UsedUp => DropReason::HubFull,
        };
        let bytes = u64::from(publication.size);
        let of_history = publication.of_history > 0;
        let dropped = Dropped { frames: 1, bytes, of_history, reason };
        self.count_drop(index, dropped, publication.of_history);
        tally.dropped += 1;
        false
    }
}
