//! Draining: new connections are refused, idle clients are closed early, the others evenly spread, and no client is missed.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy};
use crate::hub::work::{TIMER, VISIT};
use crate::hub::{Action, Drain, Error, Flush, Host, Refusal, State};
use crate::id::ClientId;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

const PLAN: Drain = Drain { idle: secs(30), spread: secs(30) };

impl Bench {
    fn drain(&mut self, plan: Drain) {
        self.hub.drain(self.now, plan).expect("never an error");
    }

    /// Lets the time of a drain pass, with transports that end as soon as they may. Returns after how long each client
    /// was closed.
    fn drained(&mut self, time: Duration) -> BTreeMap<ClientId, Duration> {
        let (start, end) = (self.now, self.now + time);
        let mut left = BTreeMap::new();
        loop {
            while let Some(action) = self.hub.poll_action() {
                match action {
                    Action::Disconnected { client, code, by, reason } => {
                        assert_eq!(
                            (code, by, reason.as_deref()),
                            (CloseCode::GOING_AWAY, ClosedBy::Hub, Some("going away"))
                        );
                        left.insert(client, self.now.since(start));
                        self.gone(client);
                    }
                    Action::Stopped => {
                        assert_eq!((self.hub.client_count(), self.hub.state()), (0, State::Stopped));
                        return left;
                    }
                    _ => {}
                }
            }
            match self.hub.poll_timeout().filter(|&at| at <= end) {
                Some(at) => self.now = self.now.max(at),
                None => return left,
            }
            self.timeout();
        }
    }
}

#[test]
fn a_drain_of_an_empty_hub_is_done_at_once() {
    let mut bench = Bench::new();
    bench.drain(PLAN);
    assert_eq!((bench.actions(), bench.hub.state()), ([Action::Stopped].into(), State::Stopped));
    bench.assert_empty();
}

#[test]
fn nobody_is_idle_in_a_drain_that_gives_no_time_for_it() {
    let mut bench = Bench::with(|config| config.deadlines.ping = Some(secs(50)));
    let clients = bench.connect_many(10);
    bench.drain(Drain { idle: Duration::ZERO, spread: secs(100) });
    bench.wait(secs(5));
    let last = clients[9];
    bench.send(last, 1);
    // The client is pinged, and its timer checks all its deadlines.
    bench.wait(secs(55));
    assert!(bench.hub.is_open(last), "its moment is the last");
}

#[test]
fn newcomers_are_refused_while_those_who_are_in_go_on() {
    let mut bench = Bench::new();
    let [ann, bob] = [bench.connect(), bench.connect()];
    let accepted = bench.accept();
    bench.drain(PLAN);
    assert_eq!(bench.refused(|hub, now| hub.reserve(now, accepted, None)), Refusal::Draining.into());
    let probe = bench.accept();
    assert_eq!(bench.refused(|hub, now| hub.reserve(now, probe, None)), Refusal::Draining.into());
    assert_eq!(bench.hub.admit(bench.now, None), Err(Refusal::Draining.into()));
    bench.join(ann, "lobby");
    bench.join(bob, "lobby");
    assert_eq!(bench.tell_all("hello"), published(2, 0, 0, 0));
    assert_eq!(bench.write_to(ann), ["hello"]);
}

#[test]
fn clients_are_spread_evenly_over_the_time_given() {
    let mut bench = Bench::new();
    let clients = bench.connect_many(1_000);
    bench.drain(PLAN);
    let left = bench.drained(secs(60));
    assert_eq!(left.len(), 1_000);
    let mut times: Vec<_> = left.values().copied().collect();
    times.sort();
    assert!(times[999] < secs(30) && times[999] > secs(29));
    for (at, time) in times.iter().enumerate() {
        let share = millis(30) * at as u32;
        assert!((share..share + millis(30)).contains(time), "the {at}th goes after {time:?}");
    }
    let offsets =
        times.iter().enumerate().map(|(at, &time)| (time - millis(30) * at as u32).as_micros() as u64);
    let (early, late) = offsets.partition::<Vec<u64>, _>(|&offset| offset < 15_000);
    assert!(early.len().abs_diff(late.len()) < 100, "jitter is even: {} and {}", early.len(), late.len());
    assert_eq!(clients.len(), early.len() + late.len());
}

#[test]
fn jitter_depends_on_the_seed_and_on_nothing_else() {
    let run = |seed| {
        let mut bench = Bench::with(|config| config.host.seed = seed);
        bench.connect_many(50);
        bench.drain(PLAN);
        bench.drained(secs(60)).into_values().collect::<Vec<_>>()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

/// Checks the published values of SplitMix64 for this seed.
#[test]
fn jitter_is_drawn_from_splitmix64() {
    const SEED: u64 = 1_234_567;
    const NUMBERS: [u64; 4] = [
        6_457_827_717_110_365_317,
        3_203_168_211_198_807_973,
        9_817_491_932_198_370_423,
        4_593_380_528_125_082_431,
    ];
    for (at, number) in NUMBERS.into_iter().enumerate() {
        let mut bench = Bench::with(|config| config.host.seed = SEED);
        let clients = bench.connect_many(at + 1);
        let (&last, others) = clients.split_last().expect("one at least");
        others.iter().for_each(|&other| bench.gone(other));
        bench.drain(Drain { idle: Duration::ZERO, spread: Duration::from_nanos(1 << 62) });
        bench.timeout();
        let row = bench.hub.row_of(last.index).expect("it is attached");
        assert_eq!(bench.hub.connections[row].deadline - bench.now.as_nanos(), number >> 2);
    }
}

#[test]
fn the_idle_go_early_and_the_active_do_not() {
    let mut bench = Bench::new();
    let clients = bench.connect_many(300);
    bench.wait(secs(60));
    let (idle, active) = clients.split_at(100);
    for (at, &client) in active.iter().enumerate() {
        match at % 2 {
            0 => drop(bench.send(client, 1)),
            _ => drop(bench.tell(client, "hello")),
        }
    }
    bench.write_all();
    bench.wait(secs(1));
    bench.drain(PLAN);
    let left = bench.drained(secs(60));
    assert_eq!(left.len(), 300);
    let early = |clients: &[ClientId]| clients.iter().filter(|client| left[client] <= secs(3)).count();
    assert_eq!(early(idle), 100, "within a tenth of the time");
    assert!(early(active) < 10, "{} active clients went with the idle ones", early(active));
    let first_half = idle.iter().filter(|client| left[client] < millis(1_500)).count();
    assert!((30..70).contains(&first_half), "not on one tick: {first_half}");
}

#[test]
fn who_only_sends_or_only_receives_is_not_idle() {
    let mut bench = Bench::new();
    let [idle, sends, receives] = core::array::from_fn(|_| bench.connect());
    bench.wait(secs(29));
    bench.send(sends, 1);
    bench.tell(receives, "hello");
    bench.write_all();
    bench.wait(secs(1));
    bench.drain(Drain { idle: secs(30), spread: secs(100) });
    let left = bench.drained(secs(10));
    assert_eq!(left.into_keys().collect::<Vec<_>>(), [idle]);
}

#[test]
fn who_becomes_idle_during_the_drain_goes_then() {
    let mut bench = Bench::new();
    let [quiet, busy] = [bench.connect(), bench.connect()];
    bench.drain(Drain { idle: secs(5), spread: secs(100_000) });
    for _ in 0..8 {
        bench.wait(secs(1) - TICK);
        bench.send(busy, 1);
    }
    bench.quiet();
    assert!(!bench.hub.is_open(quiet) && bench.hub.is_open(busy));
    bench.wait(secs(5));
    assert!(!bench.hub.is_open(busy));
}

#[test]
fn who_was_idle_when_the_drain_began_goes_at_its_moment_whatever_it_says() {
    let run = |talks: bool| {
        let mut bench = Bench::new();
        let clients = bench.connect_many(20);
        bench.wait(secs(5));
        bench.drain(Drain { idle: secs(1), spread: secs(100) });
        bench.timeout();
        for &client in &clients {
            if talks {
                bench.send(client, 1);
            }
            bench.tell(client, "hello");
            assert_eq!(bench.hub.check(), Ok(()), "no timer is late");
        }
        bench.write_all();
        // Within a tenth of the time, although it was active a second before.
        let left = bench.drained(secs(10));
        assert_eq!(left.len(), 20);
        left
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn nobody_counts_as_idle_if_the_time_is_zero() {
    let mut bench = Bench::new();
    let clients = bench.connect_many(100);
    bench.wait(secs(3600));
    bench.drain(Drain { idle: Duration::ZERO, spread: secs(100) });
    let left = bench.drained(secs(200));
    for (at, client) in clients.iter().enumerate() {
        let share = secs(at as u64);
        assert!((share..share + secs(1)).contains(&left[client]), "the {at}th");
    }
}

#[test]
fn a_drain_without_spread_closes_everybody_at_once() {
    let mut bench = Bench::new();
    bench.connect_many(3_000);
    bench.drain(Drain { idle: Duration::ZERO, spread: Duration::ZERO });
    let left = bench.drained(secs(1));
    assert!(left.len() == 3_000 && left.values().all(Duration::is_zero));
}

#[test]
fn a_drain_says_goodbye_and_writes_what_is_queued() {
    let mut bench = Bench::new();
    let client = bench.connect_in("lobby");
    bench.tell(client, "last words");
    bench.quiet();
    bench.drain(Drain { spread: secs(1), ..PLAN });
    bench.wait(secs(1));
    let ended = disconnected(client, CloseCode::GOING_AWAY, ClosedBy::Hub, "going away");
    assert_eq!(bench.actions(), [left(client, "lobby"), ended]);
    assert_eq!(bench.write_to(client), ["last words", "close 1001 going away"]);
    assert_eq!(bench.hub.state(), State::Draining, "its transport still lives");
    bench.gone(client);
    assert_eq!((bench.actions(), bench.hub.state()), ([Action::Stopped].into(), State::Stopped));
    bench.assert_empty();
}

#[test]
fn a_second_drain_joins_the_first() {
    let mut bench = Bench::new();
    let clients = bench.connect_many(10);
    bench.drain(PLAN);
    bench.timeout();
    bench.drain(Drain { idle: secs(1), spread: Duration::ZERO });
    bench.wait(secs(3) - TICK);
    assert_eq!(bench.hub.client_count(), 9, "the first plan holds");
    let left = bench.drained(secs(60));
    assert_eq!(left.len(), clients.len());
    bench.drain(PLAN);
    bench.wait(secs(60));
    assert_eq!(bench.actions(), [], "it is said once that the hub has stopped");
}

#[test]
fn a_reservation_that_opens_during_a_drain_is_closed_too() {
    let mut bench = Bench::new();
    bench.connect();
    let late = bench.reserve(None);
    bench.drain(Drain { idle: secs(30), spread: secs(8) });
    bench.wait(secs(4));
    bench.quiet();
    bench.open(late);
    assert_eq!(bench.actions(), [bench.connected(late)]);
    bench.wait(secs(4));
    assert!(!bench.hub.is_open(late));
}

#[test]
fn a_reservation_that_never_opens_holds_up_a_drain_until_its_deadline() {
    let mut bench = Bench::new();
    let late = bench.reserve(None);
    bench.drain(PLAN);
    assert_eq!(bench.actions(), []);
    bench.wait(secs(10));
    assert_eq!(bench.actions(), [bench.abort(late), Action::Stopped]);
    bench.gone(late);
    assert_eq!(bench.actions(), []);
}

#[test]
fn a_shutdown_after_a_drain_ends_the_handshakes_that_are_left() {
    let mut bench = Bench::new();
    let handshake = bench.hub.accept(bench.now, None, 0).expect("accepted");
    bench.drain(PLAN);
    bench.timeout();
    assert_eq!(bench.actions(), [Action::Stopped], "a handshake does not hold up a drain");
    bench.hub.shutdown(bench.now).expect("shut down");
    bench.timeout();
    assert_eq!(bench.actions(), [bench.abort(handshake)]);
    bench.gone(handshake);
    assert_eq!(bench.actions(), [], "a hub stops once");
}

#[test]
fn a_reservation_that_opens_late_in_a_drain_goes_at_once() {
    let mut bench = Bench::new();
    let late = bench.reserve(None);
    bench.drain(Drain { idle: Duration::ZERO, spread: secs(1) });
    bench.wait(secs(5));
    bench.open(late);
    bench.timeout();
    assert!(!bench.hub.is_open(late));
}

#[test]
fn nobody_slips_in_after_a_drain() {
    let mut bench = Bench::new();
    let client = bench.connect();
    let handshake = bench.accept();
    bench.drain(PLAN);
    bench.gone(client);
    assert_eq!(bench.hub.state(), State::Stopped);
    let stopped = Error::from(Refusal::Stopped);
    assert_eq!(bench.refused(|hub, now| hub.reserve(now, handshake, None)), stopped);
    assert_eq!(bench.refused(|hub, now| hub.accept(now, None, 0)), stopped);
    assert_eq!(
        bench.refused(|hub, now| hub.publish(now, &[crate::hub::Target::All], &[], &frame("x"), None)),
        stopped
    );
    bench.wait(secs(10));
    assert!(bench.actions().contains(&bench.abort(handshake)), "it ends at its deadline");
    bench.gone(handshake);
    bench.assert_empty();
}

#[test]
fn a_client_that_ends_by_itself_during_a_drain_is_not_closed_again() {
    let mut bench = Bench::new();
    let [closed, gone, stays] = [bench.connect(), bench.connect(), bench.connect()];
    bench.drain(PLAN);
    bench.timeout();
    bench.quiet();
    bench.close(closed, Flush::First);
    bench.gone(gone);
    assert_eq!(bench.actions(), [said_bye(closed), vanished(gone)]);
    bench.gone(closed);
    let left = bench.drained(secs(60));
    assert_eq!(left.into_keys().collect::<Vec<_>>(), [stays]);
}

#[test]
fn a_drain_of_many_costs_no_single_event_much() {
    let mut bench = Bench::new();
    bench.connect_many(5_000);
    bench.quiet();
    bench.drain(PLAN);
    let mut slices = 0;
    let most = Host::default().slice.div_ceil(VISIT + TIMER) as usize;
    let scheduled = |bench: &Bench| {
        bench.hub.connections.rows().filter(|row| bench.hub.connections[*row].deadline != u64::MAX).count()
    };
    while bench.hub.sweep.is_some() {
        let before = scheduled(&bench);
        bench.hub.timeout(bench.now).expect("never an error");
        assert!(scheduled(&bench) - before <= most);
        slices += 1;
    }
    assert_eq!(slices, 5_000_usize.div_ceil(most));
}
