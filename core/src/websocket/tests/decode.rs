use super::{KEY, decode, decode_with, feed, frame, frames, limits};
use crate::{
    CloseCode, MessageKind,
    websocket::{ControlPayload, Decoder, Item, Limits, Message, ProtocolError, ReservedBits},
};

fn text(text: &str) -> Item {
    Item::Message(Message::Text(text.into()))
}

fn binary(bytes: &[u8]) -> Item {
    Item::Message(Message::Binary(bytes.to_vec().into()))
}

fn payload(bytes: &[u8]) -> ControlPayload {
    ControlPayload::new(bytes.to_vec()).unwrap()
}

#[test]
fn the_examples_of_rfc_6455_section_5_7_decode() {
    let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(decode(&hello), (vec![text("Hello")], Ok(())));

    let client = |bytes: &[u8]| decode_with(Decoder::client(Limits::default()), bytes);
    assert_eq!(client(b"\x81\x05Hello"), (vec![text("Hello")], Ok(())));
    assert_eq!(client(b"\x01\x03Hel\x80\x02lo"), (vec![text("Hello")], Ok(())));
    assert_eq!(client(b"\x89\x05Hello"), (vec![Item::Ping(payload(b"Hello"))], Ok(())));
    let long = [0x61; 256];
    assert_eq!(client(&[b"\x82\x7e\x01\x00", &long[..]].concat()), (vec![binary(&long)], Ok(())));
    let long = vec![0x61; 65_536];
    let head = [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0];
    assert_eq!(client(&[&head[..], &long].concat()), (vec![binary(&long)], Ok(())));
}

#[test]
fn control_frames_may_stand_between_fragments() {
    let stream = frames(&[(0x01, b"a"), (0x89, b"?"), (0x00, b""), (0x8a, b"!"), (0x80, b"b"), (0x82, b"")]);
    let items = vec![Item::Ping(payload(b"?")), Item::Pong(payload(b"!")), text("ab"), binary(b"")];
    assert_eq!(decode(&stream), (items, Ok(())));
}

/// Every violation of the framing: the bytes, and the error.
#[test]
fn bad_framing_is_refused() {
    use ProtocolError as E;
    let long = [0; 126];
    let cases: Vec<(&str, Vec<u8>, E)> = vec![
        ("a frame without a mask", b"\x81\x05Hello".to_vec(), E::UnmaskedFrame),
        ("an empty frame without a mask", b"\x82\x00".to_vec(), E::UnmaskedFrame),
        ("RSV1", frame(0xc1, b""), E::ReservedBits),
        ("RSV2", frame(0xa1, b""), E::ReservedBits),
        ("RSV3", frame(0x91, b""), E::ReservedBits),
        ("RSV1 on a ping", frame(0xc9, b""), E::ReservedBits),
        ("opcode 3", frame(0x83, b""), E::ReservedOpcode),
        ("opcode 7", frame(0x87, b""), E::ReservedOpcode),
        ("opcode 11", frame(0x8b, b""), E::ReservedOpcode),
        ("opcode 15", frame(0x8f, b""), E::ReservedOpcode),
        ("a fragment of a ping", frame(0x09, b""), E::FragmentedControl),
        ("a fragment of a pong", frame(0x0a, b""), E::FragmentedControl),
        ("a fragment of a close", frame(0x08, b""), E::FragmentedControl),
        ("a long ping", frame(0x89, &long), E::ControlTooLong),
        ("a long pong", frame(0x8a, &long), E::ControlTooLong),
        ("a long close", frame(0x88, &long), E::ControlTooLong),
        ("a ping with a 64-bit length", b"\x89\xff".to_vec(), E::ControlTooLong),
        ("the top bit of the length", b"\x82\xff\x80\0\0\0\0\0\0\0".to_vec(), E::LengthOverflow),
        ("all bits of the length", b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(), E::LengthOverflow),
        ("125 in 16 bits", b"\x82\xfe\0\x7d".to_vec(), E::LengthNotMinimal),
        ("0 in 16 bits", b"\x82\xfe\0\0".to_vec(), E::LengthNotMinimal),
        ("65535 in 64 bits", b"\x82\xff\0\0\0\0\0\0\xff\xff".to_vec(), E::LengthNotMinimal),
        ("0 in 64 bits", b"\x82\xff\0\0\0\0\0\0\0\0".to_vec(), E::LengthNotMinimal),
        ("a continuation of nothing", frame(0x80, b"x"), E::UnexpectedContinuation),
        ("an unfinished continuation of nothing", frame(0x00, b"x"), E::UnexpectedContinuation),
        (
            "a continuation of a finished message",
            frames(&[(0x01, b""), (0x80, b""), (0x80, b"")]),
            E::UnexpectedContinuation,
        ),
        ("a text within a message", frames(&[(0x01, b"x"), (0x81, b"")]), E::ExpectedContinuation),
        ("a binary within an empty fragment", frames(&[(0x02, b""), (0x82, b"")]), E::ExpectedContinuation),
        ("2^63 - 1 bytes", b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0".to_vec(), E::MessageTooBig),
        ("2^32 bytes", b"\x82\xff\0\0\0\x01\0\0\0\0\0\0\0\0".to_vec(), E::MessageTooBig),
        ("2^32 + 1 bytes", b"\x82\xff\0\0\0\x01\0\0\0\x01\0\0\0\0".to_vec(), E::MessageTooBig),
        ("512 KiB and one", b"\x82\xff\0\0\0\0\0\x08\0\x01\0\0\0\0".to_vec(), E::MessageTooBig),
        ("a close body of one byte", frame(0x88, b"\x03"), E::CloseTooShort),
        ("a close reason that is not UTF-8", frame(0x88, b"\x03\xe8ok\xff"), E::ReasonNotUtf8),
        ("a close reason cut in a character", frame(0x88, b"\x03\xe8\xe2\x82"), E::ReasonNotUtf8),
    ];
    for (what, bytes, error) in cases {
        let (_, result) = decode(&bytes);
        assert_eq!(result, Err(error), "{what}");
    }
}

#[test]
fn a_client_refuses_masked_frames() {
    let decoder = Decoder::client(Limits::default());
    assert_eq!(decode_with(decoder, &frame(0x81, b"x")).1, Err(ProtocolError::MaskedFrame));
}

#[test]
fn close_codes_are_those_of_rfc_6455_section_7_4() {
    for code in 0..=u16::MAX {
        let allowed = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        let close = Item::Close { code: Some(CloseCode(code)), reason: "why".into() };
        let expected =
            if allowed { (vec![close], Ok(())) } else { (vec![], Err(ProtocolError::BadCloseCode)) };
        assert_eq!(decode(&frame(0x88, &[&code.to_be_bytes()[..], b"why"].concat())), expected, "{code}");
    }
}

#[test]
fn a_close_without_a_body_has_no_code() {
    assert_eq!(decode(&frame(0x88, b"")).0, [Item::Close { code: None, reason: "".into() }]);
}

#[test]
fn what_follows_a_close_is_skipped() {
    let mut decoder = Decoder::server(Limits::default());
    let mut items = Vec::new();
    let stream = frames(&[(0x01, b"half"), (0x88, b""), (0xff, b"rubbish")]);
    assert_eq!(feed(&mut decoder, &stream, &mut items), Ok(()));
    assert_eq!(feed(&mut decoder, b"more rubbish", &mut items), Ok(()));
    assert_eq!(items.len(), 1);
    assert_eq!(decoder.heap_size(), 0);
}

#[test]
fn an_error_is_terminal() {
    let mut decoder = Decoder::server(Limits::default());
    let mut items = Vec::new();
    let stream = frames(&[(0x81, b"ok"), (0x83, b""), (0x81, b"late")]);
    for bytes in [&stream[..], &frame(0x81, b"later"), b""] {
        assert_eq!(feed(&mut decoder, bytes, &mut items), Err(ProtocolError::ReservedOpcode));
    }
    assert_eq!(items, [text("ok")]);
}

/// A text in fragments, and the number of bytes before the decoder must find that it is invalid.
#[test]
fn bad_utf8_fails_at_the_first_bad_byte() {
    let cases: &[(&[u8], usize)] = &[
        (b"\xff", 1),
        (b"abc\x80", 4),
        (b"\xc0\x80", 1),
        (b"\xc3\x28", 2),
        (b"\xe0\x80\x80", 2),
        (b"\xed\xa0\x80", 2),
        (b"\xe2\x82\x28", 3),
        (b"\xf0\x80\x80\x80", 2),
        (b"\xf0\x9f\xa6\x28", 4),
        (b"\xf4\x90\x80\x80", 2),
        (b"\xf5\x80\x80\x80", 1),
        // From the Autobahn suite, case 6.4.
        (b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80\x65\x64\x69\x74\x65\x64", 13),
    ];
    for (bytes, bad) in cases {
        // Bytes behind it, so that the frame is incomplete when the bad byte comes.
        let padded = [bytes, &[b' '; 200][..]].concat();
        let one_frame = frame(0x81, &padded);
        let head = one_frame.len() - padded.len();
        fails_at(&one_frame, head + bad, bytes);

        let fragments: Vec<u8> = (0..padded.len())
            .flat_map(|at| {
                let opcode = if at == 0 { 0x01 } else { 0x00 };
                frames(&[(opcode, &padded[at..=at]), (0x89, b"between")])
            })
            .collect();
        let step = frame(0x00, b"x").len() + frame(0x89, b"between").len();
        fails_at(&fragments, step * (bad - 1) + frame(0x00, b"x").len(), bytes);
    }
}

fn fails_at(stream: &[u8], len: usize, what: &[u8]) {
    let before = decode(&stream[..len - 1]).1;
    assert_eq!(before, Ok(()), "{what:x?} before the bad byte");
    assert_eq!(decode(&stream[..len]).1, Err(ProtocolError::TextNotUtf8), "{what:x?} in one piece");
    let mut decoder = Decoder::server(Limits::default());
    for (at, byte) in stream.iter().enumerate() {
        let result = feed(&mut decoder, &[*byte], &mut Vec::new());
        let expected = if at + 1 < len { Ok(()) } else { Err(ProtocolError::TextNotUtf8) };
        assert_eq!(result, expected, "{what:x?} byte by byte, at {at}");
    }
}

#[test]
fn a_text_that_ends_in_the_middle_of_a_character_is_refused() {
    for end in 1..4 {
        let crab = &"🦀".as_bytes()[..end];
        assert_eq!(decode(&frame(0x81, crab)).1, Err(ProtocolError::TextNotUtf8));
        let fragments = frames(&[(0x01, crab), (0x80, b"")]);
        assert_eq!(decode(&fragments).1, Err(ProtocolError::TextNotUtf8));
    }
}

#[test]
fn a_binary_message_may_hold_anything() {
    assert_eq!(decode(&frame(0x82, b"\xff\xfe\x80")).0, [binary(b"\xff\xfe\x80")]);
}

#[test]
fn the_size_limit_counts_all_frames_of_a_message_and_no_more() {
    let decoder = || Decoder::server(limits(10, 100));
    let fits = frames(&[(0x02, b"12345"), (0x89, b"not counted"), (0x80, b"67890"), (0x82, b"1234567890")]);
    let (items, result) = decode_with(decoder(), &fits);
    assert_eq!((items.len(), result), (3, Ok(())));

    let over = frames(&[(0x02, b"12345"), (0x00, b"6789"), (0x80, b"01")]);
    assert_eq!(decode_with(decoder(), &over).1, Err(ProtocolError::MessageTooBig));
    // The head alone is enough for the error.
    assert_eq!(decode_with(decoder(), &over[..over.len() - 2]).1, Err(ProtocolError::MessageTooBig));
    assert_eq!(decode_with(decoder(), &over[..over.len() - 3]).1, Ok(()));
}

#[test]
fn the_fragment_limit_holds_against_empty_fragments() {
    let decoder = || Decoder::server(limits(1000, 3));
    let fits = frames(&[(0x02, b""), (0x00, b""), (0x80, b""), (0x02, b""), (0x00, b"x"), (0x80, b"")]);
    assert_eq!(decode_with(decoder(), &fits).0, [binary(b""), binary(b"x")]);
    let over = frames(&[(0x02, b""), (0x00, b""), (0x00, b""), (0x00, b"")]);
    assert_eq!(decode_with(decoder(), &over).1, Err(ProtocolError::TooManyFragments));
}

#[test]
fn every_error_has_its_close_code_and_a_name_of_its_own() {
    let mut names: Vec<_> = ProtocolError::ALL.iter().map(|error| error.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ProtocolError::ALL.len());
    for error in ProtocolError::ALL {
        let code = match error {
            ProtocolError::TextNotUtf8 | ProtocolError::ReasonNotUtf8 | ProtocolError::BadCompression => 1007,
            ProtocolError::TooManyFragments => 1008,
            ProtocolError::MessageTooBig => 1009,
            _ => 1002,
        };
        assert_eq!(error.close_code().0, code, "{error}");
        assert!(error.name().len() <= super::super::encode::MAX_REASON);
    }
}

#[test]
fn a_negotiated_extension_may_use_rsv1_on_the_first_frame_only() {
    let decoder = || Decoder::server(Limits::default()).allow(ReservedBits::COMPRESSED);
    let stream = frames(&[(0x41, b"\xff"), (0x89, b""), (0x80, b"\xfe"), (0xc2, b"x"), (0x81, b"plain")]);
    let compressed = |kind, bytes: &[u8]| Item::Compressed { kind, payload: bytes.to_vec().into() };
    let items = vec![
        Item::Ping(ControlPayload::EMPTY),
        compressed(MessageKind::Text, b"\xff\xfe"),
        compressed(MessageKind::Binary, b"x"),
        text("plain"),
    ];
    assert_eq!(decode_with(decoder(), &stream), (items, Ok(())));
    for bad in [frames(&[(0x41, b""), (0xc0, b"")]), frame(0xc9, b""), frame(0xa1, b""), frame(0xd1, b"")] {
        assert_eq!(decode_with(decoder(), &bad).1, Err(ProtocolError::ReservedBits));
    }
}

#[test]
fn the_mask_is_right_at_every_phase_and_length() {
    for len in 0..70 {
        let payload: Vec<u8> = (0..len).collect();
        let wire = frame(0x82, &payload);
        for (at, byte) in payload.iter().enumerate() {
            assert_eq!(wire[6 + at], byte ^ KEY[at % 4]);
        }
        for cut in 0..wire.len() {
            let mut items = Vec::new();
            let mut decoder = Decoder::server(Limits::default());
            feed(&mut decoder, &wire[..cut], &mut items).unwrap();
            feed(&mut decoder, &wire[cut..], &mut items).unwrap();
            assert_eq!(items, [binary(&payload)], "{len} bytes cut at {cut}");
        }
    }
}
