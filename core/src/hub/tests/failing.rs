//! Transports that failed while the peer's last messages are still to be read.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy};
use crate::hub::{Action, DropReason, Flush, Policy, Verdict};
use crate::id::ClientId;
use crate::outbox::{Progress, Transport};

/// A client in a room whose transport failed after one of three messages; all actions of that are polled.
fn failed(bench: &mut Bench) -> ClientId {
    let client = bench.connect_in("lobby");
    bench.tell(client, "written");
    bench.tell(client, "lost");
    bench.lease(client, PLENTY).expect("leased");
    bench.tell(client, "lost too");
    bench.quiet();
    bench.give_back(client, Progress::part(1, 2), Transport::Failed);
    assert_eq!(bench.actions(), [lost(client, 2, 12, DropReason::Closed)]);
    client
}

#[test]
fn what_the_peer_sent_before_is_handled_and_its_close_frame_is_its_end() {
    let mut bench = Bench::new();
    let client = failed(&mut bench);
    assert!(bench.hub.is_open(client));
    assert_eq!(bench.send(client, 5), Verdict::Accept);
    bench.ping(client, "x");
    let code = Some(CloseCode::GOING_AWAY);
    bench.peer_closed(client, code, "bye");
    let ended = disconnected(client, CloseCode::GOING_AWAY, ClosedBy::Peer, "bye");
    assert_eq!(bench.actions(), [left(client, "lobby"), ended, bench.abort(client)]);
    assert_eq!(bench.write_to(client), [""; 0]);
    let stats = bench.hub.stats();
    assert_eq!((stats.written, stats.dropped_closed, stats.pending(), stats.frames), (1, 2, 0, 0));
    bench.gone(client);
    assert_eq!(bench.actions(), []);
    bench.assert_empty();
}

#[test]
fn without_a_close_frame_it_has_vanished() {
    let mut bench = Bench::new();
    let client = failed(&mut bench);
    bench.half_closed(client);
    assert_eq!(bench.actions(), [left(client, "lobby"), vanished(client), bench.abort(client)]);
    let client = failed(&mut bench);
    bench.gone(client);
    assert_eq!(bench.actions(), [left(client, "lobby"), vanished(client)]);
}

#[test]
fn the_close_deadline_ends_it_and_counts_no_write_deadline() {
    let mut bench = Bench::new();
    let client = failed(&mut bench);
    bench.wait(secs(5) - TICK);
    assert_eq!(bench.actions(), []);
    bench.wait(TICK);
    assert_eq!(bench.actions(), [left(client, "lobby"), vanished(client), bench.abort(client)]);
    let stats = bench.hub.stats();
    assert_eq!((stats.write_timeouts, stats.ended_by_transport), (0, 1));
    bench.gone(client);
    bench.assert_empty();
}

#[test]
fn what_is_published_to_it_is_dropped_and_told_whatever_the_policy() {
    let policies =
        [Policy::DropNewest, Policy::DropOldest, Policy::Conflate(1), Policy::Disconnect, Policy::Wait];
    for policy in policies {
        let mut bench = Bench::with(|config| config.outbox.messages = 3);
        let client = failed(&mut bench);
        let other = bench.connect_in("lobby");
        // The messages queued before the failure pressed the lane until its next transmit.
        bench.write_all();
        bench.quiet();
        for _ in 0..3 {
            assert_eq!(bench.tell_by(policy, client, "alone"), published(1, 0, 0, 0), "{policy:?}");
        }
        assert_eq!(bench.tell_all("all"), published(2, 0, 0, 0));
        assert_eq!(bench.actions(), [lost(client, 4, 18, DropReason::Closed)], "{policy:?}");
        assert_eq!((bench.waiting(client), bench.waiting(other)), ((0, 0), (1, 3)));
        assert!(!bench.hub.outboxes.is_pressed());
        assert_eq!(bench.write_to(other), ["all"]);
        assert_eq!((bench.hub.stats().frames, bench.hub.stats().queued_bytes), (0, 0));
        bench.hub.check().expect("all is in order");
    }
}

#[test]
fn whoever_waits_for_room_is_told_that_there_is_nothing_to_wait_for() {
    let mut bench = Bench::with(|config| config.outbox.messages = 1);
    let client = bench.connect();
    bench.tell(client, "full");
    assert_eq!(bench.tell_by(Policy::Wait, client, "waits"), published(0, 0, 1, 0));
    bench.lease(client, PLENTY).expect("leased");
    bench.quiet();
    bench.give_back(client, Progress::part(0, 0), Transport::Failed);
    assert_eq!(bench.actions(), [Action::OutboxLow { client }, lost(client, 1, 4, DropReason::Closed)]);
}

#[test]
fn whoever_closes_it_ends_it_at_once() {
    for flush in [Flush::First, Flush::Never] {
        let mut bench = Bench::new();
        let client = failed(&mut bench);
        bench.close(client, flush);
        assert_eq!(bench.actions(), [left(client, "lobby"), said_bye(client), bench.abort(client)]);
        bench.gone(client);
        bench.assert_empty();
    }
}
