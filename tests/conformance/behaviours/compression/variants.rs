//! Of one message each gets the variant that it asked for, and that is made once.

use throng_core::MessageKind;
use throng_core::hub::Config;
use throng_core::websocket::deflate::{Compression, Compressor, Inflater};
use throng_runtime::Builder;
use throng_tests::raw::{BINARY, Connect, Raw, TEXT, frame};
use throng_tests::server::{Server, listener};
use throng_tests::wait::{PATIENCE, eventually};

use crate::hosts::Host;

const RSV1: u8 = 0x40;
/// What browsers offer.
const OFFER: &str = "permessage-deflate; client_max_window_bits";
const NARROW: &str = "permessage-deflate; server_max_window_bits=9";

/// Asks for a WebSocket, and for compression.
fn open(server: &Server, connect: Connect, path: &str, offer: &'static str) -> Raw {
    Connect { offer: Some(offer), ..connect }.open(server.address, path)
}

fn compressing(host: &Host) -> Server {
    host.application(|builder| builder.compression(Compression::default()))
}

/// A kibibyte of JSON.
fn json() -> String {
    let lines =
        (0..100).map(|n| format!("{{\"id\":{n},\"name\":\"user {}\",\"word\":\"hello\"}},", n * n % 17));
    lines.collect::<String>()[..1_024].to_owned()
}

/// The next message, inflated; and whether it had to be.
fn hear(raw: &mut Raw) -> (Vec<u8>, bool) {
    let frame = raw.frame().expect("a frame arrives").expect("a frame, not the end");
    if frame.first & RSV1 == 0 {
        return (frame.payload, false);
    }
    assert!(matches!(frame.first & !RSV1, TEXT | BINARY), "{:x}", frame.first);
    let message = Inflater::new().inflate(MessageKind::Binary, &frame.payload, 1 << 20);
    (message.expect("deflated data").into_bytes().to_vec(), true)
}

pub(crate) fn a_broadcast_to_a_thousand_is_deflated_once(host: &Host) {
    const RECIPIENTS: usize = 1_000;
    let server = compressing(host);
    let mut all: Vec<_> =
        (0..RECIPIENTS).map(|_| open(&server, Connect::default(), "/room/a", OFFER)).collect();
    server.has_opened();
    assert_eq!(server.hub.compression_stats().takers as usize, RECIPIENTS);
    let published = server.hub.send_to_room("a", json()).expect("there is such a room");
    assert_eq!(published.queued as usize, RECIPIENTS);
    for raw in &mut all {
        assert_eq!(hear(raw), (json().into_bytes(), true));
    }
    let stats = server.hub.compression_stats();
    assert_eq!((stats.deflated, stats.deflated_from), (1, 1_024));
    assert!(stats.deflated_to < 400, "{stats:?}");
    // What one of them says to all, too: inflated once, deflated once.
    let deflated = Compressor::new(6).compress(json().as_bytes()).expect("it gets shorter").to_vec();
    all[0].send(&frame(TEXT | RSV1, &deflated));
    for raw in &mut all {
        assert_eq!(hear(raw), (json().into_bytes(), true));
    }
    let stats = server.hub.compression_stats();
    assert_eq!((stats.deflated, stats.inflated), (2, 1));
    eventually("all is written", || server.hub.stats().written as usize == 2 * RECIPIENTS);
    drop(all);
    server.returns_to(0);
    assert_eq!(server.hub.compression_stats().takers, 0);
}

pub(crate) fn each_gets_the_variant_that_it_asked_for(host: &Host) {
    let server = compressing(host);
    let mut plain = server.open("/room/a");
    let mut wide = open(&server, Connect::default(), "/room/a", OFFER);
    let mut narrow = open(&server, Connect::default(), "/room/a", NARROW);
    server.has_opened();
    for (len, is_wide, is_narrow) in [(100, false, false), (400, true, true), (1_024, true, false)] {
        let text = &json()[..len];
        server.hub.send_to_room("a", text).expect("there is such a room");
        for (raw, is_deflated) in [(&mut plain, false), (&mut wide, is_wide), (&mut narrow, is_narrow)] {
            assert_eq!(hear(raw), (text.as_bytes().to_vec(), is_deflated), "{len}");
        }
    }
    assert_eq!(server.hub.compression_stats().deflated, 2);
}

pub(crate) fn a_slow_reader_of_deflated_frames_gets_each_whole(host: &Host) {
    const MESSAGES: usize = 60;
    // As little as the system can: writes stop anywhere in a frame.
    let build = |builder: Builder| builder.compression(Compression::default());
    let change = |config: &mut Config| {
        config.outbox.bytes = 1 << 25;
        config.deadlines.write = 2 * PATIENCE;
    };
    let server = host.server_on(listener(Some(1)), change, build);
    let slow = Connect { receive_buffer: Some(1), ..Connect::default() };
    let mut readers = [open(&server, slow, "/room/a", OFFER), server.open_by(slow, "/room/a")];
    server.has_opened();
    let text = |n: usize| json().repeat(1 + n % 20).replace("hello", &n.to_string());
    for n in 0..MESSAGES {
        server.hub.send_to_room("a", text(n)).expect("there is such a room");
    }
    for n in 0..MESSAGES {
        for (raw, is_deflated) in readers.iter_mut().zip([true, false]) {
            let heard = hear(raw);
            assert!(heard == (text(n).into_bytes(), is_deflated), "message {n}: {} bytes", heard.0.len());
        }
    }
    eventually("all is written", || server.hub.stats().pending() == 0);
    let stats = server.hub.stats();
    assert_eq!((stats.queued, stats.written, stats.dropped()), (2 * MESSAGES as u64, 2 * MESSAGES as u64, 0));
    assert_eq!(server.hub.compression_stats().deflated, MESSAGES as u64);
}
