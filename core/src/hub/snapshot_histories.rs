//! Writes the histories of rooms as bytes and reads them back: a part of the [snapshot](super::snapshot) of a hub. Their frames are
//! in the snapshot of the outboxes.

use super::keys::Entry;
use super::outcome::Ignored;
use super::stream::{Stream, StreamTotals};
use super::{Hub, Published};
use crate::field::{Field, Input, Wrong, fields, put_list, take_list, take_total, variants};
use crate::pool::within;
use crate::timer::Timer;
use alloc::boxed::Box;
use alloc::vec::Vec;

variants!(Ignored { 0 => Repeated, 1 => Outdated });
fields!(Published { queued, dropped, refused, unknown, position, ignored });

impl<'a> Field<'a> for StreamTotals {
    fn put(&self, log: &mut Vec<u8>) {
        let Self { kept, repeated, outdated, recovered, recovered_messages, unrecovered, idle_rooms_evicted } =
            self;
        for total in [kept, repeated, outdated, recovered, recovered_messages, idle_rooms_evicted] {
            total.put(log);
        }
        for total in unrecovered {
            total.put(log);
        }
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        let mut next = || take_total(input);
        Ok(Self {
            kept: next()?,
            repeated: next()?,
            outdated: next()?,
            recovered: next()?,
            recovered_messages: next()?,
            idle_rooms_evicted: next()?,
            unrecovered: [next()?, next()?, next()?, next()?, next()?],
        })
    }
}

impl Hub {
    pub(super) fn put_histories(&self, log: &mut Vec<u8>, most: usize) -> Option<()> {
        self.stream_totals.put(log);
        self.epochs.put(log);
        (self.keys.len() as u64).put(log);
        for Entry { epoch, key, at, published } in self.keys.iter() {
            epoch.put(log);
            key.put(log);
            at.put(log);
            published.put(log);
            within(log, most)?;
        }
        let mut idle = Vec::new();
        let mut slot = self.idle_rooms.first;
        while let Some(neighbours) = self.stream(slot).and_then(|stream| stream.idle) {
            idle.push(slot);
            slot = neighbours.after;
        }
        put_list(idle.into_iter(), log);
        within(log, most)
    }

    /// Reads all but the histories themselves. Returns the idle rooms in their order.
    pub(super) fn take_histories(&mut self, input: &mut Input<'_>) -> Result<Vec<u32>, Wrong> {
        self.stream_totals = Field::take(input)?;
        self.epochs = Field::take(input)?;
        for _ in 0..input.count()? {
            let (epoch, key) = (Field::take(input)?, Field::take(input)?);
            self.keys.push(Entry { epoch, key, at: Field::take(input)?, published: Field::take(input)? });
        }
        take_list(input)
    }

    /// Makes the list of idle rooms, once the rooms are read.
    pub(super) fn take_idle_rooms(&mut self, idle: &[u32]) -> Result<(), Wrong> {
        for &slot in idle {
            if self.stream(slot).is_none_or(|stream| stream.idle.is_some()) {
                return Err(Wrong::Malformed);
            }
            self.enter_idle_rooms(slot);
        }
        Ok(())
    }
}

pub(super) fn put_stream(stream: Option<&Stream>, log: &mut Vec<u8>) {
    log.push(u8::from(stream.is_some()));
    if let Some(Stream { epoch, ring, bounds, published, version, timer: _, idle: _ }) = stream {
        epoch.put(log);
        ring.put(log);
        bounds.put(log);
        published.put(log);
        version.put(log);
    }
}

pub(super) fn take_stream(input: &mut Input<'_>) -> Result<Option<Box<Stream>>, Wrong> {
    if !bool::take(input)? {
        return Ok(None);
    }
    let (epoch, ring, bounds) = (Field::take(input)?, Field::take(input)?, Field::take(input)?);
    let (published, version) = (Field::take(input)?, Field::take(input)?);
    let stream = Stream { epoch, ring, bounds, published, version, timer: Timer::none(), idle: None };
    Ok(Some(Box::new(stream)))
}
