//! 7: closing: who says what, with which codes and reasons, and what comes after.

use throng_tests::raw::{CLOSE, PING, TEXT};

use crate::case::{Case, ENDS, NO_CODE, TEXT_BEGINS};

const NORMAL: [u8; 2] = 1000_u16.to_be_bytes();

/// Codes that may stand in a close frame (section 7.4), those registered since among them.
#[rustfmt::skip]
const LEGAL: &[u16] = &[
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
];
/// Codes that may not.
#[rustfmt::skip]
const ILLEGAL: &[u16] = &[
    0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999,
];
/// Codes of which the RFC says nothing.
const UNDEFINED: &[u16] = &[5000, 65_535];

pub(crate) fn cases() -> Vec<Case> {
    [after(), bodies(), reasons(), codes()].concat()
}

fn case(number: &str, name: &str, section: &'static str) -> Case {
    Case::new(format!("7.{number}"), name, section)
}

fn with(reason: impl AsRef<[u8]>) -> Vec<u8> {
    [&NORMAL, reason.as_ref()].concat()
}

/// What comes after a close frame is not for anybody (sections 1.4 and 5.5.1).
fn after() -> Vec<Case> {
    let closed = |number, name| case(number, name, "5.5.1").close(NORMAL).answered(&[1000]);
    let long = vec![b'*'; 256 << 10];
    vec![
        case("1.1", "a message, its echo, then a close frame", "5.5.1")
            .frame(TEXT, "Hello World!")
            .text("Hello World!")
            .heard()
            .close(NORMAL)
            .answered(&[1000]),
        closed("1.2", "two close frames").close(b""),
        closed("1.3", "a ping after the close frame").frame(PING, b"late"),
        closed("1.4", "a text after the close frame").frame(TEXT, "late"),
        case("1.5", "a close frame within a message, and then its end", "5.4")
            .frame(TEXT_BEGINS, "fragment1")
            .close(NORMAL)
            .frame(ENDS, "fragment2")
            .answered(&[1000]),
        case("1.6", "a long message and a close frame at once, then a ping", "5.5.1")
            .frame(TEXT, &long)
            .text(&long)
            .close(NORMAL)
            .frame(PING, b"late")
            .answered(&[1000])
            .or_nothing(),
        closed("1.7", "what makes no sense after the close frame").send([0xff; 100]),
        closed("1.8", "bad UTF-8 after the close frame").frame(TEXT, [0xff]),
        case("1.9", "a message and a close frame at once", "5.5.1")
            .frame(TEXT, "Hello World!")
            .text("Hello World!")
            .close(NORMAL)
            .answered(&[1000])
            .or_nothing(),
    ]
}

/// How long the body of a close frame is.
fn bodies() -> Vec<Case> {
    vec![
        case("3.1", "an empty close frame", "5.5.1").close(b"").answered(&[NO_CODE, 1000]),
        case("3.2", "a close frame with a body of one byte", "5.5.1").close(b"a").failed(&[1002]),
        case("3.3", "a close frame with a code", "5.5.1").close(NORMAL).answered(&[1000]),
        case("3.4", "a close frame with a reason", "5.5.1").close(with("Hello World!")).answered(&[1000]),
        case("3.5", "the longest reason", "5.5").close(with([b'*'; 123])).answered(&[1000]),
        case("3.6", "a reason of one byte too many", "5.5").close(with([b'*'; 124])).failed(&[1002]),
        case("3.7", "a close frame that is not masked", "5.1").send([CLOSE, 0]).failed(&[1002]),
    ]
}

fn reasons() -> Vec<Case> {
    // The RFC names 1007 for messages only: 1002 says it, too.
    let wrong =
        |number, name, reason: &[u8]| case(number, name, "5.5.1").close(with(reason)).failed(&[1007, 1002]);
    vec![
        wrong("5.1", "a surrogate in the reason", b"\xce\xba\xe1\xbd\xb9\xcf\x83\xed\xa0\x80edited"),
        wrong(
            "5.2",
            "a reason that ends within a code point",
            "abc€".as_bytes().split_last().expect("octets").1,
        ),
        wrong("5.3", "an octet that never stands in UTF-8", b"\xff"),
        case("5.4", "a reason in many letters", "5.5.1").close(with("κόσμε ßöä 😀")).answered(&[1000]),
    ]
}

fn codes() -> Vec<Case> {
    let mut cases = Vec::new();
    let bodies =
        |code: u16| [(1, code.to_be_bytes().to_vec()), (2, [&code.to_be_bytes(), &b"bye"[..]].concat())];
    for code in LEGAL {
        for (form, body) in bodies(*code) {
            let named = case(&format!("7.{code}.{form}"), &format!("code {code}"), "7.4");
            // Typically it is echoed (section 5.5.1); 1000 says that the purpose is fulfilled.
            cases.push(named.close(body).answered(Vec::leak(vec![*code, 1000])));
        }
    }
    for code in ILLEGAL {
        for (form, body) in bodies(*code) {
            let named = case(&format!("9.{code}.{form}"), &format!("code {code}"), "7.4");
            cases.push(named.close(body).failed(&[1002]));
        }
    }
    for code in UNDEFINED {
        let named = case(&format!("13.{code}"), &format!("code {code}"), "7.4.2");
        cases.push(named.close(code.to_be_bytes()).failed(Vec::leak(vec![1002, *code, 1000])));
    }
    cases
}
