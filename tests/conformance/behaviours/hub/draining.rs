//! How a server ends.

use std::thread;
use std::time::{Duration, Instant};

use throng_core::hub::{Drain, State};
use throng_core::{CloseCode, ClosedBy};
use throng_runtime::DrainError;
use throng_tests::http::upgrade;
use throng_tests::raw::{Raw, close};
use throng_tests::wait::eventually;
use tokio::time::sleep;

use crate::behaviours::peer::run;
use crate::hosts::Host;

/// Longer than anything here takes.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// Nobody counts as idle, and the closes are spread over this time.
pub(crate) fn over(spread: Duration) -> Drain {
    Drain { idle: Duration::ZERO, spread }
}

/// Answers the close frame, and says when it came.
pub(crate) fn leave(mut raw: Raw) -> Instant {
    let closed = raw.closed();
    let at = Instant::now();
    assert_eq!(closed.code, 1001);
    raw.send(&close(1001, ""));
    raw.ended();
    at
}

pub(crate) fn a_drain_closes_everybody_spread_over_the_time_given(host: &Host) {
    run(async {
        const CLIENTS: usize = 100;
        const SPREAD: Duration = Duration::from_secs(1);
        let server = host.server(|_| {});
        let clients: Vec<_> = (0..CLIENTS).map(|_| server.open("/ws")).collect();
        let leaving: Vec<_> = clients.into_iter().map(|raw| thread::spawn(|| leave(raw))).collect();
        let start = Instant::now();
        server.hub.drain(over(SPREAD), LONG).await.expect("it is done in time");
        assert!(start.elapsed() < SPREAD + Duration::from_secs(10));
        let leaves: Vec<_> =
            leaving.into_iter().map(|thread| thread.join().expect("it left") - start).collect();
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
    });
}

pub(crate) fn clients_that_are_idle_go_first(host: &Host) {
    run(async {
        let server = host.server(|_| {});
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
    });
}

pub(crate) fn a_second_drain_joins_the_first_and_a_third_comes_too_late(host: &Host) {
    run(async {
        let server = host.server(|_| {});
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
    });
}

pub(crate) fn a_deadline_that_passes_says_how_many_remain_and_the_drain_goes_on(host: &Host) {
    run(async {
        let server = host.server(|_| {});
        let clients: Vec<_> = (0..7).map(|_| server.open("/ws")).collect();
        let slow = over(Duration::from_secs(3600));
        let error =
            server.hub.drain(slow, Duration::from_millis(100)).await.expect_err("an hour is too long");
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
    });
}

pub(crate) fn while_draining_newcomers_are_sent_away_and_those_there_are_served(host: &Host) {
    run(async {
        let server = host.server(|_| {});
        let mut raw = server.open("/echo");
        let draining = tokio::spawn(server.hub.drain(over(Duration::from_secs(3600)), LONG));
        eventually("it drains", || server.hub.state() == State::Draining);

        let mut newcomer = Raw::connect(server.address);
        newcomer.send(upgrade("/echo").as_bytes());
        let response = newcomer.response();
        assert_eq!(response.status, 503);
        assert!(response.header("retry-after").is_some());
        raw.say("still served");
        assert_eq!(raw.message(), b"still served");
        server.hub.shutdown();
        draining.await.expect("no panic").expect("a shutdown releases it");
        leave(raw);
    });
}

pub(crate) fn a_shutdown_closes_everybody_at_once(host: &Host) {
    let server = host.server(|_| {});
    let clients: Vec<_> = (0..50).map(|_| server.open("/ws")).collect();
    server.hub.shutdown();
    for raw in clients {
        leave(raw);
    }
    eventually("serving has ended", || server.has_ended());
    assert_eq!(server.told.ended().len(), 50);
}

pub(crate) fn a_shutdown_does_not_wait_for_peers_that_do_not_answer(host: &Host) {
    let server = host.server(|config| config.deadlines.close = Duration::from_millis(300));
    let silent: Vec<_> = (0..5).map(|_| server.open("/ws")).collect();
    server.hub.shutdown();
    eventually("serving has ended", || server.has_ended());
    drop(silent);
}
