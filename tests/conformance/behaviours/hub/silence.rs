//! Peers that die, vanish or stop reading: others are served meanwhile, and nothing is left of them.

use std::io::Write;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use throng_core::hub::Config;
use throng_core::{CloseCode, ClosedBy};
use throng_tests::load::Load;
use throng_tests::process::signal;
use throng_tests::raw::{BINARY, PING, PONG, frame};
use throng_tests::server::Server;
use throng_tests::wait::eventually;

use crate::hosts::Host;

/// Keepalive that does not take a minute.
fn impatient(config: &mut Config) {
    config.deadlines.ping = Some(Duration::from_millis(200));
    config.deadlines.pong = Some(Duration::from_millis(1_000));
}

/// Everybody is gone, has left its room, and was told to the application.
pub(crate) fn all_ended(server: &Server, count: usize, by: ClosedBy) {
    eventually("the application is told of all", || server.told.ended().len() == count);
    for (_, end) in server.told.ended() {
        assert_eq!((end.code, end.by), (CloseCode::ABNORMAL, by));
    }
    assert_eq!(server.told.left(), count as u64);
    assert_eq!(server.hub.room_count(), 0);
}

pub(crate) fn clients_whose_process_is_killed_are_gone_at_once(host: &Host) {
    const CLIENTS: usize = 200;
    let server = host.server(|_| {});
    let watch = server.witness().watch();
    let clients = CLIENTS.to_string();
    let arguments = ["fanout", "--connections", &clients, "--seconds", "600"];
    let mut load = Load::start(env!("CARGO_BIN_EXE_throng-load"), server.address, &arguments);
    eventually("they talk", || server.hub.member_count("ws") == CLIENTS && server.told.messages() > 500);
    signal(&load.child, Signal::KILL);
    load.child.wait().expect("a child can be waited for");
    server.returns_to(1);
    all_ended(&server, CLIENTS, ClosedBy::Transport);
    assert_eq!(server.hub.stats().ended_by_transport, CLIENTS as u64);
    eventually("nothing waits for them", || server.hub.stats().pending() == 0);
    assert!(watch.end().trips() > 0);
}

pub(crate) fn peers_that_vanish_without_a_word_are_gone_by_the_pong_deadline(host: &Host) {
    const PEERS: usize = 100;
    let server = host.server(impatient);
    let watch = server.witness().watch();
    let silent: Vec<_> = (0..PEERS).map(|_| server.open("/ws")).collect();
    // They hold their sockets open and say nothing, like a machine that lost its power.
    server.returns_to(1);
    all_ended(&server, PEERS, ClosedBy::Hub);
    let stats = server.hub.stats();
    assert_eq!((stats.pong_timeouts, stats.ended_by_hub), (PEERS as u64, PEERS as u64));
    assert!(stats.pings >= PEERS as u64);
    assert!(watch.end().trips() > 0, "who answers its pings stays");
    drop(silent);
}

pub(crate) fn whoever_answers_its_pings_stays_and_so_does_whoever_is_busy_sending(host: &Host) {
    let server = host.server(impatient);
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

pub(crate) fn a_peer_that_stops_reading_is_ended_by_the_write_deadline_and_costs_nobody_anything(
    host: &Host,
) {
    let server = host.server(|config| config.deadlines.write = Duration::from_millis(800));
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
