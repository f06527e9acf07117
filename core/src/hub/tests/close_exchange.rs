//! The end of a transport after the close frames: it comes when both are exchanged, or at the close deadline.

use super::bench::*;
use crate::close::CloseCode;
use crate::hub::{Event, Flush};
use crate::outbox::{Progress, Transport};
use alloc::format;

#[test]
fn once_close_frames_have_gone_both_ways_the_transport_is_ended() {
    for peer_first in [true, false] {
        let mut bench = Bench::new();
        let client = bench.connect();
        let connection = bench.on(client);
        let answer = Event::PeerClosed { connection, code: Some(CloseCode::NORMAL), reason: "" };
        if peer_first {
            bench.event(answer);
        } else {
            bench.close(client, Flush::First);
        }
        bench.quiet();
        bench.write_all();
        if !peer_first {
            assert_eq!(bench.actions(), [], "the peer's is still to come");
            bench.event(answer);
        }
        assert_eq!(bench.actions(), [bench.abort(client)]);
        bench.event(answer);
        bench.wait(secs(60));
        assert_eq!(bench.actions(), [], "it is asked for once");
        bench.gone(client);
        bench.assert_empty();
    }
}

#[test]
fn a_close_frame_that_is_still_on_lease_is_waited_for() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.close(client, Flush::First);
    bench.lease(client, PLENTY).expect("leased");
    bench.quiet();
    bench.peer_closed(client, None, "");
    assert_eq!(bench.actions(), []);
    bench.wrote(client);
    assert_eq!(bench.actions(), [bench.abort(client)]);
}

#[test]
fn a_close_frame_that_a_full_transport_took_is_on_its_way_when_that_is_writable() {
    for early in [true, false] {
        let mut bench = Bench::new();
        let client = bench.connect();
        bench.peer_closed(client, None, "");
        bench.lease(client, PLENTY).expect("leased");
        bench.quiet();
        if early {
            bench.writable(client);
        }
        bench.give_back(client, Progress::All, Transport::Blocked);
        if !early {
            assert_eq!(bench.actions(), []);
            bench.writable(client);
        }
        assert_eq!(bench.actions(), [bench.abort(client)], "early: {early}");
    }
}

/// Though the peer has said all that it will say: what the transport still holds is lost if it is ended now.
#[test]
fn a_close_frame_that_a_full_transport_holds_is_waited_for_whatever_the_peer_says_meanwhile() {
    for half in [true, false] {
        for peer_first in [true, false] {
            let mut bench = Bench::new();
            let client = bench.connect();
            let connection = bench.on(client);
            let closed = Event::PeerClosed { connection, code: None, reason: "" };
            let last = if half { Event::HalfClosed { connection } } else { closed };
            if peer_first {
                bench.event(closed);
            } else {
                bench.close(client, Flush::First);
            }
            bench.lease(client, PLENTY).expect("leased");
            bench.give_back(client, Progress::All, Transport::Blocked);
            bench.quiet();
            bench.event(last);
            let case = format!("half: {half}, peer first: {peer_first}");
            assert_eq!(bench.actions(), [], "{case}");
            assert_eq!(bench.hub.stats().blocked, 1, "{case}");
            bench.writable(client);
            assert_eq!(bench.actions(), [bench.abort(client)], "{case}");
            assert_eq!(bench.hub.stats().blocked, 0, "{case}");
            bench.gone(client);
            bench.assert_empty();
        }
    }
}

#[test]
fn a_transport_that_holds_a_close_frame_for_ever_is_ended_by_the_close_deadline() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.half_closed(client);
    bench.lease(client, PLENTY).expect("leased");
    bench.give_back(client, Progress::All, Transport::Blocked);
    bench.quiet();
    bench.wait(secs(60));
    assert_eq!(bench.actions(), [bench.abort(client)]);
    bench.gone(client);
    bench.assert_empty();
}
