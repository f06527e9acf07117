use super::{decode, decode_with, feed};
use crate::{
    CloseCode, Frame, MessageKind,
    websocket::{
        ControlPayload, Decoder, Item, Limits, Message, ReservedBits,
        encode::{
            MAX_REASON, encode_binary, encode_client_close, encode_client_compressed,
            encode_client_fragments, encode_client_message, encode_client_ping, encode_client_pong,
            encode_close, encode_compressed, encode_ping, encode_pong, encode_text,
        },
    },
};
use bytes::Bytes;
use proptest::prelude::*;

fn flatten(frame: &Frame) -> Vec<u8> {
    [frame.head(), frame.payload()].concat()
}

fn client_decode(bytes: &[u8]) -> Vec<Item> {
    let (items, result) = decode_with(Decoder::client(Limits::default()), bytes);
    assert_eq!(result, Ok(()));
    items
}

#[test]
fn a_server_frame_shares_its_payload() {
    let payload = Bytes::from(vec![7; 1000]);
    let frame = encode_binary(payload.clone()).unwrap();
    assert_eq!(frame.payload().as_ptr(), payload.as_ptr());
    assert_eq!(frame.head(), [0x82, 126, 0x03, 0xe8]);
}

#[test]
fn a_compressed_message_has_rsv1_set() {
    for kind in [MessageKind::Text, MessageKind::Binary] {
        let item = Item::Compressed { kind, payload: Bytes::from_static(b"\xff") };
        let frame = encode_compressed(kind, &b"\xff"[..]).unwrap();
        let client = Decoder::client(Limits::default()).allow(ReservedBits::COMPRESSED);
        assert_eq!(decode_with(client, &flatten(&frame)), (vec![item.clone()], Ok(())));
        let mut bytes = Vec::new();
        encode_client_compressed(kind, b"\xff", [1, 2, 3, 4], &mut bytes);
        let server = Decoder::server(Limits::default()).allow(ReservedBits::COMPRESSED);
        assert_eq!(decode_with(server, &bytes), (vec![item], Ok(())));
    }
}

#[test]
fn lengths_are_encoded_in_as_few_bytes_as_they_need() {
    for (len, head_len) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10), (500_000, 10)] {
        let frame = encode_text("x".repeat(len)).unwrap();
        assert_eq!(frame.head().len(), head_len, "{len}");
        assert_eq!(client_decode(&flatten(&frame)), [Message::Text("x".repeat(len).into()).into()]);
    }
}

#[test]
fn a_close_reason_is_cut_between_characters() {
    for (reason, kept) in [
        ("", 0),
        ("why", 3),
        (&"x".repeat(MAX_REASON), MAX_REASON),
        (&"x".repeat(MAX_REASON + 1), MAX_REASON),
        (&"é".repeat(100), 122),
        (&"🦀".repeat(100), 120),
    ] {
        let mut out = Vec::new();
        encode_close(Some(CloseCode::GOING_AWAY), reason, &mut out);
        let close = Item::Close { code: Some(CloseCode::GOING_AWAY), reason: reason[..kept].into() };
        assert_eq!(client_decode(&out), [close]);
    }
}

#[test]
fn a_code_that_may_not_be_sent_is_not_sent() {
    for code in [None, Some(CloseCode::NO_STATUS), Some(CloseCode::ABNORMAL), Some(CloseCode(1015))] {
        let mut out = Vec::new();
        encode_close(code, "unsaid", &mut out);
        assert_eq!(out, [0x88, 0]);
    }
}

#[test]
fn control_frames_come_back_from_the_decoder() {
    for len in [0, 1, 124, 125] {
        let payload = ControlPayload::new(vec![9; len]).unwrap();
        let mut out = Vec::new();
        encode_ping(&payload, &mut out);
        encode_pong(&payload, &mut out);
        assert_eq!(client_decode(&out), [Item::Ping(payload.clone()), Item::Pong(payload.clone())]);

        let mut out = Vec::new();
        encode_client_ping(&payload, [1, 2, 3, 4], &mut out);
        encode_client_pong(&payload, [0; 4], &mut out);
        encode_client_close(Some(CloseCode(4000)), "bye", [5, 6, 7, 8], &mut out);
        let close = Item::Close { code: Some(CloseCode(4000)), reason: "bye".into() };
        assert_eq!(decode(&out).0, [Item::Ping(payload.clone()), Item::Pong(payload), close]);
    }
    assert_eq!(ControlPayload::new(vec![0; 126]), None);
}

#[test]
fn fragments_are_as_long_as_told() {
    for (len, fragment, expected) in [(0, 5, 1), (5, 5, 1), (6, 5, 2), (3, 0, 3), (10, 5, 2)] {
        let mut out = Vec::new();
        let mut count = 0;
        let keys = || {
            count += 1;
            [count; 4]
        };
        encode_client_fragments(MessageKind::Binary, &vec![1; len], fragment, keys, &mut out);
        assert_eq!(count, expected, "{len} bytes by {fragment}");
        assert_eq!(decode(&out).0, [Message::Binary(vec![1; len].into()).into()]);
    }
}

proptest! {
    #[test]
    fn client_messages_come_back_from_the_decoder(
        messages in proptest::collection::vec((".{0,200}", any::<[u8; 4]>(), 0usize..50), 0..5),
    ) {
        let mut decoder = Decoder::server(Limits::default());
        let mut items = Vec::new();
        let mut expected: Vec<Item> = Vec::new();
        for (text, key, fragment) in &messages {
            let mut out = Vec::new();
            encode_client_message(MessageKind::Text, text.as_bytes(), *key, &mut out);
            encode_client_fragments(MessageKind::Binary, text.as_bytes(), *fragment, || *key, &mut out);
            prop_assert_eq!(feed(&mut decoder, &out, &mut items), Ok(()));
            expected.push(Message::Text(text.into()).into());
            expected.push(Message::Binary(text.clone().into()).into());
        }
        prop_assert_eq!(items, expected);
        prop_assert_eq!(decoder.heap_size(), 0);
    }
}
