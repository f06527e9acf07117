use super::{deflated, json};
use crate::frame::Window;
use crate::websocket::deflate::{Compressor, Inflater};
use crate::websocket::encode::{encode_binary, encode_compressed, encode_text};
use crate::{Frame, MessageKind};
use bytes::Bytes;

const LIMIT: u32 = 1 << 20;

fn inflate(inflater: &mut Inflater, payload: &[u8]) -> Vec<u8> {
    inflater.inflate(MessageKind::Binary, payload, LIMIT).unwrap().into_bytes().to_vec()
}

fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn what_is_deflated_inflates_to_the_same_at_every_level_and_length() {
    let mut inflater = Inflater::new();
    for level in 1..=9 {
        let mut compressor = Compressor::new(level);
        for len in [70, 100, 255, 256, 1_000, 4_096, 70_000, 500_000] {
            let text = json(len).repeat(len / 500 + 1);
            let payload = &text.as_bytes()[..len];
            let deflated = compressor.compress(payload).unwrap_or_else(|| panic!("{len} at {level}"));
            assert!(deflated.len() < payload.len());
            assert_eq!(inflate(&mut inflater, deflated), payload, "{len} at {level}");
        }
    }
}

#[test]
fn messages_that_stand_for_themselves_are_the_same_whatever_came_before() {
    let mut compressor = Compressor::new(6);
    let alone = deflated(json(1).as_bytes());
    for other in [json(1), json(2), "x".repeat(100_000)] {
        compressor.compress(other.as_bytes());
        assert_eq!(compressor.compress(json(1).as_bytes()).unwrap(), alone);
    }
}

#[test]
fn what_would_not_get_shorter_is_sent_as_it_is() {
    let mut compressor = Compressor::new(6);
    let noise = noise(10_000);
    for len in [0, 1, 2, 10, 300, 10_000] {
        assert_eq!(compressor.compress(&noise[..len]), None, "{len}");
    }
    // The compressor works like a new one.
    assert_eq!(compressor.compress(json(0).as_bytes()).unwrap(), deflated(json(0).as_bytes()));
}

#[test]
fn what_gets_as_long_as_it_is_is_sent_as_it_is() {
    let mut equal = 0;
    for len in 1..200 {
        // The more different bytes, the smaller the gain.
        let payload: Vec<u8> = (0..len).map(|at: u32| (at % 40 * 97) as u8).collect();
        let length = Compressor::keeping(6, 15).compress(&payload).unwrap().len();
        let is_told = Compressor::new(6).compress(&payload).is_some();
        assert_eq!(is_told, length < payload.len(), "{len}");
        equal += u32::from(length == payload.len());
    }
    assert!(equal > 0);
}

#[test]
fn only_who_is_shared_keeps_a_buffer_and_only_a_small_one() {
    // Noise of four bits a byte, which compresses to half its length.
    let large: Vec<u8> = noise(300_000).iter().map(|byte| byte >> 4).collect();
    let (small, large) = (encode_text(json(1)).unwrap(), encode_binary(large).unwrap());
    let (mut shared, mut own) = (Compressor::new(6), Compressor::keeping(6, 15));
    for (frame, keeps) in [(&small, true), (&large, false), (&small, true)] {
        assert!(shared.compress_frame(frame).is_some() && own.compress_frame(frame).is_some());
        assert_eq!(shared.held() > 0, keeps);
        assert!(shared.held() < 64 << 10);
        assert_eq!(own.held(), 0);
    }
}

#[test]
fn messages_that_refer_back_are_shorter_and_need_what_came_before() {
    for bits in [9, 12, 15] {
        let (mut compressor, mut inflater) = (Compressor::keeping(6, bits), Inflater::keeping(bits));
        // No longer than the smallest window.
        let text = &json(3)[..200];
        let first = compressor.compress(text.as_bytes()).unwrap().to_vec();
        let second = compressor.compress(text.as_bytes()).unwrap().to_vec();
        assert!(second.len() * 3 < first.len(), "{bits}: {} after {}", second.len(), first.len());
        for deflated in [&first, &second] {
            assert_eq!(inflate(&mut inflater, deflated), text.as_bytes(), "{bits}");
        }
        assert!(Inflater::new().inflate(MessageKind::Binary, &second, LIMIT).is_err());
    }
}

#[test]
fn with_a_context_also_what_does_not_get_shorter_is_told() {
    let (mut compressor, mut inflater) = (Compressor::keeping(6, 15), Inflater::keeping(15));
    for payload in [&b"a"[..], b"", b"b", json(1).as_bytes(), b"\xff\xfe", json(1).as_bytes()] {
        let deflated = compressor.compress(payload).unwrap().to_vec();
        assert_eq!(inflate(&mut inflater, &deflated), payload);
    }
}

/// RFC 7692 sections 7.2.3.1 to 7.2.3.5.
#[test]
fn the_examples_of_the_rfc_are_understood() {
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let stored = [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
    let last = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
    let blocks = [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
    let mut inflater = Inflater::new();
    for payload in [&hello[..], &stored, &last, &blocks] {
        assert_eq!(inflate(&mut inflater, payload), b"Hello", "{payload:x?}");
    }
    assert_eq!(inflate(&mut inflater, &[0x00]), b"");
    let mut keeping = Inflater::keeping(15);
    assert_eq!(inflate(&mut keeping, &hello), b"Hello");
    // The second message refers to the first.
    assert_eq!(inflate(&mut keeping, &[0xf2, 0x00, 0x11, 0x00, 0x00]), b"Hello");
}

#[test]
fn a_frame_has_a_deflated_variant_for_those_whose_window_holds_the_message() {
    let frame = encode_text(json(5)).unwrap();
    let deflated = Compressor::new(6).compress_frame(&frame).unwrap();
    assert_eq!(deflated.head()[0], 0xc1);
    let len = frame.payload().len();
    assert!((257..=2_048).contains(&len));
    let frame = frame.with_deflated(deflated.clone());
    assert_eq!(frame.deflated(), Some(&deflated));
    assert_eq!(frame.held(), u64::from(frame.size() + deflated.size()));
    for (window, takes) in [
        (Window::NONE, false),
        (Window::of_bits(8).unwrap(), false),
        (Window::of_bits(11).unwrap(), true),
        (Window::of_bits(14).unwrap(), true),
        (Window::WHOLE, true),
    ] {
        let expected = if takes { &deflated } else { &frame };
        assert_eq!(frame.for_window(window), expected, "{window:?}");
    }
    assert!([0, 7, 16].iter().all(|&bits| Window::of_bits(bits).is_none()));
    assert!(Window::of_bits(8).unwrap().holds(256) && !Window::of_bits(8).unwrap().holds(257));
    assert!(Window::WHOLE.holds(usize::MAX));
}

#[test]
fn only_whole_messages_have_a_deflated_variant_and_only_if_it_is_shorter() {
    let mut compressor = Compressor::new(6);
    let payload = Bytes::from(json(1));
    assert_eq!(compressor.compress_frame(&encode_binary(payload.clone()).unwrap()).unwrap().head()[0], 0xc2);
    let first = Frame::new(None, &[0x01, 126, 0, 0], payload.clone()).unwrap();
    let compressed = encode_compressed(MessageKind::Text, payload.clone()).unwrap();
    for other in [Frame::raw(payload.clone()), first, compressed] {
        assert_eq!(compressor.compress_frame(&other), None);
    }
    let short = encode_text("short").unwrap();
    assert_eq!(short.clone().with_deflated(encode_text("longer").unwrap()).deflated(), None);
}

#[test]
fn what_names_its_parts_does_not_show_them() {
    let shown = [format!("{:?}", Compressor::new(1)), format!("{:?}", Inflater::default())];
    assert_eq!(shown, ["Compressor { context: Dropped, .. }", "Inflater { context: Dropped, .. }"]);
}
