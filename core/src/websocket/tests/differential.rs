//! The decoder against tungstenite's, in the role of a server.
//!
//! They differ only in this: tungstenite accepts lengths that are not minimal and close codes that may not be
//! sent, checks a frame only when all of it has come, and does not count fragments.

use super::{decode_with, limits, mutated_stream, valid_stream};
use crate::websocket::{Decoder, Item, Message, ProtocolError};
use proptest::prelude::*;
use std::io::{Cursor, Read, Write};
use tungstenite::{
    Error,
    protocol::{Role, WebSocket, WebSocketConfig},
};

const MAX_MESSAGE: u32 = 1 << 20;

struct Wire(Cursor<Vec<u8>>);

impl Read for Wire {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(out)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[derive(Debug, PartialEq)]
enum End {
    /// The input ended by a close frame, or more is needed.
    Fine,
    Refused,
}

fn theirs(bytes: &[u8]) -> (Vec<Item>, End) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE as usize))
        .max_frame_size(Some(MAX_MESSAGE as usize));
    let mut socket =
        WebSocket::from_raw_socket(Wire(Cursor::new(bytes.to_vec())), Role::Server, Some(config));
    let mut items = Vec::new();
    loop {
        match socket.read() {
            Ok(message) => items.push(item(message)),
            Err(Error::ConnectionClosed | Error::AlreadyClosed) => return (items, End::Fine),
            Err(Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)) => {
                return (items, End::Fine);
            }
            Err(_) => return (items, End::Refused),
        }
        if matches!(items.last(), Some(Item::Close { .. })) {
            return (items, End::Fine);
        }
    }
}

fn item(message: tungstenite::Message) -> Item {
    use crate::{CloseCode, websocket::ControlPayload};
    let payload = |bytes: &[u8]| ControlPayload::new(bytes.to_vec()).unwrap();
    match message {
        tungstenite::Message::Text(text) => Item::Message(Message::Text(text)),
        tungstenite::Message::Binary(bytes) => Item::Message(Message::Binary(bytes)),
        tungstenite::Message::Ping(bytes) => Item::Ping(payload(&bytes)),
        tungstenite::Message::Pong(bytes) => Item::Pong(payload(&bytes)),
        tungstenite::Message::Close(None) => Item::Close { code: None, reason: "".into() },
        tungstenite::Message::Close(Some(close)) => {
            Item::Close { code: Some(CloseCode(close.code.into())), reason: close.reason }
        }
        tungstenite::Message::Frame(_) => unreachable!("never read"),
    }
}

proptest! {
    #[test]
    fn valid_streams_give_the_same_messages(stream in valid_stream()) {
        let stream = stream.concat();
        let (items, result) = decode_with(Decoder::server(limits(MAX_MESSAGE, 10)), &stream);
        prop_assert_eq!(result, Ok(()));
        let (expected, end) = theirs(&stream);
        prop_assert_eq!(end, End::Fine);
        prop_assert_eq!(items, expected);
    }

    #[test]
    fn broken_streams_are_refused_alike(stream in mutated_stream()) {
        let (items, result) = decode_with(Decoder::server(limits(MAX_MESSAGE, u32::MAX)), &stream);
        let (expected, end) = theirs(&stream);
        match result {
            Err(ProtocolError::LengthNotMinimal | ProtocolError::BadCloseCode) => {
                prop_assert!(expected.starts_with(&items));
            }
            // tungstenite has no error only while it waits for the frame's end; otherwise it has one more item.
            Err(_) => prop_assert_eq!(items, expected),
            Ok(()) => {
                prop_assert_eq!(end, End::Fine);
                prop_assert_eq!(items, expected);
            }
        }
    }
}
