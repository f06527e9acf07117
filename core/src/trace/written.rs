//! Writes and reads the results of leases: one byte besides the ids for a lease that was written completely.

use crate::field::{Field, Input, Wrong};
use crate::id::{ClientId, ConnectionId};
use crate::outbox::{Progress, Transport, Written};
use alloc::vec::Vec;

/// Set if a lease was written in part.
const PART: u8 = 4;
/// Set if the ids of the connection and of the client have the same numbers, which are then written once. They do unless a
/// handshake has failed before.
const SAME: u8 = 8;

pub(super) fn put(log: &mut Vec<u8>, results: &[Written]) {
    (results.len() as u64).put(log);
    for Written { connection, client, progress, transport } in results {
        client.put(log);
        let is_same = connection.to_u64() == client.to_u64();
        let transport = match transport {
            Transport::Ready => 0,
            Transport::Blocked => 1,
            Transport::Failed => 2,
        };
        let part = if matches!(progress, Progress::All) { 0 } else { PART };
        log.push(transport | part | if is_same { SAME } else { 0 });
        if !is_same {
            connection.put(log);
        }
        if let Progress::Part { items, bytes, begun } = progress {
            items.put(log);
            bytes.put(log);
            begun.put(log);
        }
    }
}

pub(super) fn take(input: &mut Input<'_>) -> Result<Vec<Written>, Wrong> {
    (0..input.count()?).map(|_| take_one(input)).collect()
}

fn take_one(input: &mut Input<'_>) -> Result<Written, Wrong> {
    let client: ClientId = Field::take(input)?;
    let byte = u8::take(input)?;
    let transport = match byte & !(PART | SAME) {
        0 => Transport::Ready,
        1 => Transport::Blocked,
        2 => Transport::Failed,
        _ => return Err(Wrong::Malformed),
    };
    let connection = match byte & SAME {
        0 => Field::take(input)?,
        _ => ConnectionId::from_u64(client.to_u64()),
    };
    let progress = if byte & PART == 0 {
        Progress::All
    } else {
        let (items, bytes) = (Field::take(input)?, Field::take(input)?);
        Progress::Part { items, bytes, begun: Field::take(input)? }
    };
    Ok(Written { connection, client, progress, transport })
}
