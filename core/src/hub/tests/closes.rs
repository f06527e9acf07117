//! For each cause the hub closes with the code and reason of the config, and counts the cause whatever the code.

use super::bench::*;
use crate::close::{CloseCode, CloseFrame, ClosedBy, CodeClass};
use crate::hub::{
    Action, Cause, Closes, Config, Drain, Event, Fate, Flush, Incumbent, OverRate, PerUser, Policy, Stats,
    Target,
};
use crate::id::ClientId;
use crate::rate::Rate;
use alloc::format;

/// Makes the hub close a client for a cause, and returns the client.
type Provoke = fn(&mut Bench) -> ClientId;

/// Each cause of the hub itself: how it comes about, and whether what was queued is still written.
const CAUSES: [(Cause, Provoke, Flush); 9] = [
    (Cause::Evicted, evict, Flush::First),
    (Cause::Idle, idle, Flush::First),
    (Cause::IdleInbound, idle_inbound, Flush::First),
    (Cause::OverRate, over_rate, Flush::First),
    (Cause::Controls, controls, Flush::Never),
    (Cause::TooSlow, too_slow, Flush::Never),
    (Cause::NoAnswer, no_answer, Flush::First),
    (Cause::Draining, draining, Flush::First),
    (Cause::ShutDown, shut_down, Flush::Never),
];

fn queued(bench: &mut Bench) -> ClientId {
    let client = bench.connect_as("ann");
    bench.tell(client, "queued");
    client
}

fn evict(bench: &mut Bench) -> ClientId {
    let old = queued(bench);
    bench.connect_as("ann");
    old
}

fn idle(bench: &mut Bench) -> ClientId {
    let client = queued(bench);
    bench.wait(secs(10));
    client
}

fn idle_inbound(bench: &mut Bench) -> ClientId {
    let client = queued(bench);
    bench.wait(secs(9));
    client
}

fn over_rate(bench: &mut Bench) -> ClientId {
    let client = queued(bench);
    bench.send(client, 1);
    bench.send(client, 1);
    client
}

fn controls(bench: &mut Bench) -> ClientId {
    let client = queued(bench);
    bench.pong(client);
    bench.pong(client);
    client
}

fn too_slow(bench: &mut Bench) -> ClientId {
    let client = queued(bench);
    bench.publish_by(Policy::Disconnect, Target::Client(client), &frame("more")).expect("published");
    client
}

fn no_answer(bench: &mut Bench) -> ClientId {
    let client = queued(bench);
    bench.working(client);
    bench.wait(secs(5));
    client
}

fn draining(bench: &mut Bench) -> ClientId {
    let client = queued(bench);
    bench.event(Event::Drain(Drain { idle: secs(0), spread: secs(1) }));
    bench.wait(secs(1));
    client
}

fn shut_down(bench: &mut Bench) -> ClientId {
    let client = queued(bench);
    bench.event(Event::Shutdown);
    bench.timeout();
    client
}

fn everything_ends_a_client(config: &mut Config) {
    config.admission.per_user = PerUser::EvictOldest(1);
    config.inbound.messages = Some(Rate::per_second(1));
    config.inbound.over_rate = OverRate::Close;
    config.inbound.control = Some(Rate::per_second(1));
    config.outbox.messages = 1;
    config.deadlines.idle = Some(secs(10));
    config.deadlines.pong = Some(secs(5));
}

/// The counters of causes.
fn counted(stats: &Stats) -> [u64; 5] {
    let idle = [stats.idle_timeouts, stats.idle_inbound_timeouts];
    [stats.policy_violations, stats.too_slow, stats.handler_failures, idle[0], idle[1]]
}

/// Provokes a cause with these closes, and returns the hub's numbers.
fn ended_by(at: usize, closes: &Closes, said: &CloseFrame) -> Stats {
    let (_, provoke, flush) = CAUSES[at];
    let mut bench = Bench::with(|config| {
        everything_ends_a_client(config);
        // A client that is to be idle must not miss its pong deadline.
        config.deadlines.pong = config.deadlines.pong.filter(|_| at != 1 && at != 2);
        config.deadlines.idle_inbound = (at == 2).then_some(secs(9));
        config.closes = closes.clone();
    });
    let client = provoke(&mut bench);
    let (code, reason) = (said.code, Some(said.reason.clone()));
    let ended = Action::Disconnected { client, code, by: ClosedBy::Hub, reason };
    assert!(bench.actions().contains(&ended), "{ended:?}");
    let close = format!("close {code} {}", said.reason);
    let wire = bench.write_to(client);
    match flush {
        Flush::First => assert_eq!(wire, ["queued".into(), close]),
        Flush::Never => assert_eq!(wire, [close]),
    }
    bench.hub.stats()
}

#[test]
fn each_cause_has_a_code_and_a_reason_of_the_configs_choosing_and_counts_as_what_it_is() {
    for (at, (cause, ..)) in CAUSES.into_iter().enumerate() {
        let said = CloseFrame::from(cause);
        let by_default = ended_by(at, &Closes::default(), &said);
        // An application's own code, and codes that are counted if a host closes with them.
        for code in [4000, 1002, 1008, 1011, 1013] {
            let mut closes = Closes::default();
            let own = CloseFrame::new(CloseCode(code), format!("number {at}"));
            closes[cause] = own.clone();
            let stats = ended_by(at, &closes, &own);
            assert_eq!(counted(&stats), counted(&by_default), "{code} for {said:?}");
            assert_eq!((stats.evicted, stats.protocol_errors), (by_default.evicted, 0));
            assert_eq!((stats.ended_by_hub, stats.ends.of(ClosedBy::Hub, CloseCode(code).class())), (1, 1));
        }
    }
}

#[test]
fn each_cause_is_counted_where_it_belongs() {
    let expected = [
        [1, 0, 0, 0, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 0, 1],
        [1, 0, 0, 0, 0],
        [1, 0, 0, 0, 0],
        [0, 1, 0, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ];
    for (at, (cause, ..)) in CAUSES.into_iter().enumerate() {
        let said = CloseFrame::from(cause);
        assert_eq!(counted(&ended_by(at, &Closes::default(), &said)), expected[at], "{said:?}");
    }
}

#[test]
fn an_eviction_that_the_application_asks_for_counts_as_one_whatever_its_code() {
    let mut bench = Bench::new();
    let (old, new) = (bench.connect_as("ann"), bench.connect());
    let among = &[Incumbent { client: old, fate: Fate::Goes }];
    bench.hub.place(bench.now, new, "ann", among, CloseCode(4009), "elsewhere").expect("placed");
    let stats = bench.hub.stats();
    assert_eq!((stats.evicted, stats.policy_violations), (1, 1));
    assert_eq!(stats.ends.of(ClosedBy::Hub, CodeClass::Own), 1);
}

#[test]
fn closes_of_another_config_hold_for_whoever_is_closed_from_then_on() {
    let mut bench = Bench::with(everything_ends_a_client);
    let first = over_rate(&mut bench);
    let mut config = bench.hub.config().clone();
    config.closes[Cause::OverRate] = CloseFrame::new(CloseCode(4429), "slower");
    bench.hub.reconfigure(bench.now, &config).expect("it can stand");
    let second = over_rate(&mut bench);
    assert_eq!(bench.write_to(first).last().map(|close| &**close), Some("close 1008 too many messages"));
    assert_eq!(bench.write_to(second).last().map(|close| &**close), Some("close 4429 slower"));
}

#[test]
fn a_reason_that_is_too_long_is_cut_off_and_an_empty_one_is_none() {
    for (reason, written) in
        [("é".repeat(100), format!("close 4000 {}", "é".repeat(61))), ("".into(), "close 4000".into())]
    {
        let mut bench = Bench::with(|config| {
            everything_ends_a_client(config);
            config.closes[Cause::ShutDown] = CloseFrame::new(CloseCode(4000), reason);
        });
        let client = shut_down(&mut bench);
        assert_eq!(bench.write_to(client), [written]);
    }
}

#[test]
fn every_cause_has_a_place_of_its_own_and_a_code_that_may_be_sent() {
    let closes = Closes::from_fn(|cause| CloseFrame::new(CloseCode(4000), cause.name()));
    assert_eq!(closes.iter().count(), Cause::ALL.len());
    for (at, (cause, farewell)) in closes.iter().enumerate() {
        assert_eq!((cause, &*farewell.reason), (Cause::ALL[at], cause.name()));
        assert_eq!(closes[cause], *farewell);
        assert!(Closes::default()[cause].code.may_be_sent(), "{cause:?}");
    }
}
