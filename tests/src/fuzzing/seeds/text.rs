//! Text, and close frames with it.

use super::{Seed, seed};
use crate::fuzzing::cuts::Cuts;

/// Bodies of close frames.
pub fn close_payload() -> Vec<Seed> {
    let reason = "ein Grund: 漢字 🦀";
    let codes: [u16; 24] = [
        0, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
        1015, 2999, 3000, 3999, 4000, 4999, 5000,
    ];
    let coded =
        codes.map(|code| seed(format!("code-{code}"), [&code.to_be_bytes(), reason.as_bytes()].concat()));
    let others: [(&str, Vec<u8>); 7] = [
        ("empty", Vec::new()),
        ("one-byte", b"\x03".to_vec()),
        ("without-reason", b"\x03\xe8".to_vec()),
        ("bad-utf8", b"\x03\xe8\xc0\x80".to_vec()),
        ("cut-short", b"\x03\xe8\xf0\x9f\xa6".to_vec()),
        ("longest", [b"\x03\xe8", &[b'r'; 123][..]].concat()),
        ("too-long-by-half-a-character", [b"\x03\xe8", "é".repeat(62).as_bytes()].concat()),
    ];
    coded.into_iter().chain(others.map(|(name, body)| seed(name, body))).collect()
}

/// Each way to be UTF-8, and each way not to be (Unicode 15, table 3-7).
pub fn utf8() -> Vec<Seed> {
    let texts: [(&str, &[u8]); 25] = [
        ("ascii", b"plain text"),
        ("two-bytes", "grüß".as_bytes()),
        ("three-bytes", "漢字".as_bytes()),
        ("four-bytes", "🦀🦞".as_bytes()),
        ("mixed", "aé漢🦀aé漢🦀aé漢🦀".as_bytes()),
        ("first-of-each-length", "\u{0}\u{80}\u{800}\u{10000}".as_bytes()),
        ("last-of-each-length", "\u{7f}\u{7ff}\u{ffff}\u{10ffff}".as_bytes()),
        ("around-the-surrogates", "\u{d7ff}\u{e000}".as_bytes()),
        ("combining", "e\u{301}\u{200d}\u{fe0f}".as_bytes()),
        ("nothing", b""),
        ("cut-two", b"a\xc3"),
        ("cut-three", b"a\xe6\xbc"),
        ("cut-four", b"a\xf0\x9f\xa6"),
        ("bad-alone", b"a\x80b"),
        ("bad-overlong-two", b"a\xc0\x80"),
        ("bad-overlong-three", b"a\xe0\x9f\xbf"),
        ("bad-overlong-four", b"a\xf0\x8f\xbf\xbf"),
        ("bad-surrogate", b"a\xed\xa0\x80"),
        ("bad-too-large", b"a\xf4\x90\x80\x80"),
        ("bad-lead-f5", b"a\xf5\x80\x80\x80"),
        ("bad-lead-ff", b"a\xff"),
        ("bad-second", b"\xe6\x28\xa1"),
        ("bad-third", b"\xf0\x9f\x28\xa1"),
        ("bad-fourth", b"\xf0\x9f\xa6\x28"),
        (
            "bad-after-long-ascii",
            b"0123456789012345678901234567890123456789012345678901234567890123456789\xff",
        ),
    ];
    texts.iter().map(|(name, text)| seed(*name, Cuts::join(text, &[2, 1, 3], 0))).collect()
}

/// Positions, and what is nearly one.
pub fn position() -> Vec<Seed> {
    let texts: [(&str, &[u8]); 22] = [
        ("position", b"000000000000feed.42"),
        ("short-epoch", b"f.0"),
        ("upper-case", b"FEED.7"),
        ("largest", b"ffffffffffffffff.18446744073709551615"),
        ("largest-but-one-more", b"ffffffffffffffff.18446744073709551616"),
        ("zeros-first", b"0000000000000001.00000000000000000000000000001"),
        ("epoch", b"000000000000feed"),
        ("no-epoch", b".42"),
        ("no-offset", b"feed."),
        ("nothing", b""),
        ("dot", b"."),
        ("zero-epoch", b"0000000000000000.1"),
        ("long-epoch", b"00000000000000001.1"),
        ("two-dots", b"feed.4.2"),
        ("sign-of-offset", b"feed.+42"),
        ("negative", b"feed.-1"),
        ("sign-of-epoch", b"+eed.42"),
        ("blank", b" feed.42"),
        ("newline", b"feed.42\n"),
        ("no-hexadecimal", b"geed.42"),
        ("other-digits", "feed.\u{0664}\u{0662}".as_bytes()),
        ("not-utf8", b"feed.\xff"),
    ];
    let bytes = seed("bytes", [0xfeed_u64, u64::MAX].map(u64::to_be_bytes).concat());
    texts.iter().map(|(name, text)| seed(*name, *text)).chain([bytes]).collect()
}
