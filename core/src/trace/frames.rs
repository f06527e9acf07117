//! Frames in a snapshot of a hub.

use super::Payloads;
use super::publish::{take_frame, take_lens, with_deflated, zero_frame, zeros};
use crate::field::{Field, Input, Wrong};
use crate::frame::Frame;
use crate::outbox::PutFrame;
use alloc::vec::Vec;
use core::cell::RefCell;

/// How frames are written.
pub(super) fn put(payloads: Payloads) -> PutFrame<'static> {
    match payloads {
        Payloads::Redacted => &put_redacted,
        Payloads::Kept => &put_whole,
    }
}

/// How frames are read. Those without a payload share zeros that are as long as the longest of them.
pub(super) fn take(payloads: Payloads) -> impl Fn(&mut Input<'_>) -> Result<Frame, Wrong> {
    let zeros = RefCell::new(zeros());
    move |input| {
        let lens = take_lens(input)?;
        let deflated = if bool::take(input)? { Some(take_lens(input)?) } else { None };
        let mut take = |(head, payload)| match payloads {
            Payloads::Redacted => zero_frame(head, payload, &mut zeros.borrow_mut()),
            Payloads::Kept => take_frame(head, payload, input),
        };
        with_deflated(take(lens)?, deflated.map(take).transpose()?)
    }
}

fn put_redacted(frame: &Frame, log: &mut Vec<u8>) {
    put_lens(frame, log);
    log.push(u8::from(frame.deflated().is_some()));
    if let Some(deflated) = frame.deflated() {
        put_lens(deflated, log);
    }
}

fn put_lens(frame: &Frame, log: &mut Vec<u8>) {
    log.push(frame.head().len() as u8);
    (frame.payload().len() as u64).put(log);
}

fn put_whole(frame: &Frame, log: &mut Vec<u8>) {
    put_redacted(frame, log);
    for variant in [Some(frame), frame.deflated()].into_iter().flatten() {
        log.extend_from_slice(variant.head());
        log.extend_from_slice(variant.payload());
    }
}
