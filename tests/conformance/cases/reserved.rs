//! 3: reserved bits, where no extension was negotiated.

use throng_tests::raw::{BINARY, CLOSE, PING, PONG, TEXT};

use crate::case::{Case, GOES_ON, TEXT_BEGINS};

const HELLO: &str = "Hello, world!";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for bits in 1..8_u8 {
        let set = bits << 4;
        for (number, (kind, first)) in (1..).zip([
            ("text", TEXT),
            ("binary message", BINARY),
            ("ping", PING),
            ("pong", PONG),
            ("close frame", CLOSE),
        ]) {
            let payload: &[u8] = if first == CLOSE { b"" } else { HELLO.as_bytes() };
            let alone = Case::new(format!("3.{bits}.{number}"), format!("a {kind} with RSV = {bits}"), "5.2");
            cases.push(alone.frame(first | set, payload).failed(&[1002]));
        }
        // The echo of what was right comes first, and the pong for what comes after does not.
        let after = Case::new(format!("3.{bits}.6"), format!("a text, then one with RSV = {bits}"), "5.2")
            .frame(TEXT, HELLO)
            .frame(TEXT | set, HELLO)
            .frame(PING, b"");
        cases.push(after.text(HELLO).failed(&[1002]));
        let within = Case::new(format!("3.{bits}.7"), format!("a continuation with RSV = {bits}"), "5.2")
            .frame(TEXT_BEGINS, HELLO)
            .frame(GOES_ON | set, HELLO);
        cases.push(within.failed(&[1002]));
    }
    cases
}
