//! Checkpoints: notes in a log with the hash of the run so far.

use crate::field::{Field, Input, Wrong};
use alloc::vec::Vec;

/// The hash of a run at one point of its log. A replay compares it with its own hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Events since the start of the run.
    pub events: u64,
    /// The hash of all outcomes, leases and actions since the start of the run, or since the window's segment began.
    pub hash: u64,
}

impl<'a> Field<'a> for Checkpoint {
    fn put(&self, log: &mut Vec<u8>) {
        self.events.put(log);
        log.extend_from_slice(&self.hash.to_le_bytes());
    }
    fn take(input: &mut Input<'a>) -> Result<Self, Wrong> {
        let events = Field::take(input)?;
        let hash = input.bytes(8)?.try_into().map(u64::from_le_bytes).map_err(|_| Wrong::Malformed)?;
        Ok(Self { events, hash })
    }
}
