//! The end of what a peer sends, as it sees it: what is meant for it comes first, then our close frame.

use std::thread;

use throng_tests::http::upgrade;
use throng_tests::raw::{CLOSE, Connect, PING, PONG, Raw, TEXT, close, frame};

use crate::hosts::Host;

/// What depends on which of two things comes first goes either way within so many tries.
const TRIES: usize = 10;

/// So many messages, each its number.
fn numbers(count: usize) -> Vec<u8> {
    (0..count).flat_map(|number| frame(TEXT, number.to_string().as_bytes())).collect()
}

/// All of them come back, and then the close frame with this code and the end.
fn hears_all(raw: &mut Raw, count: usize, code: u16) {
    for number in 0..count {
        assert_eq!(raw.message(), number.to_string().as_bytes(), "of {count}");
    }
    let closed = raw.closing().expect("a close frame").map(|closed| closed.code);
    assert_eq!(closed, Some(code), "behind {count} messages");
    raw.ended();
}

pub(crate) fn what_is_said_before_a_close_frame_is_answered_before_it_is(host: &Host) {
    let server = host.start();
    for path in [server.path, "/room/ends"] {
        for count in [1, 100, 250] {
            for _ in 0..TRIES {
                let mut raw = Raw::open(server.address, path);
                raw.send(&[numbers(count), close(1001, "bye")].concat());
                hears_all(&mut raw, count, 1001);
            }
        }
    }
}

pub(crate) fn a_close_frame_with_the_end_right_behind_it_is_answered(host: &Host) {
    let server = host.start();
    for count in [0, 1, 100] {
        for _ in 0..2 * TRIES {
            let mut raw = Raw::open(server.address, server.path);
            raw.send(&[numbers(count), close(4321, "")].concat());
            raw.end_sending();
            hears_all(&mut raw, count, 4321);
        }
    }
}

pub(crate) fn a_peer_that_only_ends_its_sending_hears_its_answers_and_a_close_frame(host: &Host) {
    let server = host.start();
    for count in [0, 1, 250] {
        for _ in 0..TRIES {
            let mut raw = Raw::open(server.address, server.path);
            raw.send(&numbers(count));
            raw.end_sending();
            hears_all(&mut raw, count, 1005);
        }
    }
}

pub(crate) fn a_peer_that_reads_slowly_hears_its_answers_too_after_it_has_ended_its_sending(host: &Host) {
    const LARGE: usize = 200_000;
    let server = host.start();
    for last in [vec![], close(1000, "")] {
        let connect = Connect { receive_buffer: Some(4 << 10), ..Connect::default() };
        let mut raw = connect.open(server.address, server.path);
        for letter in [b'a', b'b', b'c'] {
            raw.send(&frame(TEXT, &[letter; LARGE]));
        }
        raw.send(&last);
        raw.end_sending();
        for letter in [b'a', b'b', b'c'] {
            assert!(raw.message() == [letter; LARGE]);
        }
        assert_eq!(raw.closed().code, if last.is_empty() { 1005 } else { 1000 });
        raw.ended();
    }
}

pub(crate) fn all_that_comes_in_one_packet_with_the_request_is_answered(host: &Host) {
    let server = host.start();
    for (last, code) in [(close(1000, ""), 1000), (vec![], 1005)] {
        for _ in 0..TRIES {
            let mut raw = Raw::connect(server.address);
            raw.send(&[upgrade(server.path).into_bytes(), numbers(5), last.clone()].concat());
            raw.end_sending();
            assert_eq!(raw.response().status, 101);
            hears_all(&mut raw, 5, code);
        }
    }
}

pub(crate) fn half_a_message_before_the_end_is_forgotten_and_a_ping_is_answered(host: &Host) {
    let server = host.start();
    for _ in 0..TRIES {
        let mut raw = Raw::open(server.address, server.path);
        let half = &frame(TEXT, b"never whole")[..9];
        raw.send(&[&numbers(1), &frame(PING, b"still there?")[..], half].concat());
        raw.end_sending();
        let mut came = Vec::new();
        while let Some(frame) = raw.frame().expect("frames, then the end") {
            came.push(frame.first);
        }
        // A pong may overtake what waits.
        came.sort_unstable();
        assert_eq!(came, [TEXT, CLOSE, PONG]);
    }
}

pub(crate) fn all_that_is_said_before_it_is_gone_is_heard_by_others_although_it_reads_nothing(host: &Host) {
    /// Some hosts read them all before they write any: an outbox must hold as many.
    const MESSAGES: usize = 500;
    /// All of them fit into what the system holds for the server: what it does not is lost with the connection.
    const SIZE: usize = 80;
    let server = host.start();
    for last in [close(1001, ""), vec![]] {
        for _ in 0..TRIES {
            let mut other = Raw::open(server.address, "/room/gone");
            other.say("open?");
            assert_eq!(other.message(), b"open?");
            let heard = thread::spawn(move || {
                for number in 0..MESSAGES {
                    assert!(other.message().starts_with(format!("{number} ").as_bytes()), "{number}");
                }
            });
            let mut gone = Connect { receive_buffer: Some(4 << 10), ..Connect::default() }
                .open(server.address, "/room/gone");
            let text = |number| format!("{number} {}", "x".repeat(SIZE));
            let all = (0..MESSAGES).flat_map(|number| frame(TEXT, text(number).as_bytes()));
            gone.send(&all.chain(last.iter().copied()).collect::<Vec<_>>());
            // With something unread: the system resets the connection.
            drop(gone);
            heard.join().expect("each message is heard");
        }
    }
}
