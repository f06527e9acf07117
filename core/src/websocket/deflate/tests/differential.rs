//! Compares with another implementation of deflate (miniz_oxide).

use super::{deflated, json};
use crate::MessageKind;
use crate::websocket::deflate::{Compressor, Inflater};
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec;
use proptest::collection::vec;
use proptest::prelude::*;

/// Payloads of words, of random bytes, or of one repeated byte.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let words = vec(0..40_usize, 0..600)
        .prop_map(|words| words.iter().map(|word| format!("word{word} ")).collect::<String>().into_bytes());
    let bytes = vec(any::<u8>(), 0..3_000);
    let same = (any::<u8>(), 0..200_000_usize).prop_map(|(byte, len)| [byte].repeat(len));
    prop_oneof![words, bytes, same]
}

fn theirs(payload: &[u8]) -> Vec<u8> {
    // Appends the end of the sync flush and an empty last block.
    decompress_to_vec(&[payload, &[0x00, 0x00, 0xff, 0xff, 0x03, 0x00]].concat()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_we_deflate_they_inflate(payload in payload(), level in 1..=9_u8) {
        if let Some(deflated) = Compressor::new(level).compress(&payload) {
            prop_assert_eq!(theirs(deflated), payload);
        }
    }

    #[test]
    fn what_they_deflate_we_inflate(payload in payload(), level in 0..=10_u8) {
        // A stream that ends with a last block, with the zero byte of section 7.2.1 and without it, as some peers send it.
        let last = compress_to_vec(&payload, level);
        let padded = [&last[..], &[0x00]].concat();
        for deflated in [last, padded] {
            let message = Inflater::new().inflate(MessageKind::Binary, &deflated, 1 << 20).unwrap();
            prop_assert_eq!(message.as_bytes(), &payload[..]);
        }
    }
}

#[test]
fn several_streams_one_behind_the_other_are_one_message() {
    let parts = [json(1), json(2), json(3)];
    let mut streams: Vec<u8> = parts.iter().flat_map(|part| compress_to_vec(part.as_bytes(), 6)).collect();
    let message = Inflater::new().inflate(MessageKind::Text, &streams, 1 << 20).unwrap();
    assert_eq!(message.as_bytes(), parts.concat().as_bytes());
    streams.extend(deflated(json(4).as_bytes()));
    let message = Inflater::new().inflate(MessageKind::Text, &streams, 1 << 20).unwrap();
    assert_eq!(message.len(), parts.concat().len() + json(4).len());
}
