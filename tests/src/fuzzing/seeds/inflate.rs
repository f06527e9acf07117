//! Payloads of compressed messages.

use super::{Seed, seed};
use crate::fuzzing::cuts::Cuts;
use throng_core::websocket::deflate::Compressor;

/// Each kind of block, what may be around them, and what is wrong with them (RFC 1951, RFC 7692 section 7.2.3).
pub fn inflate() -> Vec<Seed> {
    let text = "to be, or not to be, that is the question: κόσμε ".repeat(4);
    let deflated =
        |level, payload: &[u8]| Compressor::new(level).compress(payload).expect("it gets shorter").to_vec();
    let whole = deflated(6, text.as_bytes());
    let payloads: [(&str, Vec<u8>, u8); 19] = [
        ("hello", vec![0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], 4),
        ("stored", b"\x00\x05\x00\xfa\xffHello\x00".to_vec(), 4),
        ("last-block", vec![0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00], 4),
        ("last-block-without-zero", vec![0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], 12),
        ("two-blocks", vec![0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00], 8),
        ("empty", vec![0x00], 4),
        ("nothing", Vec::new(), 0),
        ("text", whole.clone(), 5),
        ("text-fast", deflated(1, text.as_bytes()), 5),
        ("text-best", deflated(9, text.as_bytes()), 13),
        ("two-streams", [&[0x03, 0x00][..], &whole].concat(), 4),
        ("cut-short", whole[..whole.len() / 2].to_vec(), 0),
        ("bytes-behind", [&whole[..], b"\x00\x00\xff\xff\xff"].concat(), 0),
        ("not-utf8", deflated(6, &[0xff; 100]), 4),
        ("bomb", deflated(9, &vec![0; 100_000]), 0),
        ("at-the-limit", deflated(6, &[b'a'; 300]), 2),
        ("over-the-limit", deflated(6, &[b'a'; 301]), 2),
        ("refers-to-before", vec![0xf2, 0x00, 0x11, 0x00, 0x00], 8),
        ("no-such-block", vec![0x07], 0),
    ];
    payloads
        .iter()
        .map(|(name, payload, variant)| seed(*name, Cuts::join(payload, &[3, 0, 40], *variant)))
        .collect()
}
