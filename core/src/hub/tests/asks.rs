//! Questions to peers: how many, how they end, and what another connection does to them.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy};
use crate::hub::{
    Action, AskEnd, AskId, Config, Drain, Error, Flush, Hub, OnResume, Policy, Refusal, State, Target,
};
use crate::id::ClientId;
use crate::time::Instant;
use alloc::vec::Vec;
use core::time::Duration;

const FAILS: OnResume = OnResume::Fails;
const AGAIN: OnResume = OnResume::AskedAgain;

impl Bench {
    fn question(&mut self, client: ClientId, lasts: Duration, on_resume: OnResume) -> AskId {
        let ask = self.hub.ask(self.now, client, lasts, on_resume).expect("a client");
        self.sane();
        ask
    }

    fn reply(&mut self, client: ClientId, ask: AskId) -> Result<(), Error> {
        let answer = self.hub.replied(self.now, client, ask);
        self.sane();
        answer
    }

    fn asks_of(&self, client: ClientId) -> Vec<AskId> {
        self.hub.asks_of(client).collect()
    }
}

fn ended(client: ClientId, ask: AskId, why: AskEnd) -> Action {
    Action::AskEnded { client, ask, why }
}

const NO_SUCH: Result<(), Error> = Err(Error::Refused(Refusal::NoSuchAsk));

#[test]
fn a_question_ends_with_its_reply_and_later_replies_are_refused_and_counted() {
    let mut bench = Bench::new();
    let client = bench.connect();
    let [first, second] = [(); 2].map(|()| bench.question(client, secs(5), FAILS));
    assert_eq!((first.to_u64(), second.to_u64(), bench.asks_of(client)), (1, 2, [first, second].into()));
    bench.quiet();
    assert_eq!(bench.reply(client, second), Ok(()));
    assert_eq!(bench.reply(client, second), NO_SUCH, "it has its reply");
    assert_eq!(bench.asks_of(client), [first]);
    assert_eq!(bench.reply(client, first), Ok(()));
    assert_eq!(bench.hub.poll_timeout(), None, "no timer is left");
    let stats = bench.hub.stats();
    assert_eq!((stats.asks, stats.asked, stats.answered), (0, 2, 2));
    assert_eq!(stats.refusals.of(Refusal::NoSuchAsk), 1);
    assert_eq!(bench.actions(), [], "an outcome has told it");
}

#[test]
fn a_reply_to_another_clients_question_or_to_none_matches_nothing() {
    let mut bench = Bench::new();
    let (ada, eve) = (bench.connect(), bench.connect());
    let ask = bench.question(ada, secs(5), FAILS);
    let own = bench.question(eve, secs(5), FAILS);
    for forged in [ask.to_u64(), 0, 3, 1 << 40, u64::MAX] {
        let forged = AskId::from_u64(forged);
        assert_eq!(bench.refused(|hub, now| hub.replied(now, eve, forged)), Refusal::NoSuchAsk.into());
        assert_eq!(bench.hub.cancel_ask(bench.now, eve, forged), Ok(false));
    }
    assert_eq!((bench.asks_of(ada), bench.asks_of(eve)), ([ask].into(), [own].into()));
    assert_eq!((bench.reply(eve, own), bench.reply(ada, ask)), (Ok(()), Ok(())));
}

#[test]
fn each_question_ends_at_its_own_deadline_in_the_order_of_asking() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.quiet();
    let [long, short, also_short] = [9, 3, 3].map(|lasts| bench.question(client, secs(lasts), FAILS));
    bench.wait(secs(3) - TICK);
    assert_eq!(bench.actions(), []);
    bench.wait(TICK);
    let late = |ask| ended(client, ask, AskEnd::Deadline);
    assert_eq!(bench.actions(), [late(short), late(also_short)]);
    assert_eq!(bench.reply(client, short), NO_SUCH, "it is too late");
    bench.wait(secs(6));
    assert_eq!(bench.actions(), [late(long)]);
    assert_eq!((bench.hub.stats().asks_late, bench.hub.stats().asks), (3, 0));
    let never = bench.question(client, Duration::MAX, FAILS);
    let at_once = bench.question(client, Duration::ZERO, FAILS);
    bench.timeout();
    assert_eq!(bench.actions(), [late(at_once)]);
    bench.wait(secs(1 << 30));
    assert_eq!((bench.actions(), bench.asks_of(client)), ([].into(), [never].into()));
}

#[test]
fn a_client_is_asked_no_more_than_the_config_allows_at_a_time() {
    let mut bench = Bench::with(|config| config.asks.per_client = 2);
    let (client, other) = (bench.connect(), bench.connect());
    let asks = [(); 2].map(|()| bench.question(client, secs(5), FAILS));
    let ask = |hub: &mut Hub, now| hub.ask(now, client, secs(5), FAILS);
    assert_eq!(bench.refused(ask), Refusal::TooManyAsks { limit: 2 }.into());
    bench.question(other, secs(5), FAILS);
    assert_eq!(bench.hub.cancel_ask(bench.now, client, asks[0]), Ok(true));
    assert_eq!(bench.hub.cancel_ask(bench.now, client, asks[0]), Ok(false), "it has ended");
    bench.question(client, secs(5), FAILS);
    assert_eq!(bench.hub.stats().asks_cancelled, 1);
    let mut config = bench.hub.config().clone();
    config.asks.per_client = 1;
    bench.hub.reconfigure(bench.now, &config).expect("a valid config");
    bench.sane();
    assert_eq!(bench.refused(ask), Refusal::TooManyAsks { limit: 1 }.into());
    assert_eq!(bench.asks_of(client).len(), 2, "those that wait stay");
}

#[test]
fn the_end_of_a_client_ends_its_questions_first_and_says_how_it_ended() {
    for (end, code, by) in [
        ("closed", CloseCode::NORMAL, ClosedBy::Application),
        ("gone", CloseCode::ABNORMAL, ClosedBy::Transport),
        ("left", CloseCode(4000), ClosedBy::Peer),
    ] {
        let mut bench = Bench::new();
        let client = bench.connect_in("lobby");
        let asks = [(); 2].map(|()| bench.question(client, secs(5), AGAIN));
        bench.quiet();
        match end {
            "closed" => bench.close(client, Flush::First),
            "gone" => bench.gone(client),
            _ => bench.peer_closed(client, Some(code), ""),
        }
        bench.sane();
        let why = AskEnd::ClientEnded { code, by };
        let told = bench.actions();
        assert_eq!(told[..2], asks.map(|ask| ended(client, ask, why)), "{end}");
        assert!(matches!(told[2..], [Action::Left { .. }, Action::Disconnected { .. }]), "{told:?}");
        assert!(matches!(bench.reply(client, asks[0]), Err(Error::NotOpen | Error::Gone)));
        assert_eq!((bench.hub.stats().asks_ended, bench.hub.stats().asks), (2, 0));
    }
}

#[test]
fn only_an_open_client_is_asked() {
    let mut bench = Bench::new();
    let (reserved, closed) = (bench.reserve(None), bench.connect());
    bench.close(closed, Flush::First);
    for client in [reserved, closed] {
        assert_eq!(bench.refused(|hub, now| hub.ask(now, client, secs(1), FAILS)), Error::NotOpen);
        assert_eq!(bench.refused(|hub, now| hub.replied(now, client, AskId::from_u64(1))), Error::NotOpen);
    }
    bench.gone(closed);
    assert_eq!(bench.refused(|hub, now| hub.ask(now, closed, secs(1), FAILS)), Error::Gone);
    assert_eq!(bench.refused(|hub, now| hub.cancel_ask(now, closed, AskId::from_u64(1))), Error::Gone);
}

#[test]
fn a_new_client_at_an_old_index_has_none_of_the_old_ones_questions() {
    let mut bench = Bench::new();
    let old = bench.connect();
    let ask = bench.question(old, secs(5), FAILS);
    bench.gone(old);
    let new = bench.connect();
    assert_eq!(new.index(), old.index());
    assert_eq!((bench.asks_of(new), bench.reply(new, ask)), ([].into(), NO_SUCH));
    assert_eq!(bench.question(new, secs(5), FAILS).to_u64(), ask.to_u64() + 1, "no id comes twice");
}

#[test]
fn on_another_connection_each_question_is_asked_again_or_fails_by_its_own_choice() {
    let mut bench = Bench::graceful(|config| config.sessions.grace = Some(secs(3600)));
    let (connection, client) = bench.come(None, "tab");
    let [fails, again] = [FAILS, AGAIN].map(|on_resume| bench.question(client, secs(60), on_resume));
    bench.gone(connection);
    let [asked_away, also_away] = [FAILS, AGAIN].map(|on_resume| bench.question(client, secs(60), on_resume));
    assert_eq!(bench.asks_of(client).len(), 4, "it may still come back");
    bench.wait(secs(20));
    bench.quiet();
    let (connection, _) = bench.come(None, "tab");
    let resumed = Action::Resumed { client, connection };
    let asked_again = |ask| Action::AskAgain { client, ask };
    assert_eq!(bench.actions(), [resumed, asked_again(again), ended(client, fails, AskEnd::Resumed)]);
    assert_eq!(bench.asks_of(client), [again, asked_away, also_away], "those were not asked before");
    assert_eq!(bench.reply(client, fails), NO_SUCH);
    assert_eq!(bench.reply(client, again), Ok(()));
    // What was asked while it was away was asked on this connection.
    bench.gone(connection);
    bench.quiet();
    let (connection, _) = bench.come(None, "tab");
    let resumed = Action::Resumed { client, connection };
    let told = [resumed, asked_again(also_away), ended(client, asked_away, AskEnd::Resumed)];
    assert_eq!(bench.actions(), told);
    let stats = bench.hub.stats();
    assert_eq!((stats.asks_not_resumed, stats.asked_again, stats.asks), (2, 2, 1));
    bench.wait(secs(40));
    assert_eq!(
        bench.actions(),
        [ended(client, also_away, AskEnd::Deadline)],
        "the deadline is the first one"
    );
}

#[test]
fn a_takeover_is_another_connection_too() {
    let mut bench = Bench::graceful(|_| {});
    let (_, client) = bench.come(None, "tab");
    let [fails, again] = [FAILS, AGAIN].map(|on_resume| bench.question(client, secs(60), on_resume));
    bench.quiet();
    bench.come(None, "tab");
    let told = bench.actions();
    assert!(matches!(told[..2], [Action::Replaced { .. }, Action::Resumed { .. }]), "{told:?}");
    assert_eq!(told[2..], [Action::AskAgain { client, ask: again }, ended(client, fails, AskEnd::Resumed)]);
}

#[test]
fn a_client_that_does_not_return_ends_with_its_questions() {
    let mut bench = Bench::graceful(|_| {});
    let (connection, client) = bench.come(None, "tab");
    let ask = bench.question(client, secs(3600), AGAIN);
    bench.gone(connection);
    bench.quiet();
    bench.wait(secs(30));
    let why = AskEnd::ClientEnded { code: CloseCode::ABNORMAL, by: ClosedBy::Hub };
    assert_eq!(bench.actions().first(), Some(&ended(client, ask, why)));
    bench.assert_empty();
}

#[test]
fn a_question_to_a_client_that_is_marked_to_be_ended_ends_with_it_or_at_its_deadline() {
    let mut bench = Bench::with(|config| {
        config.outbox.messages = 1;
        config.host.slice = 1;
    });
    let clients = bench.connect_many(3);
    for &client in &clients {
        bench.question(client, secs(60), FAILS);
    }
    bench.tell_all("1");
    bench.publish_by(Policy::Disconnect, Target::All, &frame("2")).expect("published");
    bench.sane();
    let marked = clients.into_iter().filter(|&client| bench.hub.asks_of(client).len() == 1);
    let marked: Vec<_> = marked.collect();
    assert!(marked.len() > 1);
    assert_eq!(bench.reply(marked[0], AskId::from_u64(1)).map_err(|_| ()), Err(()));
    for _ in 0..20 {
        bench.timeout();
        bench.sane();
    }
    assert_eq!((bench.hub.stats().asks_ended, bench.hub.stats().asks), (3, 0));
}

#[test]
fn a_question_has_its_time_again_after_the_host_stood_still() {
    let mut bench = Bench::new();
    let client = bench.connect();
    let ask = bench.question(client, secs(10), FAILS);
    bench.quiet();
    bench.oversleep(secs(500));
    bench.timeout();
    bench.sane();
    assert_eq!(bench.actions(), [Action::StoodStill { time: secs(490) }]);
    assert_eq!(bench.reply(client, ask), Ok(()), "the reply may have been there, unread");
}

#[test]
fn a_drain_does_not_end_questions_but_a_shutdown_does() {
    let mut bench = Bench::new();
    let client = bench.connect();
    let first = bench.question(client, secs(5), FAILS);
    bench.hub.drain(bench.now, Drain { idle: Duration::ZERO, spread: secs(3600) }).expect("never refused");
    bench.timeout();
    assert_eq!(bench.reply(client, first), Ok(()));
    let second = bench.question(client, secs(5), FAILS);
    bench.quiet();
    bench.hub.shutdown(bench.now).expect("never refused");
    bench.timeout();
    let why = AskEnd::ClientEnded { code: CloseCode::GOING_AWAY, by: ClosedBy::Hub };
    assert_eq!(bench.actions().first(), Some(&ended(client, second, why)));
    bench.gone(client);
    assert_eq!(bench.hub.state(), State::Stopped);
}

#[test]
fn many_deadlines_in_one_tick_are_worked_off_in_slices() {
    const CLIENTS: usize = 1_000;
    let mut bench = Bench::with(|config: &mut Config| config.host.slice = 256);
    for client in bench.connect_many(CLIENTS) {
        for _ in 0..4 {
            bench.hub.ask(bench.now, client, secs(5), FAILS).expect("a client");
        }
    }
    bench.quiet();
    bench.wait(secs(5) - TICK);
    bench.oversleep(TICK);
    let (mut turns, mut told) = (0, 0);
    while told < 4 * CLIENTS {
        bench.timeout();
        let actions = bench.actions();
        assert!(actions.len() <= 4 * (256 / (8 + 4 * 16) + 1), "{}", actions.len());
        told += actions.len();
        turns += 1;
        assert!(turns < CLIENTS);
    }
    bench.sane();
    assert_eq!((bench.hub.stats().asks_late, bench.hub.stats().asks), (4 * CLIENTS as u64, 0));
}

#[test]
fn asking_costs_nothing_for_clients_that_are_not_asked() {
    let mut bench = Bench::new();
    let clients = bench.connect_many(100);
    assert_eq!((bench.hub.asks.len(), bench.hub.wheel.len()), (0, 100));
    let ask = bench.question(clients[50], secs(5), FAILS);
    assert_eq!((bench.hub.asks.len(), bench.hub.wheel.len()), (1, 101));
    bench.reply(clients[50], ask).expect("it was asked");
    assert_eq!((bench.hub.asks.len(), bench.hub.wheel.len()), (0, 100));
    assert_eq!(bench.hub.poll_timeout(), None::<Instant>);
}
