use super::{KEY, feed, frame, frames};
use crate::{
    MessageKind,
    websocket::{ControlPayload, Decoder, Limits, Message},
};
use bytes::Bytes;

#[test]
fn a_message_tells_its_kind_and_its_payload() {
    let text = Message::Text("gehört".into());
    let binary = Message::Binary(Bytes::from_static(b"\xff\0"));
    for (message, kind, payload) in
        [(text, MessageKind::Text, "gehört".as_bytes()), (binary, MessageKind::Binary, b"\xff\0")]
    {
        assert_eq!((message.kind(), message.as_bytes()), (kind, payload));
        assert_eq!((message.len(), message.is_empty()), (payload.len(), false));
        assert_eq!(message.into_bytes(), payload);
    }
    for empty in [Message::Text("".into()), Message::Binary(Bytes::new())] {
        assert_eq!((empty.len(), empty.is_empty()), (0, true));
    }
}

#[test]
fn the_payload_of_a_control_frame_is_bytes() {
    let payload = ControlPayload::new(b"who".to_vec()).unwrap();
    assert_eq!((&*payload, payload.as_ref(), payload.as_bytes()), (&b"who"[..], &b"who"[..], &b"who"[..]));
    assert!(ControlPayload::EMPTY.is_empty());
}

/// The bytes given to a decoder, whether it is fresh then, and whether it is within a message.
#[test]
fn a_decoder_is_as_new_exactly_between_messages_and_frames() {
    let mut empty_ping = Vec::new();
    super::write_frame(0x89, b"", Some(KEY), &mut empty_ping);
    let text = frame(0x81, b"text");
    let ping = frame(0x89, b"ping");
    let cases: &[(&str, &[u8], bool, bool)] = &[
        ("nothing", b"", true, false),
        ("a byte of a head", &text[..1], false, false),
        ("all but a byte of a head", &text[..5], false, false),
        ("the head of a text", &text[..6], false, true),
        ("half of a text", &text[..8], false, true),
        ("a text", &text, true, false),
        ("a ping without a payload", &empty_ping, true, false),
        ("the head of a ping", &ping[..6], false, false),
        ("half of a ping", &ping[..8], false, false),
        ("a ping", &ping, true, false),
        ("a fragment", &frame(0x01, b"frag"), false, true),
        ("an empty fragment", &frame(0x02, b""), false, true),
        ("a ping within a message", &frames(&[(0x01, b""), (0x89, b"")]), false, true),
        ("half a ping within a message", &[&frame(0x01, b""), &ping[..8]].concat(), false, true),
        ("a message in fragments", &frames(&[(0x01, b"a"), (0x80, b"b")]), true, false),
        ("a close", &frame(0x88, b""), false, false),
        ("what is wrong", &frame(0x83, b""), false, false),
    ];
    for &(what, bytes, is_fresh, is_mid_message) in cases {
        for size in [1, usize::MAX] {
            let mut decoder = Decoder::server(Limits::default());
            for piece in bytes.chunks(size) {
                let _ = feed(&mut decoder, piece, &mut Vec::new());
            }
            assert_eq!((decoder.is_fresh(), decoder.is_mid_message()), (is_fresh, is_mid_message), "{what}");
        }
    }
}
