//! A host that stood still: the time of a standstill does not count against a peer.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy};
use crate::hub::{Action, Config, Error, Flush, OverRate, Refusal, Verdict};
use crate::id::{ClientId, ConnectionId};
use crate::rate::Rate;
use alloc::vec::Vec;
use core::time::Duration;

fn pinging() -> Bench {
    Bench::of(Config::default())
}

fn stood_still(time: Duration) -> Action {
    Action::StoodStill { time }
}

fn silent(bench: &Bench, client: ClientId) -> [Action; 2] {
    [disconnected(client, CloseCode::ABNORMAL, ClosedBy::Hub, "pong deadline"), bench.abort(client)]
}

/// Lets time pass while every client answers pings at once. Returns the number of pings in each second.
fn answer(bench: &mut Bench, clients: &[ClientId], seconds: u64) -> Vec<u64> {
    let mut pings = Vec::new();
    for _ in 0..seconds {
        let before = bench.hub.stats().pings;
        bench.wait(secs(1));
        bench.write_all();
        for &client in clients {
            if bench.taken(client).contains(&"ping".into()) {
                bench.pong(client);
            }
        }
        pings.push(bench.hub.stats().pings - before);
    }
    pings
}

#[test]
fn a_peer_is_asked_before_it_is_late() {
    let mut bench = pinging();
    let client = bench.connect();
    bench.quiet();
    bench.oversleep(secs(61));
    bench.timeout();
    assert_eq!(bench.actions(), [stood_still(secs(7))]);
    assert_eq!(bench.write_to(client), ["ping"]);
    bench.wait(secs(6) - TICK);
    assert_eq!(bench.actions(), []);
    // At most an eighth of its time later, so that not all clients are closed at once.
    bench.wait(millis(750));
    assert_eq!(bench.actions(), silent(&bench, client), "a dead peer is found in its time");
}

#[test]
fn a_peer_that_was_never_pinged_is_never_late() {
    // Even if no standstill is noticed.
    for standstill in [Duration::MAX, secs(1)] {
        let mut config = Config::default();
        config.deadlines.standstill = standstill;
        let mut bench = Bench::of(config);
        let client = bench.connect();
        bench.quiet();
        bench.oversleep(secs(61));
        bench.timeout();
        bench.quiet();
        bench.wait(secs(1_000));
        assert_eq!(bench.actions(), [], "the ping waits to be written");
        assert_eq!(bench.write_to(client), ["ping"]);
        bench.wait(secs(6) - TICK);
        assert_eq!(bench.actions(), [], "it has as long to answer as ever");
        bench.wait(TICK);
        assert_eq!(bench.actions(), silent(&bench, client));
    }
}

#[test]
fn a_ping_that_could_not_be_written_asks_nothing() {
    let mut bench = pinging();
    let client = bench.connect();
    bench.wait(secs(54));
    bench.lease(client, PLENTY).expect("a ping");
    bench.wrote_part(client, 0, 1);
    bench.quiet();
    bench.wait(secs(8));
    assert_eq!(bench.actions(), [], "half a ping is none");
    bench.writable(client);
    assert_eq!(bench.write_to(client), ["ping"]);
    bench.wait(secs(6) - TICK);
    assert_eq!(bench.actions(), []);
    bench.wait(TICK);
    assert_eq!(bench.actions(), silent(&bench, client));
}

#[test]
fn an_answer_that_overtakes_the_news_of_its_ping_is_an_answer() {
    let mut bench = pinging();
    let client = bench.connect();
    bench.wait(secs(54));
    bench.lease(client, PLENTY).expect("a ping");
    bench.pong(client);
    bench.oversleep(secs(1));
    bench.wrote(client);
    bench.quiet();
    bench.wait(secs(60) - TICK);
    bench.write_all();
    assert_eq!(bench.actions(), []);
    bench.wait(secs(6));
    assert_eq!(bench.actions(), silent(&bench, client), "the next ping was not answered");
}

#[test]
fn whoever_answers_survives_any_standstill_at_any_time() {
    for stall in [1, 2, 5, 11, 53, 61, 3_600] {
        for at in [0, 30, 53, 54, 55, 59, 107, 108] {
            let mut bench = pinging();
            let mut clients = Vec::new();
            for _ in 0..20 {
                clients.push(bench.connect());
                answer(&mut bench, &clients, 1);
            }
            answer(&mut bench, &clients, at);
            bench.quiet();
            bench.oversleep(secs(stall));
            bench.timeout();
            answer(&mut bench, &clients, 130);
            let stats = bench.hub.stats();
            assert_eq!(stats.clients, 20, "stopped {at} s later for {stall} s: {stats:?}");
            assert!(stats.standstills <= 1 && stats.stood_still <= secs(stall));
        }
    }
}

#[test]
fn a_standstill_is_noticed_by_the_first_event_counted_and_told_once() {
    let mut bench = pinging();
    let clients = bench.connect_many(3);
    bench.quiet();
    bench.wait(secs(20));
    bench.oversleep(secs(80));
    bench.hear(clients[1]);
    assert_eq!(bench.actions(), [stood_still(secs(46))], "as the first ping was due after 54 s");
    bench.timeout();
    answer(&mut bench, &clients, 10);
    assert_eq!(bench.actions(), []);
    let stats = bench.hub.stats();
    assert_eq!((stats.standstills, stats.stood_still, stats.clients), (1, secs(46), 3));
}

#[test]
fn a_host_that_has_nothing_to_do_does_not_stand_still() {
    let mut bench = pinging();
    let client = bench.connect();
    bench.oversleep(secs(53));
    bench.hear(client);
    bench.wait(secs(1));
    bench.write_all();
    bench.oversleep(secs(7));
    bench.hear(client);
    let mut quiet = Bench::new();
    quiet.connect();
    quiet.oversleep(secs(1_000_000));
    quiet.timeout();
    for bench in [bench, quiet] {
        assert_eq!((bench.hub.stats().standstills, bench.hub.stats().clients), (0, 1));
    }
}

#[test]
fn a_timeout_that_is_a_little_late_is_no_standstill() {
    for (late, standstills) in [(secs(1), 0), (secs(1) + TICK, 1)] {
        let mut bench = pinging();
        bench.connect();
        bench.oversleep(secs(54) + late);
        bench.timeout();
        assert_eq!(bench.hub.stats().standstills, standstills, "{late:?}");
    }
}

/// Connections that are late, one for each deadline.
const LATENESSES: [fn(&mut Bench) -> ConnectionId; 4] = [
    // The handshake.
    |bench| bench.accept(),
    // Writing.
    |bench| {
        let client = bench.connect();
        bench.tell(client, "hello");
        bench.stall(client);
        bench.write_all();
        bench.on(client)
    },
    // Closing.
    |bench| {
        let client = bench.connect();
        bench.close(client, Flush::First);
        bench.write_all();
        bench.on(client)
    },
    // The pong.
    |bench| {
        let client = bench.connect();
        bench.on(client)
    },
];

#[test]
fn every_deadline_has_its_time_again_and_comes_in_the_end() {
    for (number, lateness) in LATENESSES.iter().enumerate() {
        let mut bench = Bench::with(|config| {
            let deadlines = &mut config.deadlines;
            (deadlines.handshake, deadlines.write, deadlines.close) = (secs(10), secs(10), secs(10));
            deadlines.idle = Some(secs(10));
            deadlines.standstill = millis(500);
        });
        let other = bench.accept();
        bench.oversleep(secs(1));
        let client = lateness(&mut bench);
        bench.gone(other);
        bench.quiet();
        bench.oversleep(secs(11));
        bench.timeout();
        assert_eq!(bench.actions().len(), 1, "case {number}: the standstill and no more");
        bench.wait(secs(9));
        assert_eq!(bench.actions(), [], "case {number}");
        bench.wait(secs(3));
        let ended = bench.actions();
        assert!(!ended.is_empty(), "case {number}: {client} is found in its time");
    }
}

#[test]
fn a_deadline_that_was_over_soon_leaves_time_to_read_what_has_come() {
    let mut bench = pinging();
    let connection = bench.accept();
    bench.wait(secs(9));
    let client = bench.reserve_on(connection, None);
    bench.wait(millis(999));
    bench.hub.reserve(bench.now, connection, None).expect_err("reserved already");
    bench.quiet();
    bench.oversleep(secs(11));
    bench.timeout();
    bench.wait(millis(990));
    bench.open(client);
    assert!(bench.hub.is_open(client));
}

#[test]
fn a_slow_reader_that_has_caught_up_is_not_late() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "hello");
    bench.stall(client);
    bench.write_all();
    bench.wait(secs(9));
    bench.quiet();
    bench.oversleep(secs(11));
    bench.timeout();
    bench.resume(client);
    assert_eq!(bench.write_to(client), ["hello"]);
    bench.wait(secs(100));
    assert!(bench.hub.is_open(client));
}

#[test]
fn pings_after_a_standstill_are_no_closer_to_each_other_than_before() {
    let mut bench = pinging();
    let mut clients = Vec::new();
    for _ in 0..54 {
        clients.extend(bench.connect_many(3));
        answer(&mut bench, &clients, 1);
    }
    bench.oversleep(secs(600));
    let pings = answer(&mut bench, &clients, 108);
    assert!(pings.iter().all(|pings| *pings <= 6), "{pings:?}");
    assert_eq!(bench.hub.stats().clients, 162);
}

#[test]
fn deadlines_that_were_put_off_do_not_come_all_at_once() {
    let mut bench = Bench::new();
    for _ in 0..200 {
        bench.accept();
    }
    bench.oversleep(secs(60));
    bench.timeout();
    assert_eq!(bench.hub.stats().handshake_timeouts, 0);
    let mut most = 0;
    for _ in 0..200 {
        let before = bench.hub.stats().handshake_timeouts;
        bench.wait(millis(100));
        most = most.max(bench.hub.stats().handshake_timeouts - before);
    }
    assert_eq!(bench.hub.stats().handshake_timeouts, 200);
    assert!(most < 60, "{most} within a tenth of a second");
}

#[test]
fn a_host_that_stops_again_and_again_still_finds_the_dead() {
    let mut bench = pinging();
    let dead = bench.connect();
    bench.accept();
    bench.quiet();
    let mut stops = 0;
    while bench.hub.is_open(dead) || bench.hub.stats().handshake_timeouts == 0 {
        stops += 1;
        assert!(stops < 1_000, "{:?}", bench.hub.stats());
        bench.oversleep(secs(5));
        bench.timeout();
        bench.write_all();
        bench.wait(millis(300));
        bench.write_all();
    }
}

#[test]
fn moments_that_the_hub_names_are_of_the_hosts_clock() {
    let mut bench = Bench::with(|config| {
        config.inbound.messages = Some(Rate::per(1, secs(10)));
        config.inbound.over_rate = OverRate::Pause;
        config.admission.connect_rate = Some(Rate::per(1, secs(10)));
    });
    let client = bench.accept();
    bench.oversleep(secs(100));
    bench.timeout();
    bench.gone(client);
    assert_eq!(bench.hub.now(), bench.now);
    // Until the grace is over, more than the burst may pass.
    bench.wait(secs(10));
    bench.accept_from(7).expect("the first");
    let refused = bench.accept_from(7).expect_err("the second");
    let retry_at = bench.now + secs(10);
    assert_eq!(refused, Error::Refused(Refusal::ConnectRate { retry_at }));
    let client = bench.connect();
    assert_eq!(bench.send(client, 1), Verdict::Accept);
    let until = bench.now + secs(10);
    assert_eq!(bench.send(client, 1), Verdict::Pause { until });
    assert_eq!(bench.hub.poll_timeout(), Some(until));
    bench.quiet();
    bench.wait(secs(10) - TICK);
    assert_eq!(bench.actions(), []);
    bench.wait(TICK);
    assert!(bench.actions().contains(&bench.reads_again(client)));
}

#[test]
fn one_timeout_looks_at_so_many_and_asks_for_the_next_at_once() {
    let mut bench = pinging();
    bench.connect_many(2_500);
    bench.wait(secs(20));
    bench.oversleep(secs(34));
    let mut pings = Vec::new();
    while bench.hub.poll_timeout().is_some_and(|at| at <= bench.now) {
        bench.hub.timeout(bench.now).expect("a timeout is never an error");
        pings.push(bench.hub.stats().pings);
    }
    assert_eq!(pings, [512, 1024, 1536, 2048, 2500]);
}
