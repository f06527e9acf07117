//! Writes all outboxes as bytes and reads them back. Derived values (sums, holders, places in lists) are not written but
//! counted again.

use super::controls::Controls;
use super::entry::{Entry, Flags, NONE, Phase, Sending};
use super::extras::{Begun, Extras};
use super::frames::{Frames, LogEnd, Stored};
use super::nodes::Span;
use super::ready::List;
use super::rings::{Kept, Ring, RingTotals, Rings};
use super::runs::{Items, Run, RunItem};
use super::{Class, Control, DropReason, Dropped, Outboxes, Totals};
use crate::field::{Field, Input, Wrong, fields, put_list, take_list, variants};
use crate::frame::Frame;
use crate::id::ClientId;
use crate::pool::{Pool, within};
use alloc::vec::Vec;
use bytes::Bytes;

/// Writes a frame.
pub(crate) type PutFrame<'f> = &'f dyn Fn(&Frame, &mut Vec<u8>);
/// Reads a frame.
pub(crate) type TakeFrame<'f> = &'f dyn Fn(&mut Input<'_>) -> Result<Frame, Wrong>;

fields!(Span { first, count });
fields!(LogEnd { slot, sequence });
variants!(Phase { 0 => Vacant, 1 => Reserved, 2 => Open, 3 => Closing, 4 => Ending, 5 => Away });
variants!(DropReason { 0 => OutboxFull, 1 => Conflated, 2 => HubFull, 3 => Closed });
fields!(Dropped { frames, bytes, of_history, reason });
fields!(Kept { slot, time });
variants!(Sending { 0 => Idle, 1 => Ready, 2 => Leased, 3 => Blocked, 4 => Ended, 5 => Paced, 6 => Detached });

impl<'a> Field<'a> for Totals {
    fn put(&self, log: &mut Vec<u8>) {
        let Self { queued, written, dropped: [full, conflated, hub_full, closed], dropped_of_history, sheds } =
            *self;
        for total in [queued, written, full, conflated, hub_full, closed, dropped_of_history, sheds] {
            total.put(log);
        }
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        let mut next = || crate::field::take_total(input);
        Ok(Self {
            queued: next()?,
            written: next()?,
            dropped: [next()?, next()?, next()?, next()?],
            dropped_of_history: next()?,
            sheds: next()?,
        })
    }
}

impl Outboxes {
    /// Writes everything. No tally of drops that is announced may wait to be polled. None if more than `most` bytes would be written.
    pub(crate) fn snapshot(&mut self, log: &mut Vec<u8>, put_frame: PutFrame<'_>, most: usize) -> Option<()> {
        self.sequence.put(log);
        self.totals.put(log);
        self.shortage.put(log);
        self.frames.slots.put(log, most, |stored, log| {
            put_frame(&stored.frame, log);
            stored.next.put(log);
            stored.key.put(log);
            stored.sequence.put(log);
            stored.of_history.put(log);
        })?;
        self.put_rings(log, most)?;
        let live: Vec<u32> =
            (0..self.runs.list.len() as u32).filter(|&run| self.runs.get(run).holders > 0).collect();
        (live.len() as u64).put(log);
        for &run in &live {
            put_run(self.runs.get(run), log);
            within(log, most)?;
        }
        (self.entries.len() as u64).put(log);
        for index in 0..self.entries.len() as u32 {
            self.put_entry(index, &live, log);
            within(log, most)?;
        }
        let mut free = self.entries.free;
        while free != NONE {
            free.put(log);
            free = self.entries[free].head;
        }
        put_list(self.untold.iter().copied(), log);
        for lane in &self.ready.lanes {
            lane.turn.put(log);
            lane.is_pressed.put(log);
            put_ready(&lane.prompt, log);
            put_ready(&lane.bulk, log);
        }
        within(log, most)
    }

    fn put_rings(&self, log: &mut Vec<u8>, most: usize) -> Option<()> {
        let RingTotals { trimmed, expired, evicted } = self.rings.totals;
        for total in [trimmed, expired, evicted] {
            total.put(log);
        }
        self.rings.list.put(log, most, |ring, log| {
            ring.top.put(log);
            ring.lost.put(log);
            put_list(ring.kept.iter().copied(), log);
        })?;
        put_list(self.rings.discarded.iter().copied(), log);
        within(log, most)
    }

    fn take_rings(&mut self, input: &mut Input<'_>) -> Result<(), Wrong> {
        let mut next = || crate::field::take_total(input);
        let totals = RingTotals { trimmed: next()?, expired: next()?, evicted: next()? };
        let list = Pool::take(input, |input| {
            let (top, lost) = (crate::field::take_total(input)?, Field::take(input)?);
            Ok(Ring { kept: take_list(input)?.into(), bytes: 0, top, lost })
        })?;
        self.rings = Rings { list, discarded: take_list(input)?.into(), messages: 0, totals };
        for ring in self.rings.list.values_mut() {
            for kept in &ring.kept {
                let stored = self.frames.slots.get_mut(kept.slot).ok_or(Wrong::Malformed)?;
                stored.holders = stored.holders.checked_add(1).ok_or(Wrong::Malformed)?;
                ring.bytes += stored.frame.held();
            }
            self.rings.messages += ring.kept.len() as u64;
        }
        for &slot in &self.rings.discarded {
            let stored = self.frames.slots.get_mut(slot).ok_or(Wrong::Malformed)?;
            stored.holders = stored.holders.checked_add(1).ok_or(Wrong::Malformed)?;
        }
        Ok(())
    }

    fn put_entry(&self, index: u32, live: &[u32], log: &mut Vec<u8>) {
        let entry = &self.entries[index];
        entry.phase.put(log);
        entry.generation.put(log);
        if entry.phase == Phase::Vacant {
            return;
        }
        entry.sending.put(log);
        entry.flags.0.put(log);
        entry.lane.put(log);
        entry.last_out.put(log);
        self.tallies.slots.get(self.tallies.of(index) as usize).map(|untold| untold.dropped).put(log);
        if let Some(pacing) = &self.pacing {
            pacing.bucket(index).put(log);
        }
        if entry.sending == Sending::Leased {
            let run = live.binary_search(&entry.link).unwrap_or(usize::MAX);
            (run as u64).put(log);
        }
        let mut node = entry.head;
        while node != NONE {
            log.push(1);
            let inside = self.nodes.get(node);
            inside.span.put(log);
            node = inside.next;
        }
        if entry.count > 0 {
            log.push(1);
            Span { first: entry.first, count: entry.count }.put(log);
        }
        log.push(0);
        log.push(u8::from(entry.extras != NONE));
        if entry.extras != NONE {
            put_extras(&self.extras[entry.extras as usize], log);
        }
    }

    /// Reads what [`snapshot`](Self::snapshot) wrote, into new outboxes. The result may be inconsistent:
    /// [`check`](Self::check) finds that. The entries' connections are in the hub's snapshot.
    pub(crate) fn restore(&mut self, input: &mut Input<'_>, take_frame: TakeFrame<'_>) -> Result<(), Wrong> {
        self.sequence = crate::field::take_total(input)?;
        self.totals = Field::take(input)?;
        self.shortage = Field::take(input)?;
        let slots = Pool::take(input, |input| {
            let frame = take_frame(input)?;
            let (next, key, sequence) = (Field::take(input)?, Field::take(input)?, Field::take(input)?);
            Ok(Stored { frame, holders: 0, next, key, sequence, of_history: Field::take(input)? })
        })?;
        let bytes = slots.iter().map(|(_, stored)| stored.frame.held()).sum();
        self.frames = Frames { slots, bytes };
        self.take_rings(input)?;
        for _ in 0..input.count()? {
            let run = self.take_run(input)?;
            self.runs.list.push(run);
        }
        let mut vacant = 0;
        for index in 0..input.count()? as u32 {
            vacant += u32::from(self.take_entry(index, input)? == Phase::Vacant);
        }
        let mut before = NONE;
        for _ in 0..vacant {
            let free = u32::take(input)?;
            match before {
                NONE => self.entries.free = free,
                before => self.entries[before].head = free,
            }
            self.entries.list.get(free as usize).ok_or(Wrong::Malformed)?;
            before = free;
        }
        if before != NONE {
            self.entries[before].head = NONE;
        }
        self.untold = take_list(input)?.into();
        for lane in 0..self.ready.lanes.len() {
            self.ready.lanes[lane].turn = Field::take(input)?;
            self.ready.lanes[lane].is_pressed = Field::take(input)?;
            self.ready.pressed += u32::from(self.ready.lanes[lane].is_pressed);
            self.take_ready(lane, Class::Prompt, input)?;
            self.take_ready(lane, Class::Bulk, input)?;
        }
        self.hold_for_runs()
    }

    fn take_run(&self, input: &mut Input<'_>) -> Result<Run, Wrong> {
        let mut run = Run { span: Field::take(input)?, given: Field::take(input)?, ..Run::default() };
        run.items = self.take_items(input)?;
        Ok(run)
    }

    fn take_items(&self, input: &mut Input<'_>) -> Result<Items, Wrong> {
        let mut items = Items::default();
        for _ in 0..input.count()? {
            match u8::take(input)? {
                0 => {
                    let slot = u32::take(input)?;
                    let stored = self.frames.slots.get(slot).ok_or(Wrong::Malformed)?;
                    let size = stored.frame.size();
                    items.bytes.checked_add(size).ok_or(Wrong::Malformed)?;
                    items.push_frame(slot, size);
                }
                1 => items.push_control(take_control(input)?),
                _ => return Err(Wrong::Malformed),
            }
        }
        Ok(items)
    }

    /// Reads an entry's extras. What is begun counts as queued, and is held once more.
    fn take_extras(&mut self, index: u32, input: &mut Input<'_>) -> Result<(), Wrong> {
        let items = self.take_items(input)?;
        let (count, written) = (Field::take(input)?, Field::take(input)?);
        for slot in items.frames() {
            let stored = self.frames.slots.get_mut(slot).ok_or(Wrong::Malformed)?;
            stored.holders = stored.holders.checked_add(1).ok_or(Wrong::Malformed)?;
        }
        let entry = &mut self.entries[index];
        entry.messages = entry.messages.checked_add(items.messages).ok_or(Wrong::Malformed)?;
        entry.bytes = entry.bytes.checked_add(items.bytes).ok_or(Wrong::Malformed)?;
        let begun = Begun { items, count, bytes: written };
        let extras = Extras { controls: take_controls(input)?, begun };
        self.entries[index].extras = self.extras.insert(extras) as u32;
        Ok(())
    }

    fn take_entry(&mut self, index: u32, input: &mut Input<'_>) -> Result<Phase, Wrong> {
        let (phase, generation) = (Field::take(input)?, Field::take(input)?);
        let mut entry = Entry { generation, phase, ..Entry::vacant(NONE) };
        if phase == Phase::Vacant {
            self.entries.list.push(entry);
            return Ok(phase);
        }
        entry.sending = Field::take(input)?;
        entry.flags = Flags(u8::take(input)? & Flags::ALL);
        self.blocked += u32::from(entry.sending == Sending::Blocked);
        entry.lane = Field::take(input)?;
        entry.last_out = Field::take(input)?;
        if let Some(dropped) = Field::take(input)? {
            self.tallies.insert(ClientId { index, generation }, dropped);
        }
        if let Some(pacing) = &mut self.pacing {
            pacing.set_bucket(index, Field::take(input)?);
        }
        if usize::from(entry.lane) >= self.ready.lanes() {
            return Err(Wrong::Malformed);
        }
        if entry.sending == Sending::Leased {
            entry.link = Field::take(input)?;
            let run = self.runs.list.get_mut(entry.link as usize).ok_or(Wrong::Malformed)?;
            run.holders += 1;
            entry.messages = run.items.messages;
            entry.bytes = run.items.bytes;
        }
        self.entries.list.push(entry);
        while bool::take(input)? {
            let span = Span::take(input)?;
            self.take_span(index, span)?;
        }
        if bool::take(input)? {
            self.take_extras(index, input)?;
        }
        Ok(phase)
    }

    /// Adds a span at the back of a queue, as its last span.
    fn take_span(&mut self, index: u32, span: Span) -> Result<(), Wrong> {
        let (mut slot, mut last, mut sequence) = (span.first, NONE, 0);
        let (mut messages, mut bytes) = (self.entries[index].messages, self.entries[index].bytes);
        for _ in 0..span.count {
            let stored = self.frames.slots.get_mut(slot).ok_or(Wrong::Malformed)?;
            // Sequence numbers must grow, so that the links form no circle.
            if stored.sequence <= sequence {
                return Err(Wrong::Malformed);
            }
            sequence = stored.sequence;
            stored.holders = stored.holders.checked_add(1).ok_or(Wrong::Malformed)?;
            messages += 1;
            bytes = bytes.checked_add(stored.frame.size()).ok_or(Wrong::Malformed)?;
            (last, slot) = (slot, stored.next);
        }
        if span.count == 0 {
            return Err(Wrong::Malformed);
        }
        if self.entries[index].count > 0 {
            self.entries[index].push_span(&mut self.nodes, span.first);
        }
        let entry = &mut self.entries[index];
        (entry.first, entry.last, entry.count) = (span.first, last, span.count);
        (entry.messages, entry.bytes) = (messages, bytes);
        Ok(())
    }

    fn take_ready(&mut self, lane: usize, class: Class, input: &mut Input<'_>) -> Result<(), Wrong> {
        for index in take_list::<u32>(input)? {
            let entry = self.entries.list.get_mut(index as usize).ok_or(Wrong::Malformed)?;
            if usize::from(entry.lane) != lane || entry.sending != Sending::Ready {
                return Err(Wrong::Malformed);
            }
            self.ready.push(entry, index, class);
        }
        Ok(())
    }

    /// Counts the references of each run to its frames, one for each lease that it ever gave.
    fn hold_for_runs(&mut self) -> Result<(), Wrong> {
        for run in &self.runs.list {
            for slot in run.items.frames() {
                let stored = self.frames.slots.get_mut(slot).ok_or(Wrong::Malformed)?;
                stored.holders = stored.holders.checked_add(run.given).ok_or(Wrong::Malformed)?;
            }
        }
        Ok(())
    }
}

fn put_ready(list: &List, log: &mut Vec<u8>) {
    let waiting: Vec<u32> = list.places[list.head..].iter().copied().filter(|&index| index != NONE).collect();
    put_list(waiting.into_iter(), log);
}

fn put_run(run: &Run, log: &mut Vec<u8>) {
    run.span.put(log);
    run.given.put(log);
    put_items(&run.items, log);
}

fn put_items(items: &Items, log: &mut Vec<u8>) {
    (items.len() as u64).put(log);
    for item in items.iter() {
        match item {
            RunItem::Frame(slot) => {
                log.push(0);
                slot.put(log);
            }
            RunItem::Control(at) => {
                log.push(1);
                put_control(&items.controls[at as usize], log);
            }
        }
    }
}

fn put_extras(extras: &Extras, log: &mut Vec<u8>) {
    put_items(&extras.begun.items, log);
    extras.begun.count.put(log);
    extras.begun.bytes.put(log);
    (extras.controls.queue.len() as u64).put(log);
    for control in &extras.controls.queue {
        put_control(control, log);
    }
    log.push(u8::from(extras.controls.close.is_some()));
    if let Some(close) = &extras.controls.close {
        put_control(close, log);
    }
}

fn take_controls(input: &mut Input<'_>) -> Result<Controls, Wrong> {
    let mut controls = Controls::default();
    for _ in 0..input.count()? {
        let control = take_control(input)?;
        controls.pongs += usize::from(matches!(control, Control::Pong(_)));
        controls.queue.push_back(control);
    }
    controls.close = if bool::take(input)? { Some(take_control(input)?) } else { None };
    Ok(controls)
}

/// Writes a control frame; of a pong only the length, since its payload comes from the peer.
fn put_control(control: &Control, log: &mut Vec<u8>) {
    match control {
        Control::Ping => log.push(0),
        Control::Pong(payload) => {
            log.push(1);
            log.push(payload.len() as u8);
        }
        Control::Close { code, reason } => {
            log.push(2);
            code.put(log);
            reason.put(log);
        }
    }
}

fn take_control(input: &mut Input<'_>) -> Result<Control, Wrong> {
    static ZEROS: [u8; 125] = [0; 125];
    Ok(match u8::take(input)? {
        0 => Control::Ping,
        1 => {
            let payload = ZEROS.get(..usize::from(u8::take(input)?)).ok_or(Wrong::Malformed)?;
            Control::Pong(Bytes::from_static(payload))
        }
        2 => Control::Close { code: Field::take(input)?, reason: Field::take(input)? },
        _ => return Err(Wrong::Malformed),
    })
}
