//! Peers that read slowly: bounded memory, nothing lost where waiting is asked for, and nobody else waits.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use throng_tests::fanout::Fanout;
use throng_tests::load::Load;
use throng_tests::process::allow_open_files;
use throng_tests::raw::{BINARY, Connect, Raw, frame};
use throng_tests::server::{Server, listener};
use throng_tests::wait::{eventually, within};
use throng_tests::witness::Witness;
use throng_tokio::hub::{Error, Policy, Target};
use throng_tokio::{CloseCode, ClosedBy, Frame, IntoFrame, Publish, SendError};
use tokio::runtime::Runtime;

const MESSAGE: usize = 512 << 10;

/// Small buffers of the system: what waits, waits in the hub.
const SMALL: usize = 32 << 10;

/// Sends messages, each filled with its number, and counts the bytes that are taken.
fn pour(mut writer: TcpStream, count: u8, taken: &AtomicUsize) {
    for number in 0..count {
        for piece in frame(BINARY, &vec![number; MESSAGE]).chunks(16 << 10) {
            writer.write_all(piece).expect("it is taken, sooner or later");
            taken.fetch_add(piece.len(), Ordering::Relaxed);
        }
    }
}

#[test]
fn large_messages_come_back_whole_through_a_slow_reader() {
    const COUNT: u8 = 24;
    let server = Server::with(listener(Some(SMALL)), |_| {}, |builder| builder);
    let connect = Connect { receive_buffer: Some(SMALL), ..Connect::default() };
    let mut raw = server.open_by(connect, "/echo");
    let (writer, taken) = (raw.writer(), Arc::new(AtomicUsize::new(0)));
    let pouring = {
        let taken = Arc::clone(&taken);
        thread::spawn(move || pour(writer, COUNT, &taken))
    };
    let watch = server.witness().watch();
    for number in 0..COUNT {
        // Now and then it does not read at all.
        if number % 6 == 0 {
            thread::sleep(Duration::from_millis(150));
        }
        let message = raw.message();
        assert_eq!(message.len(), MESSAGE);
        assert!(message.iter().all(|byte| *byte == number), "message {number}");
        assert!(server.hub.stats().queued_bytes <= 4 << 20);
    }
    pouring.join().expect("all is taken");
    assert!(watch.end().trips() > 0);
    let stats = server.hub.stats();
    assert_eq!((stats.dropped(), stats.pending()), (0, 0));
}

#[test]
fn an_echo_reads_no_more_than_its_peer_does_and_loses_nothing() {
    const COUNT: u8 = 100;
    const SENT: usize = COUNT as usize * MESSAGE;
    // An outbox as it is by default, for messages of this size.
    let server = Fanout::start(&["--max-message", &MESSAGE.to_string()]);
    let mut witness = Witness::open(server.address, "/echo");
    witness.is_served();
    let mut raw = Connect { receive_buffer: Some(SMALL), ..Connect::default() }.open(server.address, "/echo");
    let before = server.resident();
    let (writer, taken) = (raw.writer(), Arc::new(AtomicUsize::new(0)));
    let pouring = {
        let taken = Arc::clone(&taken);
        thread::spawn(move || pour(writer, COUNT, &taken))
    };
    // It takes what the outbox and the system's buffers hold, and then no more.
    let mut last = (0, Instant::now());
    let stalls = within(Duration::from_secs(8), || {
        let now = taken.load(Ordering::Relaxed);
        if now != last.0 {
            last = (now, Instant::now());
        }
        last.1.elapsed() > Duration::from_millis(500)
    });
    assert!(stalls && last.0 < SENT / 2, "{} of {SENT} bytes were taken", last.0);
    let grown = server.resident().saturating_sub(before);
    assert!(grown < 6 << 20, "{grown} bytes");
    witness.is_served();
    for number in 0..COUNT {
        let message = raw.message();
        assert!(message.len() == MESSAGE && message.iter().all(|byte| *byte == number), "message {number}");
    }
    pouring.join().expect("all is taken");
    let grown = server.resident().saturating_sub(before);
    assert!(grown < 6 << 20, "{grown} bytes");
}

#[test]
fn a_frame_is_whole_however_the_system_takes_it() {
    // As little as the system can: writes stop anywhere in a frame.
    let server = Server::with(listener(Some(1)), |_| {}, |builder| builder);
    let mut raw = server.open_by(Connect { receive_buffer: Some(1), ..Connect::default() }, "/sink");
    let id = server.hub.clients()[0];
    const COUNT: usize = 100;
    for number in 0..COUNT {
        server.hub.send_to(id, vec![number as u8; number * 90]).expect("it is open");
    }
    let mut stream = raw.writer();
    let (mut bytes, mut byte) = (Vec::new(), [0; 997]);
    let expected: usize = (0..COUNT).map(|number| number * 90 + if number * 90 < 126 { 2 } else { 4 }).sum();
    while bytes.len() < expected {
        let count = stream.read(&mut byte).expect("more comes");
        assert!(count > 0, "an end after {} of {expected} bytes", bytes.len());
        bytes.extend_from_slice(&byte[..count]);
    }
    let mut rest = &bytes[..];
    for number in 0..COUNT {
        let frame = vec![number as u8; number * 90].into_frame().expect("it can be encoded");
        rest = rest.strip_prefix(frame.head()).expect("a head");
        rest = rest.strip_prefix(&**frame.payload()).expect("a payload");
    }
    assert!(rest.is_empty());
    raw.patience(Duration::from_millis(20));
    assert!(raw.frame().is_err());
}

/// A client that does not read, and whose outbox is full.
fn full(server: &Server) -> (Raw, throng_tokio::Client) {
    let raw = server.open_by(Connect { receive_buffer: Some(SMALL), ..Connect::default() }, "/sink");
    let client = server.hub.client(server.hub.clients()[0]).expect("it is open");
    let big: Frame = vec![0; MESSAGE].into_frame().expect("it can be encoded");
    let target = [Target::Client(client.id())];
    let fill = Publish::to(&target).policy(Policy::Wait);
    // Full, and still full when the system has taken what it can.
    let mut since = Instant::now();
    let is_full = within(Duration::from_secs(8), || {
        while server.hub.publish(&fill, &big).expect("it is open").queued == 1 {
            since = Instant::now();
        }
        since.elapsed() > Duration::from_millis(200)
    });
    assert!(is_full);
    (raw, client)
}

#[test]
fn whoever_waits_for_room_is_released_when_the_client_goes() {
    let server = Server::with(listener(Some(SMALL)), |_| {}, |builder| builder);
    let runtime = Runtime::new().expect("a runtime starts");
    let (raw, client) = full(&server);
    let waiting: Vec<_> = (0..5).map(|_| runtime.spawn(client.send_wait(vec![1; MESSAGE]))).collect();
    thread::sleep(Duration::from_millis(50));
    assert!(waiting.iter().all(|send| !send.is_finished()));
    drop(raw);
    for send in waiting {
        let sent = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), send).await });
        let error = sent.expect("it ends").expect("no panic").expect_err("nobody is there");
        assert!(matches!(error, SendError::Hub(Error::Gone | Error::NotOpen)), "{error:?}");
    }
    server.returns_to(0);
}

#[test]
fn whoever_waits_for_room_is_served_when_the_client_reads() {
    let server = Server::with(listener(Some(SMALL)), |_| {}, |builder| builder);
    let runtime = Runtime::new().expect("a runtime starts");
    let (mut raw, client) = full(&server);
    let waiting = runtime.spawn(client.send_wait(vec![1; MESSAGE]));
    thread::sleep(Duration::from_millis(50));
    assert!(!waiting.is_finished());
    while raw.message() != [1; MESSAGE] {}
    runtime.block_on(waiting).expect("no panic").expect("it was sent");
    assert_eq!(server.hub.stats().dropped(), 0);
}

#[test]
fn a_slow_reader_is_closed_with_1013_if_that_is_the_policy() {
    let server = Server::with(
        listener(Some(SMALL)),
        |config| config.outbox.policy = Policy::Disconnect,
        |builder| builder,
    );
    let mut witness = server.witness();
    let stalled = server.open_by(Connect { receive_buffer: Some(SMALL), ..Connect::default() }, "/ws");
    eventually("it is a member", || server.hub.member_count("ws") == 1);
    let message = vec![7; 64 << 10];
    eventually("it is closed", || server.hub.send_to_room("ws", &message[..]).is_err());
    eventually("the application is told", || server.told.ended().len() == 1);
    let (_, end) = server.told.ended().pop().expect("an end");
    assert_eq!((end.code, end.by), (CloseCode::TRY_AGAIN_LATER, ClosedBy::Hub));
    witness.is_served();
    let stats = server.hub.stats();
    assert_eq!(stats.too_slow, 1);
    assert_eq!(stats.queued, stats.written + stats.dropped() + stats.pending());
    drop(stalled);
    server.returns_to(1);
}

#[test]
fn the_latest_messages_are_kept_if_that_is_the_policy() {
    let server = Server::with(
        listener(Some(SMALL)),
        |config| config.outbox.policy = Policy::DropOldest,
        |builder| builder,
    );
    let mut raw = server.open_by(Connect { receive_buffer: Some(SMALL), ..Connect::default() }, "/ws");
    eventually("it is a member", || server.hub.member_count("ws") == 1);
    let id = server.hub.members("ws")[0];
    const COUNT: u32 = 200;
    for number in 0..COUNT {
        let message = [&number.to_be_bytes()[..], &[0; 32 << 10]].concat();
        server.hub.send_to_room("ws", message).expect("it is a member");
    }
    let (mut got, mut last) = (0, None);
    while last != Some(COUNT - 1) {
        let message = raw.message();
        let number = u32::from_be_bytes(*message.first_chunk().expect("a number"));
        assert!(last.is_none_or(|last| last < number), "{number} after {last:?}");
        (got, last) = (got + 1, Some(number));
    }
    let lost = || server.told.dropped(id).iter().map(|dropped| dropped.frames).sum::<u32>();
    eventually("all is accounted for", || lost() > 0 && got + lost() == COUNT);
}

#[test]
fn a_broadcast_to_thousands_does_not_hold_up_others() {
    const MEMBERS: usize = 3_000;
    allow_open_files(MEMBERS);
    let server = Fanout::start(&[]);
    let mut witness = Witness::open(server.address, "/echo");
    let members = MEMBERS.to_string();
    let arguments = ["fanout", "--connections", &members, "--seconds", "4", "--outstanding", "4"];
    let load = Load::start(env!("CARGO_BIN_EXE_throng-load"), server.address, &arguments);
    eventually("they are members", || server.connections() as usize > MEMBERS);
    // A message to all of them is about 10 ms of writing. One that had to wait for every broadcast before it would take
    // several times that; on a busy machine a few do.
    witness.is_served();
    let watch = witness.watch();
    load.succeeds();
    let served = watch.end();
    assert!(served.trips() > 20, "{} round trips", served.trips());
    let (median, longest) = (served.median(), served.longest());
    assert!(median < Duration::from_millis(100), "half of the round trips took more than {median:?}");
    assert!(longest < Duration::from_secs(2), "a round trip took {longest:?}");
}

#[test]
fn a_burst_larger_than_an_outbox_is_lost_for_nobody_who_reads() {
    const SPEAKERS: usize = 8;
    const EACH: usize = 400;
    let server = Server::start(|_| {});
    let mut speakers: Vec<_> = (0..SPEAKERS).map(|_| server.open("/ws")).collect();
    eventually("all are in the room", || server.hub.member_count("ws") == SPEAKERS);
    let burst = frame(BINARY, b"a word").repeat(EACH);
    for speaker in &mut speakers {
        speaker.writer().write_all(&burst).expect("it is taken");
    }
    for speaker in &mut speakers {
        for number in 0..SPEAKERS * EACH {
            assert_eq!(speaker.message(), b"a word", "message {number}");
        }
    }
    assert_eq!(server.hub.stats().dropped(), 0);
}
