//! Streams of frames.

use super::{Seed, seed};
use crate::fuzzing::cuts::Cuts;

/// A masked frame whose head is anything.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let len = match payload.len() {
        short @ 0..126 => vec![0x80 | short as u8],
        long => [&[0xfe][..], &(long as u16).to_be_bytes()].concat(),
    };
    let masked = payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key);
    [&[first][..], &len, &KEY, &masked.collect::<Vec<_>>()].concat()
}

fn frames(frames: &[(u8, &[u8])]) -> Vec<u8> {
    frames.iter().flat_map(|(first, payload)| frame(*first, payload)).collect()
}

/// What a client may send, and each thing that it may not.
pub fn decoder() -> Vec<Seed> {
    let text = "grüß Gott, 漢字, 🦀";
    let reason = [b"\x03\xe8", text.as_bytes()].concat();
    let (split, rest) = text.as_bytes().split_at(3);
    let long = [b'x'; 300];
    let streams: [(&str, Vec<u8>); 36] = [
        ("text", frames(&[(0x81, text.as_bytes()), (0x81, b"")])),
        ("binary", frames(&[(0x82, b"\x00\xff\x80"), (0x82, b"")])),
        ("16-bit-length", frames(&[(0x82, &long)])),
        ("64-bit-length-begun", [&b"\x82\xff\0\0\0\0\0\x01\x00\x00abcd"[..], b"some"].concat()),
        ("fragments", frames(&[(0x01, split), (0x00, b""), (0x80, rest)])),
        (
            "control-between-fragments",
            frames(&[(0x02, b"a"), (0x89, b"ping"), (0x00, b"b"), (0x8a, b""), (0x80, b"c")]),
        ),
        ("longest-control", frames(&[(0x89, &long[..125]), (0x8a, &long[..125])])),
        ("compressed", frames(&[(0xc1, b"\xf2H\xcd\xc9\xc9\x07\x00"), (0x42, b"\x01"), (0x80, b"\x02")])),
        ("close", frames(&[(0x88, &reason), (0x81, b"skipped")])),
        ("close-empty", frame(0x88, b"")),
        ("close-1014", frame(0x88, b"\x03\xf6")),
        ("close-application", frame(0x88, b"\x0f\xa0why")),
        ("bad-close-code", frame(0x88, b"\x03\xed")),
        ("bad-close-short", frame(0x88, b"\x03")),
        ("bad-close-code-and-reason", frame(0x88, b"\x03\xed\xff")),
        ("bad-close-reason", frame(0x88, b"\x03\xe8\xff")),
        ("bad-utf8", frame(0x81, b"a\xe2\x28\xa1")),
        ("bad-utf8-across-fragments", frames(&[(0x01, b"\xf0\x9f"), (0x80, b"\xa6x")])),
        ("bad-utf8-at-the-end", frames(&[(0x01, b"a"), (0x80, b"\xe6\xbc")])),
        ("bad-reserved-bit", frame(0x91, b"")),
        ("bad-reserved-bit-of-continuation", frames(&[(0x01, b""), (0xc0, b"")])),
        ("bad-opcode", frame(0x83, b"")),
        ("bad-control-opcode", frame(0x8b, b"")),
        ("bad-fragmented-ping", frame(0x09, b"")),
        ("bad-long-ping", frame(0x89, &long[..126])),
        ("bad-short-ping-of-16-bits", b"\x89\xfe\x00\x01abcd?".to_vec()),
        ("bad-continuation", frame(0x80, b"")),
        ("bad-message-in-message", frames(&[(0x01, b"a"), (0x81, b"b")])),
        ("bad-unmasked", b"\x81\x05Hello".to_vec()),
        ("bad-length-not-minimal-16", b"\x82\xfe\x00\x7dabcd".to_vec()),
        ("bad-length-not-minimal-64", b"\x82\xff\0\0\0\0\0\0\xff\xffabcd".to_vec()),
        ("bad-length-overflow", b"\x82\xff\x80\0\0\0\0\0\0\x01abcd".to_vec()),
        ("bad-length-of-all-ones", b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xffabcd".to_vec()),
        ("too-big", b"\x82\xff\0\0\0\0\0\x02\0\0abcd".to_vec()),
        ("too-big-in-fragments", frames(&[(0x02, &long), (0x00, &long), (0x00, &long), (0x80, &long)])),
        ("too-many-fragments", frames(&[(0x02, b""), (0x00, b""), (0x00, b"1"), (0x00, b""), (0x80, b"2")])),
    ];
    let cut = |at: usize, name: &str, stream: &[u8]| {
        let sizes: &[u8] = [&[7][..], &[1, 13], &[2, 0, 3, 200], &[]][at % 4];
        let variant = match name {
            "compressed" => 8,
            "too-big-in-fragments" => 1,
            "too-many-fragments" => 4,
            _ => 0,
        };
        seed(name, Cuts::join(stream, sizes, variant))
    };
    streams.iter().enumerate().map(|(at, (name, stream))| cut(at, name, stream)).collect()
}

/// Scripts of what both ends send: a tag, and what follows it.
pub fn encoder_round_trip() -> Vec<Seed> {
    let scripts: [(&str, &[u8]); 9] = [
        ("text", b"\x00\x05\x00\x00HelloKEY!"),
        ("text-of-many-bytes", "\x00\x06\x40\x00漢字KEY!".as_bytes()),
        ("text-in-fragments", "\x01\x0d\x02\x01grüß 漢字\u{0}\x05AAAABBBBCCCCDDDDEEEEFFFF".as_bytes()),
        ("binary", b"\x02\x03\x00\x02\x00\xff\x7fzz\x00\x00\x00\x00"),
        ("binary-beyond-16-bits", b"\x02\x20\xff\x0001234567890123456789012345678901KEY!"),
        ("binary-in-fragments", b"\x03\x10\x10\x000123456789abcdef\x21KEY!KEY?"),
        ("compressed", b"\x04\x07\x00\x00\xf2H\xcd\xc9\xc9\x07\x00\x0c\x01\x00\x00\x05"),
        (
            "pings-and-pongs",
            b"\x05\x04\x00\x00pingKEY!\x06\x19\x05\x000123456789012345678901234KEY!\x05\x00\x00\x00KEY?",
        ),
        ("close", "\x05\x00\x00\x00KEY!\x07\x03\u{68}\x06\x0a\x00große Ruhe".as_bytes()),
    ];
    let join = |(name, script): (&str, &[u8])| seed(name, Cuts::join(script, &[5, 1, 130], 0));
    scripts.into_iter().map(join).collect()
}
