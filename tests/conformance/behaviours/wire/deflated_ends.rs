//! What `ends` tests, with a client that compresses, on a hub that drops contexts and on one that keeps them.

use std::net::SocketAddr;
use std::thread;

use throng_core::websocket::deflate::Takeover;
use throng_tests::http::upgrade;
use throng_tests::raw::{CLOSE, Connect, PING, PONG, Raw, TEXT, close, frame};

use crate::deflate::Codec;
use crate::hosts::{Host, Place};

/// What browsers offer.
const OFFER: &str = "permessage-deflate; client_max_window_bits";
const RSV1: u8 = 0x40;
/// What depends on which of two things comes first goes either way within so many tries.
const TRIES: usize = 5;

/// A peer that compresses.
struct Deflating {
    raw: Raw,
    codec: Codec,
}

/// A message that gets shorter, and is long enough for a server to compress it.
fn text(number: usize) -> String {
    format!("{number} {}", "{\"id\":7,\"word\":\"hello\"},".repeat(20))
}

/// A hundred kilobytes that get shorter by half.
fn large(number: usize) -> String {
    crate::deflate::noise(50_000).iter().map(|byte| format!("{:02x}", usize::from(*byte) ^ number)).collect()
}

/// The ways in which the host compresses: a server in another process has one.
fn ways(host: &Host) -> Vec<Option<Takeover>> {
    match host.place {
        Place::Here(_) => vec![None, Some(Takeover::default())],
        Place::Apart(_) => vec![None],
    }
}

impl Deflating {
    fn open(address: SocketAddr, path: &str) -> Self {
        Self::open_by(Connect::default(), address, path)
    }

    fn open_by(connect: Connect, address: SocketAddr, path: &str) -> Self {
        let mut raw = connect.to(address);
        raw.send(request(path).as_bytes());
        Self::opened(raw)
    }

    /// Reads the answer, which must agree to compress.
    fn opened(mut raw: Raw) -> Self {
        let response = raw.response();
        assert_eq!(response.status, 101, "{response:?}");
        let answer = response.header("sec-websocket-extensions").expect("compression is agreed");
        let codec = Codec::agreed(OFFER, &[answer]).expect("a right answer").expect("compression is agreed");
        Self { raw, codec }
    }

    /// So many messages, each with its number, as deflated frames.
    fn numbers(&mut self, count: usize) -> Vec<u8> {
        (0..count).flat_map(|number| self.frame(&text(number))).collect()
    }

    fn frame(&mut self, text: &str) -> Vec<u8> {
        frame(TEXT | RSV1, &self.codec.deflate.deflate(text.as_bytes()))
    }

    /// The next message, past pongs, which must be deflated.
    fn hear(&mut self) -> String {
        loop {
            let frame = self.raw.frame().expect("a message arrives").expect("a message, not the end");
            match frame.first {
                PING | PONG => {}
                first => {
                    assert_eq!(first, TEXT | RSV1);
                    let inflated = self.codec.inflate.inflate(&frame.payload).expect("deflated as agreed");
                    return String::from_utf8(inflated).expect("a text");
                }
            }
        }
    }

    /// All of them come back, and then the close frame with this code and the end.
    fn hears_all(&mut self, count: usize, code: u16) {
        for number in 0..count {
            assert_eq!(self.hear(), text(number), "of {count}");
        }
        let closed = self.raw.closing().expect("a close frame").map(|closed| closed.code);
        assert_eq!(closed, Some(code), "behind {count} messages");
        self.raw.ended();
    }
}

fn request(path: &str) -> String {
    upgrade(path).replace("\r\n\r\n", &format!("\r\nSec-WebSocket-Extensions: {OFFER}\r\n\r\n"))
}

pub(crate) fn what_is_said_before_a_close_frame_is_answered_before_it_is(host: &Host) {
    for takeover in ways(host) {
        let server = host.start_compressing(takeover);
        for (path, count) in [(server.path, 1), (server.path, 250), ("/room/ends", 1), ("/room/ends", 250)] {
            for _ in 0..TRIES {
                let mut peer = Deflating::open(server.address, path);
                let bytes = [peer.numbers(count), close(1001, "bye")].concat();
                peer.raw.send(&bytes);
                peer.hears_all(count, 1001);
            }
        }
    }
}

pub(crate) fn whatever_way_a_peer_ends_its_sending_it_hears_its_answers_and_a_close_frame(host: &Host) {
    for takeover in ways(host) {
        let server = host.start_compressing(takeover);
        for (last, code) in [(close(4321, ""), 4321), (vec![], 1005)] {
            for count in [0, 1, 250] {
                for _ in 0..TRIES {
                    let mut peer = Deflating::open(server.address, server.path);
                    let bytes = [peer.numbers(count), last.clone()].concat();
                    peer.raw.send(&bytes);
                    peer.raw.end_sending();
                    peer.hears_all(count, code);
                }
            }
        }
    }
}

pub(crate) fn a_peer_that_reads_slowly_hears_its_answers_too_after_it_has_ended_its_sending(host: &Host) {
    const MESSAGES: usize = 8;
    for takeover in ways(host) {
        let server = host.start_compressing(takeover);
        for (last, code) in [(vec![], 1005), (close(1000, ""), 1000)] {
            let connect = Connect { receive_buffer: Some(4 << 10), ..Connect::default() };
            let mut peer = Deflating::open_by(connect, server.address, server.path);
            let mut bytes: Vec<u8> = (0..MESSAGES).flat_map(|number| peer.frame(&large(number))).collect();
            bytes.extend_from_slice(&last);
            peer.raw.send(&bytes);
            peer.raw.end_sending();
            for number in 0..MESSAGES {
                assert!(peer.hear() == large(number), "message {number}");
            }
            assert_eq!(peer.raw.closed().code, code);
            peer.raw.ended();
        }
    }
}

pub(crate) fn all_that_comes_in_one_packet_with_the_request_is_answered(host: &Host) {
    for takeover in ways(host) {
        let server = host.start_compressing(takeover);
        for (last, code) in [(close(1000, ""), 1000), (vec![], 1005)] {
            for _ in 0..TRIES {
                // What will be agreed is known from another connection.
                let mut numbers = Deflating::open(server.address, server.path);
                let bytes = [request(server.path).into_bytes(), numbers.numbers(5), last.clone()].concat();
                drop(numbers);
                let mut raw = Raw::connect(server.address);
                raw.send(&bytes);
                raw.end_sending();
                Deflating::opened(raw).hears_all(5, code);
            }
        }
    }
}

pub(crate) fn half_a_message_before_the_end_is_forgotten_and_a_ping_is_answered(host: &Host) {
    for takeover in ways(host) {
        let server = host.start_compressing(takeover);
        for _ in 0..TRIES {
            let mut peer = Deflating::open(server.address, server.path);
            let whole = peer.numbers(1);
            let half = peer.frame(&text(1));
            let half = &half[..half.len() / 2];
            peer.raw.send(&[&whole, &frame(PING, b"still there?")[..], half].concat());
            peer.raw.end_sending();
            let mut came = Vec::new();
            while let Some(frame) = peer.raw.frame().expect("frames, then the end") {
                came.push(frame.first);
            }
            // A pong may overtake what waits.
            came.sort_unstable();
            assert_eq!(came, [CLOSE, PONG, TEXT | RSV1]);
        }
    }
}

pub(crate) fn all_that_is_said_before_it_is_gone_is_heard_by_others_although_it_reads_nothing(host: &Host) {
    /// Some hosts read them all before they write any: an outbox must hold as many.
    const MESSAGES: usize = 500;
    for takeover in ways(host) {
        let server = host.start_compressing(takeover);
        for last in [close(1001, ""), vec![]] {
            for _ in 0..TRIES {
                let mut other = Deflating::open(server.address, "/room/gone");
                let open = other.frame(&text(MESSAGES));
                other.raw.send(&open);
                assert_eq!(other.hear(), text(MESSAGES));
                let heard = thread::spawn(move || {
                    for number in 0..MESSAGES {
                        assert_eq!(other.hear(), text(number));
                    }
                });
                let connect = Connect { receive_buffer: Some(4 << 10), ..Connect::default() };
                let mut gone = Deflating::open_by(connect, server.address, "/room/gone");
                let bytes = [gone.numbers(MESSAGES), last.clone()].concat();
                gone.raw.send(&bytes);
                // With something unread: the system resets the connection.
                drop(gone);
                heard.join().expect("each message is heard");
            }
        }
    }
}
