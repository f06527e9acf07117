//! Records that a window of a run begins with: the state of the hub, so that the window can be replayed, or the admission
//! that it is not there.

use super::{Payloads, STATE, WITHOUT_STATE, frames};
use crate::field::{Field, Input, Wrong, take_total, variants};
use crate::hub::{Host, Hub};
use crate::time::Instant;
use alloc::vec::Vec;

/// Where a window of a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beginning {
    /// When the last event before it happened.
    pub now: Instant,
    /// Events before it, since the start of the run.
    pub events: u64,
    /// One number for all outcomes, leases and actions before it. Those after it are hashed anew, with this first.
    pub hash: u64,
}

impl<'a> Field<'a> for Beginning {
    fn put(&self, log: &mut Vec<u8>) {
        let Self { now, events, hash } = self;
        now.put(log);
        events.put(log);
        hash.put(log);
    }

    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        // Replayed events are counted on from there.
        Ok(Self { now: Field::take(input)?, events: take_total(input)?, hash: Field::take(input)? })
    }
}

variants!(Payloads { 0 => Redacted, 1 => Kept });

/// A hub as it was at some point of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State<'a> {
    payloads: Payloads,
    bytes: &'a [u8],
}

/// Writes the body of a record with the state of a hub. None if it would be longer than `most` bytes.
pub(super) fn put(beginning: Beginning, hub: &mut Hub, payloads: Payloads, most: usize) -> Option<Vec<u8>> {
    let mut body = Vec::with_capacity(most);
    body.push(STATE);
    beginning.put(&mut body);
    payloads.put(&mut body);
    hub.snapshot(&mut body, frames::put(payloads), most)?;
    Some(body)
}

/// Writes the body of a record that says that there is no state.
pub(super) fn put_without(beginning: Beginning) -> Vec<u8> {
    let mut body = Vec::from([WITHOUT_STATE]);
    beginning.put(&mut body);
    body
}

impl<'a> State<'a> {
    /// Reads a record but for the state itself, which is what is left of it.
    pub(super) fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        let payloads = Field::take(input)?;
        Ok(Self { payloads, bytes: core::mem::take(&mut input.0) })
    }

    /// The hub, of the lanes and the seed that are known, under a hash key.
    pub(super) fn restore(&self, host: Host) -> Result<Hub, Wrong> {
        let mut input = Input(self.bytes);
        let hub = Hub::restore(host, &mut input, &frames::take(self.payloads))?;
        input.end().map(|()| hub)
    }
}
