//! 2: pings and pongs.

use throng_tests::raw::{PING, PONG, TEXT};

use crate::case::{Case, Chop};

pub(crate) fn cases() -> Vec<Case> {
    let case = |number: u8, name: &str, section| Case::new(format!("2.{number}"), name, section);
    let long = [0xfe; 125];
    let binary: &[u8] = &[0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff];
    let octets = [Chop::Every(1)];
    let ten = |mut case: Case| {
        for number in 0..10 {
            let payload = format!("payload-{number}");
            case = case.frame(PING, &payload).pong(payload);
        }
        case
    };
    let mut cases = vec![
        case(1, "a ping without payload", "5.5.2").frame(PING, b"").pong(b""),
        case(2, "a ping with a text", "5.5.2").frame(PING, "Hello, world!").pong("Hello, world!"),
        case(3, "a ping with bytes that are no text", "5.5.2").frame(PING, binary).pong(binary),
        case(4, "a ping of 125 bytes", "5.5").frame(PING, long).pong(long),
        case(5, "a ping of 126 bytes", "5.5").frame(PING, [0xfe; 126]).failed(&[1002]),
        case(6, "a ping of 125 bytes in octets", "5.5.2").frame(PING, long).pong(long).chopped(octets),
        case(7, "an unsolicited pong without payload", "5.5.3").frame(PONG, b""),
        case(8, "an unsolicited pong", "5.5.3").frame(PONG, "unsolicited"),
        case(9, "an unsolicited pong, then a ping", "5.5.3")
            .frame(PONG, "unsolicited")
            .frame(PING, "ping")
            .pong("ping"),
        ten(case(10, "ten pings", "5.5.2")),
        ten(case(11, "ten pings in octets", "5.5.2")).chopped(octets),
        case(12, "a pong of 126 bytes", "5.5").frame(PONG, [0xfe; 126]).failed(&[1002]),
        case(13, "a ping that is not masked", "5.1").send([PING, 0]).failed(&[1002]),
        case(14, "a ping after each of two messages", "5.5.2")
            .frame(TEXT, "one")
            .text("one")
            .heard()
            .frame(PING, "1")
            .pong("1")
            .heard()
            .frame(TEXT, "two")
            .text("two")
            .heard()
            .frame(PING, "2")
            .pong("2"),
    ];
    for length in 0..125_u8 {
        let payload = vec![length; length.into()];
        let each = Case::new(format!("2.15.{length}"), format!("a ping of {length} bytes"), "5.5.2");
        cases.push(each.frame(PING, &payload).pong(&payload));
    }
    cases
}
