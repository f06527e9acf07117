//! 10: what else there is.

use throng_tests::raw::{BINARY, PING, TEXT};

use crate::case::{Case, TEXT_BEGINS};

pub(crate) fn cases() -> Vec<Case> {
    let long = [b'*'; 65_536];
    let mut mixed = Case::new("10.2.1", "texts, binary messages and pings in turn", "5.6");
    for number in 0..20_u8 {
        let text = format!("text {number}");
        mixed = mixed.frame(TEXT, &text).text(&text).frame(BINARY, [number; 3]).binary([number; 3]).heard();
        mixed = mixed.frame(PING, [number]).pong([number]).heard();
    }
    let mut burst = Case::new("10.2.2", "100 messages at once", "5.6");
    for number in 0..100 {
        let text = format!("message {number}");
        burst = burst.frame(TEXT, &text).text(text);
    }
    vec![
        Case::new("10.1.1", "64 KiB in fragments as a library cuts them", "5.4")
            .fragments(TEXT_BEGINS, long.chunks(1_300))
            .text(long),
        mixed,
        burst,
        Case::new("10.3.1", "nothing but the close frame", "7.1.2"),
    ]
}
