//! How a server ends that is a process of its own.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use throng_tests::fanout::Fanout;
use throng_tests::raw::{Raw, close};
use throng_tests::wait::eventually;

/// Answers the close frame.
fn leave(mut raw: Raw) {
    assert_eq!(raw.closed().code, 1001);
    raw.send(&close(1001, ""));
    raw.ended();
}

#[test]
fn sigterm_drains_and_the_process_ends_well() {
    let mut server = Fanout::start(&[]);
    assert_eq!(server.ready().status, 200);
    // Without clients there is nothing to wait for.
    server.signal(Signal::TERM);
    assert_eq!(server.end().code(), Some(0));
}

#[test]
fn the_first_sigterm_drains_and_the_second_forces() {
    let mut server = Fanout::start(&[]);
    let clients: Vec<_> = (0..50).map(|_| server.open("/ws")).collect();
    server.signal(Signal::TERM);
    eventually("it drains", || server.ready().status == 503);
    assert!(server.connections() > 0, "it gives them half a minute");
    let start = Instant::now();
    server.signal(Signal::TERM);
    let leaving: Vec<_> = clients.into_iter().map(|raw| thread::spawn(|| leave(raw))).collect();
    for thread in leaving {
        thread.join().expect("it left");
    }
    assert_eq!(server.end().code(), Some(0));
    // The deadline of the close frames, 5 s, which none of them uses up.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn ctrl_c_drains_like_sigterm() {
    let mut server = Fanout::start(&[]);
    let client = server.open("/ws");
    server.signal(Signal::INT);
    eventually("it drains", || server.ready().status == 503);
    server.signal(Signal::INT);
    leave(client);
    assert_eq!(server.end().code(), Some(0));
}
