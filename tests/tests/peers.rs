//! Peers that die, vanish, dawdle or babble: others are served meanwhile, and nothing is left of them.

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use throng_tests::fanout::Fanout;
use throng_tests::http::upgrade;
use throng_tests::load::Load;
use throng_tests::process::{allow_open_files, signal};
use throng_tests::python::Script;
use throng_tests::raw::{BINARY, PING, PONG, Raw, TEXT, frame, head};
use throng_tests::server::Server;
use throng_tests::wait::eventually;
use throng_tests::witness::Witness;
use throng_tokio::{CloseCode, ClosedBy, Config};

/// Keepalive that does not take a minute.
fn impatient(config: &mut Config) {
    config.deadlines.ping = Some(Duration::from_millis(200));
    config.deadlines.pong = Some(Duration::from_millis(1_000));
}

/// Everybody is gone, has left its room, and was told to the application.
fn all_ended(server: &Server, count: usize, by: ClosedBy) {
    eventually("the application is told of all", || server.told.ended().len() == count);
    for (_, end) in server.told.ended() {
        assert_eq!((end.code, end.by), (CloseCode::ABNORMAL, by));
    }
    assert_eq!(server.told.left(), count as u64);
    assert_eq!(server.hub.room_count(), 0);
}

#[test]
fn clients_whose_process_is_killed_are_gone_at_once() {
    const CLIENTS: usize = 200;
    let server = Server::start(|_| {});
    let watch = server.witness().watch();
    let clients = CLIENTS.to_string();
    let arguments = ["fanout", "--connections", &clients, "--seconds", "600"];
    let mut load = Load::start(env!("CARGO_BIN_EXE_throng-load"), server.address, &arguments);
    eventually("they talk", || server.hub.member_count("ws") == CLIENTS && server.told.messages() > 5_000);
    signal(&load.child, Signal::KILL);
    load.child.wait().expect("a child can be waited for");
    server.returns_to(1);
    all_ended(&server, CLIENTS, ClosedBy::Transport);
    assert_eq!(server.hub.stats().ended_by_transport, CLIENTS as u64);
    eventually("nothing waits for them", || server.hub.stats().pending() == 0);
    assert!(watch.end().trips() > 0);
}

#[test]
#[ignore = "needs the Python package websockets (tests/run installs it)"]
fn python_clients_whose_process_is_killed_are_gone_at_once() {
    let server = Server::start(|_| {});
    let mut witness = server.witness();
    let mut script = Script::start("hold.py", &[&format!("ws://{}/room/a", server.address), "20"]);
    assert_eq!(script.line(), "ready");
    server.has_opened();
    assert_eq!(server.hub.member_count("a"), 20);
    signal(script.child(), Signal::KILL);
    server.returns_to(1);
    all_ended(&server, 20, ClosedBy::Transport);
    witness.is_served();
}

#[test]
fn peers_that_vanish_without_a_word_are_gone_by_the_pong_deadline() {
    const PEERS: usize = 100;
    let server = Server::start(impatient);
    let watch = server.witness().watch();
    let silent: Vec<_> = (0..PEERS).map(|_| server.open("/ws")).collect();
    assert_eq!(server.hub.client_count(), PEERS + 1);
    // They hold their sockets open and say nothing, like a machine that lost its power.
    server.returns_to(1);
    all_ended(&server, PEERS, ClosedBy::Hub);
    let stats = server.hub.stats();
    assert_eq!((stats.pong_timeouts, stats.ended_by_hub), (PEERS as u64, PEERS as u64));
    assert!(stats.pings >= PEERS as u64);
    assert!(watch.end().trips() > 0, "who answers its pings stays");
    drop(silent);
}

#[test]
fn whoever_answers_its_pings_stays_and_so_does_whoever_is_busy_sending() {
    let server = Server::start(impatient);
    let mut answering = server.open("/echo");
    let mut uploading = server.open("/echo");
    const PIECES: usize = 40;
    // A long message over a slow line: no pong can stand between the bytes of a frame.
    let message = frame(BINARY, &[7; PIECES * 100]);
    for piece in message.chunks(message.len().div_ceil(PIECES)) {
        uploading.send(piece);
        answering.patience(Duration::from_millis(75));
        while let Ok(Some(ping)) = answering.frame() {
            assert_eq!(ping.first, PING);
            answering.send(&frame(PONG, &ping.payload));
        }
    }
    assert_eq!(uploading.message(), [7; PIECES * 100]);
    answering.patience(Duration::from_secs(20));
    answering.say("here");
    assert_eq!(answering.message(), b"here");
    assert_eq!(server.hub.stats().pong_timeouts, 0);
}

#[test]
fn a_hundred_handshakes_that_dawdle_are_ended_by_the_deadline() {
    const DEADLINE: Duration = Duration::from_millis(1_500);
    const PEERS: usize = 100;
    let server = Server::start(|config| config.deadlines.handshake = DEADLINE);
    let watch = server.witness().watch();
    let start = Instant::now();
    let mut slow: Vec<_> = (0..PEERS).map(|_| Raw::connect(server.address)).collect();
    let request = upgrade("/ws");
    // Each byte comes in time, but all of them do not. Some say nothing at all.
    let mut bytes = request.bytes();
    while server.hub.stats().handshake_timeouts < PEERS as u64 {
        assert!(start.elapsed() < Duration::from_secs(20), "the deadline passes and nothing happens");
        let byte = bytes.next().expect("the deadline comes before the last byte");
        for raw in slow.iter().skip(PEERS / 4) {
            let _ = raw.writer().write_all(&[byte]);
        }
        thread::sleep(Duration::from_millis(20));
    }
    assert!(start.elapsed() >= DEADLINE);
    server.returns_to(1);
    slow.iter_mut().for_each(Raw::ended);
    let stats = server.hub.stats();
    assert_eq!((stats.handshake_timeouts, stats.opened), (PEERS as u64, 1));
    assert!(watch.end().trips() > 0);
}

#[test]
fn a_peer_that_stops_reading_is_ended_by_the_write_deadline_and_costs_nobody_anything() {
    let server = Server::start(|config| config.deadlines.write = Duration::from_millis(800));
    let watch = server.witness().watch();
    let stalled = server.open("/echo");
    let mut writer = stalled.writer();
    let flood = thread::spawn(move || {
        let message = frame(BINARY, &vec![1; 256 << 10]);
        while writer.write_all(&message).is_ok() {}
    });
    flood.join().expect("the server ends it");
    server.returns_to(1);
    assert_eq!(server.hub.stats().write_timeouts, 1);
    assert!(watch.end().trips() > 0);
    drop(stalled);
}

/// Bytes that look random and are the same in each run.
fn garbage(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// What bad peers do to a server: one of each kind, `seed` tells one from the next.
fn bad_peers(server: &Fanout, seed: u64) {
    let garbage = garbage(seed, 4096);
    // Before and after the handshake.
    let mut peer = Raw::connect(server.address);
    let _ = peer.writer().write_all(&garbage);
    peer.patience(Duration::from_millis(1));
    let _ = peer.read_more();
    peer.reset();
    let peer = server.open("/echo");
    let _ = peer.writer().write_all(&garbage);
    peer.reset();
    // Half a request; half a message; half a close handshake; a reset and a plain end.
    let _ = TcpStream::connect(server.address).map(|mut peer| peer.write_all(b"GET / HTTP/1.1\r\nHo"));
    let mut peer = server.open("/room/a");
    peer.send(&[&head(TEXT, 60_000)[..], &vec![0x37; 30_000]].concat());
    peer.reset();
    let mut peer = server.open("/direct/a");
    peer.say("a something nobody reads");
    peer.send(&[0x88]);
    drop(peer);
    let mut peer = server.open("/ws");
    peer.send(&frame(BINARY, &vec![1; 100_000]));
    peer.end_sending();
    drop(peer);
}

#[test]
fn after_waves_of_bad_peers_nothing_is_left_and_memory_is_flat() {
    const WAVES: u64 = 12;
    const PEERS: u64 = 50;
    allow_open_files(1_000);
    let server = Fanout::start(&[]);
    let watch = Witness::open(server.address, "/echo").watch();
    let mut memory = Vec::new();
    for wave in 0..WAVES {
        for peer in 0..PEERS {
            bad_peers(&server, wave * PEERS + peer);
        }
        eventually("they are gone", || server.connections() == 1);
        memory.push(server.resident());
    }
    // The first waves warm it up: buffers, tables, the allocator.
    let grown = memory[memory.len() - 1].saturating_sub(memory[3]);
    assert!(grown < 1 << 20, "{memory:?}");
    assert!(watch.end().trips() > 0);
}
