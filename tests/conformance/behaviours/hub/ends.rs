//! The end of what a peer sends, as the application sees it.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use throng_core::websocket::Message;
use throng_core::websocket::deflate::{Compression, Takeover};
use throng_core::{CloseCode, ClosedBy};
use throng_runtime::{Builder, Client, Coalesce, EventsOptions, HubEvent};
use throng_tests::inflate::{Inflate, Way};
use throng_tests::raw::{CLOSE, Connect, PONG, Raw, TEXT, close, frame};
use throng_tests::server::{Server, listener};
use throng_tests::wait::{PATIENCE, eventually};

use crate::behaviours::peer::run;
use crate::hosts::Host;

const TRIES: usize = 10;
const RSV1: u8 = 0x40;

fn packet(texts: impl IntoIterator<Item = String>, last: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = texts.into_iter().flat_map(|text| frame(TEXT, text.as_bytes())).collect();
    bytes.extend_from_slice(last);
    bytes
}

fn numbers(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("message number {number}, which is like the one before it"))
}

pub(crate) fn a_peer_that_stops_sending_before_it_is_known_hears_a_close_frame(host: &Host) {
    let server = host.server(|config| config.deadlines.close = 2 * PATIENCE);
    for _ in 0..TRIES {
        let mut raw = Raw::open(server.address, "/name");
        raw.end_sending();
        let close = raw.frame().expect("a frame").expect("a frame, not the end");
        assert_eq!((close.first, &*close.payload), (CLOSE, &[][..]));
        raw.ended();
    }
    server.returns_to(0);
    assert_eq!(server.hub.stats().opened, 0);
}

/// How the next client ends.
fn end(server: &Server, number: usize) -> (CloseCode, ClosedBy, u64) {
    eventually("the application is told", || server.told.ended().len() > number);
    let (_, end) = server.told.ended().swap_remove(number);
    (end.code, end.by, end.received)
}

/// What comes until the close frame: messages, each line by itself; and the code.
fn hear(raw: &mut Raw) -> (Vec<String>, u16) {
    let mut inflate = Inflate::new(Way { is_kept: true, bits: 15 });
    let mut heard = Vec::new();
    loop {
        let next = raw.frame().expect("a frame").expect("a frame, not the end");
        let payload = match next.first {
            CLOSE => {
                let code = next.payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
                return (heard, code);
            }
            PONG => continue,
            first if first & RSV1 != 0 => inflate.inflate(&next.payload).expect("deflated data"),
            _ => next.payload,
        };
        let text = String::from_utf8(payload).expect("a text");
        heard.extend(text.split('\n').map(str::to_owned));
    }
}

pub(crate) fn what_is_answered_comes_before_the_close_frame_however_it_is_written(host: &Host) {
    type Setting = Box<dyn Fn(Builder) -> Builder>;
    let delay = Duration::from_millis(20);
    let mut kept = Compression::default();
    kept.takeover = Some(Takeover::default());
    let kept = move |builder: Builder| builder.compression(kept);
    let offer = Some("permessage-deflate");
    let ways: [(&str, Option<&'static str>, Setting); 5] = [
        ("delayed", None, Box::new(move |builder| builder.write_delay(delay))),
        ("joined", None, Box::new(|builder| builder.coalesce(Coalesce::Newlines))),
        ("both", None, Box::new(move |builder| builder.coalesce(Coalesce::Newlines).write_delay(delay))),
        ("deflated", offer, Box::new(kept)),
        (
            "all",
            offer,
            Box::new(move |builder| kept(builder).coalesce(Coalesce::Newlines).write_delay(delay)),
        ),
    ];
    for (name, offer, way) in ways {
        let server = host.application(way);
        for (last, code) in [(close(1001, ""), 1001), (vec![], 1005)] {
            for count in [1, 250] {
                let mut raw = server.open_by(Connect { offer, ..Connect::default() }, "/echo");
                raw.send(&packet(numbers(count), &last));
                raw.end_sending();
                let (heard, closed) = hear(&mut raw);
                assert!(heard.iter().cloned().eq(numbers(count)), "{name}: {heard:?}");
                assert_eq!(closed, code, "{name}");
                raw.ended();
            }
        }
    }
}

/// A sleep that needs no runtime.
async fn sleep(time: Duration) {
    let is_over = Arc::new(AtomicBool::new(false));
    let mut sleeper = None;
    poll_fn(|cx| {
        sleeper.get_or_insert_with(|| {
            let (is_over, waker) = (Arc::clone(&is_over), cx.waker().clone());
            thread::spawn(move || {
                thread::sleep(time);
                is_over.store(true, Ordering::Release);
                waker.wake();
            })
        });
        if is_over.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

pub(crate) fn what_hooks_answer_that_wait_for_a_while_comes_before_the_close_frame(host: &Host) {
    const MESSAGES: usize = 20;
    let server = host.application(|builder| {
        builder.on_message_async(|client: Client, message: Message| async move {
            sleep(Duration::from_millis(20)).await;
            let _ = client.send(message);
        })
    });
    let ways = [(close(1001, ""), 1001, ClosedBy::Peer), (vec![], 1005, ClosedBy::Transport)];
    for (number, (last, code, by)) in ways.into_iter().enumerate() {
        let mut raw = server.open("/echo");
        raw.send(&packet(numbers(MESSAGES), &last));
        raw.end_sending();
        let (heard, closed) = hear(&mut raw);
        assert!(heard.into_iter().eq(numbers(MESSAGES)));
        assert_eq!(closed, code);
        raw.ended();
        let told = end(&server, number);
        assert_eq!((told.1, told.2), (by, MESSAGES as u64));
    }
}

pub(crate) fn what_is_queued_is_written_to_a_peer_that_only_ends_its_sending(host: &Host) {
    let server = host.server(|_| {});
    let mut raw = server.open("/ws");
    eventually("it is a member", || server.hub.member_count("ws") == 1);
    for number in numbers(200) {
        server.hub.send_to_room("ws", number).expect("there is such a room");
    }
    raw.end_sending();
    let (heard, closed) = hear(&mut raw);
    assert!(heard.into_iter().eq(numbers(200)));
    assert_eq!(closed, 1005);
    raw.ended();
    assert_eq!(end(&server, 0), (CloseCode::ABNORMAL, ClosedBy::Transport, 0));
    server.returns_to(0);
}

pub(crate) fn all_that_a_peer_said_is_handled_and_its_end_is_what_it_said_although_it_reads_nothing(
    host: &Host,
) {
    const MESSAGES: usize = 500;
    let server = host.server(|_| {});
    // All of them fit into what the system holds for the server: what it does not is lost with the connection.
    let text = "x".repeat(80);
    for number in 0..4 * TRIES {
        let closes = number % 2 == 0;
        let connect = Connect { receive_buffer: Some(4 << 10), ..Connect::default() };
        let mut raw = server.open_by(connect, "/echo");
        let last = if closes { close(1001, "done") } else { vec![] };
        raw.send(&packet((0..MESSAGES).map(|_| text.clone()), &last));
        // With something unread the system resets the connection; so does a process that crashes.
        if number % 4 < 2 {
            drop(raw);
        } else {
            raw.reset();
        }
        let expected = match closes {
            true => (CloseCode::GOING_AWAY, ClosedBy::Peer, MESSAGES as u64),
            false => (CloseCode::ABNORMAL, ClosedBy::Transport, MESSAGES as u64),
        };
        assert_eq!(end(&server, number), expected, "try {number}");
    }
    assert_eq!(server.told.messages(), (4 * TRIES * MESSAGES) as u64);
    server.returns_to(0);
}

pub(crate) fn an_application_that_is_a_stream_answers_before_the_close_frame(host: &Host) {
    const MESSAGES: usize = 100;
    let server = host.server_on(listener(None), |_| {}, |builder| builder.events(EventsOptions::default()));
    let mut events = server.hub.events().expect("they are there");
    for (last, code) in [(close(1001, ""), 1001), (vec![], 1005)] {
        let mut raw = server.open("/echo");
        raw.send(&packet(numbers(MESSAGES), &last));
        raw.end_sending();
        let answering = async {
            let mut received = None;
            while received.is_none() {
                match events.next().await {
                    Some(HubEvent::Message { client, message }) => client.send(message).expect("it is open"),
                    Some(HubEvent::Disconnected { disconnected, .. }) => {
                        received = Some(disconnected.received);
                    }
                    Some(_) => {}
                    None => panic!("the hub has stopped"),
                }
            }
            received
        };
        let received = run(async { tokio::time::timeout(PATIENCE, answering).await.expect("in time") });
        assert_eq!(received, Some(MESSAGES as u64));
        let (heard, closed) = hear(&mut raw);
        assert!(heard.into_iter().eq(numbers(MESSAGES)));
        assert_eq!(closed, code);
        raw.ended();
    }
}
