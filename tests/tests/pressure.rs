//! Peers that read slowly, claim much or are many, and what they cost a server that is a process of its own.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use throng_tests::fanout::Fanout;
use throng_tests::load::Load;
use throng_tests::process::allow_open_files;
use throng_tests::raw::{BINARY, Connect, Raw, TEXT, frame, head};
use throng_tests::wait::{eventually, within};
use throng_tests::witness::Witness;

const MESSAGE: usize = 512 << 10;

/// First bytes of the frames of a message in fragments.
const TEXT_BEGINS: u8 = 0x01;
const GOES_ON: u8 = 0x00;
const ENDS: u8 = 0x80;

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
    // For longer than a hook may take by default.
    thread::sleep(Duration::from_secs(6));
    for number in 0..COUNT {
        let message = raw.message();
        assert!(message.len() == MESSAGE && message.iter().all(|byte| *byte == number), "message {number}");
    }
    pouring.join().expect("all is taken");
    let grown = server.resident().saturating_sub(before);
    assert!(grown < 6 << 20, "{grown} bytes");
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
        &[head(BINARY, MESSAGE as u64)],
        &[frame(0x02, b"a"), head(0x80, MESSAGE as u64 - 1)],
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
