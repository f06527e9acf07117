//! Frames of tests, and the text by which tests compare what was written.

use crate::frame::Frame;
use crate::outbox::{Control, Item};
use alloc::format;
use alloc::string::{String, ToString};
use bytes::Bytes;

/// A frame without a head.
pub(super) fn frame(text: &str) -> Frame {
    Frame::raw(Bytes::copy_from_slice(text.as_bytes()))
}

/// A frame of this many bytes.
pub(super) fn frame_of(bytes: usize) -> Frame {
    Frame::raw(alloc::vec![b'x'; bytes].into())
}

/// A short text for an item that was written.
pub(super) fn shown(item: &Item) -> String {
    match item {
        Item::Frame(frame) if frame.size() > 64 => format!("{} bytes", frame.size()),
        Item::Frame(frame) => String::from_utf8_lossy(frame.payload()).into_owned(),
        Item::Control(Control::Ping) => "ping".to_string(),
        Item::Control(Control::Pong(payload)) => format!("pong {}", String::from_utf8_lossy(payload)),
        Item::Control(Control::Close { code: None, reason }) => {
            assert_eq!(*reason, None, "a close frame without a code has no body");
            "close".to_string()
        }
        Item::Control(Control::Close { code: Some(code), reason: None }) => format!("close {code}"),
        Item::Control(Control::Close { code: Some(code), reason: Some(reason) }) => {
            format!("close {code} {reason}")
        }
    }
}
