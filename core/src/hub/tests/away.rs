//! Clients that are away: how they come to be, what waits for them, and what ends them.

use super::bench::*;
use super::sessions::{GRACE, broke_off};
use crate::close::{CloseCode, ClosedBy};
use crate::hub::{Action, Config, EndedBy, Error, Event, Flush, PerUser, Policy, Refusal, Reserved, State};
use crate::id::{ClientId, ConnectionId};
use crate::outbox::{Progress, Transport};
use alloc::vec::Vec;

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
fn what_a_transport_took_before_it_failed_is_not_written_again() {
    let mut bench = Bench::graceful(|_| {});
    let (connection, client) = bench.come(None, "tab");
    bench.tell(client, "1");
    bench.lease(connection, PLENTY).expect("leased");
    let written = bench.batch.leases()[0].written(Progress::All, Transport::Failed);
    bench.hub.transmitted(bench.now, &[written]).expect("taken back");
    bench.sane();
    bench.tell(client, "2");
    bench.gone(connection);
    bench.come(None, "tab");
    assert_eq!(bench.write_to(client), ["2"]);
}

#[test]
fn the_failed_lease_of_a_client_that_never_was_is_passed_over() {
    let mut bench = Bench::graceful(|_| {});
    let (connection, client) = (ConnectionId::from_u64(u64::MAX), ClientId::from_u64(u64::MAX));
    let (progress, transport) = (Progress::All, Transport::Failed);
    let stray = crate::outbox::Written { connection, client, progress, transport };
    assert_eq!(bench.hub.transmitted(bench.now, &[stray]), Ok(()));
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
fn away_clients_do_not_count_as_connections() {
    let mut bench = Bench::graceful(|config| config.admission.connections = Some(1));
    let (connection, _) = bench.come(None, "tab");
    assert_eq!(bench.refusal(None, "tab"), Refusal::TooManyConnections { limit: 1 }.into());
    bench.gone(connection);
    bench.come(None, "tab");
    bench.sane();
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
fn a_change_of_the_config_leaves_running_graces_and_applies_to_later_messages_and_losses() {
    let mut bench = Bench::graceful(|config| config.sessions.messages = 1);
    let [first, second, third] = ["1", "2", "3"].map(|name| bench.come(None, name));
    bench.gone(first.0);
    assert_eq!(bench.tell(first.1, "fits"), published(1, 0, 0, 0));
    assert_eq!(bench.tell_by(Policy::Wait, first.1, "waits"), published(0, 0, 1, 0));
    let mut config = bench.hub.config().clone();
    config.sessions.grace = Some(secs(2 * GRACE));
    config.sessions.messages = 4;
    config.sessions.total = Some(2);
    bench.quiet();
    bench.hub.reconfigure(bench.now, &config).expect("valid");
    bench.sane();
    assert_eq!(bench.actions(), [Action::OutboxLow { client: first.1 }]);
    assert_eq!(bench.tell(first.1, "fits too"), published(1, 0, 0, 0));
    bench.gone(second.0);
    config.sessions.total = Some(1);
    bench.hub.reconfigure(bench.now, &config).expect("valid");
    bench.sane();
    bench.gone(third.0);
    assert_eq!((bench.hub.is_open(third.1), bench.hub.stats().away), (false, 2), "those two stay");
    bench.wait(secs(GRACE));
    assert!(!bench.hub.is_open(first.1) && bench.hub.is_away(second.1));
    config.sessions.grace = None;
    bench.hub.reconfigure(bench.now, &config).expect("valid");
    bench.wait(secs(GRACE) - TICK);
    assert!(bench.hub.is_away(second.1));
    bench.wait(TICK);
    assert!(!bench.hub.is_open(second.1));
    bench.sane();
}

#[test]
fn the_time_in_which_the_host_stood_still_is_not_taken_from_a_grace() {
    let mut bench = Bench::graceful(|_| {});
    let (connection, client) = bench.come(None, "tab");
    bench.gone(connection);
    bench.wait(secs(GRACE - 1));
    bench.oversleep(secs(3600));
    bench.timeout();
    bench.sane();
    assert!(bench.hub.is_away(client), "nobody could return meanwhile");
    assert_eq!(bench.hub.stats().standstills, 1);
    bench.wait(secs(2 * GRACE));
    assert!(!bench.hub.is_open(client));
    bench.sane();
}

#[test]
fn a_client_that_is_marked_to_be_ended_is_not_returned_to() {
    let mut bench = Bench::graceful(|config| {
        config.host.slice = 1;
        config.sessions.messages = 1;
    });
    let names = ["1", "2", "3"];
    let clients = names.map(|name| {
        let (connection, client) = bench.come(None, name);
        bench.gone(connection);
        client
    });
    let (reserved, _) = bench.ask(None, "3");
    for _ in 0..2 {
        bench.publish_by(Policy::Disconnect, crate::hub::Target::All, &frame("x")).expect("published");
        bench.sane();
    }
    assert!(
        clients.iter().all(|&client| !bench.hub.is_open(client)),
        "the first has ended, the others are to"
    );
    assert_eq!(bench.hub.stats().away, 2, "counted until they end");
    assert_eq!(bench.hub.open(bench.now, reserved), Err(Error::NotOpen), "it was given up");
    let (_, newcomer) = bench.come(None, "2");
    assert!(!clients.contains(&newcomer));
    bench.wait(secs(1));
    bench.sane();
    assert_eq!((bench.hub.stats().away, bench.hub.stats().too_slow), (0, 3));
}
