//! Records that begin a window of a run: with the state of the hub, so that the window can be replayed, or a note that the
//! state is missing.

use super::{Payloads, STATE, WITHOUT_STATE, frames};
use crate::field::{Field, Input, Wrong, take_total, variants};
use crate::hub::{Host, Hub};
use crate::time::Instant;
use alloc::vec::Vec;

/// The point of a run at which a window begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beginning {
    /// The time of the last event before the window.
    pub now: Instant,
    /// The number of events from the start of the run to the window.
    pub events: u64,
    /// The hash of all outcomes, leases and actions before the window. The window's own hash begins with this number.
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
        // A bound, since a replay counts on from this number.
        Ok(Self { now: Field::take(input)?, events: take_total(input)?, hash: Field::take(input)? })
    }
}

variants!(Payloads { 0 => Redacted, 1 => Kept });

/// The state of a hub at some point of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HubState<'a> {
    payloads: Payloads,
    bytes: &'a [u8],
}

/// Makes the body of a record with the state of a hub; `None` if it would be longer than `most` bytes.
pub(super) fn put(beginning: Beginning, hub: &mut Hub, payloads: Payloads, most: usize) -> Option<Vec<u8>> {
    let mut body = Vec::with_capacity(most);
    body.push(STATE);
    beginning.put(&mut body);
    payloads.put(&mut body);
    hub.snapshot(&mut body, frames::put(payloads), most)?;
    Some(body)
}

/// Makes the body of a record for a window without a state.
pub(super) fn put_without(beginning: Beginning) -> Vec<u8> {
    let mut body = Vec::from([WITHOUT_STATE]);
    beginning.put(&mut body);
    body
}

impl<'a> HubState<'a> {
    /// Takes the state as the rest of a record, without reading it.
    pub(super) fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        let payloads = Field::take(input)?;
        Ok(Self { payloads, bytes: core::mem::take(&mut input.0) })
    }

    /// Makes the hub. Its lanes and seed must be those of `host`, whose hash key it gets.
    pub(super) fn restore(&self, host: Host) -> Result<Hub, Wrong> {
        let mut input = Input(self.bytes);
        let hub = Hub::restore(host, &mut input, &frames::take(self.payloads))?;
        input.end().map(|()| hub)
    }
}
