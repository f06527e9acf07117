//! How clients end, and what their transports still do afterwards.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy};
use crate::hub::{DropReason, Error, Event, Flush, Target};
use crate::outbox::{Progress, Then, Transport};
use crate::rate::Rate;
use alloc::format;

#[test]
fn what_is_queued_is_written_first_and_the_close_frame_last() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "1");
    bench.tell(client, "2");
    bench.ping(client, "x");
    bench.close(client, Flush::First);
    let held = bench.lease(client, PLENTY).expect("leased");
    assert_eq!(held.items, ["pong x", "1", "2", "close 1000 bye"]);
    assert_eq!(held.then, Then::EndSending);
}

#[test]
fn the_end_of_sending_comes_with_the_close_frame_and_not_before() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "1");
    bench.tell(client, "2");
    bench.close(client, Flush::First);
    for (items, then) in [(&["1"][..], Then::Continue), (&["2", "close 1000 bye"], Then::EndSending)] {
        let held = bench.lease(client, 1).expect("leased");
        assert_eq!(held.items, items);
        assert_eq!(held.then, then);
        bench.wrote(client);
    }
    assert_eq!(bench.lease(client, 1), None);
}

#[test]
fn what_is_queued_is_dropped_and_the_close_frame_goes_next() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "one");
    bench.tell(client, "two");
    bench.ping(client, "x");
    bench.quiet();
    bench.close(client, Flush::Never);
    assert_eq!(bench.actions(), [lost(client, 2, 6, DropReason::Closed), said_bye(client)]);
    assert_eq!(bench.write_to(client), ["pong x", "close 1000 bye"]);
    assert_eq!(bench.hub.stats().dropped_closed, 2);
}

#[test]
fn a_frame_that_is_half_written_is_finished_before_the_close_frame() {
    let mut bench = Bench::new();
    let client = bench.connect();
    for text in ["half", "queued"] {
        bench.tell(client, text);
    }
    bench.lease(client, PLENTY).expect("leased");
    bench.wrote_part(client, 0, 2);
    bench.close(client, Flush::Never);
    bench.writable(client);
    let held = bench.lease(client, PLENTY).expect("leased");
    assert_eq!((held.skip, held.items), (2, ["half".into(), "close 1000 bye".into()].into()));
}

#[test]
fn what_waits_behind_the_rest_of_a_half_written_frame_is_dropped_while_that_is_on_lease() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "half");
    bench.lease(client, PLENTY).expect("leased");
    bench.wrote_part(client, 0, 2);
    bench.writable(client);
    bench.lease(client, PLENTY).expect("the rest");
    bench.tell(client, "queued");
    bench.close(client, Flush::Never);
    assert_eq!(bench.waiting(client), (1, 4));
    bench.wrote(client);
    assert_eq!(bench.write_to(client), ["close 1000 bye"]);
}

#[test]
fn what_comes_back_from_a_lease_is_dropped_when_the_client_was_closed_meanwhile() {
    for (flush, rest) in
        [(Flush::Never, &["close 1000 bye"][..]), (Flush::First, &["2", "3", "close 1000 bye"])]
    {
        let mut bench = Bench::new();
        let client = bench.connect();
        for text in ["1", "2", "3"] {
            bench.tell(client, text);
        }
        bench.lease(client, PLENTY).expect("leased");
        bench.close(client, flush);
        bench.wrote_part(client, 1, 0);
        bench.resume(client);
        assert_eq!(bench.write_to(client), rest);
        let stats = bench.hub.stats();
        assert_eq!(
            (stats.pending(), stats.frames, stats.queued),
            (0, 0, stats.written + stats.dropped_closed)
        );
    }
}

#[test]
fn an_ended_client_is_in_no_room_of_no_user_and_reached_by_no_publish() {
    let mut bench = Bench::new();
    let client = bench.connect_as("ann");
    bench.join(client, "lobby");
    bench.quiet();
    bench.close(client, Flush::First);
    assert_eq!(bench.actions(), [left(client, "lobby"), said_bye(client)]);
    assert!(!bench.hub.is_open(client));
    assert_eq!((bench.hub.user_of(client), bench.hub.room_count_of(client)), (None, 0));
    assert_eq!((bench.hub.stats().clients, bench.hub.stats().closing, bench.hub.stats().rooms), (0, 1, 0));
    assert_eq!(bench.tell_all("hello"), published(0, 0, 0, 0));
    let error = bench.refused(|hub, now| hub.publish(now, &[Target::Client(client)], &[], &frame("x"), None));
    assert_eq!(error, Error::NotOpen);
    let again = bench.refused(|hub, now| hub.close(now, client, CloseCode::NORMAL, "", Flush::First));
    assert_eq!(again, Error::NotOpen);
    bench.gone(client);
    assert_eq!(bench.actions(), [], "it is told once");
    bench.assert_empty();
}

#[test]
fn the_close_deadline_ends_the_transport_once() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.stall(client);
    bench.tell(client, "never taken");
    bench.close(client, Flush::First);
    bench.write_all();
    bench.quiet();
    bench.wait(secs(5) - TICK);
    assert_eq!(bench.actions(), []);
    bench.wait(TICK);
    assert_eq!(bench.actions(), [bench.abort(client)]);
    assert_eq!((bench.hub.stats().pending(), bench.hub.stats().dropped_closed), (0, 1));
    bench.writable(client);
    assert_eq!(bench.write_to(client), [""; 0]);
    bench.wait(secs(100));
    assert_eq!(bench.actions(), []);
    bench.gone(client);
    bench.assert_empty();
}

#[test]
fn a_peer_that_never_answers_the_close_frame_is_ended_too() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.close(client, Flush::First);
    assert_eq!(bench.write_to(client), ["close 1000 bye"]);
    bench.quiet();
    bench.wait(secs(5));
    assert_eq!(bench.actions(), [bench.abort(client)]);
}

#[test]
fn the_close_deadline_holds_though_the_transport_is_full() {
    let mut bench = Bench::with(|config| config.deadlines.close = secs(60));
    let client = bench.connect();
    bench.close(client, Flush::First);
    bench.lease(client, PLENTY).expect("leased");
    bench.give_back(client, Progress::All, Transport::Blocked);
    bench.quiet();
    bench.wait(secs(60) - TICK);
    assert_eq!(bench.actions(), [], "the close frame is written, nothing is late");
    bench.wait(TICK);
    assert_eq!(bench.actions(), [bench.abort(client)]);
}

#[test]
fn a_close_frame_of_the_peer_is_answered_with_its_code() {
    let cases = [
        (Some(CloseCode::GOING_AWAY), CloseCode::GOING_AWAY, "close 1001"),
        (Some(CloseCode(4000)), CloseCode(4000), "close 4000"),
        (None, CloseCode::NO_STATUS, "close"),
        (Some(CloseCode::ABNORMAL), CloseCode::ABNORMAL, "close"),
    ];
    for (code, told, answer) in cases {
        let mut bench = Bench::new();
        let client = bench.connect_in("lobby");
        bench.tell(client, "the answer to what it said before");
        bench.quiet();
        bench.peer_closed(client, code, "tab closed");
        let ended = disconnected(client, told, ClosedBy::Peer, "tab closed");
        assert_eq!(bench.actions(), [left(client, "lobby"), ended]);
        assert_eq!(bench.tell_all("too late"), published(0, 0, 0, 0));
        assert_eq!(bench.write_to(client), ["the answer to what it said before", answer]);
        assert_eq!(bench.actions(), [bench.abort(client)]);
        let stats = bench.hub.stats();
        assert_eq!((stats.ended_by_peer, stats.dropped_closed), (1, 0));
    }
}

#[test]
fn what_is_on_lease_for_a_peer_that_closes_goes_on_and_the_answer_comes_behind_it() {
    let mut bench = Bench::new();
    let client = bench.connect();
    for text in ["1", "2", "3"] {
        bench.tell(client, text);
    }
    bench.lease(client, PLENTY).expect("leased");
    bench.peer_closed(client, None, "");
    bench.wrote_part(client, 1, 0);
    bench.quiet();
    bench.resume(client);
    assert_eq!(bench.write_to(client), ["2", "3", "close"]);
    assert_eq!(bench.actions(), [bench.abort(client)]);
}

#[test]
fn a_peer_that_closes_and_reads_nothing_is_ended_by_the_close_deadline() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.stall(client);
    bench.tell(client, "never taken");
    bench.peer_closed(client, Some(CloseCode::NORMAL), "");
    bench.write_all();
    bench.quiet();
    bench.wait(secs(5) - TICK);
    assert_eq!(bench.actions(), []);
    bench.wait(TICK);
    assert_eq!(bench.actions(), [bench.abort(client)]);
    bench.gone(client);
    bench.assert_empty();
}

#[test]
fn a_peer_that_half_closes_is_written_what_is_queued_and_a_close_frame_without_a_code() {
    let mut bench = Bench::new();
    let client = bench.connect_in("lobby");
    bench.tell(client, "1");
    bench.tell(client, "2");
    bench.quiet();
    bench.half_closed(client);
    assert_eq!(bench.actions(), [left(client, "lobby"), vanished(client)]);
    bench.half_closed(client);
    assert_eq!(bench.write_to(client), ["1", "2", "close"]);
    assert_eq!(bench.actions(), [bench.abort(client)], "nothing more is to come");
    assert_eq!(bench.hub.stats().ended_by_transport, 1);
    bench.gone(client);
    bench.assert_empty();
}

#[test]
fn a_peer_that_half_closes_while_it_is_closed_is_not_waited_for() {
    for is_written in [true, false] {
        let mut bench = Bench::new();
        let client = bench.connect();
        bench.tell(client, "1");
        bench.close(client, Flush::First);
        if is_written {
            bench.write_all();
        }
        bench.quiet();
        bench.half_closed(client);
        let abort = [bench.abort(client)];
        assert_eq!(bench.actions(), if is_written { &abort[..] } else { &[] });
        assert_eq!(bench.write_to(client), ["1", "close 1000 bye"]);
        assert_eq!(bench.actions(), if is_written { &[] } else { &abort[..] });
    }
}

#[test]
fn a_half_close_before_the_client_is_open_is_misuse() {
    let mut bench = Bench::new();
    let reserved = bench.reserve(None);
    for connection in [bench.accept(), bench.on(reserved)] {
        let event = Event::HalfClosed { connection };
        assert_eq!(bench.refused(|hub, now| hub.handle(now, event)), Error::NotOpen);
    }
}

#[test]
fn a_close_frame_that_only_the_rate_of_messages_holds_up_goes_at_the_close_deadline() {
    let mut bench = Bench::with(|config| config.outbox.rate = Some(Rate::per_second(1)));
    let client = bench.connect();
    for text in ["1", "2", "3", "4", "5", "6", "7", "8", "9"] {
        bench.tell(client, text);
    }
    bench.peer_closed(client, Some(CloseCode::NORMAL), "");
    let mut written = bench.write_to(client);
    bench.quiet();
    for _ in 0..5 {
        assert_eq!(bench.actions(), []);
        bench.wait(secs(1));
        written.extend(bench.write_to(client));
    }
    assert_eq!(written, ["1", "2", "3", "4", "5", "close 1000"]);
    assert_eq!(bench.actions(), [bench.abort(client)]);
    assert_eq!(bench.hub.stats().dropped_closed, 4);
}

#[test]
fn a_close_frame_that_answers_ours_changes_nothing() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.close(client, Flush::First);
    bench.quiet();
    bench.peer_closed(client, Some(CloseCode::NORMAL), "");
    bench.peer_closed(client, None, "");
    assert_eq!(bench.actions(), []);
    assert_eq!(bench.write_to(client), ["close 1000 bye"], "one close frame, ours");
}

#[test]
fn a_close_frame_before_the_client_is_open_is_misuse() {
    let mut bench = Bench::new();
    let reserved = bench.reserve(None);
    for connection in [bench.accept(), bench.on(reserved)] {
        let event = Event::PeerClosed { connection, code: None, reason: "" };
        assert_eq!(bench.refused(|hub, now| hub.handle(now, event)), Error::NotOpen);
    }
}

#[test]
fn codes_that_never_stand_in_a_frame_are_told_and_not_sent() {
    for code in [CloseCode::NO_STATUS, CloseCode::ABNORMAL, CloseCode(999), CloseCode(1015)] {
        let mut bench = Bench::new();
        let client = bench.connect();
        bench.quiet();
        bench.hub.close(bench.now, client, code, "why", Flush::First).expect("closed");
        assert_eq!(bench.actions(), [disconnected(client, code, ClosedBy::Application, "why")]);
        assert_eq!(bench.write_to(client), ["close"]);
    }
}

#[test]
fn a_reason_is_cut_at_123_bytes_on_a_boundary() {
    let cases = [
        ("x".repeat(123), 123),
        ("x".repeat(124), 123),
        (format!("{}é", "x".repeat(121)), 123),
        (format!("{}é", "x".repeat(122)), 122),
        (format!("{}🎈tail", "x".repeat(120)), 120),
    ];
    for (reason, kept) in cases {
        let mut bench = Bench::new();
        let client = bench.connect();
        bench.quiet();
        bench.hub.close(bench.now, client, CloseCode::NORMAL, &reason, Flush::First).expect("closed");
        assert_eq!(
            bench.actions(),
            [disconnected(client, CloseCode::NORMAL, ClosedBy::Application, &reason[..kept])]
        );
        assert_eq!(bench.write_to(client), [format!("close 1000 {}", &reason[..kept])]);
    }
}

#[test]
fn who_closed_is_told() {
    for (by, count) in [(ClosedBy::Application, [0, 1, 0, 0]), (ClosedBy::Hub, [0, 0, 1, 0])] {
        let mut bench = Bench::new();
        let client = bench.connect();
        bench.quiet();
        let code = CloseCode::PROTOCOL_ERROR;
        bench.event(Event::Close { client, code, reason: "", flush: Flush::Never, by });
        assert_eq!(bench.actions(), [disconnected(client, code, by, "")]);
        let stats = bench.hub.stats();
        let ended =
            [stats.ended_by_peer, stats.ended_by_application, stats.ended_by_hub, stats.ended_by_transport];
        assert_eq!(ended, count);
    }
}

#[test]
fn a_transport_that_vanishes_ends_its_client() {
    let mut bench = Bench::new();
    let client = bench.connect_in("lobby");
    bench.tell(client, "lost");
    bench.quiet();
    bench.gone(client);
    assert_eq!(
        bench.actions(),
        [lost(client, 1, 4, DropReason::Closed), left(client, "lobby"), vanished(client)]
    );
    assert_eq!(bench.hub.stats().ended_by_transport, 1);
    bench.assert_empty();
}

#[test]
fn a_transport_that_fails_while_closing_is_aborted_and_told_once() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.tell(client, "lost");
    bench.close(client, Flush::First);
    bench.lease(client, PLENTY).expect("leased");
    bench.quiet();
    bench.give_back(client, Progress::part(0, 1), Transport::Failed);
    assert_eq!(bench.actions(), [bench.abort(client)]);
    bench.wait(secs(60));
    assert_eq!(bench.actions(), []);
    bench.gone(client);
    bench.assert_empty();
}

#[test]
fn the_first_close_stands() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.close(client, Flush::First);
    let error = bench.refused(|hub, now| hub.close(now, client, CloseCode::POLICY, "", Flush::Never));
    assert_eq!(error, Error::NotOpen);
    assert_eq!(bench.write_to(client), ["close 1000 bye"]);
}
