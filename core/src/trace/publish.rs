//! A publish as bytes: whom it is for, how long its frame is, and the frame itself if payloads are kept.

use super::LONGEST_PAYLOAD;
use super::owned::Kind;
use super::payloads::{Payloads, Style};
use crate::field::{Field, Input, Wrong};
use crate::frame::Frame;
use crate::hub::{Policy, Target};
use crate::id::ClientId;
use alloc::vec;
use alloc::vec::Vec;
use bytes::Bytes;

/// A payload is cut from this, or from something longer that is made once.
static ZEROS: [u8; 4096] = [0; 4096];

/// Set in the first byte if the frame has a deflated variant, whose lengths follow.
const DEFLATED: u8 = 0x80;

/// What is built again for a replay is made of these.
pub(super) fn zeros() -> Bytes {
    Bytes::from_static(&ZEROS)
}

pub(super) fn put(
    log: &mut Vec<u8>,
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
    // What the hub refuses for its length is not written in full, nor what follows from it.
    let deflated = frame.deflated().filter(|_| frame.payload().len() <= style.longest as usize);
    let variants = if deflated.is_some() { DEFLATED } else { 0 };
    log.push(variants | policy << 4 | frame.head().len() as u8);
    if let Some(key) = key {
        key.put(log);
    }
    let payload = &frame.payload()[..frame.payload().len().min(style.longest as usize)];
    (payload.len() as u64).put(log);
    if let Some(deflated) = deflated {
        log.push(deflated.head().len() as u8);
        (deflated.payload().len() as u64).put(log);
    }
    (targets.len() as u64).put(log);
    for target in targets {
        put_target(log, target);
    }
    (except.len() as u64).put(log);
    for client in except {
        client.put(log);
    }
    if style.payloads == Payloads::Kept {
        log.extend_from_slice(frame.head());
        log.extend_from_slice(payload);
        if let Some(deflated) = deflated {
            log.extend_from_slice(deflated.head());
            log.extend_from_slice(deflated.payload());
        }
    }
}

/// Reads what [`put`] wrote, behind the client it is from.
pub(super) fn take<'a>(
    from: Option<ClientId>,
    input: &mut Input<'a>,
    payloads: Payloads,
    zeros: &mut Bytes,
) -> Result<Kind<'a>, Wrong> {
    let byte = u8::take(input)?;
    let policy = match (byte & !DEFLATED) >> 4 {
        0 => None,
        1 => Some(Policy::DropNewest),
        2 => Some(Policy::DropOldest),
        3 => Some(Policy::Conflate(Field::take(input)?)),
        4 => Some(Policy::Disconnect),
        5 => Some(Policy::Wait),
        _ => return Err(Wrong::Malformed),
    };
    let (head, payload) = (usize::from(byte & 0xf), u32::take(input)?);
    let deflated = if byte & DEFLATED == 0 { None } else { Some(take_lens(input)?) };
    let targets = (0..input.count()?).map(|_| take_target(input)).collect::<Result<_, _>>()?;
    let except = (0..input.count()?).map(|_| Field::take(input)).collect::<Result<_, _>>()?;
    let mut take = |(head, payload)| match payloads {
        Payloads::Redacted => zero_frame(head, payload, zeros),
        Payloads::Kept => take_frame(head, payload, input),
    };
    let frame = with_deflated(take((head, payload))?, deflated.map(take).transpose()?)?;
    Ok(Kind::Publish { from, targets, except, frame, policy })
}

/// Bytes of a frame's head and payload.
pub(super) fn take_lens(input: &mut Input<'_>) -> Result<(usize, u32), Wrong> {
    Ok((usize::from(u8::take(input)?), Field::take(input)?))
}

/// A frame and its deflated variant, which must be shorter.
pub(super) fn with_deflated(frame: Frame, deflated: Option<Frame>) -> Result<Frame, Wrong> {
    let Some(deflated) = deflated else { return Ok(frame) };
    let frame = frame.with_deflated(deflated);
    if frame.deflated().is_some() { Ok(frame) } else { Err(Wrong::Malformed) }
}

/// Kind and number in one varint, so that most names cost a byte besides themselves.
fn put_target(log: &mut Vec<u8>, target: &Target<'_>) {
    let (kind, number, name) = match target {
        Target::All => (0, 0, ""),
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

fn take_target<'a>(input: &mut Input<'a>) -> Result<Target<'a>, Wrong> {
    let number = u64::take(input)?;
    let (kind, number) = (number & 3, number >> 2);
    let name = |input: &mut Input<'a>| {
        let len = usize::try_from(number).map_err(|_| Wrong::Malformed)?;
        core::str::from_utf8(input.bytes(len)?).map_err(|_| Wrong::Malformed)
    };
    Ok(match kind {
        0 if number == 0 => Target::All,
        1 => {
            let index = u32::try_from(number).map_err(|_| Wrong::Malformed)?;
            Target::Client(ClientId { index, generation: Field::take(input)? })
        }
        2 => Target::User(name(input)?),
        3 => Target::Room(name(input)?),
        _ => return Err(Wrong::Malformed),
    })
}

/// A frame of zeros that is as long as the recorded one. All share one buffer, which grows by doubling.
pub(super) fn zero_frame(head: usize, payload: u32, zeros: &mut Bytes) -> Result<Frame, Wrong> {
    if payload > LONGEST_PAYLOAD {
        return Err(Wrong::PayloadTooLong(payload));
    }
    let payload = payload as usize;
    if payload > zeros.len() {
        *zeros = vec![0; payload.next_power_of_two()].into();
    }
    let head = ZEROS.get(..head).ok_or(Wrong::Malformed)?;
    Frame::new(None, head, zeros.slice(..payload)).ok_or(Wrong::Malformed)
}

/// The recorded frame.
pub(super) fn take_frame(head: usize, payload: u32, input: &mut Input<'_>) -> Result<Frame, Wrong> {
    let head = input.bytes(head)?;
    Frame::new(None, head, Bytes::copy_from_slice(input.bytes(payload as usize)?)).ok_or(Wrong::Malformed)
}
