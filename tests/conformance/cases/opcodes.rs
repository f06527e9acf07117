//! 4: opcodes that mean nothing.

use throng_tests::raw::{PING, TEXT};

use crate::case::{Case, TEXT_BEGINS};

const HELLO: &str = "Hello, world!";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (group, opcodes) in [(1, 0x3..=0x7_u8), (2, 0xb..=0xf)] {
        for opcode in opcodes {
            let case = |number: u8, name: &str| {
                Case::new(format!("4.{group}.{opcode:x}.{number}"), format!("opcode {opcode}{name}"), "5.2")
                    .failed(&[1002])
            };
            let first = 0x80 | opcode;
            cases.push(case(1, "").frame(first, b""));
            cases.push(case(2, " with payload").frame(first, "reserved opcode payload"));
            let after = case(3, " after a text").frame(TEXT, HELLO).text(HELLO);
            cases.push(after.frame(first, HELLO).frame(PING, b""));
            cases.push(case(4, " without FIN").frame(opcode, HELLO));
            cases.push(case(5, " within a message").frame(TEXT_BEGINS, HELLO).frame(first, b""));
        }
    }
    cases
}
