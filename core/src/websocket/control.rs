//! Encodes the control frames of a lease.

use super::encode::{encode_close, encode_ping, encode_pong};
use super::item::ControlPayload;
use crate::outbox::Control;
use alloc::vec::Vec;

/// Appends the bytes of a control frame from a lease (RFC 6455 section 5.5).
pub fn encode_control(control: &Control, out: &mut Vec<u8>) {
    match control {
        Control::Ping => encode_ping(&ControlPayload::EMPTY, out),
        Control::Pong(payload) => {
            // The hub cuts payloads at 125 bytes, so this never fails.
            let payload = ControlPayload::new(payload.clone()).unwrap_or(ControlPayload::EMPTY);
            encode_pong(&payload, out);
        }
        Control::Close { code, reason } => encode_close(*code, reason.as_deref().unwrap_or_default(), out),
    }
}
