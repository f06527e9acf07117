//! Control frames that the hub names become bytes.

use super::encode::{encode_close, encode_ping, encode_pong};
use super::item::ControlPayload;
use crate::outbox::Control;
use alloc::vec::Vec;

/// Appends a control frame that is in a lease (RFC 6455 section 5.5).
pub fn encode_control(control: &Control, out: &mut Vec<u8>) {
    match control {
        Control::Ping => encode_ping(&ControlPayload::EMPTY, out),
        Control::Pong(payload) => {
            // The hub keeps no longer payload than a control frame can have.
            let payload = ControlPayload::new(payload.clone()).unwrap_or(ControlPayload::EMPTY);
            encode_pong(&payload, out);
        }
        Control::Close { code, reason } => encode_close(*code, reason.as_deref().unwrap_or_default(), out),
    }
}
