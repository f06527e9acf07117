//! 5: messages in fragments, and what stands between them.

use throng_tests::raw::{BINARY, CLOSE, PING, PONG, TEXT};

use crate::case::{BINARY_BEGINS, Case, Chop, ENDS, GOES_ON, TEXT_BEGINS};

const HELLO: &str = "Hello, world!";
const PARTS: [&str; 5] = ["fragment1", "fragment2", "fragment3", "fragment4", "fragment5"];
const TWO: &str = "fragment1fragment2";
const FIVE: &str = "fragment1fragment2fragment3fragment4fragment5";

pub(crate) fn cases() -> Vec<Case> {
    [controls(), whole(), continuations(), nested()].concat()
}

fn case(number: impl std::fmt::Display, name: &str, section: &'static str) -> Case {
    Case::new(format!("5.{number}"), name, section)
}

/// Control frames have no fragments.
fn controls() -> Vec<Case> {
    vec![
        case(1, "a ping in two fragments", "5.5").frame(0x09, PARTS[0]).frame(ENDS, PARTS[1]).failed(&[1002]),
        case(2, "a pong in two fragments", "5.5").frame(0x0a, PARTS[0]).frame(ENDS, PARTS[1]).failed(&[1002]),
        case("2.1", "a close frame in two fragments", "5.5")
            .frame(0x08, [3])
            .frame(ENDS, [0xe8])
            .failed(&[1002]),
    ]
}

/// What is legal.
fn whole() -> Vec<Case> {
    [thrice([3, 4, 5], two), thrice([6, 7, 8], ping_between), pauses(), ours()].concat()
}

/// The cases that the Autobahn suite sends as they are, frame by frame and octet by octet.
fn thrice(numbers: [u8; 3], case: impl Fn(u8) -> Case) -> Vec<Case> {
    let [whole, frames, octets] = numbers.map(case);
    vec![whole, frames.chopped([Chop::Frames]), octets.chopped([Chop::Every(1)])]
}

fn two(number: u8) -> Case {
    case(number, "a text in two fragments", "5.4").fragments(TEXT_BEGINS, &PARTS[..2]).text(TWO)
}

fn ping_between(number: u8) -> Case {
    case(number, "a ping between two fragments", "5.4")
        .frame(TEXT_BEGINS, PARTS[0])
        .frame(PING, "ping payload")
        .pong("ping payload")
        .frame(ENDS, PARTS[1])
        .text(TWO)
}

fn pauses() -> Vec<Case> {
    let pausing = |number| {
        case(number, "pings among five fragments, with a pause", "5.4")
            .frame(TEXT_BEGINS, PARTS[0])
            .frame(GOES_ON, PARTS[1])
            .frame(PING, "pongme 1!")
            .pong("pongme 1!")
            .heard()
            .quiet()
            .frame(GOES_ON, PARTS[2])
            .frame(GOES_ON, PARTS[3])
            .frame(PING, "pongme 2!")
            .pong("pongme 2!")
            .frame(ENDS, PARTS[4])
            .text(FIVE)
    };
    vec![pausing(19), pausing(20).chopped([Chop::Frames])]
}

/// What the Autobahn suite does not have.
fn ours() -> Vec<Case> {
    vec![
        case(21, "empty fragments around a text", "5.4")
            .fragments(TEXT_BEGINS, ["", HELLO, "", ""])
            .text(HELLO),
        case(22, "a thousand fragments of an octet", "5.4")
            .fragments(BINARY_BEGINS, [[7]; 1_000])
            .binary([7; 1_000]),
        case(28, "a text in two fragments, one heard before the other", "5.4")
            .frame(TEXT_BEGINS, PARTS[0])
            .quiet()
            .frame(ENDS, PARTS[1])
            .text(TWO),
        case(29, "a ping between two fragments, answered before the second", "5.4")
            .frame(TEXT_BEGINS, PARTS[0])
            .frame(PING, "ping payload")
            .pong("ping payload")
            .heard()
            .frame(ENDS, PARTS[1])
            .text(TWO),
        case(30, "a pong between two fragments", "5.4")
            .frame(TEXT_BEGINS, PARTS[0])
            .frame(PONG, "unsolicited")
            .frame(ENDS, PARTS[1])
            .text(TWO),
        case(31, "two fragmented messages in a row", "5.4")
            .fragments(TEXT_BEGINS, &PARTS[..2])
            .text(TWO)
            .fragments(BINARY_BEGINS, PARTS)
            .binary(FIVE),
        case(32, "a binary message in two fragments", "5.4")
            .fragments(BINARY_BEGINS, &PARTS[..2])
            .binary(TWO),
    ]
}

/// Nothing is there to be continued.
fn continuations() -> Vec<Case> {
    let stray = "non-continuation payload";
    let mut cases = Vec::new();
    for (numbers, first, name) in [
        ([9, 10, 11], ENDS, "an end of nothing, then a text"),
        ([12, 13, 14], GOES_ON, "a continuation of nothing, then a text"),
    ] {
        cases.extend(thrice(numbers, |number| {
            case(number, name, "5.4").frame(first, stray).frame(TEXT, HELLO).failed(&[1002])
        }));
        let ours = |part, name| case(format_args!("{}.{part}", numbers[0]), name, "5.4").failed(&[1002]);
        cases.push(ours(1, "the same, and nothing after it").frame(first, stray));
        cases.push(ours(2, "the same without payload").frame(first, b""));
    }
    for (number, stray) in [(15, GOES_ON), (33, ENDS)] {
        let name = "a whole message, then a continuation of nothing, then a text";
        let after = case(number, name, "5.4").fragments(TEXT_BEGINS, &PARTS[..2]).text(TWO);
        cases.push(after.frame(stray, PARTS[2]).frame(TEXT, PARTS[3]).failed(&[1002]));
    }
    for (number, stray) in [(16, GOES_ON), (17, ENDS)] {
        let mut again = case(number, "twice: a continuation of nothing, then a text in two fragments", "5.4");
        for _ in 0..2 {
            again = again.frame(stray, PARTS[0]).fragments(TEXT_BEGINS, &PARTS[1..3]);
        }
        cases.push(again.failed(&[1002]));
    }
    cases
}

/// A message within a message.
fn nested() -> Vec<Case> {
    let begun = |number: u8, name| case(number, name, "5.4").frame(TEXT_BEGINS, PARTS[0]).failed(&[1002]);
    vec![
        begun(18, "a text within a text").frame(TEXT, PARTS[1]),
        begun(23, "a binary message within a text").frame(BINARY, PARTS[1]),
        begun(24, "a text that begins within a text").frame(TEXT_BEGINS, PARTS[1]).frame(ENDS, PARTS[2]),
        begun(25, "an empty text within a text").frame(TEXT, b""),
        case(26, "a text within a binary message", "5.4")
            .frame(BINARY_BEGINS, PARTS[0])
            .frame(TEXT, PARTS[1])
            .failed(&[1002]),
        case(27, "a close frame within a text", "5.4")
            .frame(TEXT_BEGINS, PARTS[0])
            .frame(CLOSE, [3, 0xe8])
            .answered(&[1000]),
    ]
}
