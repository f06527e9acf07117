//! What a peer can do wrong on an open WebSocket: the code that it is told, also while it goes on sending; and that
//! it costs nobody else anything.

use std::io::Write;
use std::thread;
use std::time::Duration;

use throng_core::websocket::ProtocolError as Wrong;
use throng_tests::fanout::Fanout;
use throng_tests::raw::{BINARY, CLOSE, Closed, Connect, PING, PONG, Raw, TEXT, close, frame, head};
use throng_tests::server::{Server, listener};
use throng_tests::wait::eventually;
use throng_tests::witness::Witness;
use throng_tokio::{CloseCode, ClosedBy, Stats};

/// The first fragment of a text, one between, the last.
const TEXT_BEGINS: u8 = 0x01;
const GOES_ON: u8 = 0x00;
const ENDS: u8 = 0x80;
const MESSAGE_BYTES: u64 = 512 << 10;
const FRAGMENTS: usize = 131_072;

/// What is sent, what it is, and the code that answers it.
type Row = (&'static str, Vec<u8>, Wrong, u16);

fn rows() -> Vec<Row> {
    let fragmented = |first: &[u8], last: &[u8]| [frame(TEXT_BEGINS, first), frame(ENDS, last)].concat();
    let begun = |next: Vec<u8>| [frame(TEXT_BEGINS, b"a"), next].concat();
    let mut rows = vec![
        ("a frame without a mask", vec![TEXT, 2, b'h', b'i'], Wrong::UnmaskedFrame, 1002),
        ("a close frame without a mask", vec![CLOSE, 0], Wrong::UnmaskedFrame, 1002),
        ("a long close frame", frame(CLOSE, &[3; 126]), Wrong::ControlTooLong, 1002),
        ("a long ping", frame(PING, &[0; 126]), Wrong::ControlTooLong, 1002),
        ("a ping in fragments", frame(0x09, b"a"), Wrong::FragmentedControl, 1002),
        ("a close frame in fragments", frame(0x08, b""), Wrong::FragmentedControl, 1002),
        ("nothing to continue", frame(GOES_ON, b"a"), Wrong::UnexpectedContinuation, 1002),
        ("nothing to end", frame(ENDS, b"a"), Wrong::UnexpectedContinuation, 1002),
        ("a message within a message", begun(frame(TEXT, b"b")), Wrong::ExpectedContinuation, 1002),
        ("the top bit of the length", head(BINARY, 1 << 63), Wrong::LengthOverflow, 1002),
        ("every bit of the length", head(BINARY, u64::MAX), Wrong::LengthOverflow, 1002),
        (
            "a length in more bytes than it needs",
            vec![BINARY, 0xfe, 0, 5, 1, 2, 3, 4],
            Wrong::LengthNotMinimal,
            1002,
        ),
        ("nearly an overflow", head(BINARY, u64::MAX >> 1), Wrong::MessageTooBig, 1009),
        ("nearly an overflow, in fragments", begun(head(ENDS, u64::MAX >> 1)), Wrong::MessageTooBig, 1009),
        ("4 GiB", head(TEXT, 1 << 32), Wrong::MessageTooBig, 1009),
        ("one byte too many", head(BINARY, MESSAGE_BYTES + 1), Wrong::MessageTooBig, 1009),
        ("a fragment too many", too_long_in_fragments(), Wrong::MessageTooBig, 1009),
        ("tiny fragments", tiny_fragments(b"a"), Wrong::TooManyFragments, 1008),
        ("empty fragments", tiny_fragments(&[]), Wrong::TooManyFragments, 1008),
        ("no UTF-8", frame(TEXT, &[0xff]), Wrong::TextNotUtf8, 1007),
        (
            "no UTF-8 at the end",
            frame(TEXT, "κόσμε".as_bytes().split_last().expect("a text").1),
            Wrong::TextNotUtf8,
            1007,
        ),
        ("no UTF-8 across fragments", fragmented(&[0xce], &[0x28]), Wrong::TextNotUtf8, 1007),
        ("a surrogate across fragments", fragmented(&[0xed, 0xa0], &[0x80]), Wrong::TextNotUtf8, 1007),
        (
            "a first byte that is not UTF-8",
            frame(TEXT, &[0xff; 1000])[..9].to_vec(),
            Wrong::TextNotUtf8,
            1007,
        ),
        ("a close body of one byte", frame(CLOSE, &[3]), Wrong::CloseTooShort, 1002),
        ("a reason that is not UTF-8", frame(CLOSE, &[3, 0xe8, 0xff]), Wrong::ReasonNotUtf8, 1007),
    ];
    for (bits, name) in [(0x40, "RSV1"), (0x20, "RSV2"), (0x10, "RSV3"), (0x70, "all reserved bits")] {
        rows.push((name, frame(TEXT | bits, b"a"), Wrong::ReservedBits, 1002));
        rows.push((name, frame(PING | bits, b"a"), Wrong::ReservedBits, 1002));
    }
    for opcode in (0x3..=0x7).chain(0xb..=0xf) {
        rows.push(("a reserved opcode", frame(0x80 | opcode, b"a"), Wrong::ReservedOpcode, 1002));
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
        rows.push(("a bad close code", close(code, "bye"), Wrong::BadCloseCode, 1002));
    }
    rows
}

fn too_long_in_fragments() -> Vec<u8> {
    let half = vec![b'a'; (MESSAGE_BYTES / 2) as usize];
    [frame(TEXT_BEGINS, &half), frame(GOES_ON, &half), head(ENDS, 1)].concat()
}

fn tiny_fragments(payload: &[u8]) -> Vec<u8> {
    [frame(TEXT_BEGINS, payload), frame(GOES_ON, payload).repeat(FRAGMENTS)].concat()
}

/// What the hub's numbers say of clients that were closed with a code.
fn counted(stats: &Stats, code: u16) -> u64 {
    match code {
        1002 => stats.protocol_errors,
        1007 => stats.invalid_payloads,
        1008 => stats.policy_violations,
        1009 => stats.too_big,
        1011 => stats.handler_failures,
        _ => panic!("no number for {code}"),
    }
}

#[test]
fn a_peer_that_breaks_the_protocol_is_told_so_and_nobody_else_notices() {
    let server = Server::start(|_| {});
    let mut witness = server.witness();
    server.returns_to(1);
    for (ended, (name, bytes, wrong, code)) in rows().into_iter().enumerate() {
        let before = server.hub.stats();
        let mut raw = server.open("/sink");
        // The server may answer, and end, before it has taken all of it.
        let _ = raw.writer().write_all(&bytes);
        let said = Closed { code, reason: wrong.name().to_owned() };
        assert_eq!(raw.closing().map_err(|error| error.kind()), Ok(Some(said)), "{name}");
        drop(raw);
        server.returns_to(1);
        witness.is_served();
        eventually("the application is told", || server.told.ended().len() == ended + 1);
        let (_, end) = server.told.ended().pop().expect("an end");
        assert_eq!((end.code, end.by), (CloseCode(code), ClosedBy::Hub), "{name}");
        let stats = server.hub.stats();
        assert_eq!(stats.ended_by_hub, ended as u64 + 1, "{name}");
        assert_eq!(counted(&stats, code), counted(&before, code) + 1, "{name}");
    }
    assert_eq!(server.told.messages(), server.hub.stats().received, "no part of it was a message");
}

/// What a peer goes on to send after it has broken the protocol, without reading.
const MEGABYTES: usize = 8;

#[test]
fn the_close_frame_arrives_although_the_peer_goes_on_sending() {
    let server = Server::start(|_| {});
    let mut witness = server.witness();
    for (name, bytes, _, code) in rows() {
        let mut raw = server.open("/sink");
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
    server.returns_to(1);
}

#[test]
fn a_peer_that_never_stops_sending_is_cut_off() {
    let server = Server::start(|config| config.deadlines.close = Duration::from_millis(300));
    let mut witness = server.witness();
    let mut raw = server.open("/sink");
    let mut writer = raw.writer();
    raw.send(&[TEXT, 0]);
    let writing = thread::spawn(move || while writer.write_all(&[0x55; 64 << 10]).is_ok() {});
    assert_eq!(raw.closed().code, 1002);
    writing.join().expect("the server does not read for ever");
    witness.is_served();
    server.returns_to(1);
}

#[test]
fn a_flood_of_control_frames_is_a_violation() {
    for (name, first) in [("pings", PING), ("pongs", PONG)] {
        let server = Server::start(|_| {});
        let mut witness = server.witness();
        let mut raw = server.open("/echo");
        // The burst is 1,000, and 100 a second come back.
        let _ = raw.writer().write_all(&frame(first, b"").repeat(20_000));
        let closed = raw.closed();
        assert_eq!(closed.code, 1008, "{name}: {closed:?}");
        drop(raw);
        server.returns_to(1);
        witness.is_served();
        let stats = server.hub.stats();
        assert!((1_000..20_000).contains(&stats.controls), "{name}: {}", stats.controls);
        assert_eq!((stats.ended_by_hub, stats.policy_violations), (1, 1));
    }
}

#[test]
fn a_message_at_the_limit_is_taken_whole_and_in_fragments() {
    let server = Server::start(|_| {});
    let mut raw = server.open("/echo");
    let message = vec![0x5a; MESSAGE_BYTES as usize];
    raw.send(&frame(BINARY, &message));
    assert_eq!(raw.message(), message);
    raw.send(&frame(0x02, &message[..1]));
    raw.send(&frame(PING, b"between"));
    raw.send(&frame(ENDS, &message[1..]));
    let pong = raw.frame().expect("a pong").expect("a pong, not the end");
    assert_eq!((pong.first, &*pong.payload), (PONG, &b"between"[..]));
    assert_eq!(raw.message(), message);
}

#[test]
fn the_example_fanout_takes_the_largest_messages_of_the_autobahn_suite() {
    const LARGEST: usize = 16 << 20;
    let server = Fanout::start(&[]);
    let mut raw = server.open("/echo");
    let message = b"BAsd7&jh23".repeat(LARGEST / 10);
    for first in [TEXT, BINARY] {
        let mut message = message.clone();
        message.resize(LARGEST, b'.');
        raw.send(&frame(first, &message));
        assert!(raw.message() == message, "in one frame");
    }
    let message = &message[..4 << 20];
    let mut pieces: Vec<_> = message.chunks(64).map(|piece| frame(GOES_ON, piece)).collect();
    pieces[0] = frame(TEXT_BEGINS, &message[..64]);
    raw.send(&[pieces.concat(), frame(ENDS, b"")].concat());
    assert!(raw.message() == message, "in fragments of 64 bytes");
}

#[test]
fn memory_grows_with_what_arrives_and_not_with_what_is_claimed() {
    const PEERS: usize = 400;
    let server = Fanout::start(&[]);
    let mut witness = Witness::open(server.address, "/echo");
    let claims: &[&[Vec<u8>]] = &[
        &[head(BINARY, MESSAGE_BYTES)],
        &[frame(0x02, b"a"), head(ENDS, MESSAGE_BYTES - 1)],
        &[head(TEXT, u64::MAX >> 1)],
        &[head(TEXT, u64::MAX)],
    ];
    let wave = |claim: &[Vec<u8>]| -> Vec<Raw> {
        let open = |_| {
            let mut raw = Connect::default().open(server.address, "/echo");
            raw.send(&[&claim.concat()[..], b"few"].concat());
            raw
        };
        (0..PEERS).map(open).collect()
    };
    // What so many connections cost by themselves.
    drop(wave(&[]));
    eventually("they are gone", || server.connections() == 1);
    for claim in claims {
        let before = server.resident();
        let peers = wave(claim);
        witness.is_served();
        let grown = server.resident().saturating_sub(before);
        assert!(grown < 4 << 20, "{grown} bytes for {PEERS} claims of {:?}", claim.concat());
        drop(peers);
        eventually("they are gone", || server.connections() == 1);
    }
}

#[test]
fn a_handler_that_panics_closes_its_own_client_only() {
    let server = Server::start(|_| {});
    let mut witness = server.witness();
    for _ in 0..3 {
        let mut other = server.open("/panic");
        let mut raw = server.open("/panic");
        raw.say("go");
        assert_eq!(raw.closed().code, 1011);
        witness.is_served();
        other.send(&close(1000, ""));
        assert_eq!(other.closed().code, 1000);
    }
    assert_eq!(counted(&server.hub.stats(), 1011), 3);
    server.returns_to(1);
}

#[test]
fn a_handler_that_never_returns_stalls_its_own_client_only() {
    let server = Server::with(
        listener(None),
        |config| {
            config.deadlines.ping = Some(Duration::from_millis(200));
            config.deadlines.pong = Some(Duration::from_millis(1_000));
        },
        |builder| builder,
    );
    let watch = server.witness().watch();
    let mut stuck: Vec<_> = (0..20).map(|_| server.open("/hang")).collect();
    for raw in &mut stuck {
        raw.say("go");
    }
    eventually("all are stuck", || server.told.messages() >= 20);
    let mut other = server.open("/hang");
    other.send(&close(1000, "no hook needed"));
    assert_eq!(other.closed().code, 1000);
    drop(other);
    for mut raw in stuck {
        assert_eq!(raw.closed().code, 1011, "the application is late, not the peer");
    }
    assert_eq!(server.hub.stats().handler_failures, 20);
    server.returns_to(1);
    let served = watch.end();
    assert!(served.trips() > 0);
}
