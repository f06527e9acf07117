//! Checks the invariants of the outboxes by counting everything again, the slow way.

use super::drops::Undelivered;
use super::entry::Entry;
use super::extras::Begun;
use super::nodes::Span;
use super::ready::{Lane, List};
use super::{Control, Flags, NONE, Outbox, Outboxes, Phase, Sending, controls};
use crate::invariant::Invariant as I;
use crate::invariant::{Broken, check_free_list, ensure};
use alloc::vec;
use alloc::vec::Vec;

/// Sums over all queues and runs.
struct Found {
    /// How many queues and histories hold each frame, plus the leases of its run.
    holders: Vec<u32>,
    /// The number of leases out of each run.
    leases: Vec<u32>,
    /// The number of nodes in queues.
    nodes: u32,
    /// The number of pending messages.
    messages: u64,
    /// The number of entries with extras.
    extras: usize,
}

impl Outboxes {
    /// Checks every invariant of the outboxes. `most` has the loosest bounds ever, if the config was changed.
    /// O(connections + frames + nodes), and as much memory.
    pub(crate) fn check(&self, most: Option<&Outbox>) -> Result<(), Broken> {
        let most = most.unwrap_or(&self.limits);
        let slots = self.frames.slots.slots();
        let mut found = Found {
            holders: vec![0; slots],
            leases: vec![0; self.runs.list.len()],
            nodes: 0,
            messages: 0,
            extras: 0,
        };
        for index in 0..self.entries.len() as u32 {
            self.check_entry(index, most, &mut found)?;
        }
        self.check_free()?;
        self.check_runs(&mut found)?;
        self.check_rings(&mut found)?;
        self.check_frames(&found)?;
        self.check_ready()?;
        ensure(found.nodes == self.nodes.used, I::NodeCount, 0)?;
        ensure(found.extras == self.extras.len(), I::Extras, 0)?;
        ensure(self.used_bytes() <= most.hub_bytes, I::HubBudget, 0)?;
        let dropped: u64 = self.totals.dropped.iter().sum();
        ensure(self.totals.dropped_of_history <= dropped, I::MessagesAddUp, 0)?;
        let accounted = self.totals.written + dropped + found.messages;
        ensure(self.totals.queued == accounted, I::MessagesAddUp, 0)?;
        let scratch = [&self.doomed, &self.relieved, &self.undeliverable, &self.scratch];
        ensure(scratch.iter().all(|list| list.is_empty()), I::Scratch, 0)
    }

    fn check_entry(&self, index: u32, most: &Outbox, found: &mut Found) -> Result<(), Broken> {
        let entry = &self.entries[index];
        let (messages, bytes) = self.check_queue(index, entry, found)?;
        let (mut all, mut all_bytes) = (messages, bytes);
        if entry.sending == Sending::Leased {
            let run = self.runs.list.get(entry.link as usize);
            ensure(run.is_some(), I::RunHolders, index)?;
            if let Some(run) = run {
                found.leases[entry.link as usize] += 1;
                all += run.items.messages;
                all_bytes += u64::from(run.items.bytes);
            }
        }
        if let Some(begun) = self.begun_items(index) {
            all += begun.messages;
            all_bytes += u64::from(begun.bytes);
        }
        ensure((entry.messages, u64::from(entry.bytes)) == (all, all_bytes), I::QueueCounts, index)?;
        let within = all <= most.messages && all_bytes <= u64::from(most.bytes);
        ensure(within, I::QueueBound, index)?;
        found.messages += u64::from(all);
        self.check_extras(index, entry, found)?;
        if entry.phase < Phase::Open {
            let is_bare = !entry.has_pending() && all == 0;
            let is_quiet = matches!(entry.sending, Sending::Idle | Sending::Ended);
            ensure(is_bare && is_quiet, I::QueueOfNobody, index)?;
        }
        match entry.sending {
            Sending::Idle => ensure(!entry.has_pending(), I::Forgotten, index)?,
            Sending::Ready => ensure(entry.has_pending(), I::ReadyForNothing, index)?,
            Sending::Ended => {
                ensure(!entry.has_pending() && all == 0, I::EndedWaits, index)?;
            }
            Sending::Paced => ensure(self.pacing.is_some() && entry.count > 0, I::Paced, index)?,
            Sending::Detached => ensure(entry.extras == NONE, I::Detached, index)?,
            Sending::Leased | Sending::Blocked => {}
        }
        let is_detached = entry.connection.index == NONE;
        let may_be = match is_detached {
            true => matches!(entry.phase, Phase::Away | Phase::Ending),
            false => !matches!(entry.phase, Phase::Vacant | Phase::Away),
        };
        let is_vacant = entry.phase == Phase::Vacant && is_detached;
        ensure(is_vacant || may_be, I::Detached, index)?;
        // The transport of a client that may go away has failed, and what the peer sent is still read.
        let has_failed =
            matches!(entry.phase, Phase::Open | Phase::Ending) && entry.sending == Sending::Detached;
        let is_held = entry.sending == Sending::Detached;
        ensure(is_vacant || has_failed || is_detached == is_held, I::Detached, index)?;
        self.check_close(index, entry)?;
        let tally = self.tallies.of(index);
        let tally = if tally == NONE { None } else { Some(self.tallies.slots.get(tally as usize)) };
        let client = self.entries.id(index);
        let is_own = |tally: Option<&Undelivered>| {
            tally.is_some_and(|tally| {
                tally.client == client && (tally.is_announced || self.untold.contains(&client))
            })
        };
        ensure(tally.is_none_or(is_own), I::Tallies, index)
    }

    fn check_close(&self, index: u32, entry: &Entry) -> Result<(), Broken> {
        let extras = self.extras.get(entry.extras as usize).filter(|_| entry.extras != NONE);
        let waits = extras.is_some_and(|extras| extras.controls.close.is_some());
        let run = self.runs.list.get(entry.link as usize).filter(|_| entry.sending == Sending::Leased);
        let items = run.map(|run| &run.items).into_iter().chain(self.begun_items(index));
        let is_leased = items.flat_map(|items| &items.controls).any(Control::is_close);
        let is_last = entry.count == 0 && extras.is_none_or(|extras| extras.controls.is_empty());
        ensure(entry.phase == Phase::Closing || !waits && !is_leased, I::CloseFrame, index)?;
        ensure(!is_leased || is_last, I::CloseFrame, index)
    }

    /// Checks a queue and returns its messages and bytes.
    fn check_queue(&self, index: u32, entry: &Entry, found: &mut Found) -> Result<(u32, u64), Broken> {
        if entry.phase == Phase::Vacant {
            return ensure(entry.count == 0, I::QueueOfNobody, index).map(|()| (0, 0));
        }
        let (mut node, mut tail) = (entry.head, NONE);
        let mut sums = (0, 0);
        while node != NONE {
            found.nodes += 1;
            let is_there = (node as usize) < self.nodes.list.len() && found.nodes <= self.nodes.used;
            ensure(is_there, I::QueueLinks, index)?;
            let inside = self.nodes.get(node);
            self.check_span(index, inside.span, found, &mut sums)?;
            (tail, node) = (node, inside.next);
        }
        // The entry has the newest span. Without it there are no older ones, unless it was emptied frame by frame.
        ensure(entry.tail == tail, I::QueueLinks, index)?;
        if entry.count > 0 {
            let span = Span { first: entry.first, count: entry.count };
            let last = self.check_span(index, span, found, &mut sums)?;
            ensure(last == entry.last, I::QueueLinks, index)?;
        } else {
            ensure(entry.head == NONE, I::QueueLinks, index)?;
        }
        Ok(sums)
    }

    /// Adds up the frames of a span and returns the last one.
    fn check_span(
        &self,
        index: u32,
        span: Span,
        found: &mut Found,
        sums: &mut (u32, u64),
    ) -> Result<u32, Broken> {
        ensure(span.count > 0, I::QueueLinks, index)?;
        let (mut frame, mut last) = (span.first, NONE);
        for _ in 0..span.count {
            let stored = self.frames.slots.get(frame);
            let Some(stored) = stored else { return Err(Broken { invariant: I::QueueLinks, slot: index }) };
            found.holders[frame as usize] += 1;
            sums.0 += 1;
            sums.1 += u64::from(stored.frame.size());
            (last, frame) = (frame, stored.next);
        }
        Ok(last)
    }

    fn check_extras(&self, index: u32, entry: &Entry, found: &mut Found) -> Result<(), Broken> {
        if entry.extras == NONE {
            return Ok(());
        }
        found.extras += 1;
        let Some(extras) = self.extras.get(entry.extras as usize) else {
            return Err(Broken { invariant: I::Extras, slot: index });
        };
        let controls = &extras.controls;
        ensure(!extras.is_empty(), I::Extras, index)?;
        let pongs = controls.queue.iter().filter(|control| matches!(control, Control::Pong(_))).count();
        let pings = controls.queue.iter().filter(|control| matches!(control, Control::Ping)).count();
        let is_bounded = pongs == controls.pongs && pongs <= controls::PONGS + 1 && pings <= 2;
        ensure(is_bounded && pongs + pings == controls.queue.len(), I::Controls, index)?;
        self.check_begun(index, entry, &extras.begun, found)
    }

    /// While a lease is out, what is begun is at its front.
    fn check_begun(&self, index: u32, entry: &Entry, begun: &Begun, found: &mut Found) -> Result<(), Broken> {
        let is_leased = entry.sending == Sending::Leased;
        let leased = self.runs.list.get(entry.link as usize).filter(|_| is_leased);
        let there = leased.map_or(begun.items.len(), |run| run.items.len());
        let is_there = if is_leased { begun.count as usize <= there } else { begun.count as usize == there };
        ensure(is_there && (!is_leased || begun.items.len() == 0), I::Begun, index)?;
        ensure(begun.bytes == 0 || begun.count > 0, I::Begun, index)?;
        let (mut messages, mut bytes) = (0, 0);
        for slot in begun.items.frames() {
            let Some(stored) = self.frames.slots.get(slot) else {
                return Err(Broken { invariant: I::Begun, slot: index });
            };
            found.holders[slot as usize] += 1;
            messages += 1;
            bytes += stored.frame.size();
        }
        ensure((begun.items.messages, begun.items.bytes) == (messages, bytes), I::Begun, index)
    }

    fn check_free(&self) -> Result<(), Broken> {
        let vacant = self.entries.list.iter().filter(|entry| entry.phase == Phase::Vacant).count();
        let entries =
            self.entries.list.iter().map(|entry| (entry.phase == Phase::Vacant).then_some(entry.head));
        check_free_list(self.entries.free, entries.collect(), vacant)?;
        let free = self.nodes.list.len() - self.nodes.used as usize;
        check_free_list(self.nodes.free, self.nodes.list.iter().map(|node| Some(node.next)).collect(), free)
    }

    fn check_runs(&self, found: &mut Found) -> Result<(), Broken> {
        for (run, at) in self.runs.list.iter().zip(0..) {
            let leases = found.leases[at as usize];
            ensure(run.holders == leases && run.given >= leases, I::RunHolders, at)?;
            ensure((leases == 0) == self.runs.free.contains(&at), I::FreeList, at)?;
            let (mut messages, mut bytes) = (0, 0);
            for slot in run.items.frames() {
                let stored = self.frames.slots.get(slot);
                let Some(stored) = stored else { return Err(Broken { invariant: I::RunCounts, slot: at }) };
                found.holders[slot as usize] += run.given;
                messages += 1;
                bytes += stored.frame.size();
            }
            ensure((run.items.messages, run.items.bytes) == (messages, bytes), I::RunCounts, at)?;
        }
        Ok(())
    }

    /// Checks that consecutive frames of a ring are linked, so that they can be queued as a span.
    fn check_rings(&self, found: &mut Found) -> Result<(), Broken> {
        let mut messages = 0;
        for (slot, ring) in self.rings.list.iter() {
            let (mut bytes, mut before) = (0, None);
            for kept in &ring.kept {
                let Some(stored) = self.frames.slots.get(kept.slot) else {
                    return Err(Broken { invariant: I::Rings, slot });
                };
                found.holders[kept.slot as usize] += 1;
                bytes += stored.frame.held();
                let follows = before.is_none_or(|(next, time)| next == kept.slot && time <= kept.time);
                ensure(follows && stored.of_history, I::Rings, slot)?;
                before = Some((stored.next, kept.time));
            }
            messages += ring.kept.len() as u64;
            let is_within = ring.top >= ring.kept.len() as u64;
            ensure(is_within && bytes == ring.bytes, I::Rings, slot)?;
        }
        for &slot in &self.rings.discarded {
            ensure(self.frames.slots.get(slot).is_some(), I::Rings, slot)?;
            found.holders[slot as usize] += 1;
        }
        ensure(messages == self.rings.messages, I::Rings, 0)
    }

    fn check_frames(&self, found: &Found) -> Result<(), Broken> {
        let mut bytes = 0;
        for (slot, stored) in self.frames.slots.iter() {
            bytes += stored.frame.held();
            let is_held = stored.holders > 0 && stored.holders == found.holders[slot as usize];
            ensure(is_held, I::FrameHolders, slot)?;
        }
        ensure(bytes == self.frames.bytes, I::FrameBytes, 0)
    }

    fn check_ready(&self) -> Result<(), Broken> {
        let mut listed = 0;
        // Not `0..`: with 256 lanes it would overflow after the last one.
        for (lane, number) in self.ready.lanes.iter().zip(0..=u8::MAX) {
            listed += self.check_list(number, &lane.prompt, 0)?;
            listed += self.check_list(number, &lane.bulk, Flags::BULK)?;
        }
        let ready = self.entries.list.iter().filter(|entry| entry.sending == Sending::Ready).count();
        ensure(ready == listed, I::ReadyList, 0)?;
        let pressed = self.ready.lanes.iter().filter(|lane: &&Lane| lane.is_pressed).count();
        ensure(pressed == self.ready.pressed as usize, I::Pressed, 0)?;
        let blocked = self.entries.list.iter().filter(|entry| entry.sending == Sending::Blocked).count();
        ensure(blocked == self.blocked as usize, I::Blocked, 0)
    }

    /// Checks a ready list and returns its length.
    fn check_list(&self, lane: u8, list: &List, bulk: u8) -> Result<usize, Broken> {
        let waiting = list.places.get(list.head..).unwrap_or_default();
        for (&index, at) in waiting.iter().zip(list.head..) {
            if index == NONE {
                continue;
            }
            let is_here = self.entries.list.get(index as usize).is_some_and(|entry| {
                entry.sending == Sending::Ready
                    && entry.lane == lane
                    && entry.link == list.base.wrapping_add(at as u32)
                    && entry.flags.0 & Flags::BULK == bulk
            });
            ensure(is_here, I::ReadyList, index)?;
        }
        let gaps = waiting.iter().filter(|&&index| index == NONE).count();
        let begins = waiting.first() != Some(&NONE);
        ensure(gaps == list.gaps && begins && list.head <= list.places.len(), I::ReadyList, u32::from(lane))?;
        Ok(waiting.len() - gaps)
    }

    /// Whether an announced tally exists.
    pub(crate) fn has_tally(&self, tally: u32) -> bool {
        self.tallies.slots.contains(tally as usize)
    }

    /// The number of tallies that are announced and not polled yet.
    pub(crate) fn announced_tallies(&self) -> usize {
        self.tallies.slots.iter().filter(|(_, tally)| tally.is_announced).count()
    }
}

/// Breaks invariants on purpose, to test that `check` finds it.
#[cfg(test)]
impl Outboxes {
    pub(crate) fn set_most_messages(&mut self, messages: u32) {
        self.limits.messages = messages;
    }

    pub(crate) fn set_budget(&mut self, bytes: u64) {
        self.limits.hub_bytes = bytes;
    }

    pub(crate) fn lose_a_free_entry(&mut self) {
        self.entries.free = NONE;
    }

    pub(crate) fn hold_once_more(&mut self, index: u32) {
        self.frames.hold(self.entries[index].first, 1);
    }
}
