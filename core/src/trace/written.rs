//! Writes and reads the results of leases: one byte besides the id for a lease that was written completely.

use crate::field::{Field, Input, Wrong};
use crate::hub::{Progress, Transport, Written};
use alloc::vec::Vec;

/// Set if a lease was written in part.
const PART: u8 = 4;

pub(super) fn put(log: &mut Vec<u8>, results: &[Written]) {
    (results.len() as u64).put(log);
    for Written { client, progress, transport } in results {
        client.put(log);
        let transport = match transport {
            Transport::Ready => 0,
            Transport::Blocked => 1,
            Transport::Failed => 2,
        };
        match progress {
            Progress::All => log.push(transport),
            Progress::Part { items, bytes } => {
                log.push(transport | PART);
                items.put(log);
                bytes.put(log);
            }
        }
    }
}

pub(super) fn take(input: &mut Input<'_>) -> Result<Vec<Written>, Wrong> {
    (0..input.count()?).map(|_| take_one(input)).collect()
}

fn take_one(input: &mut Input<'_>) -> Result<Written, Wrong> {
    let client = Field::take(input)?;
    let byte = u8::take(input)?;
    let transport = match byte & !PART {
        0 => Transport::Ready,
        1 => Transport::Blocked,
        2 => Transport::Failed,
        _ => return Err(Wrong::Malformed),
    };
    let progress = if byte & PART == 0 {
        Progress::All
    } else {
        Progress::Part { items: Field::take(input)?, bytes: Field::take(input)? }
    };
    Ok(Written { client, progress, transport })
}
