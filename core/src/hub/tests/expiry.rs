//! Clients that are authorised until some time: what is told before it, and what ends at it.

use super::bench::*;
use super::sessions::broke_off;
use crate::close::{CloseCode, CloseFrame, ClosedBy};
use crate::hub::{Action, Cause, Config, DropReason, Error, Flush, Hub, Policy, State, Target};
use crate::id::ClientId;
use crate::time::Instant;
use core::time::Duration;

/// As the config says by default.
const NOTICE: u64 = 25;
const EXPIRED: &str = "authorisation expired";

impl Bench {
    fn expire(&mut self, client: ClientId, after: Duration) -> Instant {
        let at = self.now + after;
        self.hub.set_expiry(self.now, client, Some(at), None).expect("a client");
        self.sane();
        at
    }

    fn never_expire(&mut self, client: ClientId) {
        self.hub.set_expiry(self.now, client, None, None).expect("a client");
        self.sane();
    }
}

fn expired(client: ClientId) -> Action {
    disconnected(client, CloseCode::POLICY, ClosedBy::Hub, EXPIRED)
}

#[test]
fn the_application_is_told_once_before_the_expiry_and_the_client_ends_at_it() {
    let mut bench = Bench::new();
    let client = bench.connect_in("lobby");
    bench.quiet();
    let at = bench.expire(client, secs(60));
    assert_eq!(bench.hub.expiry_of(client), Some(at));
    assert_eq!(bench.hub.poll_timeout(), Some(at - secs(NOTICE)));
    bench.wait(secs(60 - NOTICE) - TICK);
    assert_eq!(bench.actions(), []);
    bench.wait(TICK);
    assert_eq!(bench.actions(), [Action::Expiring { client, at }]);
    bench.sane();
    bench.wait(secs(NOTICE) - TICK);
    assert_eq!(bench.actions(), []);
    assert!(bench.hub.is_open(client));
    bench.tell(client, "last words");
    bench.wait(TICK);
    assert_eq!(bench.actions(), [left(client, "lobby"), expired(client)]);
    assert_eq!((bench.hub.expiry_of(client), bench.hub.is_open(client)), (None, false));
    assert_eq!(bench.write_to(client), ["last words", "close 1008 authorisation expired"]);
    let stats = bench.hub.stats();
    assert_eq!((stats.expired, stats.expiry_notices, stats.ended_by_hub), (1, 1, 1));
    bench.sane();
    bench.gone(client);
    bench.assert_empty();
}

#[test]
fn a_renewed_client_goes_on_and_is_told_again_and_a_cleared_one_is_not() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.quiet();
    for _ in 0..3 {
        let at = bench.expire(client, secs(60));
        bench.wait(secs(59));
        assert_eq!(bench.actions(), [Action::Expiring { client, at }]);
    }
    bench.never_expire(client);
    assert_eq!((bench.hub.expiry_of(client), bench.hub.poll_timeout()), (None, None));
    bench.never_expire(client);
    bench.wait(secs(1000));
    assert_eq!(bench.actions(), []);
    assert!(bench.hub.is_open(client));
}

#[test]
fn an_earlier_expiry_replaces_a_later_one() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.quiet();
    bench.expire(client, secs(3600));
    bench.expire(client, secs(10));
    bench.wait(secs(10));
    assert_eq!(bench.actions().last(), Some(&expired(client)));
}

#[test]
fn a_short_expiry_is_told_at_half_of_its_time_so_that_renewing_it_for_less_than_the_notice_does_not_spin() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.quiet();
    let at = bench.expire(client, secs(10));
    bench.wait(secs(5) - TICK);
    assert_eq!(bench.actions(), []);
    bench.wait(TICK);
    assert_eq!(bench.actions(), [Action::Expiring { client, at }]);
    let mut told = 0;
    bench.expire(client, millis(100));
    for _ in 0..1000 {
        bench.wait(millis(1));
        if !bench.actions().is_empty() {
            told += 1;
            bench.expire(client, millis(100));
        }
    }
    assert_eq!(told, 1000 / 50);
}

#[test]
fn an_expiry_that_has_passed_ends_the_client_with_the_next_timeout_without_a_notice() {
    for before in [Duration::ZERO, secs(1), secs(1_000_000)] {
        let mut bench = Bench::new();
        let client = bench.connect();
        bench.quiet();
        let at = bench.now - before;
        bench.hub.set_expiry(bench.now, client, Some(at), None).expect("a client");
        bench.sane();
        assert!(bench.hub.is_open(client) && bench.hub.poll_timeout().is_some_and(|due| due <= bench.now));
        bench.timeout();
        assert_eq!(bench.actions(), [expired(client)]);
        assert_eq!(bench.hub.stats().expiry_notices, 0);
        bench.sane();
    }
}

#[test]
fn without_a_notice_in_the_config_the_client_just_ends() {
    let mut bench = Bench::with(|config| config.deadlines.expiry_notice = None);
    let client = bench.connect();
    bench.quiet();
    bench.expire(client, secs(60));
    bench.wait(secs(60));
    assert_eq!(bench.actions(), [expired(client)]);
}

#[test]
fn the_application_chooses_the_close_frame_or_the_config_does() {
    let long = "x".repeat(200);
    for (chosen, code, reason, written) in [
        (None, 4401, "log in again", "close 4401 log in again"),
        (Some(CloseFrame::new(CloseCode(3005), "expired")), 3005, "expired", "close 3005 expired"),
        (Some(CloseFrame::new(CloseCode(1006), "not sent")), 1006, "not sent", "close"),
        (Some(CloseFrame::new(CloseCode(4000), &*long)), 4000, &long[..123], ""),
    ] {
        let mut bench = Bench::with(|config| {
            config.closes[Cause::Expired] = CloseFrame::new(CloseCode(4401), "log in again");
        });
        let client = bench.connect();
        bench.quiet();
        let at = bench.now + secs(1);
        bench.hub.set_expiry(bench.now, client, Some(at), chosen.as_ref()).expect("a client");
        bench.wait(millis(999));
        bench.quiet();
        bench.wait(millis(1));
        assert_eq!(bench.actions(), [disconnected(client, CloseCode(code), ClosedBy::Hub, reason)]);
        let sent = bench.write_to(client);
        assert!(sent.len() == 1 && (written.is_empty() || sent[0] == written), "{sent:?}");
        assert_eq!(bench.hub.stats().expired, 1, "whatever the code");
    }
}

#[test]
fn an_away_client_is_told_of_its_expiry_and_ends_at_it() {
    let mut bench = Bench::with_grace(|_| {});
    let client = bench.connect_in("lobby");
    bench.quiet();
    let at = bench.expire(client, secs(60));
    bench.gone(client);
    bench.tell(client, "waits");
    assert_eq!(bench.actions(), [broke_off(client)]);
    bench.wait(secs(59));
    assert_eq!(bench.actions(), [Action::Expiring { client, at }]);
    bench.wait(secs(1));
    let dropped = lost(client, 1, 5, DropReason::Closed);
    assert_eq!(bench.actions(), [dropped, left(client, "lobby"), expired(client)]);
    assert_eq!((bench.hub.stats().expired, bench.hub.stats().not_returned), (1, 0));
    bench.sane();
    bench.assert_empty();
}

#[test]
fn an_away_client_that_is_renewed_may_return_and_keeps_its_expiry() {
    let mut bench = Bench::graceful(|config| config.sessions.grace = Some(secs(3600)));
    let (connection, client) = bench.come(None, "tab");
    bench.expire(client, secs(60));
    bench.gone(connection);
    bench.wait(secs(59));
    let at = bench.expire(client, secs(600));
    bench.quiet();
    assert_eq!(bench.come(None, "tab").1, client);
    assert_eq!(bench.hub.expiry_of(client), Some(at));
    bench.quiet();
    bench.wait(secs(600));
    assert_eq!(bench.actions(), [Action::Expiring { client, at }, expired(client)]);
}

#[test]
fn a_reservation_passes_its_expiry_on_to_the_client_that_it_continues() {
    for reserved_for in [Some(secs(600)), None] {
        let mut bench = Bench::graceful(|config| config.sessions.grace = Some(secs(3600)));
        let (connection, client) = bench.come(None, "tab");
        let old = bench.expire(client, secs(60));
        bench.gone(connection);
        let (connection, reserved) = bench.ask(None, "tab");
        let reserved = reserved.expect("reserved").client;
        let new = reserved_for.map(|lasts| bench.expire(reserved, lasts));
        bench.wait(secs(1));
        bench.open(connection);
        bench.sane();
        assert_eq!(bench.hub.expiry_of(client), Some(new.unwrap_or(old)));
        assert_eq!(bench.hub.expiry_of(reserved), None);
        bench.quiet();
        bench.wait(reserved_for.unwrap_or(secs(60)));
        assert_eq!(bench.actions(), [Action::Expiring { client, at: new.unwrap_or(old) }, expired(client)]);
    }
}

#[test]
fn a_reservation_is_told_nothing_until_it_is_open_and_ends_at_its_expiry() {
    let mut bench = Bench::new();
    let client = bench.reserve(None);
    let at = bench.expire(client, secs(8));
    bench.wait(secs(5));
    bench.sane();
    assert_eq!(bench.actions(), []);
    bench.open(client);
    bench.timeout();
    bench.sane();
    assert_eq!(bench.actions(), [bench.connected(client), Action::Expiring { client, at }]);
    bench.wait(secs(3));
    assert_eq!(bench.actions(), [expired(client)]);
    bench.gone(client);

    let client = bench.reserve(None);
    bench.expire(client, secs(8));
    bench.wait(secs(8));
    assert_eq!(bench.actions(), [bench.abort(client)]);
    bench.sane();
    assert_eq!((bench.hub.stats().expired, bench.hub.stats().reserved), (2, 0));
    bench.gone(client);
    assert_eq!(bench.hub.expiries.len(), 0);
}

#[test]
fn only_a_reserved_or_open_client_has_an_expiry_and_its_end_takes_it() {
    let mut bench = Bench::new();
    let (client, marked) = (bench.connect(), bench.connect());
    bench.expire(client, secs(60));
    bench.close(client, Flush::First);
    assert_eq!((bench.hub.expiries.len(), bench.hub.expiry_of(client)), (0, None));
    let set = |hub: &mut Hub, now, client| hub.set_expiry(now, client, Some(now), None);
    assert_eq!(bench.refused(|hub, now| set(hub, now, client)), Error::NotOpen);
    bench.gone(client);
    assert_eq!(bench.refused(|hub, now| set(hub, now, client)), Error::Gone);
    let others = bench.connect_many(300);
    bench.expire(marked, secs(60));
    bench.gone(marked);
    assert_eq!(bench.hub.expiries.len(), 0);
    bench.sane();
    for other in others {
        bench.gone(other);
    }
    bench.assert_empty();
}

#[test]
fn the_index_of_an_ended_client_passes_on_no_expiry() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.expire(client, secs(60));
    bench.gone(client);
    let newcomer = bench.connect();
    assert_eq!(newcomer.index(), client.index());
    assert_eq!(bench.hub.expiry_of(newcomer), None);
    bench.quiet();
    bench.wait(secs(100));
    assert_eq!(bench.actions(), []);
}

#[test]
fn a_client_that_is_marked_to_be_ended_ends_for_that_and_not_for_its_expiry() {
    let mut bench = Bench::with(|config| {
        config.outbox.messages = 1;
        config.host.slice = 1;
    });
    let clients = bench.connect_many(4);
    for &client in &clients {
        bench.expire(client, secs(60));
    }
    bench.tell_all("1");
    let full = bench.publish_by(Policy::Disconnect, Target::All, &frame("2")).expect("published");
    assert_eq!(full.dropped, 4);
    bench.sane();
    bench.oversleep(secs(61));
    for _ in 0..20 {
        bench.timeout();
        bench.sane();
    }
    let stats = bench.hub.stats();
    assert_eq!((stats.expired, stats.too_slow, bench.hub.expiries.len()), (0, 4, 0));
}

#[test]
fn time_in_which_the_host_stood_still_counts_for_an_expiry() {
    let mut bench = Bench::with(|config| {
        config.deadlines.ping = Some(secs(10));
        config.deadlines.pong = Some(secs(20));
    });
    let (short, long) = (bench.connect(), bench.connect());
    let soon = bench.expire(short, secs(600));
    let later = bench.expire(long, secs(10_000));
    bench.quiet();
    bench.oversleep(secs(5_000));
    for _ in 0..4 {
        bench.timeout();
        bench.sane();
    }
    assert!(bench.now > soon);
    let told = bench.actions();
    assert!(matches!(told[0], Action::StoodStill { .. }), "{told:?}");
    assert_eq!(told[1..], [expired(short)], "no notice: it has passed");
    bench.gone(short);
    assert_eq!(bench.hub.expiry_of(long), Some(later));
    // It is not late by the time of the standstill.
    while bench.now < later - secs(1) {
        bench.hear(long);
        bench.wait(secs(1).min(later.since(bench.now)));
        bench.hear(long);
    }
    assert_eq!(bench.actions(), [Action::Expiring { client: long, at: later }]);
    bench.wait(secs(1));
    assert_eq!(bench.actions(), [expired(long)]);
    assert_eq!(bench.hub.stats().standstills, 1);
}

#[test]
fn an_expiry_that_is_due_shows_a_standstill_as_any_deadline_does() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.expire(client, secs(60));
    bench.quiet();
    bench.oversleep(secs(100));
    bench.timeout();
    let told = bench.actions();
    assert_eq!(told, [Action::StoodStill { time: secs(100 - 60 + NOTICE) }, expired(client)]);
    bench.sane();
}

#[test]
fn an_expiry_holds_during_a_drain() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.expire(client, secs(2));
    bench.quiet();
    let plan = crate::hub::Drain { idle: Duration::ZERO, spread: secs(3600) };
    bench.hub.drain(bench.now, plan).expect("never refused");
    bench.expire(client, secs(1));
    bench.wait(secs(1));
    assert_eq!(bench.actions().last(), Some(&expired(client)));
    bench.gone(client);
    assert_eq!((bench.actions().len(), bench.hub.state()), (1, State::Stopped));
    assert_eq!(bench.hub.poll_timeout(), None);
}

#[test]
fn a_client_whose_lease_is_out_ends_and_its_lease_is_returned_as_ever() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.expire(client, secs(1));
    bench.tell(client, "on its way");
    let held = bench.lease(client, PLENTY).expect("a lease");
    assert_eq!(held.items, ["on its way"]);
    bench.wait(secs(1));
    assert!(!bench.hub.is_open(client));
    bench.sane();
    bench.wrote(client);
    assert_eq!(bench.write_to(client), ["close 1008 authorisation expired"]);
    bench.sane();
}

#[test]
fn many_expiries_in_one_tick_end_in_slices() {
    const CLIENTS: usize = 2_000;
    let mut bench = Bench::with(|config: &mut Config| config.host.slice = 256);
    let clients = bench.connect_many(CLIENTS);
    for &client in &clients {
        let at = bench.now + secs(60);
        bench.hub.set_expiry(bench.now, client, Some(at), None).expect("a client");
    }
    bench.quiet();
    bench.wait(secs(60 - NOTICE) - TICK);
    for ended in [false, true] {
        bench.wait(if ended { secs(NOTICE) - TICK } else { Duration::ZERO });
        bench.quiet();
        bench.oversleep(TICK);
        let (mut turns, mut told) = (0, 0);
        while told < CLIENTS {
            bench.timeout();
            let actions = bench.actions();
            assert!(actions.len() <= 256 / 8 + 1, "{}", actions.len());
            told += actions.len();
            turns += 1;
            assert!(turns < CLIENTS);
        }
        assert!(turns > CLIENTS / 64, "{turns}");
        bench.sane();
    }
    assert_eq!(bench.hub.client_count(), 0);
    assert_eq!(bench.hub.stats().expired, CLIENTS as u64);
}

#[test]
fn the_farthest_expiry_never_comes() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.quiet();
    bench.hub.set_expiry(bench.now, client, Some(Instant::FAR_FUTURE), None).expect("a client");
    bench.sane();
    bench.wait(Duration::from_secs(1 << 30));
    assert_eq!(bench.actions(), []);
    assert!(bench.hub.is_open(client));
}
