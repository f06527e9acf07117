//! Two connections with one session: the newer one gets the client, and the older one is closed.

use super::bench::*;
use crate::close::CloseCode;
use crate::hub::{Action, Cause, Error, Event, Flush, Refusal, Reserved, SecondConnection};
use crate::outbox::{Progress, Transport};

#[test]
fn a_newer_connection_takes_over_and_the_older_one_is_told_why() {
    let mut bench = Bench::graceful(|_| {});
    let (old, client) = bench.come(Some("ada"), "tab");
    bench.join(client, "lobby");
    bench.tell(client, "1");
    bench.quiet();
    let (new, same) = bench.come(Some("ada"), "tab");
    assert_eq!(same, client);
    let resumed = Action::Resumed { client, connection: new };
    assert_eq!(bench.actions(), [Action::Replaced { client, connection: old }, resumed]);
    assert_eq!((bench.hub.client_of(old), bench.hub.client_of(new)), (None, Some(client)));
    let close = bench.lease(old, PLENTY).expect("a close frame");
    assert_eq!(close.items, ["close 1008 another connection of this session"]);
    let written = bench.batch.leases()[0].written(Progress::All, Transport::Ready);
    bench.hub.transmitted(bench.now, &[written]).expect("written");
    assert_eq!(bench.lease(new, PLENTY).expect("what waited").items, ["1"]);
    bench.event(Event::PeerClosed { connection: old, code: None, reason: "" });
    assert_eq!(bench.actions(), [bench.abort(old)]);
    bench.gone(old);
    bench.sane();
    assert!(bench.hub.is_open(client) && bench.hub.in_room(client, "lobby"));
    let stats = bench.hub.stats();
    assert_eq!((stats.replaced, stats.resumed, stats.closing, stats.ended_by_hub), (1, 1, 0, 0));
}

#[test]
fn what_happens_on_a_replaced_connection_does_not_touch_the_client() {
    let mut bench = Bench::graceful(|_| {});
    let (old, client) = bench.come(None, "tab");
    let (new, _) = bench.come(None, "tab");
    let (code, reason, flush) = (CloseCode::PROTOCOL_ERROR, "", Flush::Never);
    for event in [
        Event::CloseConnection { connection: old, code, reason, flush },
        Event::Received { connection: old, kind: crate::MessageKind::Text, bytes: 1 },
        Event::Ping { connection: old, payload: b"" },
        Event::Heard { connection: old },
        Event::Working { connection: old },
        Event::Open { connection: old },
    ] {
        assert_eq!(bench.refused(|hub, now| hub.handle(now, event)), Error::NotOpen, "{event:?}");
    }
    bench.event(Event::HalfClosed { connection: old });
    bench.event(Event::Writable { connection: old });
    bench.gone(old);
    assert_eq!(bench.hub.connection_of(client), Some(new));
    bench.event(Event::CloseConnection { connection: new, code, reason, flush });
    assert!(!bench.hub.is_open(client), "on its own connection it does");
    assert_eq!(bench.hub.stats().protocol_errors, 1);
    bench.sane();
}

#[test]
fn a_lease_that_is_out_at_a_takeover_is_finished_there_and_written_again_here() {
    for progress in [Progress::All, Progress::part(0, 3), Progress::part(1, 0), Progress::part(1, 2)] {
        let mut bench = Bench::graceful(|_| {});
        let (old, client) = bench.come(None, "tab");
        for text in ["12345", "67890", "abcde"] {
            bench.tell(client, text);
        }
        bench.lease(old, PLENTY).expect("three messages");
        let lease = bench.batch.leases()[0];
        let (new, _) = bench.come(None, "tab");
        bench.sane();
        let blocked = Transport::Blocked;
        let transport = if progress == Progress::All { Transport::Ready } else { blocked };
        bench.hub.transmitted(bench.now, &[lease.written(progress, transport)]).expect("taken back");
        bench.sane();
        bench.event(Event::Writable { connection: old });
        let rest = bench.lease(old, PLENTY).expect("the rest and the close frame");
        let begun = match progress {
            Progress::Part { bytes, .. } => bytes > 0,
            Progress::All => false,
        };
        assert_eq!(rest.items.len(), 1 + usize::from(begun), "{progress:?}: {rest:?}");
        assert_eq!(rest.skip > 0, begun);
        let written = bench.batch.leases()[0].written(Progress::All, Transport::Ready);
        bench.hub.transmitted(bench.now, &[written]).expect("written");
        bench.sane();
        assert_eq!(bench.lease(new, PLENTY).expect("all").items, ["12345", "67890", "abcde"]);
    }
}

#[test]
fn a_half_written_frame_of_a_blocked_connection_is_finished_before_it_is_told_of_its_end() {
    let mut bench = Bench::graceful(|_| {});
    let (old, client) = bench.come(None, "tab");
    bench.tell(client, "12345");
    bench.lease(old, PLENTY).expect("a message");
    let written = bench.batch.leases()[0].written(Progress::part(0, 2), Transport::Blocked);
    bench.hub.transmitted(bench.now, &[written]).expect("taken back");
    bench.ping(client, "dropped");
    let (new, _) = bench.come(None, "tab");
    bench.sane();
    assert_eq!(bench.hub.stats().blocked, 1, "the old one");
    assert_eq!(bench.lease(new, PLENTY).expect("at once").items, ["12345"]);
    bench.event(Event::Writable { connection: old });
    let rest = bench.lease(old, PLENTY).expect("the rest");
    assert_eq!((rest.skip, rest.items.len()), (2, 2));
    assert_eq!(rest.items[0], "12345");
    bench.gone(old);
    bench.sane();
    assert!(bench.hub.is_open(client));
}

#[test]
fn an_old_connection_that_takes_nothing_is_ended_by_its_own_deadline() {
    let mut bench = Bench::graceful(|_| {});
    let (old, client) = bench.come(None, "tab");
    bench.tell(client, "1");
    bench.lease(old, PLENTY).expect("a message");
    let written = bench.batch.leases()[0].written(Progress::part(0, 0), Transport::Blocked);
    bench.hub.transmitted(bench.now, &[written]).expect("taken back");
    bench.come(None, "tab");
    bench.quiet();
    bench.wait(secs(5));
    assert_eq!(bench.actions(), [bench.abort(old)]);
    assert!(bench.hub.is_open(client));
    bench.sane();
}

#[test]
fn the_config_may_refuse_the_newer_connection() {
    let mut bench = Bench::graceful(|config| config.sessions.second = SecondConnection::Refused);
    let (connection, client) = bench.come(None, "tab");
    assert_eq!(bench.refusal(None, "tab"), Refusal::SessionInUse.into());
    bench.gone(connection);
    let (reserved, _) = bench.ask(None, "tab");
    assert_eq!(bench.refusal(None, "tab"), Refusal::SessionInUse.into(), "also while one is on its way");
    bench.open(reserved);
    assert_eq!(bench.hub.client_of(reserved), Some(client));
    assert_eq!(bench.hub.stats().refusals.of(Refusal::SessionInUse), 2);
}

#[test]
fn a_newer_reservation_of_a_session_replaces_an_older_one() {
    let mut bench = Bench::graceful(|_| {});
    for is_away in [true, false] {
        let name = if is_away { "tab" } else { "new" };
        if is_away {
            let (connection, _) = bench.come(None, name);
            bench.gone(connection);
        }
        let (first, _) = bench.ask(None, name);
        bench.quiet();
        let (second, reserved) = bench.ask(None, name);
        assert_eq!(bench.actions(), [bench.abort(first)]);
        assert_eq!(bench.hub.open(bench.now, first), Err(Error::NotOpen));
        assert_eq!([first, second].map(|connection| bench.hub.was_replaced(connection)), [true, false]);
        bench.open(second);
        let Reserved { client, resumes } = reserved.expect("reserved");
        assert_eq!(bench.hub.client_of(second), resumes.or(Some(client)));
        assert_eq!(resumes.is_some(), is_away);
        bench.gone(first);
        bench.sane();
    }
}

#[test]
fn closes_are_told_by_the_causes_of_the_config() {
    let mut bench = Bench::graceful(|config| {
        config.closes[Cause::Replaced] = crate::CloseFrame::new(CloseCode(4409), "elsewhere");
    });
    let (old, _) = bench.come(None, "tab");
    bench.come(None, "tab");
    assert_eq!(bench.lease(old, PLENTY).expect("a close frame").items, ["close 4409 elsewhere"]);
}
