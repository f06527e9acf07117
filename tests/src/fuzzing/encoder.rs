//! What is encoded is what is decoded, by the core and by tungstenite.

use super::cuts::Cuts;
use super::decoder::decode;
use super::theirs::{self, End};
use throng_core::websocket::{
    ControlPayload, Decoder, Item, Limits, MAX_CONTROL, Message, ReservedBits, encode,
};
use throng_core::{CloseCode, Frame, MessageKind, Place, Window};
use tungstenite::protocol::Role;

/// A list of messages, each of which a server and a client send; behind it how their streams are cut.
///
/// # Panics
/// If the other end receives something else, or a frame is longer than it need be.
pub fn encoder_round_trip(input: &[u8]) {
    let cuts = Cuts::new(input);
    let mut script = Script(cuts.bytes);
    let mut sent = Sent::default();
    while let Some(&tag) = script.take(1).first() {
        sent.send(tag, &mut script);
        if matches!(sent.items.last(), Some(Item::Close { .. })) {
            break;
        }
    }
    let mut limits = Limits::default();
    limits.max_message = MAX_MESSAGE as u32;
    let server =
        decode(Decoder::client(limits).allow(ReservedBits::COMPRESSED), &sent.server, cuts.sizes(), limits);
    assert_eq!(server, (sent.items.clone(), Ok(())), "from the server");
    let items: Vec<_> =
        sent.items.into_iter().filter(|item| !matches!(item, Item::Compressed { .. })).collect();
    let client = decode(Decoder::server(limits), &sent.client, cuts.sizes(), limits);
    assert_eq!(client, (items.clone(), Ok(())), "from the client");

    let end = if matches!(items.last(), Some(Item::Close { .. })) { End::Closed } else { End::Open };
    let expected = (items, end);
    assert_eq!(theirs::read(&sent.plain, Role::Client, limits.max_message), expected, "from the server");
    assert_eq!(theirs::read(&sent.client, Role::Server, limits.max_message), expected, "from the client");
}

/// Beyond lengths of 16 bits.
const MAX_MESSAGE: usize = 70_000;

/// What is left of the input.
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    /// A payload: some bytes, over and over, and then some more.
    fn payload(&mut self, longest: usize) -> Vec<u8> {
        let len = usize::from(self.byte());
        let times = usize::from(self.byte()) + 1;
        let rest = usize::from(self.byte() & 7);
        let mut payload = self.take(len).repeat(times);
        payload.extend_from_slice(self.take(rest));
        payload.truncate(longest);
        payload
    }

    fn text(&mut self, longest: usize) -> String {
        let mut text = String::from_utf8_lossy(&self.payload(longest)).into_owned();
        text.truncate(text.floor_char_boundary(longest));
        text
    }

    fn control(&mut self) -> ControlPayload {
        ControlPayload::new(self.payload(MAX_CONTROL)).expect("it is not longer than it may be")
    }

    fn key(&mut self) -> [u8; 4] {
        let mut key = [0; 4];
        let taken = self.take(4);
        key[..taken.len()].copy_from_slice(taken);
        key
    }
}

/// Two streams of the same messages.
#[derive(Default)]
struct Sent {
    items: Vec<Item>,
    server: Vec<u8>,
    /// Without what is compressed.
    plain: Vec<u8>,
    client: Vec<u8>,
}

impl Sent {
    fn send(&mut self, tag: u8, script: &mut Script<'_>) {
        match tag & 7 {
            0 | 1 => self.message(Message::Text(script.text(MAX_MESSAGE).into()), tag, script),
            2 | 3 => self.message(Message::Binary(script.payload(MAX_MESSAGE).into()), tag, script),
            4 => {
                let kind = if tag & 8 == 0 { MessageKind::Text } else { MessageKind::Binary };
                let payload = script.payload(MAX_MESSAGE);
                let frame = encode::encode_compressed(kind, payload.clone()).expect("it is short");
                assert_eq!(frame.head().len(), 2 + length_bytes(payload.len()));
                self.server.extend_from_slice(frame.head());
                self.server.extend_from_slice(frame.payload());
                self.items.push(Item::Compressed { kind, payload: payload.into() });
            }
            5 => {
                let payload = script.control();
                self.control(|out| encode::encode_ping(&payload, out));
                encode::encode_client_ping(&payload, script.key(), &mut self.client);
                self.items.push(Item::Ping(payload));
            }
            6 => {
                let payload = script.control();
                self.control(|out| encode::encode_pong(&payload, out));
                encode::encode_client_pong(&payload, script.key(), &mut self.client);
                self.items.push(Item::Pong(payload));
            }
            _ => self.close(script),
        }
    }

    fn message(&mut self, message: Message, tag: u8, script: &mut Script<'_>) {
        let payload = message.as_bytes();
        let frame = match &message {
            Message::Text(text) => encode::encode_text(text.clone()),
            Message::Binary(bytes) => encode::encode_binary(bytes.clone()),
        };
        let frame = frame.expect("it is short");
        assert_eq!(frame.head().len(), 2 + length_bytes(payload.len()));
        assert_eq!(frame.payload(), payload);
        let (frame, message) = sealed(frame, message, tag);
        let payload = message.as_bytes();
        self.control(|out| frame.append_to(Window::NONE, out));
        let before = self.client.len();
        if tag & 1 == 0 {
            encode::encode_client_message(message.kind(), payload, script.key(), &mut self.client);
            assert_eq!(self.client.len() - before, 6 + length_bytes(payload.len()) + payload.len());
        } else {
            // Not so many that the time goes by.
            let fragment = usize::from(script.byte()).max(payload.len() / 300);
            encode::encode_client_fragments(
                message.kind(),
                payload,
                fragment,
                || script.key(),
                &mut self.client,
            );
        }
        self.items.push(message.into());
    }

    /// The last thing that is sent. 1014 is left out: tungstenite does not know it.
    fn close(&mut self, script: &mut Script<'_>) {
        let code = CloseCode(u16::from(script.byte()) << 8 | u16::from(script.byte()));
        let reason = script.text(encode::MAX_REASON);
        let sent = Some(code).filter(|code| code.may_be_sent() && *code != CloseCode(1014));
        self.control(|out| encode::encode_close(sent, &reason, out));
        encode::encode_client_close(sent, &reason, script.key(), &mut self.client);
        let reason = if sent.is_some() { reason } else { String::new() };
        self.items.push(Item::Close { code: sent, reason: reason.into() });
    }

    /// A server's frame, which is the same with or without compression.
    fn control(&mut self, write: impl Fn(&mut Vec<u8>)) {
        write(&mut self.server);
        write(&mut self.plain);
    }
}

/// The frame with an offset in it, if so tagged and if there is room for one, and the message that it then is.
fn sealed(frame: Frame, message: Message, tag: u8) -> (Frame, Message) {
    let (at, offset) = (usize::from(tag >> 5), u64::MAX / u64::from(tag.max(1)));
    let (place, digits) = if tag & 16 == 0 {
        (Place::decimal(at), format!("{offset:>20}").into_bytes())
    } else {
        (Place::big_endian(at), offset.to_be_bytes().to_vec())
    };
    if tag & 8 == 0 {
        return (frame, message);
    }
    let Ok(placed) = frame.clone().with_place(place) else { return (frame, message) };
    let mut payload = message.as_bytes().to_vec();
    payload[at..place.end()].copy_from_slice(&digits);
    let message = match message {
        Message::Text(_) => Message::Text(payload.try_into().expect("a text stays one")),
        Message::Binary(_) => Message::Binary(payload.into()),
    };
    (placed.sealed(offset), message)
}

/// Of the head beyond its two bytes (RFC 6455 section 5.2).
const fn length_bytes(payload: usize) -> usize {
    match payload {
        0..126 => 0,
        126..65_536 => 2,
        _ => 8,
    }
}
