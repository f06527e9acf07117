//! What a connection costs that says nothing.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use throng_tests::fanout::Fanout;
use throng_tests::process::allow_open_files;
use throng_tests::raw::{Connect, PING, PONG, Raw, frame};
use throng_tests::wait::eventually;

const CONNECTIONS: usize = 10_000;
const BYTES_EACH: u64 = 3 << 10;
const THREADS: usize = 4;

/// One crowd at a time: a process has files for no more.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn ten_thousand_idle_connections_cost_three_kib_each() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (server, before) = warm(&[]);
    let crowd = open(&server, CONNECTIONS, None);
    let plain = is_small("when they have opened", &server, before);
    drop(crowd);
    eventually("all are gone", || server.connections() == 0);
    drop(server);
    // With compression nothing is held between messages.
    let (server, before) = warm(&["--compression"]);
    let crowd = open(&server, CONNECTIONS, Some("permessage-deflate; client_max_window_bits"));
    let compressed = is_small("when they have opened with compression", &server, before);
    assert!(compressed * 10 <= plain * 12, "{compressed} bytes with compression, {plain} without");
    drop(crowd);
    eventually("all are gone", || server.connections() == 0);
}

#[test]
#[ignore = "needs a minute, until everybody has been pinged"]
fn ten_thousand_idle_connections_cost_three_kib_each_after_a_ping() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (server, before) = warm(&[]);
    let crowd = open(&server, CONNECTIONS, None);
    let is_over = Arc::new(AtomicBool::new(false));
    let answered = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = crowd
        .into_iter()
        .map(|part| {
            let (is_over, answered) = (Arc::clone(&is_over), Arc::clone(&answered));
            thread::spawn(move || answer_pings(part, &is_over, &answered))
        })
        .collect();
    let end = Instant::now() + Duration::from_secs(90);
    while answered.load(Ordering::Relaxed) < CONNECTIONS && Instant::now() < end {
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(answered.load(Ordering::Relaxed), CONNECTIONS);
    // Past the pong deadline all are still there.
    thread::sleep(Duration::from_secs(10));
    assert_eq!(server.connections(), CONNECTIONS as u64);
    is_small("when they have answered a ping", &server, before);
    is_over.store(true, Ordering::Relaxed);
    for thread in threads {
        thread.join().expect("pings are answered");
    }
    eventually("all are gone", || server.connections() == 0);
}

/// A server that has served already, and its memory.
fn warm(arguments: &[&str]) -> (Fanout, u64) {
    allow_open_files(CONNECTIONS);
    let server = Fanout::start(arguments);
    drop(open(&server, 8, None));
    eventually("the first are gone", || server.connections() == 0);
    let before = server.resident();
    (server, before)
}

/// Opens so many, in a few parts, each a room of ten: they are to cost what clients with a room cost.
fn open(server: &Fanout, count: usize, offer: Option<&'static str>) -> Vec<Vec<Raw>> {
    let address = server.address;
    let part = |thread: usize| {
        // One address does not have ports for everybody.
        let from = Some(Ipv4Addr::new(127, 0, 0, 2 + thread as u8));
        (thread..count)
            .step_by(THREADS)
            .map(|index| {
                Connect { from, offer, ..Connect::default() }.open(address, &format!("/room/{}", index / 10))
            })
            .collect()
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || part(thread))).collect();
        threads.into_iter().map(|thread| thread.join().expect("all are opened")).collect()
    })
}

fn is_small(when: &str, server: &Fanout, before: u64) -> u64 {
    let each = (server.resident() - before) / CONNECTIONS as u64;
    assert!(each <= BYTES_EACH, "{each} bytes a connection {when}");
    each
}

/// Answers pings in turn, each connection's first.
fn answer_pings(part: Vec<Raw>, is_over: &AtomicBool, answered: &AtomicUsize) {
    let mut waiting: Vec<_> = part.into_iter().collect();
    let mut done = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        if let Some(mut raw) = waiting.pop() {
            raw.patience(Duration::from_secs(90));
            let ping = raw.frame().expect("a ping arrives").expect("a ping, not the end");
            assert_eq!(ping.first, PING);
            raw.send(&frame(PONG, &ping.payload));
            answered.fetch_add(1, Ordering::Relaxed);
            done.push(raw);
        } else {
            thread::sleep(Duration::from_millis(20));
        }
    }
}
