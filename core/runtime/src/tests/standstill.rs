//! A host whose timers are late, or that stood still.

use super::host::World;
use super::peer::masked;
use super::within::stuck;
use crate::host::deadline::{TimeLeft, wait};
use crate::hosting::Report;
use crate::{Hub, Publish};
use core::time::Duration;
use std::future::{pending, poll_fn};
use std::sync::{Arc, Mutex};
use throng_core::hub::{Config, Target};
use throng_core::{CloseFrame, Instant};

const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

#[test]
fn an_answer_that_lies_in_the_transport_is_read_before_it_is_late() {
    let mut config = Config::default();
    // The hub never takes a late timer for a standstill.
    config.deadlines.standstill = Duration::MAX;
    let mut world = World::new(Hub::builder().config(config));
    let (answers, silent) = (world.connect(), world.connect());
    world.pass(Duration::from_secs(54));
    for peer in [&answers, &silent] {
        assert_eq!(peer.take(), [0x89, 0], "a ping");
    }
    // The timer is late. Its task is polled before the tasks that read the pong.
    world.advance(Duration::from_secs(7));
    answers.push(&PONG);
    world.run();
    assert!(!world.is_over(&answers));
    assert!(world.is_over(&silent));
    assert_eq!(world.hub.stats().pong_timeouts, 1);
}

#[test]
fn a_standstill_is_reported_and_counted_once() {
    let mut world = World::new(Hub::builder());
    let peers: Vec<_> = (0..10).map(|_| world.connect()).collect();
    world.pass(Duration::from_secs(20));
    world.advance(Duration::from_secs(100));
    world.run();
    for _ in 0..20 {
        for peer in &peers {
            if peer.take() == [0x89, 0] {
                peer.push(&PONG);
            }
        }
        world.pass(Duration::from_secs(5));
    }
    let time = Duration::from_secs(66);
    let told: Vec<_> =
        world.reports().into_iter().filter(|report| matches!(report, Report::StoodStill { .. })).collect();
    assert_eq!(told, [Report::StoodStill { time }]);
    let stats = world.hub.numbers().stats;
    assert_eq!((stats.standstills, stats.stood_still, stats.clients), (1, time, 10));
}

#[test]
fn whoever_is_to_say_its_name_keeps_the_time_that_was_left() {
    let builder = Hub::builder()
        .before_connect(|connecting| {
            connecting.authenticate();
            Ok(())
        })
        .authenticate(|session| {
            Box::pin(async move { session.receive().await.map(drop).map_err(CloseFrame::from) })
        });
    let mut world = World::new(builder);
    let (late, silent) = (world.connect(), world.connect());
    world.pass(Duration::from_secs(1));
    world.advance(Duration::from_secs(11));
    world.run();
    world.pass(Duration::from_secs(3));
    late.push(&masked("ada"));
    world.run();
    assert_eq!((world.hub.client_count(), world.hub.stats().handshake_timeouts), (1, 0));
    world.pass(Duration::from_secs(10));
    assert!(world.is_over(&silent) && !world.is_over(&late));
    assert_eq!(world.hub.client_count(), 1);
}

fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// The first of these moments at which the time is over. The process runs only at these moments, so a timer that is due in
/// between is late.
fn over_at(time: &mut TimeLeft, moments: impl IntoIterator<Item = Duration>) -> Option<Duration> {
    moments.into_iter().find(|moment| {
        let now = Instant::ORIGIN + *moment;
        time.until() <= now && time.is_over(now)
    })
}

#[test]
fn a_time_that_nothing_interrupts_is_over_when_it_is_and_a_timer_that_is_a_little_late_changes_nothing() {
    for (limit, late) in [(5.0, 0.0), (5.0, 0.3), (0.2, 0.0), (0.2, 0.4), (0.0, 0.0), (1000.0, 0.3)] {
        let mut time = TimeLeft::new(Instant::ORIGIN, secs(limit), secs(1.0));
        let mut parts = 0;
        loop {
            let at = time.until() + secs(late);
            parts += 1;
            assert!(parts <= 10, "{limit} s in {parts} parts");
            if time.is_over(at) {
                let end = Instant::ORIGIN + secs(limit);
                assert!(at >= end && at.since(end) <= secs(late), "{limit} s, late {late} s: {at:?}");
                break;
            }
        }
        assert!(time.is_over(time.until()), "it stays over");
    }
}

#[test]
fn every_standstill_that_is_longer_than_the_setting_is_noticed_wherever_it_falls() {
    for tenth in 0..50 {
        let begins = secs(f64::from(tenth) / 10.0);
        let stall = secs(1.1);
        let mut time = TimeLeft::new(Instant::ORIGIN, secs(5.0), secs(1.0));
        let ticks = (0..12_000).map(Duration::from_millis);
        let runs = ticks.filter(|at| *at <= begins || *at >= begins + stall);
        let over = over_at(&mut time, runs).expect("it is over");
        assert!(over >= secs(5.0) + secs(0.6), "from {begins:?}: over at {over:?}");
        assert!(over <= secs(5.0) + 2 * stall, "from {begins:?}: over at {over:?}");
    }
}

#[test]
fn after_a_long_standstill_at_least_the_setting_is_left() {
    for tenth in 0..50 {
        let (begins, stall) = (secs(f64::from(tenth) / 10.0), secs(60.0));
        let mut time = TimeLeft::new(Instant::ORIGIN, secs(5.0), secs(1.0));
        let ticks = (0..80_000).map(Duration::from_millis);
        let runs = ticks.filter(|at| *at <= begins || *at >= begins + stall);
        let over = over_at(&mut time, runs).expect("it is over");
        let left = over - (begins + stall);
        assert!(left >= secs(1.0).max(secs(5.0) - begins), "from {begins:?}: {left:?} left");
        assert!(left <= secs(1.0) + secs(5.0) - begins, "from {begins:?}: {left:?} left");
    }
}

#[test]
fn a_process_that_is_always_late_has_its_time_twice_and_no_more() {
    let mut time = TimeLeft::new(Instant::ORIGIN, secs(5.0), secs(1.0));
    let mut timers = 0;
    loop {
        timers += 1;
        let at = time.until() + secs(3.0);
        if time.is_over(at) {
            break;
        }
        assert!(timers < 100, "it never ends");
    }
    assert!((11..=21).contains(&timers), "{timers} timers");
}

#[test]
fn a_hook_is_not_late_because_the_process_stood_still() {
    // How long the hook had run when the process stopped, and for how long the process stood still, in seconds.
    for (before, stall) in [(0.0, 5.5), (0.0, 9.0), (2.2, 3.9), (4.9, 1.2), (4.9, 60.0), (4.4, 1.6)] {
        let builder = Hub::builder().on_message_async(|_, _| pending());
        let mut world = World::new(builder);
        let peer = world.connect();
        peer.send("x");
        world.run();
        world.pass(secs(before));
        world.advance(secs(stall));
        world.run();
        let late = |world: &World| {
            world.reports().iter().filter(|report| matches!(report, Report::TimedOut { .. })).count()
        };
        let case = format!("{before} s, then {stall} s of nothing");
        assert_eq!(late(&world), 0, "{case}");
        world.pass(secs(0.5));
        assert_eq!(late(&world), 0, "{case}: the hook has some time left to notice that its wait is over");
        world.pass(secs(6.0));
        assert_eq!(late(&world), 1, "{case}: the hook has exceeded its limit");
    }
}

#[test]
fn a_publish_that_waits_does_not_count_a_standstill() {
    let (mut world, slow, _others) = stuck(0);
    let told = Arc::<Mutex<_>>::default();
    let (hub, tells) = (world.hub.clone(), Arc::clone(&told));
    world.spawn(async move {
        let all = [Target::All];
        let delivered = hub.publish_within(&Publish::to(&all), "news", secs(2.0)).await;
        *tells.lock().unwrap() = delivered.ok();
    });
    world.run();
    world.pass(secs(0.2));
    world.advance(secs(30.0));
    world.run();
    assert_eq!(
        *told.lock().unwrap(),
        None,
        "the publish still waits: no peer could read during the standstill"
    );
    slow.set_room(None);
    world.run();
    let delivered = told.lock().unwrap().take().expect("it is told");
    assert_eq!((delivered.queued, delivered.missed.len()), (1, 0));
}

#[test]
fn a_refused_connection_is_read_after_a_standstill_and_lingers_then() {
    let mut config = Config::default();
    config.admission.handshakes = Some(1);
    let mut world = World::new(Hub::builder().config(config));
    let _silent = world.accept();
    let asks = world.accept();
    world.pass(secs(0.1));
    world.advance(secs(20.0));
    asks.push(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    world.run();
    let answer = String::from_utf8(asks.take()).expect("text");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!world.is_over(&asks));
    world.advance(secs(20.0));
    world.run();
    assert!(!world.is_over(&asks), "the peer still has time to hang up");
    world.pass(secs(2.0));
    assert!(world.is_over(&asks));
    assert_eq!(world.hub.numbers().refused_connections.unread, 0);
}

#[test]
fn a_refused_connection_has_its_second_whenever_the_process_runs() {
    let mut config = Config::default();
    config.admission.handshakes = Some(1);
    let mut world = World::new(Hub::builder().config(config));
    let _silent = world.accept();
    let asks = world.accept();
    world.pass(secs(0.1));
    world.advance(secs(20.0));
    world.run();
    assert!(asks.take().is_empty(), "the peer still has time to send its request");
    asks.push(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    world.run();
    assert!(asks.take().starts_with(b"HTTP/1.1 200"));
}

#[test]
fn a_process_that_is_to_exit_is_not_blamed_for_a_standstill() {
    for (stall, expected) in [(0.0, 6.0), (30.0, 36.5)] {
        let clock = std::cell::Cell::new(Duration::ZERO);
        let mut late = secs(stall);
        let sleep = |time| {
            clock.set(clock.get() + time + std::mem::take(&mut late));
        };
        wait(secs(6.0), secs(1.0), || clock.get(), sleep);
        let waited = clock.get();
        assert!(waited >= secs(expected - 0.5) && waited <= secs(expected + 0.5), "{waited:?}");
    }
}

#[test]
fn a_deadline_of_a_host_may_begin_anew() {
    let mut world = World::new(Hub::builder());
    let (hosted, told) = (world.hosted.clone(), Arc::<Mutex<u32>>::default());
    let tells = Arc::clone(&told);
    world.spawn(async move {
        let mut deadline = hosted.deadline(secs(2.0));
        poll_fn(|cx| deadline.poll_over(cx)).await;
        *tells.lock().unwrap() += 1;
        deadline.restart(secs(3.0));
        deadline.await;
        *tells.lock().unwrap() += 1;
    });
    world.run();
    for (time, expected) in [(1.999, 0), (0.001, 1), (2.999, 1), (0.001, 2)] {
        world.pass(secs(time));
        assert_eq!(*told.lock().unwrap(), expected);
    }
}
