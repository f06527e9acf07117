//! 12 and 13: compression (RFC 7692), on a server that has it.
//!
//! The suite sends a thousand messages of each kind and size, each another piece of one text. Here they are a thousand
//! as long as they are short, five of the longest, cut in several ways.

use throng_tests::inflate::Way;
use throng_tests::raw::{BINARY, PING, PONG, TEXT};

use super::LARGEST;
use crate::case::{BINARY_BEGINS, Case, Chop, ENDS, GOES_ON, TEXT_BEGINS};
use crate::deflate::{Deflate, noise};

/// Set in the first byte of a compressed message (section 6).
const RSV1: u8 = 0x40;

/// What browsers offer.
const OFFER: &str = "permessage-deflate; client_max_window_bits";
/// A case has so many round trips, or as many as make so many bytes.
const FEW: usize = 5;
const MANY: usize = 1_000;
/// Under each set of parameters no more than these.
const MANY_OF_EACH: usize = 100;
const BYTES: usize = 64 << 10;
/// Of messages no longer than this so many are under way at a time.
const SHORT: usize = 1_024;
const AT_A_TIME: usize = 10;
const SIZES: [usize; 10] = [16, 64, 256, 1_024, 4_096, 8_192, 16_384, 32_768, 65_536, 131_072];
/// Of the largest, how many bytes of its payload a fragment has.
const FRAGMENTS: [usize; 4] = [256, 1_024, 8_192, 65_536];

/// Parameters, and whether a server can agree.
const OFFERS: [(&str, &str); 7] = [
    ("13.1", "permessage-deflate; client_no_context_takeover; client_max_window_bits"),
    ("13.2", "permessage-deflate; server_no_context_takeover; client_max_window_bits"),
    ("13.3", "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9"),
    ("13.4", "permessage-deflate; server_max_window_bits=15; client_max_window_bits=15"),
    (
        "13.5",
        "permessage-deflate; server_no_context_takeover; server_max_window_bits=9; client_max_window_bits",
    ),
    ("13.6", "permessage-deflate; server_no_context_takeover; server_max_window_bits=15"),
    (
        "13.7",
        "permessage-deflate; server_no_context_takeover; server_max_window_bits=7, \
         permessage-deflate; server_max_window_bits, permessage-deflate",
    ),
];

/// Offers that may be taken, as few write them.
const SPELLINGS: [&str; 6] = [
    "permessage-deflate;client_max_window_bits",
    "permessage-deflate ; client_max_window_bits ; server_no_context_takeover",
    "permessage-deflate; server_max_window_bits=\"10\"",
    "x-webkit-deflate-frame, permessage-deflate",
    "permessage-deflate; unheard_of, permessage-deflate; server_max_window_bits=9",
    "permessage-deflate; server_max_window_bits=9, permessage-deflate",
];

/// What is offered and makes no sense (section 7.1): each is declined, and nobody is sent away.
const NONSENSE: [&str; 8] = [
    "permessage-deflate; server_no_context_takeover=1",
    "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
    "permessage-deflate; server_max_window_bits",
    "permessage-deflate; server_max_window_bits=7",
    "permessage-deflate; client_max_window_bits=16",
    "permessage-deflate; client_max_window_bits=09",
    "permessage-deflate; unheard_of",
    "permessage-bzip2",
];

pub(crate) fn cases() -> impl Iterator<Item = Case> {
    kinds()
        .chain(fragments())
        .chain(blocks())
        .chain(failures())
        .chain(parameters())
        .chain(declined())
        .chain(combinations())
        .chain(spellings())
        .chain(far())
}

fn case(id: String, name: impl Into<String>, section: &'static str) -> Case {
    Case::new(id, name, section).offers(OFFER)
}

/// A message that stands for itself, whatever window is agreed on.
fn deflated(payload: &[u8]) -> Vec<u8> {
    deflated_within(8, payload)
}

/// One that does, and needs a window of so many bits.
fn deflated_within(bits: u8, payload: &[u8]) -> Vec<u8> {
    Deflate::new(Way { is_kept: false, bits }).deflate(payload)
}

fn json(len: usize) -> Vec<u8> {
    json_from(0, len)
}

/// The text of a turn: much of it was in those before, and not the same.
fn json_from(turn: usize, len: usize) -> Vec<u8> {
    let lines =
        (3 * turn..).flat_map(|n| format!("{{\"id\":{n},\"name\":\"κόσμε {}\"}},", n * n % 97).into_bytes());
    let mut text: Vec<u8> = lines.take(len).collect();
    // Cut where a character ends.
    while str::from_utf8(&text).is_err() {
        text.pop();
    }
    text.resize(len, b' ');
    text
}

/// Texts, bytes of which many are alike, and bytes of which none are, of all sizes.
fn kinds() -> impl Iterator<Item = Case> {
    let kinds = [("12.1", "a text"), ("12.2", "bytes"), ("12.3", "bytes that do not get shorter")];
    kinds.into_iter().flat_map(|(group, kind)| {
        (1..).zip(SIZES).map(move |(number, size)| {
            let mut all =
                case(format!("{group}.{number}"), format!("{kind}, {size} octets"), "RFC 7692 7.2.1");
            if group != "12.3" {
                all = all.shrinking();
            }
            for turn in 0..round_trips(size) {
                all = match group {
                    "12.1" => echoed(all, &json_from(turn, size)),
                    "12.2" => all.deflated(BINARY, vec![0xfe; size]).binary(vec![0xfe; size]),
                    // As it is or deflated, which makes it no shorter.
                    _ if turn % 2 == 0 => all.frame(BINARY, noise(size)).binary(noise(size)),
                    _ => all.deflated(BINARY, noise(size)).binary(noise(size)),
                };
                all = paced(all, turn, size);
            }
            all.heard().chopped([Chop::Whole, Chop::Random])
        })
    })
}

fn round_trips(size: usize) -> usize {
    (BYTES / size).clamp(FEW, MANY)
}

/// Waits for the echoes, unless more may be under way.
fn paced(case: Case, turn: usize, size: usize) -> Case {
    if size > SHORT || turn % AT_A_TIME == AT_A_TIME - 1 { case.heard() } else { case }
}

/// A text, and its echo.
fn echoed(case: Case, text: &[u8]) -> Case {
    case.deflated(TEXT, text).text(text)
}

fn parameters() -> impl Iterator<Item = Case> {
    OFFERS.into_iter().flat_map(|(group, offer)| {
        (1..).zip(SIZES).map(move |(number, size)| {
            let mut all = Case::new(
                format!("{group}.{number}"),
                format!("{size} octets under {offer}"),
                "RFC 7692 7.1",
            );
            all = all.offers(offer).shrinking();
            for turn in 0..round_trips(size).min(MANY_OF_EACH) {
                all = paced(echoed(all, &json_from(turn, size)), turn, size);
            }
            all.heard().chopped([Chop::Whole])
        })
    })
}

/// Every parameter with every other, and messages that are alike: near, and farther away than the smaller windows reach.
fn combinations() -> impl Iterator<Item = Case> {
    const CONTEXTS: [&str; 4] = [
        "",
        "; server_no_context_takeover",
        "; client_no_context_takeover",
        "; server_no_context_takeover; client_no_context_takeover",
    ];
    const SERVER: [&str; 5] = [
        "",
        "; server_max_window_bits=8",
        "; server_max_window_bits=9",
        "; server_max_window_bits=12",
        "; server_max_window_bits=15",
    ];
    const CLIENT: [&str; 6] = [
        "",
        "; client_max_window_bits",
        "; client_max_window_bits=8",
        "; client_max_window_bits=9",
        "; client_max_window_bits=12",
        "; client_max_window_bits=15",
    ];
    (1..).zip(SERVER).flat_map(|(group, server)| {
        let others = CONTEXTS.into_iter().flat_map(|contexts| CLIENT.map(|client| (contexts, client)));
        (1..).zip(others).map(move |(number, (contexts, client))| {
            let offer = format!("permessage-deflate{contexts}{server}{client}");
            alike(format!("13.9.{group}.{number}"), &offer)
        })
    })
}

fn spellings() -> impl Iterator<Item = Case> {
    (1..).zip(SPELLINGS).map(|(number, offer)| alike(format!("13.10.{number}"), offer))
}

/// Messages that are alike under an offer that is to be taken.
fn alike(id: String, offer: &str) -> Case {
    const LENGTHS: [usize; 8] = [40, 300, 300, 500, 3_000, 300, 40_000, 300];
    let mut all = Case::new(id, format!("messages that are alike under {offer}"), "RFC 7692 7.1");
    all = all.offers(offer).shrinking();
    for (turn, len) in LENGTHS.into_iter().enumerate() {
        all = echoed(all, &json_from(turn % 2, len)).heard();
    }
    all.chopped([Chop::Whole])
}

/// The server has as large a window as was agreed on, and no smaller one.
fn far() -> impl Iterator<Item = Case> {
    let far = [
        (9, "permessage-deflate; client_max_window_bits=9"),
        (12, "permessage-deflate; client_max_window_bits=12"),
        (15, "permessage-deflate"),
    ];
    (1..).zip(far).map(|(number, (bits, offer))| {
        let payload = noise(1 << bits).repeat(2);
        Case::new(format!("13.11.{number}"), format!("as far back as {bits} bits reach"), "RFC 7692 7.1.2")
            .offers(offer)
            .frame(BINARY | RSV1, deflated_within(15, &payload))
            .binary(payload)
            .chopped([Chop::Whole])
    })
}

/// Only the first frame of a compressed message says that it is (section 6.1).
fn fragments() -> impl Iterator<Item = Case> {
    let text = json(131_072);
    let payload = deflated(&text);
    let sized = (1..).zip(FRAGMENTS).map({
        let text = text.clone();
        move |(number, size)| {
            case(format!("12.4.{number}"), format!("in fragments of {size} octets"), "RFC 7692 6.1")
                .deflated_in(size, TEXT, &text)
                .text(&text)
                .deflated_in(size, TEXT, &text)
                .text(&text)
        }
    });
    let (first, last) = payload.split_at(1_000);
    let others = [
        case("12.4.5".into(), "with a ping between the fragments", "RFC 7692 6.1")
            .frame(TEXT_BEGINS | RSV1, first)
            .frame(PING, b"?")
            .frame(ENDS, last)
            .pong(b"?")
            .text(&text),
        case("12.4.6".into(), "in fragments, some of them empty", "RFC 7692 6.1")
            .frame(BINARY_BEGINS | RSV1, b"")
            .frame(GOES_ON, &payload)
            .frame(ENDS, b"")
            .binary(&text),
        case("12.4.7".into(), "octet by octet", "RFC 7692 6.1")
            .deflated_in(1, TEXT, json(2_000))
            .text(json(2_000)),
    ];
    sized.chain(others)
}

/// Whatever blocks a message is made of (sections 7.2.3 and 8.2.3).
fn blocks() -> impl Iterator<Item = Case> {
    let hello: [(&str, &str, &[u8]); 5] = [
        ("one block", "RFC 7692 7.2.3.1", &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]),
        ("a block that is not compressed", "RFC 7692 7.2.3.3", b"\x00\x05\x00\xfa\xffHello\x00"),
        ("a last block", "RFC 7692 7.2.3.4", &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]),
        (
            "a last block, and nothing behind it",
            "RFC 7692 7.2.3.4",
            &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00],
        ),
        (
            "two blocks",
            "RFC 7692 7.2.3.5",
            &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00],
        ),
    ];
    let hello = (1..).zip(hello).map(|(number, (name, section, payload))| {
        case(format!("12.5.{number}"), name, section).frame(TEXT | RSV1, payload).text("Hello")
    });
    let others = [
        case("12.5.6".into(), "an empty message", "RFC 7692 7.2.3.6").frame(TEXT | RSV1, [0x00]).text(""),
        case("12.5.7".into(), "one that is not compressed between two that are", "RFC 7692 6")
            .frame(TEXT | RSV1, deflated(&json(500)))
            .frame(TEXT, "plain")
            .frame(TEXT | RSV1, deflated(&json(600)))
            .text(json(500))
            .text("plain")
            .text(json(600)),
        case("12.5.8".into(), "a ping, and a pong that answers none", "RFC 7692 6")
            .frame(PING, b"?")
            .frame(PONG, b"!")
            .frame(TEXT | RSV1, deflated(&json(500)))
            .pong(b"?")
            .text(json(500)),
    ];
    hello.chain(others)
}

fn failures() -> impl Iterator<Item = Case> {
    let id = |number: u8| format!("12.6.{number}");
    let text = deflated(&json(250));
    let (first, last) = text.split_at(text.len() / 3);
    // Each octet refers to the one before it, which any window holds.
    let bomb = deflated_within(15, &vec![b'0'; LARGEST + 1]);
    let cut = &text[..text.len() / 2];
    [
        case(id(1), "a continuation with RSV1", "RFC 7692 6.1")
            .frame(TEXT_BEGINS | RSV1, first)
            .frame(ENDS | RSV1, last)
            .failed(&[1002]),
        case(id(2), "RSV1 only on the continuation", "RFC 7692 6.1")
            .frame(TEXT_BEGINS, "a")
            .frame(ENDS | RSV1, last)
            .failed(&[1002]),
        case(id(3), "a ping with RSV1", "RFC 7692 6").frame(PING | RSV1, b"?").failed(&[1002]),
        case(id(4), "a compressed text with RSV2", "5.2").frame(TEXT | RSV1 | 0x20, &text).failed(&[1002]),
        case(id(5), "a text with RSV3", "5.2").frame(TEXT | 0x10, "a").failed(&[1002]),
        case(id(6), "what is not deflated data", "RFC 7692 7.2.2")
            .frame(TEXT | RSV1, "plain text, and said to be deflated")
            .failed(&[1007, 1002]),
        case(id(7), "a block of a type that there is not", "RFC 7692 7.2.2")
            .frame(BINARY | RSV1, [0x07])
            .failed(&[1007, 1002]),
        case(id(8), "a reference to before the beginning", "RFC 7692 7.2.2")
            .frame(TEXT | RSV1, [0xf2, 0x00, 0x11, 0x00, 0x00])
            .failed(&[1007, 1002]),
        case(id(9), "deflated data that is cut short", "RFC 7692 7.2.2")
            .frame(TEXT | RSV1, cut)
            .failed(&[1007, 1002]),
        case(id(10), "no octet at all", "RFC 7692 7.2.2").frame(TEXT | RSV1, b"").failed(&[1007, 1002]),
        case(id(11), "a text that is not UTF-8 once inflated", "8.1")
            .frame(TEXT | RSV1, deflated(&[0xff; 300]))
            .failed(&[1007]),
        case(id(12), "one octet more than a message may have, once inflated", "10.4")
            .frame(TEXT | RSV1, &bomb)
            .failed(&[1009])
            .chopped([Chop::Whole]),
        case(id(13), "the same in fragments", "10.4")
            .fragments(BINARY | RSV1, bomb.chunks(1_000))
            .failed(&[1009])
            .chopped([Chop::Whole]),
        // The echo of what was right comes first.
        case(id(14), "a text, then what is not deflated data", "RFC 7692 7.2.2")
            .frame(TEXT | RSV1, deflated(&json(500)))
            .frame(TEXT | RSV1, [0x07])
            .text(json(500))
            .failed(&[1007, 1002]),
    ]
    .into_iter()
}

fn declined() -> impl Iterator<Item = Case> {
    (1..).zip(NONSENSE).flat_map(|(number, offer)| {
        let case = |part: u8, name: &str| {
            Case::new(format!("13.8.{number}.{part}"), format!("{name} under {offer}"), "RFC 7692 7.1")
                .declined(offer)
        };
        [
            case(1, "a text").frame(TEXT, "plain").text("plain"),
            case(2, "a compressed text").frame(TEXT | RSV1, deflated(&json(500))).failed(&[1002]),
        ]
    })
}
