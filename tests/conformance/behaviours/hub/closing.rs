//! How connections close, and what the application is told of it.

use std::time::Duration;

use throng_core::{CloseCode, ClosedBy};
use throng_tests::raw::{BINARY, CLOSE, PING, PONG, TEXT, close, frame};
use throng_tests::wait::eventually;

use crate::behaviours::peer::{Peer, run};
use crate::hosts::Host;

pub(crate) fn a_client_that_closes_is_answered_and_both_sides_know_why(host: &Host) {
    run(async {
        let server = host.server(|_| {});
        for (number, (code, reason)) in
            [(1000, "done"), (1001, ""), (3000, "κόσμε"), (4999, "mine")].into_iter().enumerate()
        {
            let mut peer = Peer::enter(&server, "/ws").await;
            peer.close(code, reason).await;
            assert_eq!(peer.closed().await.0, code);
            eventually("the application is told", || server.told.ended().len() == number + 1);
            let (_, end) = server.told.ended().pop().expect("an end");
            assert_eq!((end.code, end.by), (CloseCode(code), ClosedBy::Peer));
            assert_eq!(end.reason.as_deref().unwrap_or_default(), reason);
        }
        assert_eq!(server.hub.stats().ended_by_peer, 4);
        server.returns_to(0);
    });
}

pub(crate) fn a_close_frame_without_a_code_is_told_to_the_application(host: &Host) {
    let server = host.server(|_| {});
    let mut raw = server.open("/ws");
    raw.send(&frame(CLOSE, b""));
    let answer = raw.frame().expect("a close frame").expect("a close frame, not the end");
    assert_eq!((answer.first, answer.payload.len()), (CLOSE, 0));
    raw.ended();
    eventually("the application is told", || !server.told.ended().is_empty());
    let (_, end) = server.told.ended().pop().expect("an end");
    assert_eq!((end.code, end.by), (CloseCode::NO_STATUS, ClosedBy::Peer));
}

pub(crate) fn a_client_that_is_closed_hears_code_and_reason(host: &Host) {
    run(async {
        let server = host.server(|_| {});
        for (code, reason) in [(1000, "done"), (1011, "sorry"), (4001, "κόσμε")] {
            let mut peer = Peer::enter(&server, "/close").await;
            peer.say(&format!("{code} {reason}")).await;
            assert_eq!(peer.closed().await, (code, reason.to_owned()));
        }
        server.returns_to(0);
        eventually("the application is told", || server.told.ended().len() == 3);
        let ended = server.told.ended();
        assert!(ended.iter().all(|(_, end)| end.by == ClosedBy::Application), "{ended:?}");
        assert_eq!(server.hub.stats().ended_by_application, 3);
    });
}

pub(crate) fn a_reason_is_cut_where_a_character_ends(host: &Host) {
    let server = host.server(|_| {});
    let mut raw = server.open("/close");
    raw.say(&format!("4000 {}", "ό".repeat(100)));
    assert_eq!(raw.closed().reason, "ό".repeat(61));
}

pub(crate) fn a_peer_that_does_not_answer_the_close_frame_is_cut_off(host: &Host) {
    let server = host.server(|config| config.deadlines.close = Duration::from_millis(300));
    let mut raw = server.open("/close");
    raw.say("4000 go");
    assert_eq!(raw.closed().code, 4000);
    raw.ended();
    server.returns_to(0);
}

pub(crate) fn what_is_queued_is_written_before_the_close_frame(host: &Host) {
    let server = host.server(|_| {});
    let mut raw = server.open("/ws");
    eventually("it is a member", || server.hub.member_count("ws") == 1);
    let id = server.hub.members("ws")[0];
    for number in 0..200 {
        server.hub.send_to(id, format!("{number}")).expect("it is queued");
    }
    server.hub.close(id, CloseCode::NORMAL, "done").expect("it is open");
    for number in 0..200 {
        assert_eq!(raw.message(), format!("{number}").as_bytes());
    }
    assert_eq!(raw.closed().code, 1000);
    // What it says after that is not heard.
    raw.send(&frame(TEXT, b"too late"));
    raw.send(&close(1000, ""));
    raw.ended();
    assert_eq!(server.told.messages(), 0);
}

pub(crate) fn a_hook_that_sends_and_closes_is_heard_in_this_order(host: &Host) {
    let server = host.application(|builder| {
        builder.on_message(|client, message| {
            client.send(message).expect("it is open");
            client.close(CloseCode::NORMAL, "that was it").expect("it is open");
        })
    });
    run(async {
        let mut peer = Peer::enter(&server, "/echo").await;
        peer.say("last").await;
        assert_eq!(peer.text().await, "last");
        assert_eq!(peer.closed().await, (1000, "that was it".to_owned()));
    });
    eventually("the application is told", || !server.told.ended().is_empty());
    assert_eq!(server.told.ended()[0].1.by, ClosedBy::Application);
    server.returns_to(0);
}

pub(crate) fn the_end_of_a_client_tells_what_it_sent_and_what_it_was_sent(host: &Host) {
    let server = host.server(|_| {});
    let mut raw = server.open("/echo");
    for size in [0, 5, 200] {
        raw.send(&frame(BINARY, &vec![7; size]));
        assert_eq!(raw.message().len(), size);
    }
    raw.send(&frame(PING, b"and nothing else counts"));
    assert_eq!(raw.frame().expect("a pong").map(|pong| pong.first), Some(PONG));
    let id = server.hub.clients()[0];
    server.hub.send_to(id, vec![7; 300_000]).expect("there is room");
    assert_eq!(raw.message().len(), 300_000);
    // Only now it is known that nothing is being written.
    eventually("all is written", || server.hub.stats().written == 4);
    raw.send(&close(1000, ""));
    raw.ended();
    eventually("the application is told", || server.told.ended().len() == 1);
    let (_, end) = server.told.ended().pop().expect("an end");
    assert_eq!((end.received, end.received_bytes), (3, 205));
    assert_eq!((end.sent, end.sent_bytes), (4, 2 + 7 + 204 + 300_010));
}
