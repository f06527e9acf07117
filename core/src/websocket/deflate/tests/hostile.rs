//! Input that a hostile peer may send and no compressor makes.

use super::{deflated, json};
use crate::MessageKind;
use crate::websocket::ProtocolError;
use crate::websocket::deflate::{Compressor, Inflater};
use miniz_oxide::deflate::compress_to_vec;

const LIMIT: u32 = 1 << 20;

fn inflate(payload: &[u8], limit: u32) -> Result<Vec<u8>, ProtocolError> {
    let message = Inflater::new().inflate(MessageKind::Binary, payload, limit)?;
    Ok(message.into_bytes().to_vec())
}

#[test]
fn a_message_may_be_as_long_as_the_limit_and_no_longer() {
    for len in [1, 63, 64, 65, 100, 4_096, 100_000] {
        let payload = "a".repeat(len as usize);
        let deflated = compress_to_vec(payload.as_bytes(), 9);
        assert_eq!(inflate(&deflated, len).unwrap().len(), len as usize);
        assert_eq!(inflate(&deflated, len - 1), Err(ProtocolError::MessageTooBig), "{len}");
    }
    assert_eq!(inflate(&[0x00], 0), Ok(Vec::new()));
    assert_eq!(inflate(&compress_to_vec(b"a", 9), u32::MAX), Ok(b"a".to_vec()));
}

#[test]
fn a_bomb_stops_at_the_limit_and_the_inflater_goes_on() {
    // Each MiB of it inflates to a GiB.
    let bomb = deflated(&vec![0; 64 << 20]);
    assert!(bomb.len() < 80 << 10);
    let mut inflater = Inflater::new();
    let result = inflater.inflate(MessageKind::Binary, &bomb, LIMIT);
    assert_eq!(result, Err(ProtocolError::MessageTooBig));
    let text = json(1);
    let message = inflater.inflate(MessageKind::Text, &deflated(text.as_bytes()), LIMIT).unwrap();
    assert_eq!(message.as_bytes(), text.as_bytes());
}

#[test]
fn no_more_memory_is_taken_than_the_limit_and_one() {
    let (text, zeros) = (json(1), vec![0; 3_000_000]);
    for payload in [text.as_bytes(), &zeros] {
        let payload = deflated(payload);
        for limit in [0, 1, 63, 64, 65, 1_000, 1_100, 100_000, 2_999_999, 3_000_000] {
            let mut out = Vec::new();
            let _ = Inflater::new().inflate_all(&payload, limit, &mut out);
            assert!(out.capacity() <= limit + 1, "{} of {limit}", out.capacity());
        }
    }
}

#[test]
fn what_fills_the_room_for_it_is_whole() {
    let (mut theirs, mut ours) = (Compressor::keeping(9, 15), Inflater::keeping(15));
    for len in 1..2_000 {
        let payload = vec![len as u8; len];
        let message = ours.inflate(MessageKind::Binary, theirs.compress(&payload).unwrap(), LIMIT).unwrap();
        assert!(message.as_bytes() == payload, "{len}");
    }
}

#[test]
fn what_is_cut_short_is_no_message() {
    let whole = deflated(json(1).as_bytes());
    for len in 0..whole.len() {
        let cut = inflate(&whole[..len], LIMIT);
        assert!(cut.is_err(), "{len} of {} bytes: {cut:?}", whole.len());
    }
    assert_eq!(inflate(&[], LIMIT), Err(ProtocolError::BadCompression));
    // A last block that is cut short, with its end in the tail of the message or at the end of the stream.
    for cut in [&[0x3b, 0x2a, 0xc9, 0x57, 0xff, 0x3e, 0x9f, 0xdb, 0x76][..], &[0xdb, 0x76, 0x6e]] {
        assert_eq!(inflate(cut, LIMIT), Err(ProtocolError::BadCompression));
    }
}

#[test]
fn what_is_not_deflated_data_is_no_message() {
    for payload in [
        // A block of an invalid type, a stored block with a wrong check of its length, and a reference to before the
        // beginning.
        &[0x07][..],
        &[0x00, 0x05, 0x00, 0xfa, 0xfe],
        &[0xf2, 0x00, 0x11, 0x00, 0x00],
        b"plain text, not deflated",
        &[0xff; 40],
    ] {
        assert_eq!(inflate(payload, LIMIT), Err(ProtocolError::BadCompression), "{payload:x?}");
    }
}

#[test]
fn bytes_behind_the_message_are_no_part_of_it() {
    let whole = deflated(json(1).as_bytes());
    let more = [&whole[..], &[0x00, 0x00, 0xff, 0xff, 0xff]].concat();
    assert_eq!(inflate(&more, LIMIT), Err(ProtocolError::BadCompression));
    // Empty blocks are valid.
    let empty = [&whole[..], &[0x00, 0x00, 0xff, 0xff, 0x00, 0x00, 0x00, 0xff, 0xff, 0x00]].concat();
    assert_eq!(inflate(&empty, LIMIT).unwrap(), json(1).as_bytes());
}

#[test]
fn thousands_of_last_blocks_cost_what_thousands_of_bytes_do() {
    let blocks = [0x03, 0x00].repeat(20_000);
    assert_eq!(inflate(&blocks, LIMIT), Ok(Vec::new()));
}

#[test]
fn a_text_must_be_utf8_once_it_is_inflated() {
    let bytes = deflated(&[b'a'; 100].iter().chain(&[0xff; 100]).copied().collect::<Vec<u8>>());
    let mut inflater = Inflater::new();
    assert_eq!(inflater.inflate(MessageKind::Text, &bytes, LIMIT), Err(ProtocolError::TextNotUtf8));
    assert!(inflater.inflate(MessageKind::Binary, &bytes, LIMIT).is_ok());
    assert_eq!(ProtocolError::BadCompression.close_code(), crate::CloseCode::INVALID_PAYLOAD);
}
