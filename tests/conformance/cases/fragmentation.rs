//! 5: messages in fragments, and what stands between them.

use throng_tests::raw::{BINARY, CLOSE, PING, PONG, TEXT};

use crate::case::{BINARY_BEGINS, Case, ENDS, GOES_ON, TEXT_BEGINS};

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
    let two = |number, name| case(number, name, "5.4").text(TWO);
    vec![
        two(3, "a text in two fragments").fragments(TEXT_BEGINS, &PARTS[..2]),
        two(4, "a text in two fragments, one heard before the other")
            .frame(TEXT_BEGINS, PARTS[0])
            .quiet()
            .frame(ENDS, PARTS[1]),
        case("5.1", "a binary message in two fragments", "5.4")
            .fragments(BINARY_BEGINS, &PARTS[..2])
            .binary(TWO),
        case(6, "a ping between two fragments", "5.4")
            .frame(TEXT_BEGINS, PARTS[0])
            .frame(PING, "ping payload")
            .pong("ping payload")
            .frame(ENDS, PARTS[1])
            .text(TWO),
        case(7, "a ping between two fragments, answered before the second", "5.4")
            .frame(TEXT_BEGINS, PARTS[0])
            .frame(PING, "ping payload")
            .pong("ping payload")
            .heard()
            .frame(ENDS, PARTS[1])
            .text(TWO),
        case(8, "a pong between two fragments", "5.4")
            .frame(TEXT_BEGINS, PARTS[0])
            .frame(PONG, "unsolicited")
            .frame(ENDS, PARTS[1])
            .text(TWO),
        case(19, "pings among five fragments, with a pause", "5.4")
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
            .text(FIVE),
        case(20, "two fragmented messages in a row", "5.4")
            .fragments(TEXT_BEGINS, &PARTS[..2])
            .text(TWO)
            .fragments(BINARY_BEGINS, PARTS)
            .binary(FIVE),
        case(21, "empty fragments around a text", "5.4")
            .fragments(TEXT_BEGINS, ["", HELLO, "", ""])
            .text(HELLO),
        case(22, "a thousand fragments of an octet", "5.4")
            .fragments(BINARY_BEGINS, [[7]; 1_000])
            .binary([7; 1_000]),
    ]
}

/// Nothing is there to be continued.
fn continuations() -> Vec<Case> {
    let stray = "non-continuation payload";
    let mut cases = Vec::new();
    for (number, first, name) in
        [(9, ENDS, "an end of nothing, then a text"), (12, GOES_ON, "a continuation of nothing, then a text")]
    {
        let all = case(number, name, "5.4").frame(first, stray).frame(TEXT, HELLO).failed(&[1002]);
        cases.push(all);
        let alone =
            case(format_args!("{number}.1"), "the same, and nothing after it", "5.4").frame(first, stray);
        cases.push(alone.failed(&[1002]));
        let empty = case(format_args!("{number}.2"), "the same without payload", "5.4").frame(first, b"");
        cases.push(empty.failed(&[1002]));
    }
    let after = |number| case(number, "a whole message, then a continuation of nothing, then a text", "5.4");
    for (number, stray) in [(15, GOES_ON), (16, ENDS)] {
        let after = after(number).fragments(TEXT_BEGINS, &PARTS[..2]).text(TWO);
        cases.push(after.frame(stray, PARTS[2]).frame(TEXT, PARTS[3]).failed(&[1002]));
    }
    let again = case(17, "twice: an end of nothing, then a text", "5.4");
    let again = again.frame(ENDS, "fragment1").frame(TEXT, "fragment2");
    cases.push(again.frame(ENDS, "fragment3").frame(TEXT, "fragment4").failed(&[1002]));
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
