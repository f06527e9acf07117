//! Writes frames to a log and reads them back.

use super::LONGEST_PAYLOAD;
use super::payloads::Payloads;
use crate::field::{Field, Input, Wrong};
use crate::frame::{Frame, MessageKind, Place, PlaceFormat};
use crate::outbox::PutFrame;
use alloc::vec;
use alloc::vec::Vec;
use bytes::Bytes;
use core::cell::RefCell;

/// Zeros in place of payloads that the log does not have. A longer payload gets a larger buffer.
static ZEROS: [u8; 4096] = [0; 4096];

/// The bit of a frame's first byte that is set if the frame has extras: a [`Place`], a deflated variant, or both. Then a
/// byte with the bits [`DEFLATED`] and [`PLACED`] follows the length of the payload.
pub(super) const EXTRAS: u8 = 0x80;
/// The bits of a frame's first byte that have the length of its head in bytes. The three bits between `HEAD` and [`EXTRAS`]
/// have the policy in a publish, and are zero in a snapshot.
const HEAD: u8 = 0xf;
const DEFLATED: u8 = 1;
const PLACED: u8 = 2;

/// Everything that a log has of a frame, except the bytes of its head and payload.
pub(super) struct Shape {
    kind: Option<MessageKind>,
    /// The lengths of head and payload in bytes.
    lens: (usize, u32),
    /// The place in the payload that is reserved for the offset, and the offset.
    placed: Option<(Place, u64)>,
    /// Of the deflated variant: the lengths of head and payload in bytes, and the start of the place in its payload (0
    /// without a place).
    deflated: Option<((usize, u32), u32)>,
}

/// The buffer of zeros with which [`Shape::build`] begins.
pub(super) fn zeros() -> Bytes {
    Bytes::from_static(&ZEROS)
}

/// Returns the function that writes a frame to a snapshot of a hub.
pub(super) fn put(payloads: Payloads) -> PutFrame<'static> {
    match payloads {
        Payloads::Redacted => &put_redacted,
        Payloads::Kept => &put_kept,
    }
}

/// Returns the function that reads a frame from a snapshot of a hub. If payloads are redacted, all frames share one buffer
/// of zeros.
pub(super) fn take(payloads: Payloads) -> impl Fn(&mut Input<'_>) -> Result<Frame, Wrong> {
    let zeros = RefCell::new(zeros());
    move |input| {
        let first = u8::take(input)?;
        if first & !(EXTRAS | HEAD) != 0 {
            return Err(Wrong::Malformed);
        }
        take_shape(first, input)?.build(payloads, input, &mut zeros.borrow_mut())
    }
}

fn put_redacted(frame: &Frame, log: &mut Vec<u8>) {
    let extras = if frame.has_extras() { EXTRAS } else { 0 };
    log.push(extras | frame.head_len());
    put_payload_len(frame, frame.payload().len(), log);
    if frame.has_extras() {
        put_extras(frame, log);
    }
}

fn put_kept(frame: &Frame, log: &mut Vec<u8>) {
    put_redacted(frame, log);
    log.extend_from_slice(frame.head());
    log.extend_from_slice(frame.payload());
    if let Some(deflated) = frame.deflated() {
        log.extend_from_slice(deflated.head());
        log.extend_from_slice(deflated.payload());
    }
}

/// Writes the frame's kind and `len`, the number of payload bytes that the log has, in one varint.
pub(super) fn put_payload_len(frame: &Frame, len: usize, log: &mut Vec<u8>) {
    let kind = match frame.kind() {
        None => 0,
        Some(MessageKind::Text) => 1,
        Some(MessageKind::Binary) => 2,
    };
    ((len as u64) << 2 | kind).put(log);
}

/// Writes which extras the frame has, then the place and the offset, then the lengths of the deflated variant.
pub(super) fn put_extras(frame: &Frame, log: &mut Vec<u8>) {
    let (place, deflated) = (frame.place(), frame.deflated());
    log.push(if place.is_some() { PLACED } else { 0 } | if deflated.is_some() { DEFLATED } else { 0 });
    if let Some(place) = place {
        place.format.put(log);
        place.at.put(log);
        frame.offset().unwrap_or_default().put(log);
    }
    if let Some(deflated) = deflated {
        log.push(deflated.head_len());
        (deflated.payload().len() as u64).put(log);
        if let Some(place) = deflated.place() {
            place.at.put(log);
        }
    }
}

/// Reads the shape of a frame whose first byte was read already: what [`put_payload_len`] and [`put_extras`] wrote.
pub(super) fn take_shape(first: u8, input: &mut Input<'_>) -> Result<Shape, Wrong> {
    let payload = u64::take(input)?;
    let kind = match payload & 3 {
        0 => None,
        1 => Some(MessageKind::Text),
        2 => Some(MessageKind::Binary),
        _ => return Err(Wrong::Malformed),
    };
    let payload = u32::try_from(payload >> 2).map_err(|_| Wrong::Malformed)?;
    let mut shape = Shape { kind, lens: (usize::from(first & HEAD), payload), placed: None, deflated: None };
    if first & EXTRAS == 0 {
        return Ok(shape);
    }
    let extras = u8::take(input)?;
    if !(1..=DEFLATED | PLACED).contains(&extras) {
        return Err(Wrong::Malformed);
    }
    if extras & PLACED != 0 {
        let (format, at) = (PlaceFormat::take(input)?, u32::take(input)?);
        shape.placed = Some((Place { at, format }, Field::take(input)?));
    }
    if extras & DEFLATED != 0 {
        let lens = (usize::from(u8::take(input)?), Field::take(input)?);
        let at = if shape.placed.is_some() { Field::take(input)? } else { 0 };
        shape.deflated = Some((lens, at));
    }
    Ok(shape)
}

impl Shape {
    /// Makes a frame of this shape: of the next bytes of the log if payloads are kept, otherwise of zeros.
    pub(super) fn build(
        self,
        payloads: Payloads,
        input: &mut Input<'_>,
        zeros: &mut Bytes,
    ) -> Result<Frame, Wrong> {
        let mut take = |kind, (head, payload)| match payloads {
            Payloads::Redacted => zero_frame(kind, head, payload, zeros),
            Payloads::Kept => take_frame(kind, head, payload, input),
        };
        let place_in = |frame: Frame, at| match self.placed {
            Some((place, _)) => frame.with_place(Place { at, ..place }).map_err(|_| Wrong::Malformed),
            None => Ok(frame),
        };
        let at = self.placed.map_or(0, |(place, _)| place.at);
        let mut frame = place_in(take(self.kind, self.lens)?, at)?;
        if let Some((lens, at)) = self.deflated {
            frame = frame.with_deflated(place_in(take(None, lens)?, at)?);
            // `with_deflated` leaves out a variant that is not shorter; no frame has one.
            frame.deflated().ok_or(Wrong::Malformed)?;
        }
        Ok(self.placed.map_or(frame.clone(), |(_, offset)| frame.sealed(offset)))
    }
}

/// Makes a frame of zeros, as long as the recorded one. All such frames share one buffer; a payload that does not fit
/// replaces it by a larger one, whose length is a power of two.
fn zero_frame(
    kind: Option<MessageKind>,
    head: usize,
    payload: u32,
    zeros: &mut Bytes,
) -> Result<Frame, Wrong> {
    if payload > LONGEST_PAYLOAD {
        return Err(Wrong::PayloadTooLong(payload));
    }
    let payload = payload as usize;
    if payload > zeros.len() {
        *zeros = vec![0; payload.next_power_of_two()].into();
    }
    let head = ZEROS.get(..head).ok_or(Wrong::Malformed)?;
    Frame::new(kind, head, zeros.slice(..payload)).ok_or(Wrong::Malformed)
}

/// Reads the bytes of a frame's head and payload, which a log has if payloads are kept.
fn take_frame(
    kind: Option<MessageKind>,
    head: usize,
    payload: u32,
    input: &mut Input<'_>,
) -> Result<Frame, Wrong> {
    let head = input.bytes(head)?;
    Frame::new(kind, head, Bytes::copy_from_slice(input.bytes(payload as usize)?)).ok_or(Wrong::Malformed)
}
