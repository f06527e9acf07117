//! Leases queued frames to the host, and takes back what it could not write.

use super::batch::{Item, Lease, Then};
use super::entry::{Entry, Flags, NONE, Sending};
use super::extras::Begun;
use super::nodes::Span;
use super::runs::{Items, RunItem};
use super::{Class, Control, DropReason, Dropped, Outboxes, Progress, Transport, Written};
use crate::id::ClientId;
use crate::time::Instant;

/// The result of a returned lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Returned {
    /// The bytes of the lease that were written.
    pub(crate) taken: u32,
    /// Whether the whole lease is written.
    pub(crate) is_whole: bool,
    /// Whether a close frame was written completely.
    pub(crate) close_written: bool,
    /// Whether a ping was written completely.
    pub(crate) ping_written: bool,
    /// Whether the transport became writable while the lease was out.
    pub(crate) writable: bool,
}

impl Entry {
    /// The lease of a run of the batch. `begun`: how many of its items are begun, and the bytes written of them.
    #[inline]
    pub(super) fn lease(&self, index: u32, run: u32, (begun, skip): (u32, u32), then: Then) -> Lease {
        let client = ClientId { index, generation: self.generation };
        Lease { connection: self.connection, client, run, begun, skip, then }
    }
}

impl Outboxes {
    /// Leases the queued frames of the next ready clients of a lane.
    pub(crate) fn lease_ready(&mut self, lane: u8, clients: u32, budget: u32) -> u32 {
        self.ready.release(lane);
        self.ready.warm(&self.entries, lane, clients);
        let mut last = NONE;
        let mut count = 0;
        while count < clients
            && let Some(index) = self.ready.take(lane)
        {
            last = self.lease(index, budget, last);
            count += 1;
        }
        count
    }

    /// Leases the queued frames of one client, if it is ready.
    pub(crate) fn lease_one(&mut self, index: u32, budget: u32) -> u32 {
        let entry = &mut self.entries[index];
        if entry.sending != Sending::Ready {
            // The frames for which it was offered were dropped, so it must be offered again.
            entry.flags.clear(Flags::OFFERED);
            return 0;
        }
        let lane = entry.lane;
        self.ready.release(lane);
        self.ready.remove(&mut self.entries, index);
        self.lease(index, budget, NONE);
        1
    }

    /// Leases the queue of an entry that was ready, with the run `last` if its frames are the same. Returns the run it
    /// used.
    #[inline]
    pub(super) fn lease(&mut self, index: u32, budget: u32, last: u32) -> u32 {
        let entry = &mut self.entries[index];
        entry.sending = Sending::Leased;
        entry.flags.clear(Flags::OFFERED | Flags::WRITABLE);
        let plain = entry.extras == NONE;
        // Nearly every recipient of a broadcast has the same span as the recipient before it.
        if plain && last != NONE && entry.head == NONE {
            let run = self.runs.get_mut(last);
            if run.span == Some(Span { first: entry.first, count: entry.count }) {
                run.give();
                entry.count = 0;
                entry.link = last;
                let run = self.batch.ends.len() as u32 - 1;
                self.batch.leases.push(entry.lease(index, run, (0, 0), Then::Continue));
                return last;
            }
        }
        let begun = if plain { (0, 0) } else { self.begun(index) };
        let (run, then) = if plain && last != NONE && self.share(index, last) {
            (last, Then::Continue)
        } else {
            self.build(index, budget, u32::MAX)
        };
        self.runs.get_mut(run).give();
        let entry = &mut self.entries[index];
        entry.link = run;
        self.batch.leases.push(entry.lease(index, self.batch.ends.len() as u32 - 1, begun, then));
        // A run with control frames, or with items that are begun, is one client's own.
        if plain { run } else { NONE }
    }

    /// Empties the queue of an entry if its frames, in any spans, are those of a run. Returns whether they are.
    fn share(&mut self, index: u32, run: u32) -> bool {
        let run = self.runs.get(run);
        if run.span.is_some() && self.entries[index].head == NONE {
            // Both are one span, and the spans differ.
            return false;
        }
        // The same frames may be in other spans, for example if the client joined in between.
        let items = &run.items;
        if items.messages as usize != items.len() || !self.queued(index).eq(items.raw().iter().copied()) {
            return false;
        }
        while self.pop_front(index).is_some() {}
        true
    }

    /// Makes a run of what waits for an entry: the items that its transport has begun, control frames, messages as far
    /// as the budget goes and at most so many, and the close frame behind the last message.
    pub(super) fn build(&mut self, index: u32, budget: u32, most: u32) -> (u32, Then) {
        let run = self.runs.insert();
        let entry = &self.entries[index];
        if entry.extras == NONE && entry.head == NONE {
            self.build_of_span(index, run, budget, most);
            return (run, Then::Continue);
        }
        let (mut spent, closes) = self.move_begun(index, run);
        while let Some(control) = self.pop_control(index) {
            self.runs.get_mut(run).items.push_control(control);
        }
        while let Some(frame) = self.front(index) {
            let is_over = spent > 0 && spent.saturating_add(self.frames.size(frame)) > budget;
            if is_over || self.runs.get(run).items.messages >= most {
                break;
            }
            spent += self.move_front(index, run);
        }
        let mut then = if closes { Then::EndSending } else { Then::Continue };
        if self.entries[index].count == 0
            && let Some(close) = self.pop_close(index)
        {
            self.runs.get_mut(run).items.push_control(close);
            then = Then::EndSending;
        }
        self.tidy_extras(index);
        self.hand_out(run);
        (run, then)
    }

    /// The usual case of [`build`](Self::build): the queue is a single span and nothing else. One pass.
    #[inline]
    fn build_of_span(&mut self, index: u32, run: u32, budget: u32, most: u32) {
        let entry = &mut self.entries[index];
        let span = Span { first: entry.first, count: entry.count };
        let run = self.runs.get_mut(run);
        let mut spent = 0_u32;
        while entry.count > 0 && run.items.messages < most {
            let slot = entry.first;
            let stored = self.frames.stored(slot);
            let size = stored.frame.size();
            if spent > 0 && spent.saturating_add(size) > budget {
                break;
            }
            spent += size;
            run.items.push_frame(slot, size);
            self.batch.items.push(Item::Frame(stored.frame.clone()));
            self.batch.sequences.push(stored.sequence);
            entry.first = stored.next;
            entry.count -= 1;
        }
        run.span = (entry.count == 0).then_some(span);
        self.batch.ends.push(self.batch.items.len() as u32);
    }

    /// Moves the first frame of a queue to a run, with its reference, and returns its size.
    fn move_front(&mut self, index: u32, run: u32) -> u32 {
        let Some(frame) = self.pop_front(index) else { return 0 };
        let size = self.frames.size(frame);
        self.runs.get_mut(run).items.push_frame(frame, size);
        size
    }

    /// Adds the items of a run to the batch.
    fn hand_out(&mut self, run: u32) {
        let run = self.runs.get(run);
        for item in run.items.iter() {
            let (item, sequence) = match item {
                RunItem::Frame(slot) => {
                    (Item::Frame(self.frames.get(slot).clone()), self.frames.sequence(slot))
                }
                RunItem::Control(at) => (Item::Control(run.items.controls[at as usize].clone()), 0),
            };
            self.batch.items.push(item);
            self.batch.sequences.push(sequence);
        }
        self.batch.ends.push(self.batch.items.len() as u32);
    }

    /// Takes back a lease that was written completely by a transport that takes more, in the simple case. `false` without
    /// effect in all others.
    #[inline]
    pub(crate) fn take_back_whole(&mut self, written: &Written) -> bool {
        let Some(entry) = self.entries.of_lease(written) else { return false };
        if entry.sending != Sending::Leased || entry.extras != NONE || entry.flags.has(Flags::TO_SEE_TO) {
            return false;
        }
        let run = entry.link;
        let leased = self.runs.get_mut(run);
        if !leased.items.controls.is_empty() {
            return false;
        }
        entry.messages -= leased.items.messages;
        entry.bytes -= leased.items.bytes;
        self.totals.written += u64::from(leased.items.messages);
        entry.link = NONE;
        entry.sending = Sending::Idle;
        let is_last = leased.take_back();
        if entry.count > 0 {
            self.ready.push(entry, written.client.index, Class::Bulk);
        }
        if is_last {
            self.retire(run);
        }
        true
    }

    /// Takes back a lease. `None` if an id is stale or there is no lease. If the transport has failed, the messages are dropped or
    /// kept.
    #[inline]
    pub(crate) fn take_back(&mut self, written: &Written, keeps: bool, now: Instant) -> Option<Returned> {
        let index = written.client.index;
        if self.entries.of_lease(written)?.sending != Sending::Leased {
            return None;
        }
        let before = self.totals.written;
        let mut returned = match written.progress {
            Progress::All => self.complete(index),
            Progress::Part { items, bytes, begun } => self.take_back_part(index, items, bytes, begun),
        };
        if let Some(pacing) = &mut self.pacing {
            pacing.take(index, now, (self.totals.written - before) as u32);
        }
        let entry = &mut self.entries[index];
        returned.writable = entry.flags.has(Flags::WRITABLE);
        entry.flags.clear(Flags::WRITABLE);
        entry.sending = match written.transport {
            // Also behind the close frame: it holds some of what it took, which would be lost if it were ended now.
            Transport::Blocked if !returned.writable => Sending::Blocked,
            _ if returned.close_written => Sending::Ended,
            _ => Sending::Idle,
        };
        if entry.flags.has(Flags::DISCARD) {
            entry.flags.clear(Flags::DISCARD);
            self.drop_queue(index, DropReason::Closed);
        }
        let entry = &mut self.entries[index];
        self.blocked += u32::from(entry.sending == Sending::Blocked);
        match written.transport {
            Transport::Failed if keeps => self.hold_back(index),
            Transport::Failed => self.stop_sending(index),
            _ if entry.sending == Sending::Idle && entry.has_pending() => {
                // A client that one turn could not serve waits behind the others.
                let class = if entry.count == 0 { Class::Prompt } else { Class::Bulk };
                self.ready.push(entry, index, class);
            }
            _ => {}
        }
        Some(returned)
    }

    /// Takes back a lease that was written completely.
    #[inline]
    fn complete(&mut self, index: u32) -> Returned {
        let entry = &mut self.entries[index];
        let run = &self.runs.get(entry.link).items;
        entry.messages -= run.messages;
        entry.bytes -= run.bytes;
        self.totals.written += u64::from(run.messages);
        let close_written = !run.controls.is_empty() && run.controls.iter().any(Control::is_close);
        let ping_written = run.controls.contains(&Control::Ping);
        let size = run.bytes + run.controls.iter().map(Control::size).sum::<u32>();
        let (_, before) = self.begun(index);
        let taken = size.saturating_sub(before);
        self.set_begun(index, Begun::default());
        self.return_run(index);
        Returned { taken, is_whole: true, close_written, ping_written, writable: false }
    }

    /// Takes back a lease of which the first `items` were written, and `bytes` of the `begun` items after them, of which the rest
    /// must follow. Everything behind these goes back to the front of the queue.
    fn take_back_part(&mut self, index: u32, items: u32, bytes: u32, begun: u32) -> Returned {
        let run = self.entries[index].link;
        let len = self.runs.get(run).items.len() as u32;
        if items >= len {
            return self.complete(index);
        }
        let before = self.begun(index);
        // What was written or begun before stays so, even if the host reports less.
        let bytes = if items == 0 { bytes.max(before.1) } else { bytes };
        let begun = begun.max(before.0.saturating_sub(items)).max(u32::from(bytes > 0)).min(len - items);
        let end = items + begun;
        let (mut taken, mut ping_written) = (bytes, false);
        for at in (0..len).rev() {
            match self.runs.get(run).items.get(at as usize) {
                RunItem::Frame(slot) if at >= end => {
                    // The run releases this client's reference when it retires.
                    self.frames.hold(slot, 1);
                    self.push_front(index, slot);
                }
                RunItem::Control(control) if at >= end => {
                    let control = self.runs.get(run).items.controls[control as usize].clone();
                    self.extras_mut(index).controls.put_back(control);
                }
                // Stays with what is begun.
                _ if at >= items => {}
                RunItem::Frame(slot) => {
                    let size = self.frames.size(slot);
                    let entry = &mut self.entries[index];
                    entry.messages -= 1;
                    entry.bytes -= size;
                    self.totals.written += 1;
                    taken += size;
                }
                RunItem::Control(control) => {
                    let control = &self.runs.get(run).items.controls[control as usize];
                    taken += control.size();
                    ping_written |= *control == Control::Ping;
                }
            }
        }
        let left = self.copy_of(run, items..end);
        self.set_begun(index, Begun { items: left, count: begun, bytes });
        self.return_run(index);
        let taken = taken.saturating_sub(before.1);
        Returned { taken, is_whole: false, close_written: false, ping_written, writable: false }
    }

    /// Some items of a run, with references of their own.
    fn copy_of(&mut self, run: u32, range: core::ops::Range<u32>) -> Items {
        let mut copy = Items::default();
        for at in range {
            match self.runs.get(run).items.get(at as usize) {
                RunItem::Frame(slot) => {
                    self.frames.hold(slot, 1);
                    copy.push_frame(slot, self.frames.size(slot));
                }
                RunItem::Control(at) => {
                    copy.push_control(self.runs.get(run).items.controls[at as usize].clone());
                }
            }
        }
        copy
    }

    /// Drops the lease of a transport that has ended.
    pub(super) fn abandon_lease(&mut self, index: u32) {
        let entry = &mut self.entries[index];
        let run = &self.runs.get(entry.link).items;
        entry.messages -= run.messages;
        entry.bytes -= run.bytes;
        let (frames, bytes) = (run.messages, u64::from(run.bytes));
        let of_history: u32 = run.frames().map(|slot| self.frames.of_history(slot)).sum();
        self.return_run(index);
        let dropped = Dropped { frames, bytes, of_history: of_history > 0, reason: DropReason::Closed };
        self.count_drop(index, dropped, of_history);
    }

    /// Returns one lease of a run; with the last one the run releases its references to the frames.
    #[inline]
    pub(super) fn return_run(&mut self, index: u32) {
        let entry = &mut self.entries[index];
        let run = core::mem::replace(&mut entry.link, NONE);
        if self.runs.get_mut(run).take_back() {
            self.retire(run);
        }
    }

    /// Frees a run whose leases are all returned.
    fn retire(&mut self, index: u32) {
        let run = self.runs.get(index);
        for slot in run.items.frames() {
            self.frames.release(slot, run.given);
        }
        self.runs.remove(index);
    }
}
