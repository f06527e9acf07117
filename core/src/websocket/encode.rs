//! Encodes messages and control frames.
//!
//! A server's message becomes a shared [`Frame`] without a copy; control frames are appended to a buffer. A
//! client's frames are masked, so they are always copied.

use super::{
    item::{ControlBuffer, ControlPayload},
    mask::apply_mask,
    wire::{FIN, HeadBytes, ReservedBits},
};
use crate::{CloseCode, Frame, MessageKind};
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use tungstenite::{
    Utf8Bytes,
    protocol::frame::coding::{Control, Data, OpCode},
};

/// The longest reason of a close frame (RFC 6455 section 5.5.1).
pub const MAX_REASON: usize = 123;

/// The message is too long for a [`Frame`]: 4 GiB or more with its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("message of 4 GiB or more")
    }
}

impl core::error::Error for TooLong {}

/// Encodes a server's text message (RFC 6455 section 5.6). O(1) for a shared payload.
///
/// # Errors
/// [`TooLong`] if it would not fit in a [`Frame`].
pub fn encode_text(text: impl Into<Utf8Bytes>) -> Result<Frame, TooLong> {
    server_frame(Some(MessageKind::Text), first_byte(OpCode::Data(Data::Text)), text.into().into())
}

/// Encodes a server's binary message (RFC 6455 section 5.6). O(1) for a shared payload.
///
/// # Errors
/// [`TooLong`] if it would not fit in a [`Frame`].
pub fn encode_binary(payload: impl Into<Bytes>) -> Result<Frame, TooLong> {
    server_frame(Some(MessageKind::Binary), first_byte(OpCode::Data(Data::Binary)), payload.into())
}

/// Encodes a server's compressed message (RFC 7692 section 6), with RSV1 set; `payload` is already deflated. Only for
/// recipients that negotiated the extension. O(1) for a shared payload.
///
/// # Errors
/// [`TooLong`] if it would not fit in a [`Frame`].
pub fn encode_compressed(kind: MessageKind, payload: impl Into<Bytes>) -> Result<Frame, TooLong> {
    let first = first_byte(OpCode::Data(data_of(kind))) | ReservedBits::COMPRESSED.bits();
    server_frame(None, first, payload.into())
}

fn server_frame(kind: Option<MessageKind>, first: u8, payload: Bytes) -> Result<Frame, TooLong> {
    let head = HeadBytes::new(first, payload.len(), None);
    Frame::new(kind, head.as_bytes(), payload).ok_or(TooLong)
}

/// Appends a server's ping (RFC 6455 section 5.5.2).
pub fn encode_ping(payload: &ControlPayload, out: &mut Vec<u8>) {
    write(OpCode::Control(Control::Ping), payload, None, out);
}

/// Appends a server's pong (RFC 6455 section 5.5.3).
pub fn encode_pong(payload: &ControlPayload, out: &mut Vec<u8>) {
    write(OpCode::Control(Control::Pong), payload, None, out);
}

/// Appends a server's close frame (RFC 6455 section 5.5.1). The reason is cut after [`MAX_REASON`] bytes, at the end
/// of a character. Without a code, or with a code that [may not be sent](CloseCode::may_be_sent), the frame has no
/// body.
pub fn encode_close(code: Option<CloseCode>, reason: &str, out: &mut Vec<u8>) {
    write(OpCode::Control(Control::Close), close_body(code, reason).as_bytes(), None, out);
}

/// Appends a client's message in one frame, masked with `key`.
pub fn encode_client_message(kind: MessageKind, payload: &[u8], key: [u8; 4], out: &mut Vec<u8>) {
    write(OpCode::Data(data_of(kind)), payload, Some(key), out);
}

/// Appends a client's compressed message (RFC 7692 section 6) in one frame with RSV1 set; `payload` is already deflated.
pub fn encode_client_compressed(kind: MessageKind, payload: &[u8], key: [u8; 4], out: &mut Vec<u8>) {
    let first = first_byte(OpCode::Data(data_of(kind))) | ReservedBits::COMPRESSED.bits();
    write_frame(first, payload, Some(key), out);
}

/// Appends a client's message in frames of `fragment` bytes, at least 1; the last frame may be shorter (RFC 6455
/// section 5.4). Each frame takes a key from `keys`.
pub fn encode_client_fragments(
    kind: MessageKind,
    payload: &[u8],
    fragment: usize,
    mut keys: impl FnMut() -> [u8; 4],
    out: &mut Vec<u8>,
) {
    let mut data = data_of(kind);
    let mut rest = payload;
    loop {
        let (piece, behind) = rest.split_at(rest.len().min(fragment.max(1)));
        let fin = if behind.is_empty() { FIN } else { 0 };
        write_frame(fin | u8::from(OpCode::Data(data)), piece, Some(keys()), out);
        if behind.is_empty() {
            return;
        }
        (data, rest) = (Data::Continue, behind);
    }
}

/// Appends a client's ping, masked with `key`.
pub fn encode_client_ping(payload: &ControlPayload, key: [u8; 4], out: &mut Vec<u8>) {
    write(OpCode::Control(Control::Ping), payload, Some(key), out);
}

/// Appends a client's pong, masked with `key`.
pub fn encode_client_pong(payload: &ControlPayload, key: [u8; 4], out: &mut Vec<u8>) {
    write(OpCode::Control(Control::Pong), payload, Some(key), out);
}

/// Appends a client's close frame, masked with `key`, otherwise like [`encode_close`].
pub fn encode_client_close(code: Option<CloseCode>, reason: &str, key: [u8; 4], out: &mut Vec<u8>) {
    write(OpCode::Control(Control::Close), close_body(code, reason).as_bytes(), Some(key), out);
}

fn write(opcode: OpCode, payload: &[u8], mask: Option<[u8; 4]>, out: &mut Vec<u8>) {
    write_frame(first_byte(opcode), payload, mask, out);
}

/// Appends a frame with any first byte, even an invalid one, for tests.
pub(super) fn write_frame(first: u8, payload: &[u8], mask: Option<[u8; 4]>, out: &mut Vec<u8>) {
    let head = HeadBytes::new(first, payload.len(), mask);
    out.reserve(head.as_bytes().len() + payload.len());
    out.extend_from_slice(head.as_bytes());
    let from = out.len();
    out.extend_from_slice(payload);
    if let Some(key) = mask {
        apply_mask(&mut out[from..], key);
    }
}

fn first_byte(opcode: OpCode) -> u8 {
    FIN | u8::from(opcode)
}

const fn data_of(kind: MessageKind) -> Data {
    match kind {
        MessageKind::Text => Data::Text,
        MessageKind::Binary => Data::Binary,
    }
}

fn close_body(code: Option<CloseCode>, reason: &str) -> ControlBuffer {
    let Some(code) = code.filter(|code| code.may_be_sent()) else { return ControlBuffer::EMPTY };
    let reason = &reason[..reason.floor_char_boundary(MAX_REASON)];
    let mut body = ControlBuffer::EMPTY;
    // 2 + 123 bytes always fit.
    let _ = body.extend(&code.0.to_be_bytes());
    let _ = body.extend(reason.as_bytes());
    body
}
