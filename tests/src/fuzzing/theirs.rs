//! Tungstenite on the same bytes.

use std::io::{Cursor, Read, Write};
use throng_core::CloseCode;
use throng_core::websocket::{ControlPayload, Item, Message};
use tungstenite::error::ProtocolError;
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tungstenite::{Error, Message as Theirs};

/// How a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// There could be more.
    Open,
    /// With a close frame.
    Closed,
    /// By an error that has this close code.
    Refused(CloseCode),
}

/// The longest payload of a control frame, which no limit on messages may forbid.
const CONTROL: usize = 125;

/// What tungstenite makes of a stream.
pub(super) fn read(stream: &[u8], role: Role, max_message: u32) -> (Vec<Item>, End) {
    let config = WebSocketConfig::default()
        .read_buffer_size(4096)
        .max_message_size(Some(max_message as usize))
        .max_frame_size(Some(CONTROL.max(max_message as usize)));
    let mut socket = WebSocket::from_raw_socket(Wire(Cursor::new(stream)), role, Some(config));
    let mut items = Vec::new();
    loop {
        match socket.read() {
            Ok(message) => items.push(item(message)),
            Err(error) => return (items, end(&error)),
        }
        if matches!(items.last(), Some(Item::Close { .. })) {
            return (items, End::Closed);
        }
    }
}

/// What is read, and a place to write to.
struct Wire<'a>(Cursor<&'a [u8]>);

impl Read for Wire<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(out)
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn end(error: &Error) -> End {
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Open,
        Error::Protocol(_) => End::Refused(CloseCode::PROTOCOL_ERROR),
        Error::Utf8(_) => End::Refused(CloseCode::INVALID_PAYLOAD),
        Error::Capacity(_) => End::Refused(CloseCode::TOO_BIG),
        other => panic!("tungstenite fails in another way: {other}"),
    }
}

fn item(message: Theirs) -> Item {
    let control = |bytes| ControlPayload::new(bytes).expect("tungstenite refuses longer ones");
    match message {
        Theirs::Text(text) => Message::Text(text).into(),
        Theirs::Binary(bytes) => Message::Binary(bytes).into(),
        Theirs::Ping(bytes) => Item::Ping(control(bytes)),
        Theirs::Pong(bytes) => Item::Pong(control(bytes)),
        Theirs::Close(None) => Item::Close { code: None, reason: "".into() },
        Theirs::Close(Some(close)) => {
            Item::Close { code: Some(CloseCode(close.code.into())), reason: close.reason }
        }
        Theirs::Frame(_) => unreachable!("such a message is never read"),
    }
}
