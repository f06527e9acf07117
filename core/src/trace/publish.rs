//! Writes and reads a publish: its policy, the shape of its frame, its publisher and targets, the clients that it leaves
//! out, and the bytes of the frame if payloads are kept.

use super::frames;
use super::owned::Kind;
use super::payloads::{Payloads, Style};
use crate::field::{Field, Input, Wrong};
use crate::frame::Frame;
use crate::hub::{Dedup, Policy, Target};
use crate::id::ClientId;
use alloc::vec::Vec;
use bytes::Bytes;

/// Writes a publish. Its first byte has the policy in bits 4 to 6, between [`frames::EXTRAS`] and the length of the
/// frame's head.
pub(super) fn put(
    log: &mut Vec<u8>,
    (publisher, dedup): (Option<ClientId>, Option<&Dedup<'_>>),
    targets: &[Target<'_>],
    except: &[ClientId],
    frame: &Frame,
    policy: Option<Policy>,
    style: Style,
) {
    let (policy, key) = match policy {
        None => (0, None),
        Some(Policy::DropNewest) => (1, None),
        Some(Policy::DropOldest) => (2, None),
        Some(Policy::Conflate(key)) => (3, Some(key)),
        Some(Policy::Disconnect) => (4, None),
        Some(Policy::Wait) => (5, None),
    };
    // The hub refuses a payload of more than `style.longest` bytes whatever it contains: only its beginning is written, and
    // no place or deflated variant.
    let len = frame.payload().len().min(style.longest as usize);
    let has_extras = frame.has_extras() && len == frame.payload().len();
    let extras = if has_extras { frames::EXTRAS } else { 0 };
    log.push(extras | policy << 4 | frame.head_len());
    if let Some(key) = key {
        key.put(log);
    }
    frames::put_payload_len(frame, len, log);
    if has_extras {
        frames::put_extras(frame, log);
    }
    // The number of targets, shifted by two; the two lowest bits say whether a publisher and a `Dedup` follow.
    let follow = u64::from(publisher.is_some()) | u64::from(dedup.is_some()) << 1;
    ((targets.len() as u64) << 2 | follow).put(log);
    if let Some(publisher) = publisher {
        publisher.put(log);
    }
    if let Some(Dedup { key, version }) = dedup {
        key.put(log);
        version.put(log);
    }
    for target in targets {
        put_target(log, target);
    }
    (except.len() as u64).put(log);
    for client in except {
        client.put(log);
    }
    if style.payloads == Payloads::Kept {
        log.extend_from_slice(frame.head());
        log.extend_from_slice(&frame.payload()[..len]);
        if has_extras && let Some(deflated) = frame.deflated() {
            log.extend_from_slice(deflated.head());
            log.extend_from_slice(deflated.payload());
        }
    }
}

/// Reads what [`put`] wrote.
pub(super) fn take<'a>(
    input: &mut Input<'a>,
    payloads: Payloads,
    zeros: &mut Bytes,
) -> Result<Kind<'a>, Wrong> {
    let byte = u8::take(input)?;
    let policy = match (byte & !frames::EXTRAS) >> 4 {
        0 => None,
        1 => Some(Policy::DropNewest),
        2 => Some(Policy::DropOldest),
        3 => Some(Policy::Conflate(Field::take(input)?)),
        4 => Some(Policy::Disconnect),
        5 => Some(Policy::Wait),
        _ => return Err(Wrong::Malformed),
    };
    let shape = frames::take_shape(byte, input)?;
    let count = u64::take(input)?;
    let publisher = if count & 1 == 1 { Some(Field::take(input)?) } else { None };
    let dedup = if count & 2 == 2 {
        Some(Dedup { key: Field::take(input)?, version: Field::take(input)? })
    } else {
        None
    };
    // A target takes at least a byte, so a larger number is wrong. Checked before memory is reserved for it.
    let count =
        usize::try_from(count >> 2).ok().filter(|count| *count <= input.0.len()).ok_or(Wrong::Malformed)?;
    let targets = (0..count).map(|_| take_target(input)).collect::<Result<_, _>>()?;
    let except = (0..input.count()?).map(|_| Field::take(input)).collect::<Result<_, _>>()?;
    let frame = shape.build(payloads, input, zeros)?;
    Ok(Kind::Publish { publisher, targets, except, frame, policy, dedup })
}

/// Writes the target's kind in the two lowest bits of a varint, with the length of the name or the index of the client
/// above them. So a name of up to 31 bytes costs one byte more than its text.
fn put_target(log: &mut Vec<u8>, target: &Target<'_>) {
    let (kind, number, name) = match target {
        Target::All => (0, 0, ""),
        // One more than the length, because 0 is `All`.
        Target::Watchers(name) => (0, name.len() as u64 + 1, *name),
        Target::Client(client) => (1, u64::from(client.index), ""),
        Target::User(name) => (2, name.len() as u64, *name),
        Target::Room(name) => (3, name.len() as u64, *name),
    };
    (number << 2 | kind).put(log);
    log.extend_from_slice(name.as_bytes());
    if let Target::Client(client) = target {
        client.generation.put(log);
    }
}

/// Reads what [`put_target`] wrote.
fn take_target<'a>(input: &mut Input<'a>) -> Result<Target<'a>, Wrong> {
    let number = u64::take(input)?;
    let (kind, number) = (number & 3, number >> 2);
    let name = |input: &mut Input<'a>, len: u64| {
        let len = usize::try_from(len).map_err(|_| Wrong::Malformed)?;
        core::str::from_utf8(input.bytes(len)?).map_err(|_| Wrong::Malformed)
    };
    Ok(match kind {
        0 if number == 0 => Target::All,
        1 => {
            let index = u32::try_from(number).map_err(|_| Wrong::Malformed)?;
            Target::Client(ClientId { index, generation: Field::take(input)? })
        }
        0 => Target::Watchers(name(input, number - 1)?),
        2 => Target::User(name(input, number)?),
        3 => Target::Room(name(input, number)?),
        _ => return Err(Wrong::Malformed),
    })
}
