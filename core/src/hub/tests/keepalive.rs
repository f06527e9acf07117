//! Pings, and the deadlines of a peer that sends nothing.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy};
use crate::frame::MessageKind;
use crate::hub::{Action, Config, DropReason, Event, OverRate, Verdict};
use crate::id::{ClientId, ConnectionId};
use crate::rate::Rate;

/// A hub with the default config, which sends pings.
fn pinging() -> Bench {
    Bench::of(Config::default())
}

/// The actions that end a client which has missed its pong deadline.
fn silent(bench: &Bench, client: ClientId) -> [Action; 2] {
    let why = disconnected(client, CloseCode::ABNORMAL, ClosedBy::Hub, "pong deadline");
    [why, bench.abort(client)]
}

#[test]
fn a_client_is_pinged_every_54_seconds() {
    let mut bench = pinging();
    let client = bench.connect();
    bench.wait(secs(54) - TICK);
    assert_eq!(bench.write_to(client), [""; 0]);
    bench.wait(TICK);
    assert_eq!(bench.write_to(client), ["ping"]);
    bench.pong(client);
    bench.wait(secs(54) - TICK);
    assert_eq!(bench.write_to(client), [""; 0]);
    bench.wait(TICK);
    assert_eq!(bench.write_to(client), ["ping"]);
    assert_eq!(bench.hub.stats().pings, 2);
}

#[test]
fn a_client_that_says_nothing_for_60_seconds_is_gone() {
    let mut bench = pinging();
    let client = bench.connect_in("lobby");
    bench.tell(client, "lost");
    bench.stall(client);
    bench.wait(secs(54));
    bench.lease(client, PLENTY).expect("a ping and a message");
    bench.wrote_part(client, 1, 0);
    bench.quiet();
    bench.wait(secs(6) - TICK);
    assert_eq!(bench.actions(), []);
    bench.wait(TICK);
    let [why, abort] = silent(&bench, client);
    let lost = lost(client, 1, 4, DropReason::Closed);
    assert_eq!(bench.actions(), [lost, left(client, "lobby"), why, abort]);
    assert!(!bench.hub.room_exists("lobby"));
    assert_eq!((bench.hub.stats().pong_timeouts, bench.hub.stats().pending()), (1, 0));
    assert_eq!(bench.lease(client, PLENTY), None, "no close frame: the transport is dead");
}

#[test]
fn whatever_a_peer_sends_shows_that_it_is_alive() {
    type Sends = fn(ConnectionId) -> Event<'static>;
    let cases: [(&str, Sends); 4] = [
        ("a message", |connection| Event::Received { connection, kind: MessageKind::Binary, bytes: 0 }),
        ("a ping", |connection| Event::Ping { connection, payload: b"" }),
        ("a pong", |connection| Event::Pong { connection }),
        ("some bytes", |connection| Event::Heard { connection }),
    ];
    for (what, sends) in cases {
        let mut bench = pinging();
        let client = bench.connect();
        bench.quiet();
        bench.wait(secs(59));
        bench.event(sends(bench.on(client)));
        bench.write_all();
        bench.wait(secs(50));
        bench.write_all();
        bench.wait(secs(10) - TICK);
        assert_eq!(bench.actions(), [], "{what}");
        bench.wait(TICK);
        assert_eq!(bench.actions(), silent(&bench, client), "{what}");
    }
}

#[test]
fn what_is_sent_to_a_peer_does_not_show_that_it_is_alive() {
    let mut bench = pinging();
    let client = bench.connect();
    bench.quiet();
    for _ in 0..6 {
        bench.wait(secs(9));
        bench.tell(client, "hello");
        bench.write_all();
    }
    bench.wait(secs(6));
    assert_eq!(bench.actions(), silent(&bench, client));
}

#[test]
fn a_paused_reader_is_not_timed_out() {
    let mut bench = Bench::of(Config {
        inbound: crate::hub::Inbound {
            messages: Some(Rate::per(1, secs(100))),
            over_rate: OverRate::Pause,
            ..Default::default()
        },
        ..Config::default()
    });
    let client = bench.connect();
    bench.quiet();
    assert_eq!(bench.send(client, 1), Verdict::Accept);
    let until = bench.now + secs(100);
    assert_eq!(bench.send(client, 1), Verdict::Pause { until });
    bench.wait(secs(100) - TICK);
    bench.write_all();
    assert_eq!(bench.actions(), []);
    bench.wait(TICK);
    assert_eq!(bench.actions(), [bench.reads_again(client)]);
    bench.wait(secs(50));
    bench.write_all();
    bench.wait(secs(10) - TICK);
    assert_eq!(bench.actions(), [], "the pong deadline begins again after the pause");
    bench.wait(TICK);
    assert_eq!(bench.actions(), silent(&bench, client));
}

#[test]
fn without_pings_a_client_may_be_silent_for_ever() {
    let mut bench = Bench::new();
    let client = bench.connect();
    assert_eq!(bench.hub.poll_timeout(), None);
    bench.oversleep(secs(1_000_000));
    bench.timeout();
    assert!(bench.hub.is_open(client));
}

fn idling() -> Bench {
    Bench::with(|config| config.deadlines.idle = Some(secs(100)))
}

#[test]
fn a_client_idle_in_both_directions_is_closed() {
    let mut bench = idling();
    let client = bench.connect();
    bench.quiet();
    bench.wait(secs(100) - TICK);
    assert_eq!(bench.actions(), []);
    bench.wait(TICK);
    assert_eq!(bench.actions(), [disconnected(client, CloseCode::NORMAL, ClosedBy::Hub, "idle")]);
    assert_eq!(bench.write_to(client), ["close 1000 idle"]);
    assert_eq!(bench.hub.stats().idle_timeouts, 1);
}

#[test]
fn a_message_either_way_postpones_idleness_and_a_control_frame_does_not() {
    for (what, postpones) in [("sent", true), ("received", true), ("ping", false), ("heard", false)] {
        let mut bench = idling();
        let client = bench.connect();
        bench.wait(secs(50));
        match what {
            "sent" => drop(bench.tell_all("hello")),
            "received" => drop(bench.send(client, 1)),
            "ping" => bench.ping(client, "x"),
            _ => bench.hear(client),
        }
        bench.wait(secs(50));
        assert_eq!(bench.hub.is_open(client), postpones, "{what}");
        bench.wait(secs(50) - TICK);
        assert_eq!(bench.hub.is_open(client), postpones, "{what}");
        bench.wait(TICK);
        assert!(!bench.hub.is_open(client));
    }
}

#[test]
fn a_client_that_says_nothing_is_closed_whatever_is_sent_to_it() {
    let mut bench = Bench::with(|config| config.deadlines.idle_inbound = Some(secs(100)));
    let client = bench.connect();
    bench.quiet();
    for _ in 0..3 {
        bench.wait(secs(33));
        bench.tell(client, "news");
        bench.write_all();
        bench.pong(client);
        bench.hear(client);
    }
    bench.wait(secs(1) - TICK);
    assert_eq!(bench.actions(), []);
    bench.wait(TICK);
    assert_eq!(bench.actions(), [disconnected(client, CloseCode::NORMAL, ClosedBy::Hub, "nothing received")]);
    let stats = bench.hub.stats();
    assert_eq!((stats.idle_inbound_timeouts, stats.idle_timeouts), (1, 0));
}

#[test]
fn whoever_says_something_is_not_closed_for_saying_nothing() {
    let mut bench = Bench::with(|config| config.deadlines.idle_inbound = Some(secs(100)));
    let client = bench.connect();
    bench.quiet();
    for _ in 0..5 {
        bench.wait(secs(100) - TICK);
        bench.send(client, 1);
    }
    bench.wait(secs(100) - TICK);
    assert_eq!(bench.actions(), []);
}

#[test]
fn while_the_application_works_its_client_is_not_closed_for_saying_nothing() {
    let mut bench = Bench::with(|config| config.deadlines.idle_inbound = Some(secs(100)));
    let client = bench.connect();
    bench.quiet();
    bench.working(client);
    bench.wait(secs(500));
    bench.hear(client);
    bench.wait(secs(100) - TICK);
    assert_eq!(bench.actions(), [], "the host did not read from the client, so no message could arrive");
    bench.wait(TICK);
    assert_eq!(bench.hub.stats().idle_inbound_timeouts, 1);
}

#[test]
fn a_host_that_sleeps_to_the_next_timeout_never_spins_and_is_never_late() {
    let mut bench = Bench::of(Config::default());
    let mut random = Random(5);
    let clients = bench.connect_many(50);
    let mut timeouts = 0;
    let end = bench.now + secs(600);
    while let Some(at) = bench.hub.poll_timeout()
        && at <= end
    {
        assert!(at >= bench.now, "late");
        bench.now = at;
        bench.timeout();
        timeouts += 1;
        for &client in &clients {
            if bench.hub.is_open(client) && random.below(20) > 0 {
                bench.pong(client);
            }
        }
        bench.write_all();
    }
    // Each client needs at most a ping and a look at its pong deadline in 54 s.
    assert!(timeouts <= 50 * 2 * 12, "{timeouts} timeouts");
    assert!(bench.hub.stats().pong_timeouts > 0 && bench.hub.stats().pings > 50);
}

#[test]
fn an_application_that_never_returns_closes_its_client_with_1011_and_is_not_mistaken_for_a_silent_peer() {
    let mut bench = pinging();
    let [late, done] = [bench.connect(), bench.connect()];
    bench.quiet();
    for client in [late, done] {
        bench.working(client);
    }
    bench.wait(secs(50));
    bench.hear(done);
    bench.wait(secs(4));
    bench.write_all();
    bench.wait(secs(6));
    assert!(!bench.hub.is_open(late) && bench.hub.is_open(done));
    let ended = bench.actions();
    assert!(
        matches!(ended[..], [Action::Disconnected { client, code: CloseCode::INTERNAL_ERROR, .. }] if client == late),
        "{ended:?}"
    );
}
