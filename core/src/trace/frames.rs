//! Frames in a snapshot of a hub.

use super::Payloads;
use super::publish::{take_frame, zero_frame, zeros};
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
        let (head, payload) = (usize::from(u8::take(input)?), Field::take(input)?);
        match payloads {
            Payloads::Redacted => zero_frame(head, payload, &mut zeros.borrow_mut()),
            Payloads::Kept => take_frame(head, payload, input),
        }
    }
}

fn put_redacted(frame: &Frame, log: &mut Vec<u8>) {
    log.push(frame.head().len() as u8);
    (frame.payload().len() as u64).put(log);
}

fn put_whole(frame: &Frame, log: &mut Vec<u8>) {
    put_redacted(frame, log);
    log.extend_from_slice(frame.head());
    log.extend_from_slice(frame.payload());
}
