//! The decoder holds the bytes received, never the length claimed, and nothing between messages.

use super::{KEY, feed, frame, frames};
use crate::websocket::{Decoder, Item, Limits, Message};

// Decoders are small because of idle connections, and items because they are moved more than once.
const _: () = assert!(size_of::<Decoder>() <= 88);
const _: () = assert!(size_of::<Item>() <= 48);

fn decoder() -> Decoder {
    Decoder::server(Limits::default())
}

#[test]
fn a_decoder_between_messages_owns_no_heap() {
    let mut decoder = decoder();
    assert_eq!(decoder.heap_size(), 0);
    let stream = frames(&[
        (0x81, b"small"),
        (0x82, &[0; 100_000]),
        (0x01, &[b'x'; 1000]),
        (0x89, &[0; 125]),
        (0x80, "é".repeat(5000).as_bytes()),
    ]);
    for size in [1, 7, 4096, stream.len()] {
        for piece in stream.chunks(size) {
            feed(&mut decoder, piece, &mut Vec::new()).unwrap();
        }
        assert_eq!(decoder.heap_size(), 0);
        assert!(!decoder.is_mid_message());
    }
}

#[test]
fn memory_grows_with_what_is_received_and_not_with_what_is_claimed() {
    for first in [0x81, 0x82, 0x01, 0x02] {
        let mut decoder = decoder();
        let wire = frame(first, &vec![b'x'; 512 * 1024]);
        let (head, payload) = wire.split_at(14);
        feed(&mut decoder, head, &mut Vec::new()).unwrap();
        assert_eq!(decoder.heap_size(), 0, "a head alone");
        let mut received = 0;
        for piece in payload[..payload.len() - 1].chunks(1000) {
            feed(&mut decoder, piece, &mut Vec::new()).unwrap();
            received += piece.len();
            let most = (2 * received).min(received + (16 << 10));
            assert!(decoder.heap_size() <= most, "{} for {received}", decoder.heap_size());
            assert!(decoder.heap_size() <= 512 * 1024, "never more than the message can be");
        }
        assert!(decoder.is_mid_message());
    }
}

#[test]
fn the_length_of_a_final_frame_bounds_its_buffer() {
    for first in [0x81, 0x82] {
        let mut decoder = decoder();
        let wire = frame(first, &[b'x'; 1000]);
        for piece in wire[..wire.len() - 1].chunks(300) {
            feed(&mut decoder, piece, &mut Vec::new()).unwrap();
        }
        assert_eq!(decoder.heap_size(), 1000);
    }
}

#[test]
fn a_character_that_has_come_in_part_is_reckoned_with() {
    let mut decoder = decoder();
    let wire = frame(0x81, "é".repeat(500).as_bytes());
    let head = wire.len() - 1000;
    for piece in [&wire[..head + 301], &wire[head + 301..head + 998]] {
        feed(&mut decoder, piece, &mut Vec::new()).unwrap();
    }
    assert_eq!(decoder.heap_size(), 998);
}

#[test]
fn a_control_frame_that_has_come_in_part_is_counted() {
    let mut decoder = decoder();
    let wire = frame(0x89, &[b'x'; 100]);
    feed(&mut decoder, &wire[..wire.len() - 1], &mut Vec::new()).unwrap();
    assert!((99..=256).contains(&decoder.heap_size()), "{}", decoder.heap_size());
}

#[test]
fn the_limit_bounds_the_buffer_of_a_message_in_fragments() {
    let mut decoder = decoder();
    feed(&mut decoder, &frame(0x01, &vec![b'x'; 300 * 1024]), &mut Vec::new()).unwrap();
    feed(&mut decoder, &frame(0x00, "é".repeat(100 * 1024).as_bytes()), &mut Vec::new()).unwrap();
    assert!(decoder.heap_size() <= 512 * 1024);
}

#[test]
fn an_error_and_a_close_let_go_of_the_message_under_way() {
    for end in [frame(0x83, b""), frame(0x88, b"")] {
        let mut decoder = decoder();
        feed(&mut decoder, &frame(0x01, &[b'x'; 1000]), &mut Vec::new()).unwrap();
        assert!(decoder.heap_size() >= 1000);
        let _ = feed(&mut decoder, &end, &mut Vec::new());
        assert_eq!(decoder.heap_size(), 0);
    }
}

#[test]
fn a_message_keeps_no_spare_capacity() {
    let mut decoder = decoder();
    let mut items = Vec::new();
    for piece in frames(&[(0x02, &[1; 600]), (0x80, &[2; 50])]).chunks(100) {
        feed(&mut decoder, piece, &mut items).unwrap();
    }
    let Some(Item::Message(Message::Binary(bytes))) = items.pop() else { panic!("a binary message") };
    assert_eq!(Vec::from(bytes).capacity(), 650);
}

#[test]
fn a_long_message_in_pieces_of_any_length_is_whole_and_keeps_no_spare_capacity() {
    let text: String = (0..40_000).map(|at| ["ä", "b", "𝄞", "€"][at % 7 % 4]).collect();
    for size in [1_000, 4_096, 5_000, 16 << 10, 20_000, 64 << 10] {
        for (first, payload) in [(0x81, text.as_bytes()), (0x82, &[7; 100_000])] {
            let (mut decoder, mut items) = (decoder(), Vec::new());
            let mut received = 0;
            for piece in frame(first, payload).chunks(size) {
                feed(&mut decoder, piece, &mut items).unwrap();
                received += piece.len();
                assert!(
                    decoder.heap_size() <= received + (16 << 10),
                    "{} for {received}",
                    decoder.heap_size()
                );
            }
            match items.pop() {
                Some(Item::Message(Message::Binary(bytes))) => {
                    assert_eq!((bytes.len(), Vec::from(bytes).capacity()), (100_000, 100_000));
                }
                Some(Item::Message(Message::Text(heard))) => assert_eq!(heard.as_str(), text),
                other => panic!("a message, not {other:?}"),
            }
            assert_eq!(decoder.heap_size(), 0);
        }
    }
}

#[test]
fn a_message_is_unmasked_where_it_stands() {
    let mut wire = frame(0x82, b"here");
    assert_eq!(wire[6], b'h' ^ KEY[0]);
    let mut input = wire.as_mut_slice();
    decoder().decode(&mut input).unwrap();
    assert_eq!(&wire[6..], b"here");
}
