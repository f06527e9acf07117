//! Frames with a place for an offset, deflated.

use super::json;
use crate::MessageKind;
use crate::frame::{Filled, Frame, Place, Window};
use crate::websocket::deflate::{Compressor, Inflater};
use crate::websocket::encode::{encode_binary, encode_text};
use bytes::Bytes;
use miniz_oxide::inflate::decompress_to_vec;

/// As they are inflated by another implementation.
fn theirs(payload: &[u8]) -> Vec<u8> {
    decompress_to_vec(&[payload, &[0x00, 0x00, 0xff, 0xff, 0x03, 0x00]].concat()).unwrap()
}

/// The payload as it is written to somebody with this window.
fn payload(frame: &Frame, window: Window) -> Vec<u8> {
    let mut filled = Filled::default();
    frame.parts(window, &mut filled)[1..].concat()
}

fn with_variant(frame: Frame) -> Frame {
    let deflated = Compressor::new(6).compress_frame(&frame).expect("it gets shorter");
    let frame = frame.with_deflated(deflated);
    assert!(frame.deflated().is_some());
    frame
}

#[test]
fn both_variants_of_a_sealed_frame_are_the_same_message() {
    // What is behind the place would best be compressed by reference to what stands in it.
    let twins = Place::ZERO.repeat(40);
    for (before, behind) in [
        (r#"{"offset":"#, json(1)),
        ("", twins.clone()),
        (r#"{"push":{"channel":"news:sports","pub":{"offset":"#, twins),
        (&json(2), json(2)),
    ] {
        let text = [before, Place::ZERO, &behind].concat();
        let frame = encode_text(text).unwrap().with_place(Place::decimal(before.len())).unwrap();
        let frame = with_variant(frame);
        for offset in [1, 9, 10, u64::MAX] {
            let sealed = frame.sealed(offset);
            let expected = format!("{before}{offset:>20}{behind}");
            assert_eq!(payload(&sealed, Window::NONE), expected.as_bytes());
            let deflated = payload(&sealed, Window::WHOLE);
            assert!(deflated.len() < expected.len());
            assert_eq!(theirs(&deflated), expected.as_bytes());
            let ours = Inflater::new().inflate(MessageKind::Text, &deflated, 1 << 20).unwrap();
            assert_eq!(ours.as_bytes(), expected.as_bytes());
        }
        assert_eq!(
            frame.sealed(7).deflated().unwrap().payload().as_ptr(),
            frame.deflated().unwrap().payload().as_ptr(),
            "the variant is not copied, either"
        );
    }
}

#[test]
fn a_binary_place_is_deflated_likewise() {
    let message = [&b"\x82\xa1o\xcf"[..], &[0; 8], b"\xa1d", &[7; 500]].concat();
    let frame =
        with_variant(encode_binary(message.clone()).unwrap().with_place(Place::big_endian(4)).unwrap());
    for offset in [1, 9, 10, u64::MAX] {
        let mut expected = message.clone();
        expected[4..12].copy_from_slice(&offset.to_be_bytes());
        assert_eq!(payload(&frame.sealed(offset), Window::NONE), expected);
        assert_eq!(theirs(&payload(&frame.sealed(offset), Window::WHOLE)), expected);
    }
}

#[test]
fn a_place_far_from_the_start_or_at_the_end_leaves_nothing_to_deflate() {
    let place = |at: usize, behind: usize| {
        let payload = Bytes::from([&b"x".repeat(at), Place::ZERO.as_bytes(), &b"y".repeat(behind)].concat());
        let frame = encode_binary(payload).unwrap().with_place(Place::decimal(at)).unwrap();
        Compressor::new(6).compress_frame(&frame).is_some()
    };
    for (at, behind, is_deflated) in
        [(0xffff - 20, 1_000, true), (0xffff - 19, 1_000, false), (1_000, 0, false), (1_000, 1_000, true)]
    {
        assert_eq!(place(at, behind), is_deflated, "{at} before, {behind} behind");
    }
}

#[test]
fn who_keeps_a_context_deflates_the_offset_too() {
    let text = [r#"{"offset":"#, Place::ZERO, &json(1)].concat();
    let frame = encode_text(text).unwrap().with_place(Place::decimal(10)).unwrap();
    let (mut compressor, mut inflater) = (Compressor::keeping(6, 15), Inflater::keeping(15));
    for offset in [1, 9, 10, u64::MAX] {
        let deflated = compressor.compress_frame(&frame.sealed(offset)).unwrap();
        assert_eq!(deflated.place(), None);
        let message = inflater.inflate(MessageKind::Text, deflated.payload(), 1 << 20).unwrap();
        assert_eq!(message.as_bytes(), payload(&frame.sealed(offset), Window::NONE));
    }
}
