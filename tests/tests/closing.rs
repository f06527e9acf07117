//! Pings, and how connections close, seen by clients that are not ours.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use throng_tests::python::Script;
use throng_tests::raw::{CLOSE, PING, PONG, TEXT, close, frame};
use throng_tests::server::Server;
use throng_tests::wait::eventually;
use throng_tokio::{CloseCode, ClosedBy};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn open(server: &Server, path: &str) -> Socket {
    let (socket, _) = connect_async(format!("ws://{}{path}", server.address)).await.expect("it opens");
    server.has_opened();
    socket
}

/// The next message; a test that waits for ever has failed.
async fn next(socket: &mut Socket) -> Option<Result<Message, Error>> {
    tokio::time::timeout(Duration::from_secs(20), socket.next()).await.expect("something comes")
}

async fn closed(socket: &mut Socket) -> (u16, String) {
    match next(socket).await {
        Some(Ok(Message::Close(Some(CloseFrame { code, reason })))) => (code.into(), reason.to_string()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_ping_gets_its_own_pong_in_order() {
    let server = Server::start(|_| {});
    let mut socket = open(&server, "/echo").await;
    for round in 0..20_u8 {
        // As many as may wait.
        let payloads: Vec<Bytes> =
            (0..16).map(|number| vec![number; usize::from(round) * 6].into()).collect();
        for payload in &payloads {
            socket.feed(Message::Ping(payload.clone())).await.expect("it is taken");
        }
        socket.flush().await.expect("it is taken");
        for payload in payloads {
            assert_eq!(next(&mut socket).await.expect("a pong").expect("a pong"), Message::Pong(payload));
        }
    }
    assert_eq!(server.hub.stats().controls, 320);
}

#[test]
fn of_too_many_pings_at_once_the_latest_is_answered_last() {
    let server = Server::start(|_| {});
    let mut raw = server.open("/echo");
    let pings: Vec<u8> = (0..500_u16).flat_map(|number| frame(PING, &number.to_be_bytes())).collect();
    raw.send(&pings);
    let mut last = None;
    while last != Some(499) {
        let pong = raw.frame().expect("a pong").expect("a pong, not the end");
        assert_eq!(pong.first, PONG);
        let number = u16::from_be_bytes(*pong.payload.first_chunk().expect("a number"));
        assert!(last.is_none_or(|last| last < number), "{number} after {last:?}");
        last = Some(number);
    }
    raw.say("still here");
    assert_eq!(raw.message(), b"still here");
}

#[test]
fn pings_between_the_fragments_of_a_message_are_answered() {
    let server = Server::start(|_| {});
    let mut raw = server.open("/echo");
    raw.send(&frame(0x01, b"one "));
    for number in 0..5 {
        raw.send(&frame(PING, &[number]));
        let pong = raw.frame().expect("a pong").expect("a pong, not the end");
        assert_eq!((pong.first, &*pong.payload), (PONG, &[number][..]));
        raw.send(&frame(0x00, b"more "));
    }
    raw.send(&frame(0x80, b"last"));
    assert_eq!(raw.message(), b"one more more more more more last");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_closes_is_answered_and_both_sides_know_why() {
    let server = Server::start(|_| {});
    for (number, (code, reason)) in
        [(1000, "done"), (1001, ""), (3000, "κόσμε"), (4999, "mine")].into_iter().enumerate()
    {
        let mut socket = open(&server, "/ws").await;
        let frame = CloseFrame { code: code.into(), reason: reason.into() };
        socket.close(Some(frame)).await.expect("it is taken");
        assert_eq!(closed(&mut socket).await.0, code);
        assert!(next(&mut socket).await.is_none(), "then the transport ends");
        eventually("the application is told", || server.told.ended().len() == number + 1);
        let (_, end) = server.told.ended().pop().expect("an end");
        assert_eq!((end.code, end.by), (CloseCode(code), ClosedBy::Peer));
        assert_eq!(end.reason.as_deref().unwrap_or_default(), reason);
    }
    assert_eq!(server.hub.stats().ended_by_peer, 4);
    server.returns_to(0);
}

#[test]
fn a_close_frame_without_a_code_is_answered_in_kind() {
    let server = Server::start(|_| {});
    let mut raw = server.open("/ws");
    raw.send(&frame(CLOSE, b""));
    let answer = raw.frame().expect("a close frame").expect("a close frame, not the end");
    assert_eq!((answer.first, answer.payload.len()), (CLOSE, 0));
    raw.ended();
    eventually("the application is told", || !server.told.ended().is_empty());
    let (_, end) = server.told.ended().pop().expect("an end");
    assert_eq!((end.code, end.by), (CloseCode::NO_STATUS, ClosedBy::Peer));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_is_closed_hears_code_and_reason() {
    let server = Server::start(|_| {});
    for (code, reason) in [(1000, "done"), (1011, "sorry"), (4001, "κόσμε")] {
        let mut socket = open(&server, "/close").await;
        socket.send(Message::text(format!("{code} {reason}"))).await.expect("it is taken");
        assert_eq!(closed(&mut socket).await, (code, reason.to_owned()));
        assert!(next(&mut socket).await.is_none(), "then the transport ends");
    }
    server.returns_to(0);
    eventually("the application is told", || server.told.ended().len() == 3);
    let ended = server.told.ended();
    assert!(ended.iter().all(|(_, end)| end.by == ClosedBy::Application), "{ended:?}");
    assert_eq!(server.hub.stats().ended_by_application, 3);
}

#[test]
fn a_reason_is_cut_where_a_character_ends() {
    let server = Server::start(|_| {});
    let mut raw = server.open("/close");
    raw.say(&format!("4000 {}", "ό".repeat(100)));
    assert_eq!(raw.closed().reason, "ό".repeat(61));
}

#[test]
fn a_peer_that_does_not_answer_the_close_frame_is_cut_off() {
    let server = Server::start(|config| config.deadlines.close = Duration::from_millis(300));
    let mut raw = server.open("/close");
    raw.say("4000 go");
    assert_eq!(raw.closed().code, 4000);
    raw.ended();
    server.returns_to(0);
}

#[test]
fn what_is_queued_is_written_before_the_close_frame() {
    let server = Server::start(|_| {});
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

#[test]
#[ignore = "needs the Python package websockets (tests/run installs it)"]
fn python_clients_talk_in_a_room_and_say_goodbye() {
    let server = Server::start(|_| {});
    let mut script = Script::start("room.py", &[&format!("ws://{}/ws", server.address), "10"]);
    assert_eq!(script.line(), "done", "{:?}", server.hub.stats());
    script.succeeds();
    server.returns_to(0);
    eventually("the application is told", || server.told.ended().len() == 10);
    let ended = server.told.ended();
    for (_, end) in ended {
        assert_eq!((end.code, end.by), (CloseCode(4000), ClosedBy::Peer));
        assert!(end.reason.is_some_and(|reason| reason.starts_with("member ")));
    }
}

#[test]
#[ignore = "needs the Python package websockets (tests/run installs it)"]
fn python_gets_each_pong() {
    let server = Server::start(|_| {});
    let mut script = Script::start("ping.py", &[&format!("ws://{}/echo", server.address)]);
    assert_eq!(script.line(), "done");
    script.succeeds();
}

#[test]
#[ignore = "needs the Python package websockets (tests/run installs it)"]
fn python_hears_code_and_reason() {
    let server = Server::start(|_| {});
    let url = format!("ws://{}/close", server.address);
    for closed in ["1000 done", "1011 sorry", "4001 κόσμε"] {
        let mut script = Script::start("closed.py", &[&url, closed]);
        assert_eq!((&*script.line(), &*script.line()), ("ready", closed));
        script.succeeds();
    }
    let mut script = Script::start("closed.py", &[&format!("ws://{}/panic", server.address), "go"]);
    assert_eq!((&*script.line(), &*script.line()), ("ready", "1011 internal error"));
    script.succeeds();
    server.returns_to(0);
}
