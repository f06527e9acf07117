//! Several deadlines pass at the same instant: which of them decides how a client ends. All expected values here are
//! written out, not computed.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy};
use crate::hub::{Action, Config, Drain, DropReason, Event, Flush, Inbound, OverRate, Verdict};
use crate::id::ClientId;
use crate::rate::Rate;
use core::time::Duration;

/// A bench on which all deadlines of a client pass within a hundred seconds.
fn hasty() -> Bench {
    let mut config = Config::default();
    config.deadlines.write = secs(50);
    config.deadlines.ping = Some(secs(50));
    config.deadlines.pong = Some(secs(100));
    config.deadlines.idle = Some(secs(100));
    // With a standstill nothing would be due.
    config.deadlines.standstill = Duration::MAX;
    Bench::of(config)
}

/// The deadlines that a case makes pass.
#[derive(Clone, Copy, PartialEq)]
enum Late {
    Write,
    Pong,
    /// The pong deadline while the application works on a message.
    Answer,
    Drain,
    Idle,
}

/// Makes a client for which these deadlines and a ping are due at one instant, which the hub has just been told.
fn late(late: &[Late]) -> (Bench, ClientId) {
    let mut bench = hasty();
    let client = bench.connect();
    if late.contains(&Late::Write) {
        bench.tell(client, "hello");
    }
    if late.contains(&Late::Answer) {
        bench.working(client);
    }
    bench.quiet();
    bench.wait(secs(50));
    // A ping is written to the client.
    if late.contains(&Late::Write) {
        bench.lease(client, PLENTY).expect("a ping and a message");
        bench.wrote_part(client, 1, 0);
    } else {
        assert_eq!(bench.write_to(client), ["ping"]);
    }
    bench.oversleep(secs(50));
    if !late.contains(&Late::Pong) && !late.contains(&Late::Answer) {
        bench.hear(client);
    }
    if !late.contains(&Late::Idle) {
        bench.send(client, 1);
    }
    if late.contains(&Late::Drain) {
        bench.event(Event::Drain(Drain { idle: Duration::ZERO, spread: Duration::ZERO }));
    }
    bench.timeout();
    (bench, client)
}

fn closed(client: ClientId, code: u16, reason: &str) -> Action {
    disconnected(client, CloseCode(code), ClosedBy::Hub, reason)
}

#[test]
fn the_write_deadline_comes_before_all_others() {
    let (mut bench, client) = late(&[Late::Write, Late::Pong, Late::Drain, Late::Idle]);
    let abort = bench.abort(client);
    let lost = lost(client, 1, 5, DropReason::Closed);
    assert_eq!(bench.actions(), [lost, closed(client, 1006, "write deadline"), abort]);
    assert_eq!(bench.lease(client, PLENTY), None, "neither a ping nor a close frame");
    let stats = bench.hub.stats();
    assert_eq!((stats.write_timeouts, stats.pong_timeouts, stats.idle_timeouts, stats.pings), (1, 0, 0, 1));
}

#[test]
fn what_else_is_due_does_not_make_a_client_late_with_writing() {
    for (secs_later, is_late) in [(50, false), (99, false), (101, true)] {
        let mut config = Config::default();
        config.deadlines.write = secs(100);
        config.deadlines.ping = Some(secs(50));
        config.deadlines.pong = None;
        config.deadlines.standstill = Duration::MAX;
        let mut bench = Bench::of(config);
        let client = bench.connect();
        bench.tell(client, "hello");
        bench.lease(client, PLENTY).expect("leased");
        bench.wrote_part(client, 0, 1);
        bench.oversleep(secs(secs_later));
        bench.timeout();
        assert_eq!(bench.hub.stats().write_timeouts, u64::from(is_late), "after {secs_later} s");
    }
}

#[test]
fn the_pong_deadline_comes_before_a_drain_and_idleness() {
    let (mut bench, client) = late(&[Late::Pong, Late::Drain, Late::Idle]);
    assert_eq!(bench.actions(), [closed(client, 1006, "pong deadline"), bench.abort(client)]);
    assert_eq!(bench.lease(client, PLENTY), None, "neither a ping nor a close frame");
    let stats = bench.hub.stats();
    assert_eq!((stats.write_timeouts, stats.pong_timeouts, stats.idle_timeouts, stats.pings), (0, 1, 0, 1));
}

#[test]
fn an_answer_that_does_not_come_is_a_cause_before_a_drain_and_idleness() {
    let (mut bench, client) = late(&[Late::Answer, Late::Drain, Late::Idle]);
    assert_eq!(bench.actions(), [closed(client, 1011, "no answer")]);
    assert_eq!(bench.write_to(client), ["close 1011 no answer"]);
    let stats = bench.hub.stats();
    assert_eq!((stats.pong_timeouts, stats.idle_timeouts, stats.pings), (0, 0, 1));
}

#[test]
fn a_drain_comes_before_idleness() {
    let (mut bench, client) = late(&[Late::Drain, Late::Idle]);
    assert_eq!(bench.actions(), [closed(client, 1001, "going away")]);
    assert_eq!(bench.write_to(client), ["close 1001 going away"]);
    let stats = bench.hub.stats();
    assert_eq!((stats.pong_timeouts, stats.idle_timeouts, stats.pings), (0, 0, 1));
}

#[test]
fn idleness_comes_before_a_ping() {
    let (mut bench, client) = late(&[Late::Idle]);
    assert_eq!(bench.actions(), [closed(client, 1000, "idle")]);
    assert_eq!(bench.write_to(client), ["close 1000 idle"]);
    assert_eq!((bench.hub.stats().idle_timeouts, bench.hub.stats().pings), (1, 1));
}

#[test]
fn a_ping_that_alone_is_due_is_sent_once_however_late() {
    let (mut bench, client) = late(&[]);
    assert_eq!(bench.actions(), []);
    assert_eq!(bench.write_to(client), ["ping"]);
    assert_eq!(bench.hub.stats().pings, 2);
    bench.wait(secs(50) - TICK);
    assert_eq!(bench.write_to(client), [""; 0], "the next is due fifty seconds after this one");
    bench.wait(TICK);
    assert_eq!(bench.write_to(client), ["ping"]);
}

#[test]
fn a_pause_that_is_over_puts_off_what_a_client_could_say_nothing_against() {
    for (idle, idle_inbound) in [(Some(secs(100)), None), (None, Some(secs(100))), (None, None)] {
        let mut config = Config::default();
        config.deadlines.ping = Some(secs(50));
        config.deadlines.pong = Some(secs(100));
        config.deadlines.idle = idle;
        config.deadlines.idle_inbound = idle_inbound;
        config.deadlines.standstill = Duration::MAX;
        let messages = Some(Rate::per(1, secs(100)));
        config.inbound = Inbound { messages, over_rate: OverRate::Pause, ..Inbound::default() };
        let mut bench = Bench::of(config);
        let client = bench.connect();
        bench.quiet();
        assert_eq!(bench.send(client, 1), Verdict::Accept);
        assert_eq!(bench.send(client, 1), Verdict::Pause { until: bench.now + secs(100) });
        bench.oversleep(secs(100));
        bench.timeout();
        assert_eq!(bench.actions(), [bench.reads_again(client)], "{idle:?} {idle_inbound:?}");
        bench.hear(client);
        bench.wait(secs(99));
        bench.hear(client);
        assert_eq!(bench.actions(), []);
        bench.wait(secs(1));
        let reason = if idle.is_some() { "idle" } else { "nothing received" };
        let is_ended = idle.is_some() || idle_inbound.is_some();
        assert_eq!(bench.actions().first() == Some(&closed(client, 1000, reason)), is_ended);
    }
}

#[test]
fn a_close_and_a_write_deadline_lead_to_one_abort_and_nothing_else() {
    let mut bench = Bench::with(|config| {
        config.deadlines.write = secs(5);
        config.deadlines.close = secs(5);
    });
    let client = bench.connect();
    bench.tell(client, "hello");
    bench.lease(client, PLENTY).expect("leased");
    bench.wrote_part(client, 0, 1);
    bench.close(client, Flush::First);
    bench.quiet();
    bench.wait(secs(5) - TICK);
    assert_eq!(bench.actions(), []);
    bench.wait(TICK);
    assert_eq!(bench.actions(), [bench.abort(client)]);
    assert_eq!(bench.hub.stats().write_timeouts, 0, "it had ended already, otherwise");
    bench.wait(secs(100));
    assert_eq!(bench.actions(), []);
}
