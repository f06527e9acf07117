//! How a server ends.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use throng_tests::fanout::Fanout;
use throng_tests::http::{get, upgrade};
use throng_tests::python::Script;
use throng_tests::raw::{Raw, close};
use throng_tests::server::Server;
use throng_tests::wait::eventually;
use throng_tokio::hub::{Drain, State};
use throng_tokio::{CloseCode, ClosedBy, DrainError};
use tokio::time::sleep;

const LONG: Duration = Duration::from_secs(20);

/// Nobody counts as idle, and the closes are spread over this time.
fn over(spread: Duration) -> Drain {
    Drain { idle: Duration::ZERO, spread }
}

/// Answers the close frame, and says when it came.
fn leave(mut raw: Raw) -> Instant {
    let closed = raw.closed();
    let at = Instant::now();
    assert_eq!(closed.code, 1001);
    raw.send(&close(1001, ""));
    raw.ended();
    at
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_closes_everybody_spread_over_the_time_given() {
    const CLIENTS: usize = 100;
    const SPREAD: Duration = Duration::from_secs(2);
    let server = Server::start(|_| {});
    let clients: Vec<_> = (0..CLIENTS).map(|_| server.open("/ws")).collect();
    let leaving: Vec<_> = clients.into_iter().map(|raw| thread::spawn(|| leave(raw))).collect();
    let start = Instant::now();
    server.hub.drain(over(SPREAD), LONG).await.expect("it is done in time");
    assert!(start.elapsed() < SPREAD + Duration::from_secs(10));
    let leaves: Vec<_> = leaving.into_iter().map(|thread| thread.join().expect("it left") - start).collect();
    // A quarter of the time sees about a quarter of the closes; on a busy machine they can only come late.
    let before = |time: Duration| leaves.iter().filter(|at| **at <= time).count();
    for quarter in 1..4 {
        let most = CLIENTS * quarter / 4 + 2;
        assert!(before(SPREAD * quarter as u32 / 4) <= most, "{leaves:?}");
    }
    let ended = server.told.ended();
    assert_eq!(ended.len(), CLIENTS);
    assert!(ended.iter().all(|(_, end)| (end.code, end.by) == (CloseCode::GOING_AWAY, ClosedBy::Hub)));
    assert_eq!(server.told.left(), CLIENTS as u64);
    assert_eq!((server.hub.connection_count(), server.hub.room_count()), (0, 0));
    eventually("serving has ended", || server.has_ended());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_are_idle_go_first() {
    let server = Server::start(|_| {});
    let idle: Vec<_> = (0..10).map(|_| server.open("/ws")).collect();
    sleep(Duration::from_millis(600)).await;
    let mut busy = server.open("/echo");
    let leaving: Vec<_> = idle.into_iter().map(|raw| thread::spawn(|| leave(raw))).collect();
    let plan = Drain { idle: Duration::from_millis(500), spread: LONG };
    let draining = tokio::spawn(server.hub.drain(plan, LONG));
    // Who still talks is left to it.
    while leaving.iter().any(|thread| !thread.is_finished()) {
        busy.say("working");
        assert_eq!(busy.message(), b"working");
        sleep(Duration::from_millis(20)).await;
    }
    // Now it says nothing either.
    let left = tokio::task::spawn_blocking(|| leave(busy));
    draining.await.expect("no panic").expect("it is done in time");
    left.await.expect("it left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_drain_joins_the_first_and_a_third_comes_too_late() {
    let server = Server::start(|_| {});
    let leaving: Vec<_> =
        (0..10).map(|_| server.open("/ws")).map(|raw| thread::spawn(|| leave(raw))).collect();
    let start = Instant::now();
    let first = tokio::spawn(server.hub.drain(over(Duration::from_millis(800)), LONG));
    eventually("it drains", || server.hub.state() == State::Draining);
    // It asks for much less haste, and changes nothing.
    let second = tokio::spawn(server.hub.drain(over(Duration::from_secs(3600)), LONG));
    first.await.expect("no panic").expect("it is done in time");
    second.await.expect("no panic").expect("it is done in time");
    assert!(start.elapsed() < LONG);
    for thread in leaving {
        thread.join().expect("it left");
    }
    let start = Instant::now();
    server.hub.drain(over(LONG), LONG).await.expect("there is nothing left to do");
    assert!(start.elapsed() < LONG);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_that_passes_says_how_many_remain_and_the_drain_goes_on() {
    let server = Server::start(|_| {});
    let clients: Vec<_> = (0..7).map(|_| server.open("/ws")).collect();
    let slow = over(Duration::from_secs(3600));
    let error = server.hub.drain(slow, Duration::from_millis(100)).await.expect_err("an hour is too long");
    assert_eq!(error, DrainError { remaining: 7 });
    assert_eq!(server.hub.state(), State::Draining);
    // A shutdown forces, and releases whoever waits.
    let waiting = tokio::spawn(server.hub.drain(slow, LONG));
    server.hub.shutdown();
    waiting.await.expect("no panic").expect("after a shutdown there is nothing to wait for");
    for raw in clients {
        leave(raw);
    }
    eventually("serving has ended", || server.has_ended());
    assert_eq!(server.told.ended().len(), 7);
    assert_eq!(server.hub.connection_count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_draining_newcomers_are_sent_away_and_those_there_are_served() {
    let server = Server::start(|_| {});
    let mut raw = server.open("/echo");
    // This one is in its handshake when the drain begins: it does not slip in.
    let mut late = Raw::connect(server.address);
    late.send(b"GET /echo HTTP/1.1\r\n");
    eventually("its handshake has begun", || server.hub.stats().handshakes == 1);
    assert_eq!((get(server.address, "/healthz").status, get(server.address, "/readyz").status), (200, 200));
    let draining = tokio::spawn(server.hub.drain(over(Duration::from_secs(3600)), LONG));
    eventually("it drains", || server.hub.state() == State::Draining);

    let (healthy, ready) = (get(server.address, "/healthz"), get(server.address, "/readyz"));
    assert_eq!((healthy.status, ready.status), (200, 503));
    assert_eq!(ready.header("content-type"), Some("application/json"));
    let json: serde_json::Value = serde_json::from_str(&ready.body).expect("JSON");
    assert_eq!((&json["alive"], &json["ready"]), (&true.into(), &false.into()));
    assert_eq!(json["state"], "draining");
    assert!(json["uptime"].as_f64().is_some_and(|uptime| uptime > 0.0));
    assert!(json["connections"].as_u64().is_some_and(|connections| connections >= 1));

    let rest = upgrade("/echo").split_once("\r\n").expect("a request").1.to_owned();
    late.send(rest.as_bytes());
    let mut newcomer = Raw::connect(server.address);
    newcomer.send(upgrade("/echo").as_bytes());
    for refused in [&mut late, &mut newcomer] {
        let response = refused.response();
        assert_eq!(response.status, 503);
        assert!(response.header("retry-after").is_some());
    }
    raw.say("still served");
    assert_eq!(raw.message(), b"still served");
    server.hub.shutdown();
    draining.await.expect("no panic").expect("a shutdown releases it");
    leave(raw);
}

#[test]
fn a_shutdown_closes_everybody_at_once() {
    let server = Server::start(|_| {});
    let clients: Vec<_> = (0..50).map(|_| server.open("/ws")).collect();
    let dawdling = Raw::connect(server.address);
    server.hub.shutdown();
    for raw in clients {
        leave(raw);
    }
    drop(dawdling);
    eventually("serving has ended", || server.has_ended());
    assert_eq!(server.told.ended().len(), 50);
}

#[test]
fn a_shutdown_does_not_wait_for_peers_that_do_not_answer() {
    let server = Server::start(|config| config.deadlines.close = Duration::from_millis(300));
    let silent: Vec<_> = (0..5).map(|_| server.open("/ws")).collect();
    server.hub.shutdown();
    eventually("serving has ended", || server.has_ended());
    drop(silent);
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
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
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

#[test]
#[ignore = "needs the Python package websockets (tests/run installs it)"]
fn python_hears_of_a_shutdown() {
    let server = Server::start(|_| {});
    let mut script = Script::start("closed.py", &[&format!("ws://{}/ws", server.address)]);
    assert_eq!(script.line(), "ready");
    server.has_opened();
    server.hub.shutdown();
    assert_eq!(script.line(), "1001 shutting down");
    script.succeeds();
    eventually("serving has ended", || server.has_ended());
}
