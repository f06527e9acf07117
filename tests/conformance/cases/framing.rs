//! 1: messages of every length, as their lengths are written.

use throng_tests::raw::{BINARY, TEXT, head};

use crate::case::{Case, Chop};

/// The payloads for which the head takes another form, and those beside them.
const LENGTHS: [usize; 7] = [0, 125, 126, 127, 128, 65_535, 65_536];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, length) in (1..).zip(LENGTHS) {
        let (text, bytes) = (vec![b'*'; length], vec![0xfe; length]);
        let name = |kind| format!("a {kind} of {length} bytes");
        cases.push(Case::new(format!("1.1.{number}"), name("text"), "5.2").frame(TEXT, &text).text(&text));
        let binary = Case::new(format!("1.2.{number}"), name("binary message"), "5.2");
        cases.push(binary.frame(BINARY, &bytes).binary(&bytes));
    }
    let long = vec![b'*'; 65_536];
    let chops = [Chop::Every(997), Chop::Every(1)];
    cases.push(
        Case::new("1.1.8", "a long text in chops", "5.2").frame(TEXT, &long).text(&long).chopped(chops),
    );
    let chopped = Case::new("1.2.8", "a long binary message in chops", "5.2").chopped(chops);
    cases.push(chopped.frame(BINARY, &long).binary(&long));
    cases.extend(heads());
    cases
}

/// What the head itself must be.
fn heads() -> Vec<Case> {
    let case = |number: u8, name: &str, section, bytes: &[u8]| {
        Case::new(format!("1.3.{number}"), name, section).send(bytes).failed(&[1002])
    };
    vec![
        case(1, "a text that is not masked", "5.1", &[TEXT, 2, b'h', b'i']),
        case(2, "an empty message that is not masked", "5.1", &[BINARY, 0]),
        // Too long it is in any case.
        case(3, "the top bit of the length set", "5.2", &head(BINARY, 1 << 63)).failed(&[1002, 1009]),
        case(
            4,
            "5 bytes with a length in two",
            "5.2",
            &[TEXT, 0xfe, 0, 5, 0, 0, 0, 0, b'h', b'e', b'l', b'l', b'o'],
        ),
        case(
            5,
            "2 bytes with a length in eight",
            "5.2",
            &[TEXT, 0xff, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, b'h', b'i'],
        ),
        Case::new("1.3.6", "a mask of zeros", "5.3").send([TEXT, 0x82, 0, 0, 0, 0, b'h', b'i']).text("hi"),
    ]
}
