//! Sessions: who is found by a name, who may come back, and who ends at once.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy};
use crate::hub::{
    Action, Cause, Config, DropReason, EndedBy, Error, Event, Flush, PerUser, Policy, Progress, Refusal,
    Reserved, SecondConnection, State, Transport,
};
use crate::id::{ClientId, ConnectionId};
use alloc::vec::Vec;

const GRACE: u64 = 30;

impl Bench {
    /// A hub with a grace.
    fn graceful(change: impl FnOnce(&mut Config)) -> Self {
        Self::with(|config| {
            config.sessions.grace = Some(secs(GRACE));
            change(config);
        })
    }

    fn ask(&mut self, user: Option<&str>, session: &str) -> (ConnectionId, Result<Reserved, Error>) {
        let connection = self.accept();
        (connection, self.hub.reserve_session(self.now, connection, user, Some(session), &[]))
    }

    /// A connection that is open with a session, and its client.
    fn come(&mut self, user: Option<&str>, session: &str) -> (ConnectionId, ClientId) {
        let (connection, reserved) = self.ask(user, session);
        let Reserved { resumes, client } = reserved.expect("reserved");
        self.open(connection);
        let is = self.hub.client_of(connection).expect("a client");
        assert_eq!(is, resumes.unwrap_or(client));
        self.sane();
        (connection, is)
    }

    /// Asks in vain.
    fn refusal(&mut self, user: Option<&str>, session: &str) -> Error {
        let connection = self.accept();
        let refused = self.refused(|hub, now| hub.reserve_session(now, connection, user, Some(session), &[]));
        self.gone(connection);
        refused
    }

    fn sane(&self) {
        assert_eq!(self.hub.check(), Ok(()));
    }
}

fn not_returned(client: ClientId) -> Action {
    disconnected(client, CloseCode::ABNORMAL, ClosedBy::Hub, "did not return in time")
}

fn broke_off(client: ClientId) -> Action {
    away(client, CloseCode::ABNORMAL, ClosedBy::Transport, "")
}

#[test]
fn a_client_returns_to_its_rooms_and_to_what_waited_and_nobody_hears_that_it_left() {
    let mut bench = Bench::graceful(|_| {});
    let (connection, client) = bench.come(Some("ada"), "tab");
    bench.join(client, "lobby");
    bench.quiet();
    bench.gone(connection);
    bench.sane();
    assert!(bench.hub.is_away(client) && bench.hub.is_open(client));
    assert_eq!(bench.hub.find_session("tab"), Some(client));
    let stats = bench.hub.stats();
    assert_eq!((stats.clients, stats.away, stats.went_away, stats.memberships), (1, 1, 1, 1));
    bench.tell(client, "1");
    bench.wait(secs(GRACE - 1));
    let (connection, same) = bench.come(Some("ada"), "tab");
    assert_eq!(same, client);
    bench.tell(client, "2");
    assert_eq!(bench.write_to(client), ["1", "2"]);
    assert_eq!(bench.actions(), [broke_off(client), Action::Resumed { client, connection }]);
    bench.wait(secs(3 * GRACE));
    assert!(bench.hub.is_open(client) && !bench.hub.is_away(client), "its grace was taken back");
    assert_eq!((bench.hub.stats().away, bench.hub.stats().resumed), (0, 1));
}

#[test]
fn a_client_that_does_not_return_leaves_its_rooms_once_when_its_grace_is_over() {
    let mut bench = Bench::graceful(|_| {});
    let (connection, client) = bench.come(None, "tab");
    bench.join(client, "lobby");
    bench.quiet();
    bench.gone(connection);
    bench.tell(client, "never read");
    bench.wait(secs(GRACE) - TICK);
    assert_eq!(bench.actions(), [broke_off(client)]);
    bench.wait(TICK);
    let dropped = lost(client, 1, 10, DropReason::Closed);
    assert_eq!(bench.actions(), [dropped, left(client, "lobby"), not_returned(client)]);
    bench.wait(secs(GRACE));
    assert_eq!((bench.actions(), bench.hub.stats().not_returned), ([].into(), 1));
    assert_eq!((bench.hub.find_session("tab"), bench.hub.sessions.len()), (None, 0));
    bench.sane();
    bench.assert_empty();
}

#[test]
fn without_a_grace_or_a_session_a_client_ends_with_its_connection() {
    for (grace, session) in [(None, Some("tab")), (Some(secs(GRACE)), None)] {
        let mut bench = Bench::with(|config| config.sessions.grace = grace);
        let connection = bench.accept();
        let reserved = bench.hub.reserve_session(bench.now, connection, None, session, &[]);
        let client = reserved.expect("reserved").client;
        bench.open(connection);
        bench.quiet();
        bench.gone(connection);
        assert_eq!(bench.actions(), [vanished(client)]);
        bench.sane();
        bench.assert_empty();
    }
}

#[test]
fn in_the_tick_in_which_the_grace_ends_the_first_event_decides() {
    for is_first in [true, false] {
        let mut bench = Bench::graceful(|config| config.sessions.grace = Some(secs(5)));
        let (connection, client) = bench.come(None, "tab");
        bench.gone(connection);
        let (connection, reserved) = bench.ask(None, "tab");
        bench.oversleep(secs(5));
        if is_first {
            bench.open(connection);
        }
        bench.timeout();
        if !is_first {
            bench.open(connection);
        }
        assert_eq!(bench.hub.is_open(client), is_first);
        let of_its_own = reserved.expect("reserved").client;
        assert_eq!(bench.hub.client_of(connection), Some(if is_first { client } else { of_its_own }));
        bench.sane();
    }
}

#[test]
fn a_reservation_whose_client_ends_before_it_opens_is_a_client_of_its_own() {
    let mut bench = Bench::graceful(|config| config.sessions.grace = Some(secs(2)));
    let (connection, old) = bench.come(Some("ada"), "tab");
    bench.gone(connection);
    bench.wait(secs(1));
    let (connection, reserved) = bench.ask(Some("ada"), "tab");
    let Reserved { client, resumes } = reserved.expect("reserved");
    assert_eq!(resumes, Some(old));
    bench.quiet();
    bench.wait(secs(1));
    assert_eq!(bench.actions(), [not_returned(old)]);
    bench.open(connection);
    assert_eq!(bench.actions(), [Action::Connected { client, connection }]);
    assert_eq!(bench.hub.find_session("tab"), Some(client));
    bench.sane();
}

#[test]
fn a_reservation_that_is_given_up_leaves_the_away_client_as_it_was() {
    let mut bench = Bench::graceful(|_| {});
    let (connection, client) = bench.come(None, "tab");
    bench.gone(connection);
    bench.tell(client, "1");
    bench.quiet();
    let (connection, _) = bench.ask(None, "tab");
    bench.gone(connection);
    bench.sane();
    assert!(bench.hub.is_away(client));
    let (late, _) = bench.ask(None, "tab");
    bench.wait(secs(10));
    assert_eq!(bench.actions(), [bench.abort(late)], "its handshake was too late");
    assert_eq!(bench.hub.find_session("tab"), Some(client));
    bench.come(None, "tab");
    assert_eq!(bench.write_to(client), ["1"]);
}

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
        bench.open(second);
        let Reserved { client, resumes } = reserved.expect("reserved");
        assert_eq!(bench.hub.client_of(second), resumes.or(Some(client)));
        assert_eq!(resumes.is_some(), is_away);
        bench.gone(first);
        bench.sane();
    }
}

#[test]
fn a_session_belongs_to_the_user_under_whom_it_was_made() {
    let mut bench = Bench::graceful(|_| {});
    let (_, ada) = bench.come(Some("ada"), "of ada");
    let (connection, _) = bench.come(None, "of nobody");
    bench.gone(connection);
    bench.ask(Some("ada"), "reserved").1.expect("reserved");
    let foreign = Error::from(Refusal::SessionOfAnotherUser);
    for user in [Some("bob"), None] {
        assert_eq!(bench.refusal(user, "of ada"), foreign);
        assert_eq!(bench.refusal(user, "reserved"), foreign);
    }
    assert_eq!(bench.refusal(Some("ada"), "of nobody"), foreign);
    assert_eq!(bench.hub.stats().refusals.of(Refusal::SessionOfAnotherUser), 5);
    bench.come(None, "of nobody");
    assert!(bench.hub.is_open(ada));
    // The session goes with its client to another user, and the reservation that was made before does not get it.
    let (late, _) = bench.ask(Some("ada"), "of ada");
    bench.hub.set_user(bench.now, ada, Some("eve")).expect("open");
    assert_eq!(bench.refused(|hub, now| hub.open(now, late)), foreign);
    assert_eq!(bench.refusal(Some("ada"), "of ada"), foreign);
    bench.gone(late);
    assert_eq!(bench.come(Some("eve"), "of ada").1, ada);
}

#[test]
fn names_of_sessions_are_bounded_and_not_empty() {
    let mut bench = Bench::graceful(|config| config.sessions.name_bytes = 3);
    bench.come(None, "abc");
    assert_eq!(bench.refusal(None, "abcd"), Refusal::NameTooLong { limit: 3 }.into());
    assert_eq!(bench.refusal(None, ""), Refusal::EmptyName.into());
    let client = bench.connect();
    let named = bench.refused(|hub, now| hub.identify(now, client, None, Some("abcd")));
    assert_eq!(named, Refusal::NameTooLong { limit: 3 }.into());
}

#[test]
fn a_host_that_authenticates_late_names_user_and_session_together() {
    let mut bench = Bench::graceful(|config| config.admission.per_user = PerUser::RefuseNewest(1));
    let (connection, client) = bench.come(Some("ada"), "tab");
    bench.gone(connection);
    let reserved = bench.reserve(None);
    let connection = bench.on(reserved);
    let full = Refusal::TooManyOfUser { limit: 1 };
    assert_eq!(bench.refused(|hub, now| hub.set_user(now, reserved, Some("ada"))), full.into());
    let foreign = bench.refused(|hub, now| hub.identify(now, reserved, Some("bob"), Some("tab")));
    assert_eq!(foreign, Refusal::SessionOfAnotherUser.into());
    assert_eq!(bench.hub.identify(bench.now, reserved, Some("ada"), Some("tab")), Ok(Some(client)));
    bench.sane();
    assert_eq!(bench.refusal(Some("ada"), "another"), full.into(), "the user's one client is away");
    bench.open(connection);
    assert_eq!(bench.hub.client_of(connection), Some(client));
    assert_eq!(bench.refused(|hub, now| hub.join(now, reserved, "lobby")), Error::Gone);
    bench.sane();
}

#[test]
fn an_open_client_gets_a_session_that_is_free() {
    let mut bench = Bench::graceful(|_| {});
    let (_, _) = bench.come(None, "taken");
    let client = bench.connect();
    let taken = bench.refused(|hub, now| hub.identify(now, client, None, Some("taken")));
    assert_eq!(taken, Refusal::SessionInUse.into());
    assert_eq!(bench.hub.identify(bench.now, client, Some("ada"), Some("tab")), Ok(None));
    assert_eq!(bench.hub.identify(bench.now, client, Some("ada"), Some("other")), Ok(None));
    assert_eq!((bench.hub.find_session("tab"), bench.hub.find_session("other")), (None, Some(client)));
    bench.sane();
    bench.gone(client);
    assert_eq!(bench.refused(|hub, now| hub.identify(now, client, None, None)), Error::NotOpen);
    assert_eq!(bench.come(Some("ada"), "other").1, client);
}

#[test]
fn a_close_frame_of_the_peer_ends_a_client_or_not_as_the_config_says() {
    let codes = [Some(1000), None, Some(3000), Some(4999), Some(1001), Some(1011), Some(2999)];
    for (ended_by, ending) in [(EndedBy::AnyClose, 7), (EndedBy::NormalClose, 4), (EndedBy::NoClose, 0)] {
        for (at, code) in codes.into_iter().enumerate() {
            let mut bench = Bench::graceful(|config| config.sessions.ended_by = ended_by);
            let (connection, client) = bench.come(None, "tab");
            bench.tell(client, "1");
            bench.quiet();
            let code = code.map(CloseCode);
            bench.event(Event::PeerClosed { connection, code, reason: "so long" });
            let told = code.unwrap_or(CloseCode::NO_STATUS);
            bench.sane();
            if at < ending {
                assert_eq!(bench.actions(), [disconnected(client, told, ClosedBy::Peer, "so long")]);
                continue;
            }
            assert_eq!(bench.actions(), [away(client, told, ClosedBy::Peer, "so long")]);
            let items = bench.lease(connection, PLENTY).expect("a close frame").items;
            assert!(items.len() == 1 && items[0].starts_with("close"), "{items:?}");
            let written = bench.batch.leases()[0].written(Progress::All, Transport::Ready);
            bench.hub.transmitted(bench.now, &[written]).expect("written");
            assert_eq!(bench.actions(), [bench.abort(connection)], "both have closed");
            bench.gone(connection);
            bench.come(None, "tab");
            assert_eq!(bench.write_to(client), ["1"]);
        }
    }
}

#[test]
fn a_peer_that_ends_its_direction_goes_away_and_its_connection_is_closed() {
    let mut bench = Bench::graceful(|_| {});
    let (connection, client) = bench.come(None, "tab");
    bench.quiet();
    bench.event(Event::HalfClosed { connection });
    assert_eq!(bench.actions(), [broke_off(client)]);
    assert_eq!(bench.lease(connection, PLENTY).expect("a close frame").items, ["close"]);
    bench.sane();
    assert_eq!(bench.come(None, "tab").1, client, "before the old connection is gone");
    bench.gone(connection);
    bench.sane();
}

#[test]
fn a_silent_or_stalled_peer_goes_away_and_its_connection_is_ended() {
    let mut bench = Bench::graceful(|config| {
        config.deadlines = Default::default();
        config.sessions.grace = Some(secs(3600));
    });
    let (silent, client) = bench.come(None, "silent");
    let (stalled, other) = bench.come(None, "stalled");
    bench.stall(other);
    bench.tell(other, "1");
    bench.quiet();
    bench.write_all();
    bench.wait(secs(54));
    bench.write_all();
    bench.wait(secs(20));
    let reason = |client, reason| away(client, CloseCode::ABNORMAL, ClosedBy::Hub, reason);
    assert_eq!(
        bench.actions(),
        [
            reason(other, "write deadline"),
            bench.abort(stalled),
            reason(client, "pong deadline"),
            bench.abort(silent)
        ]
    );
    bench.sane();
    let stats = bench.hub.stats();
    assert_eq!((stats.write_timeouts, stats.pong_timeouts, stats.ended_by_hub), (1, 1, 0));
    bench.come(None, "stalled");
    bench.resume(other);
    assert_eq!(bench.write_to(other), ["1"]);
}

#[test]
fn a_transport_that_fails_drops_nothing_and_what_the_peer_said_before_still_counts() {
    let mut bench = Bench::graceful(|_| {});
    let (connection, client) = bench.come(None, "tab");
    for text in ["1", "2"] {
        bench.tell(client, text);
    }
    bench.lease(connection, PLENTY).expect("leased");
    let written = bench.batch.leases()[0].written(Progress::part(1, 0), Transport::Failed);
    bench.hub.transmitted(bench.now, &[written]).expect("taken back");
    bench.sane();
    bench.quiet();
    bench.send(client, 5);
    bench.tell(client, "3");
    bench.ping(client, "nobody answers");
    assert!(!bench.hub.has_ready(0));
    bench.sane();
    bench.wait(secs(5));
    assert_eq!(bench.actions(), [broke_off(client), bench.abort(connection)]);
    bench.sane();
    bench.come(None, "tab");
    assert_eq!(bench.write_to(client), ["2", "3"]);
    assert_eq!(bench.hub.stats().dropped(), 0);
}

#[test]
fn what_ends_a_client_at_once_does_so_with_a_session_too() {
    type End = fn(&mut Bench, ConnectionId, ClientId);
    let ends: [End; 6] = [
        |bench, _, client| bench.close(client, Flush::First),
        |bench, connection, _| {
            let (code, reason, flush) = (CloseCode::PROTOCOL_ERROR, "", Flush::First);
            bench.event(Event::CloseConnection { connection, code, reason, flush });
        },
        |bench, _, client| {
            for _ in 0..3 {
                bench.tell_by(Policy::Disconnect, client, "too many");
            }
        },
        |bench, _, _| bench.wait(secs(100)),
        |bench, _, client| {
            bench.ping(client, "");
            bench.ping(client, "");
        },
        |bench, _, _| {
            bench.hub.shutdown(bench.now).expect("never refused");
            bench.timeout();
        },
    ];
    for (at, end) in ends.into_iter().enumerate() {
        let mut bench = Bench::graceful(|config| {
            config.outbox.messages = 2;
            config.deadlines.idle = Some(secs(100));
            config.inbound.control = Some(crate::Rate::per(1, secs(1000)));
        });
        let (connection, client) = bench.come(None, "tab");
        end(&mut bench, connection, client);
        bench.sane();
        assert!(!bench.hub.is_open(client), "{at}");
        assert_eq!((bench.hub.find_session("tab"), bench.hub.stats().went_away), (None, 0), "{at}");
        bench.gone(connection);
        bench.sane();
    }
}

#[test]
fn an_away_client_can_be_closed_evicted_and_put_out_of_its_room() {
    let mut bench = Bench::graceful(|config| config.admission.per_user = PerUser::EvictOldest(1));
    let (connection, client) = bench.come(Some("ada"), "tab");
    bench.join(client, "lobby");
    bench.gone(connection);
    bench.hub.leave(bench.now, client, "lobby").expect("it is open");
    bench.join(client, "attic");
    bench.hub.set_user(bench.now, client, Some("bob")).expect("it is open");
    bench.sane();
    bench.hub.set_user(bench.now, client, Some("ada")).expect("it is open");
    bench.quiet();
    let newcomer = bench.connect_as("ada");
    bench.sane();
    let evicted = disconnected(client, CloseCode::POLICY, ClosedBy::Hub, "another client of this user");
    assert_eq!(bench.actions(), [left(client, "attic"), evicted, bench.connected(newcomer)]);
    assert_eq!((bench.hub.stats().away, bench.hub.find_session("tab")), (0, None));
}

#[test]
fn limits_of_away_clients_end_those_that_would_be_too_many() {
    type Limit = fn(&mut Config);
    let limits: [Limit; 3] = [
        |config| config.sessions.total = Some(1),
        |config| config.sessions.per_user = Some(1),
        |config| config.sessions.per_address = Some(1),
    ];
    for (at, limit) in limits.into_iter().enumerate() {
        let mut bench = Bench::graceful(limit);
        let come = |bench: &mut Bench, name: &str| {
            let connection = bench.accept_from(7).expect("accepted");
            let reserved = bench.hub.reserve_session(bench.now, connection, Some("ada"), Some(name), &[]);
            bench.open(connection);
            (connection, reserved.expect("reserved"))
        };
        let (first, Reserved { client, .. }) = come(&mut bench, "1");
        let (second, Reserved { client: other, .. }) = come(&mut bench, "2");
        bench.gone(first);
        bench.quiet();
        bench.gone(second);
        bench.sane();
        assert_eq!(bench.actions(), [vanished(other)], "{at}");
        assert_eq!((bench.hub.stats().away, bench.hub.stats().away_refused), (1, 1));
        assert!(bench.hub.is_away(client));
        bench.wait(secs(GRACE));
        bench.sane();
        bench.assert_empty();
    }
}

#[test]
fn an_away_client_has_bounds_of_its_own_and_keeps_what_it_had() {
    let mut bench = Bench::graceful(|config| {
        config.sessions.messages = 3;
        config.sessions.bytes = 100;
    });
    let (connection, client) = bench.come(None, "tab");
    for text in ["1", "2", "3", "4"] {
        bench.tell(client, text);
    }
    bench.gone(connection);
    assert_eq!(bench.tell(client, "5"), published(0, 1, 0, 0), "drop newest");
    assert_eq!(bench.waiting(client), (4, 4));
    assert_eq!(bench.tell_by(Policy::DropOldest, client, "6"), published(1, 0, 0, 0));
    assert_eq!(bench.waiting(client), (3, 3));
    assert_eq!(bench.tell_by(Policy::Wait, client, "7"), published(0, 0, 1, 0));
    assert_eq!(bench.tell_by(Policy::DropOldest, client, &"x".repeat(98)), published(1, 0, 0, 0));
    assert_eq!(bench.waiting(client), (3, 100));
    assert_eq!(
        bench.tell_by(Policy::DropOldest, client, &"x".repeat(101)),
        published(0, 1, 0, 0),
        "it never fits"
    );
    bench.sane();
    bench.quiet();
    bench.come(None, "tab");
    assert_eq!(bench.actions()[1..], [Action::OutboxLow { client }], "on a connection it has room");
    assert_eq!(bench.tell(client, "8"), published(1, 0, 0, 0));
    assert_eq!(bench.write_to(client).len(), 4);
}

#[test]
fn a_drain_ends_away_clients_at_once_and_lets_nobody_go_away() {
    let mut bench = Bench::graceful(|_| {});
    let (connection, gone) = bench.come(None, "gone");
    bench.gone(connection);
    let (connection, client) = bench.come(None, "here");
    bench.quiet();
    bench.hub.drain(bench.now, Default::default()).expect("never refused");
    bench.timeout();
    bench.sane();
    let going = disconnected(gone, CloseCode::GOING_AWAY, ClosedBy::Hub, "going away");
    assert_eq!(bench.actions(), [going]);
    bench.gone(connection);
    assert_eq!(bench.actions(), [vanished(client), Action::Stopped]);
    assert_eq!(bench.hub.state(), State::Stopped);
    bench.sane();
}

#[test]
fn a_return_that_was_reserved_before_a_drain_continues_its_client_if_that_is_still_there() {
    for is_swept in [false, true] {
        let mut bench = Bench::graceful(|_| {});
        let (connection, client) = bench.come(None, "tab");
        bench.gone(connection);
        let (connection, _) = bench.ask(None, "tab");
        bench.hub.drain(bench.now, Default::default()).expect("never refused");
        if is_swept {
            bench.timeout();
        }
        bench.open(connection);
        assert_eq!(bench.hub.client_of(connection) == Some(client), !is_swept);
        bench.sane();
        bench.wait(secs(40));
        bench.gone(connection);
        assert_eq!(bench.hub.state(), State::Stopped, "it is closed as everybody is");
        bench.sane();
    }
}

#[test]
fn away_clients_do_not_count_as_connections() {
    let mut bench = Bench::graceful(|config| config.admission.connections = Some(1));
    let (connection, _) = bench.come(None, "tab");
    assert_eq!(bench.refusal(None, "tab"), Refusal::TooManyConnections { limit: 1 }.into());
    bench.gone(connection);
    bench.come(None, "tab");
    bench.sane();
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

#[test]
fn many_away_clients_that_end_in_one_tick_are_worked_off_in_slices() {
    let mut bench = Bench::graceful(|config| config.host.slice = 256);
    let connections: Vec<_> = (0..100).map(|at| bench.come(None, &alloc::format!("{at}")).0).collect();
    for connection in connections {
        bench.gone(connection);
    }
    bench.oversleep(secs(GRACE));
    bench.hub.timeout(bench.now).expect("never refused");
    let left = bench.hub.stats().away;
    assert!((70..100).contains(&left), "{left}");
    assert_eq!(bench.hub.poll_timeout(), Some(bench.now));
    bench.sane();
    bench.wait(secs(1));
    assert_eq!((bench.hub.stats().away, bench.hub.stats().not_returned), (0, 100));
    bench.sane();
}

#[test]
fn an_away_client_takes_little_memory() {
    use crate::hub::client::Client;
    use crate::hub::session::Session;
    let name = 16 + 255;
    // The slot of a session has a tag, and the list of all clients and the table of names four or five bytes each.
    let fixed = 64 + size_of::<Client>() + size_of::<Session>() + 8 + 4 + 5;
    assert!(fixed + name + 40 <= 480, "{fixed} and its name");
    assert!(fixed + 16 + 32 + 40 <= 400, "{fixed} with a name of 32 bytes, and a timer");
}
