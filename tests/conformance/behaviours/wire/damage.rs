//! Frames that are wrong. `cases/` has all of them; here others look on.

use std::io::Write;
use std::thread;

use throng_tests::raw::{BINARY, CLOSE, PING, Raw, TEXT, close, frame, head};
use throng_tests::witness::Witness;

use crate::cases::LARGEST;
use crate::hosts::Host;

/// What is sent, and the code that answers it.
fn wrong() -> Vec<(&'static str, Vec<u8>, u16)> {
    vec![
        ("a text that is no UTF-8", frame(TEXT, &[0xff]), 1007),
        ("a first fragment that is no UTF-8", frame(0x01, &[0xc0, 0x80]), 1007),
        ("a frame without a mask", vec![TEXT, 2, b'h', b'i'], 1002),
        ("a reserved bit", frame(TEXT | 0x40, b"a"), 1002),
        ("a reserved opcode", frame(0x83, b"a"), 1002),
        ("nothing to continue", frame(0x80, b"a"), 1002),
        ("a ping in fragments", frame(0x09, b"a"), 1002),
        ("a long ping", frame(PING, &[0; 126]), 1002),
        ("a bad close code", close(1005, ""), 1002),
        ("a close frame of one byte", frame(CLOSE, &[3]), 1002),
        ("a message over the limit", head(BINARY, LARGEST as u64 + 1), 1009),
        ("the largest length there is", head(BINARY, u64::MAX >> 1), 1009),
    ]
}

pub(crate) fn a_peer_that_breaks_the_protocol_is_told_so_and_nobody_else_notices(host: &Host) {
    let server = host.start();
    let mut witness = Witness::open(server.address, server.path);
    let mut member = Raw::open(server.address, "/room/a");
    for (name, bytes, code) in wrong() {
        for path in [server.path, "/room/a"] {
            let mut raw = Raw::open(server.address, path);
            raw.send(&bytes);
            assert_eq!(raw.closed().code, code, "{name}");
            raw.end_sending();
            raw.ended();
            witness.is_served();
            member.say(name);
            assert_eq!(member.message(), name.as_bytes());
        }
    }
}

/// What a peer goes on to send after it has broken the protocol, without reading.
const MEGABYTES: usize = 4;

pub(crate) fn the_close_frame_arrives_although_the_peer_goes_on_sending(host: &Host) {
    let server = host.start();
    let mut witness = Witness::open(server.address, server.path);
    for (name, bytes, code) in wrong() {
        let mut raw = Raw::open(server.address, server.path);
        let mut writer = raw.writer();
        let writing = thread::spawn(move || {
            writer.write_all(&bytes)?;
            (0..MEGABYTES).try_for_each(|_| writer.write_all(&vec![0x55; 1 << 20]))
        });
        // A server that hung up with something unread would have reset the connection by then, and taken the close
        // frame with it.
        writing.join().expect("it writes").unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(raw.closed().code, code, "{name}");
        witness.is_served();
    }
}
