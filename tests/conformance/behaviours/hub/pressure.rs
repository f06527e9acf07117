//! Peers that read slowly: bounded memory, nothing lost where waiting is asked for, and nobody else waits.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use throng_core::hub::{Config, Error, Policy, Target};
use throng_core::websocket::Message;
use throng_core::{CloseCode, ClosedBy, Frame, Rate};
use throng_runtime::{Client, IntoFrame, Missed, Publish, Receipt, SendError, WhyMissed};
use throng_tests::raw::{BINARY, Connect, Raw, frame};
use throng_tests::server::{Server, listener};
use throng_tests::wait::{PATIENCE, eventually, within};
use tokio::runtime::Runtime;
use tokio_tungstenite::tungstenite;

use crate::behaviours::peer::{Peer, run};
use crate::hosts::Host;

const MESSAGE: usize = 512 << 10;

/// Small buffers of the system: what waits, waits in the hub.
const SMALL: usize = 32 << 10;

/// Sends messages, each filled with its number, and counts the bytes that are taken.
fn pour(mut writer: TcpStream, count: u8, taken: &AtomicUsize) {
    for number in 0..count {
        for piece in frame(BINARY, &vec![number; MESSAGE]).chunks(16 << 10) {
            writer.write_all(piece).expect("it is taken, sooner or later");
            taken.fetch_add(piece.len(), Ordering::Relaxed);
        }
    }
}

pub(crate) fn messages_are_written_no_faster_than_their_rate(host: &Host) {
    let server = host.server(|config| config.outbox.rate = Some(Rate::per_second(50).burst(2)));
    run(async {
        let mut peer = Peer::enter(&server, "/ws").await;
        let mut other = Peer::enter(&server, "/ws").await;
        let ids = server.hub.clients();
        let began = Instant::now();
        for number in 0..12 {
            server.hub.send_to(ids[0], format!("{number}")).expect("there is room");
        }
        server.hub.send_to(ids[1], "at once").expect("there is room");
        assert_eq!(other.text().await, "at once");
        for number in 0..12 {
            assert_eq!(peer.text().await, format!("{number}"));
        }
        assert!(began.elapsed() >= Duration::from_millis(200), "{:?}", began.elapsed());
        assert_eq!(server.hub.stats().dropped(), 0);
    });
}

pub(crate) fn large_messages_come_back_whole_through_a_slow_reader(host: &Host) {
    const COUNT: u8 = 24;
    let server = host.server_on(listener(Some(SMALL)), |_| {}, |builder| builder);
    let connect = Connect { receive_buffer: Some(SMALL), ..Connect::default() };
    let mut raw = server.open_by(connect, "/echo");
    let (writer, taken) = (raw.writer(), Arc::new(AtomicUsize::new(0)));
    let pouring = {
        let taken = Arc::clone(&taken);
        thread::spawn(move || pour(writer, COUNT, &taken))
    };
    let watch = server.witness().watch();
    for number in 0..COUNT {
        // Now and then it does not read at all.
        if number % 6 == 0 {
            thread::sleep(Duration::from_millis(150));
        }
        let message = raw.message();
        assert_eq!(message.len(), MESSAGE);
        assert!(message.iter().all(|byte| *byte == number), "message {number}");
        assert!(server.hub.stats().queued_bytes <= 4 << 20);
    }
    pouring.join().expect("all is taken");
    assert!(watch.end().trips() > 0);
    // The peer may have read the last bytes before the host has said that they are written.
    eventually("all is written", || server.hub.stats().pending() == 0);
    assert_eq!(server.hub.stats().dropped(), 0);
}

pub(crate) fn a_frame_is_whole_however_the_system_takes_it(host: &Host) {
    // As little as the system can buffer on the way out: writes stop anywhere in a frame. A peer with as little would do for
    // that, too, but now and then the system then sends it some 500 bytes each 200 ms, which is minutes for all.
    let patient = |config: &mut Config| config.deadlines.write = PATIENCE;
    let server = host.server_on(listener(Some(1)), patient, |builder| builder);
    let mut raw = server.open_by(Connect { receive_buffer: Some(SMALL), ..Connect::default() }, "/sink");
    let id = server.hub.clients()[0];
    const COUNT: usize = 100;
    for number in 0..COUNT {
        server.hub.send_to(id, vec![number as u8; number * 90]).expect("it is open");
    }
    let mut stream = raw.writer();
    let (mut bytes, mut byte) = (Vec::new(), [0; 997]);
    let expected: usize = (0..COUNT).map(|number| number * 90 + if number * 90 < 126 { 2 } else { 4 }).sum();
    while bytes.len() < expected {
        let count = stream.read(&mut byte).expect("more comes");
        assert!(count > 0, "an end after {} of {expected} bytes", bytes.len());
        bytes.extend_from_slice(&byte[..count]);
    }
    let mut rest = &bytes[..];
    for number in 0..COUNT {
        let frame = vec![number as u8; number * 90].into_frame().expect("it can be encoded");
        rest = rest.strip_prefix(frame.head()).expect("a head");
        rest = rest.strip_prefix(&**frame.payload()).expect("a payload");
    }
    assert!(rest.is_empty());
    raw.patience(Duration::from_millis(20));
    assert!(raw.frame().is_err());
}

/// A client that does not read, and whose outbox is full.
fn full(server: &Server) -> (Raw, Client) {
    let raw = server.open_by(Connect { receive_buffer: Some(SMALL), ..Connect::default() }, "/sink");
    let client = server.hub.client(server.hub.clients()[0]).expect("it is open");
    let big: Frame = vec![0; MESSAGE].into_frame().expect("it can be encoded");
    let target = [Target::Client(client.id())];
    let fill = Publish::to(&target).policy(Policy::Wait);
    // Full, and still full when the system has taken what it can.
    let mut since = Instant::now();
    let is_full = within(Duration::from_secs(8), || {
        while server.hub.publish(&fill, &big).expect("it is open").queued == 1 {
            since = Instant::now();
        }
        since.elapsed() > Duration::from_millis(200)
    });
    assert!(is_full);
    (raw, client)
}

pub(crate) fn whoever_waits_for_room_is_released_when_the_client_goes(host: &Host) {
    let server = host.server_on(listener(Some(SMALL)), |_| {}, |builder| builder);
    let runtime = Runtime::new().expect("a runtime starts");
    let (raw, client) = full(&server);
    let waiting: Vec<_> = (0..5).map(|_| runtime.spawn(client.send_wait(vec![1; MESSAGE]))).collect();
    thread::sleep(Duration::from_millis(50));
    assert!(waiting.iter().all(|send| !send.is_finished()));
    drop(raw);
    for send in waiting {
        let sent = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), send).await });
        let error = sent.expect("it ends").expect("no panic").expect_err("nobody is there");
        assert!(matches!(error, SendError::Hub(Error::Gone | Error::NotOpen)), "{error:?}");
    }
    server.returns_to(0);
}

pub(crate) fn whoever_waits_for_room_is_served_when_the_client_reads(host: &Host) {
    let server = host.server_on(listener(Some(SMALL)), |_| {}, |builder| builder);
    let runtime = Runtime::new().expect("a runtime starts");
    let (mut raw, client) = full(&server);
    let waiting = runtime.spawn(client.send_wait(vec![1; MESSAGE]));
    thread::sleep(Duration::from_millis(50));
    assert!(!waiting.is_finished());
    while raw.message() != [1; MESSAGE] {}
    runtime.block_on(waiting).expect("no panic").expect("it was sent");
    assert_eq!(server.hub.stats().dropped(), 0);
}

pub(crate) fn a_broadcast_within_a_time_names_whom_it_does_not_reach_and_holds_up_nobody(host: &Host) {
    let server = host.server_on(listener(Some(SMALL)), |_| {}, |builder| builder);
    let runtime = Runtime::new().expect("a runtime starts");
    let (mut stuck, client) = full(&server);
    let mut reader = server.open("/echo");
    let insist = |number: u8, time| {
        let hub = server.hub.clone();
        let publishing = async move {
            hub.publish_within(&Publish::to(&[Target::All]), vec![number; MESSAGE], time).await
        };
        runtime.spawn(publishing)
    };
    let first = insist(2, Duration::from_millis(300));
    assert_eq!(reader.message(), [2; MESSAGE]);
    let delivered = runtime.block_on(first).expect("no panic").expect("somebody is there");
    let missed = vec![Missed { client: client.id(), why: WhyMissed::Full }];
    assert_eq!((delivered.queued, delivered.missed), (1, missed));
    let second = insist(3, PATIENCE);
    assert_eq!(reader.message(), [3; MESSAGE]);
    loop {
        let message = stuck.message();
        assert_ne!(message, [2; MESSAGE], "its time was over");
        if message == [3; MESSAGE] {
            break;
        }
    }
    let delivered = runtime.block_on(second).expect("no panic").expect("somebody is there");
    assert_eq!((delivered.queued, delivered.missed), (2, Vec::new()));
    assert_eq!(server.hub.stats().dropped(), 0);
}

pub(crate) fn a_receipt_comes_when_a_slow_reader_has_made_room_or_is_gone(host: &Host) {
    for is_read in [true, false] {
        let server = host.server_on(listener(Some(SMALL)), |_| {}, |builder| builder);
        let runtime = Runtime::new().expect("a runtime starts");
        let (mut raw, client) = full(&server);
        let receipt = client.send_with_receipt("last").expect("there is room for a word");
        let waiting = runtime.spawn(receipt);
        thread::sleep(Duration::from_millis(50));
        assert!(!waiting.is_finished());
        if is_read {
            while raw.message() != b"last" {}
        } else {
            drop(raw);
        }
        let told = runtime.block_on(async { tokio::time::timeout(PATIENCE, waiting).await });
        let expected = if is_read { Receipt::Written } else { Receipt::Gone };
        assert_eq!(told.expect("it ends").expect("no panic"), expected);
    }
}

pub(crate) fn a_slow_reader_is_closed_with_1013_if_that_is_the_policy(host: &Host) {
    let server = host.server_on(
        listener(Some(SMALL)),
        |config| config.outbox.policy = Policy::Disconnect,
        |builder| builder,
    );
    let mut witness = server.witness();
    let stalled = server.open_by(Connect { receive_buffer: Some(SMALL), ..Connect::default() }, "/ws");
    eventually("it is a member", || server.hub.member_count("ws") == 1);
    let message = vec![7; 64 << 10];
    eventually("it is closed", || server.hub.send_to_room("ws", &message[..]).is_err());
    eventually("the application is told", || server.told.ended().len() == 1);
    let (_, end) = server.told.ended().pop().expect("an end");
    assert_eq!((end.code, end.by), (CloseCode::TRY_AGAIN_LATER, ClosedBy::Hub));
    witness.is_served();
    let stats = server.hub.stats();
    assert_eq!(stats.too_slow, 1);
    assert_eq!(stats.queued, stats.written + stats.dropped() + stats.pending());
    drop(stalled);
    server.returns_to(1);
}

pub(crate) fn the_latest_messages_are_kept_if_that_is_the_policy(host: &Host) {
    let server = host.server_on(
        listener(Some(SMALL)),
        |config| config.outbox.policy = Policy::DropOldest,
        |builder| builder,
    );
    let mut raw = server.open_by(Connect { receive_buffer: Some(SMALL), ..Connect::default() }, "/ws");
    eventually("it is a member", || server.hub.member_count("ws") == 1);
    let id = server.hub.members("ws")[0];
    const COUNT: u32 = 200;
    for number in 0..COUNT {
        let message = [&number.to_be_bytes()[..], &[0; 32 << 10]].concat();
        server.hub.send_to_room("ws", message).expect("it is a member");
    }
    let (mut got, mut last) = (0, None);
    while last != Some(COUNT - 1) {
        let message = raw.message();
        let number = u32::from_be_bytes(*message.first_chunk().expect("a number"));
        assert!(last.is_none_or(|last| last < number), "{number} after {last:?}");
        (got, last) = (got + 1, Some(number));
    }
    let lost = || server.told.dropped(id).iter().map(|dropped| dropped.frames).sum::<u32>();
    eventually("all is accounted for", || lost() > 0 && got + lost() == COUNT);
}

pub(crate) fn a_burst_larger_than_an_outbox_is_lost_for_nobody_who_reads(host: &Host) {
    const SPEAKERS: usize = 8;
    const EACH: usize = 400;
    let server = host.server(|_| {});
    let mut speakers: Vec<_> = (0..SPEAKERS).map(|_| server.open("/ws")).collect();
    eventually("all are in the room", || server.hub.member_count("ws") == SPEAKERS);
    let burst = frame(BINARY, b"a word").repeat(EACH);
    for speaker in &mut speakers {
        speaker.writer().write_all(&burst).expect("it is taken");
    }
    for speaker in &mut speakers {
        for number in 0..SPEAKERS * EACH {
            assert_eq!(speaker.message(), b"a word", "message {number}");
        }
    }
    assert_eq!(server.hub.stats().dropped(), 0);
}

pub(crate) fn an_echo_that_waits_loses_nothing(host: &Host) {
    const COUNT: usize = 1_000;
    const BYTES: usize = 32 << 10;
    let server = host.application(|builder| {
        builder.on_message_async(|client: Client, message: Message| async move {
            client.send_wait(message).await.expect("it is open");
        })
    });
    run(async {
        let peer = Peer::enter(&server, "/echo").await;
        let (mut sink, mut stream) = peer.0.split();
        let sending = tokio::spawn(async move {
            for _ in 0..COUNT {
                let message = tungstenite::Message::text("y".repeat(BYTES));
                futures_util::SinkExt::send(&mut sink, message).await.expect("it is taken");
            }
            sink
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        for _ in 0..COUNT {
            let next = tokio::time::timeout(PATIENCE, stream.next()).await.expect("something comes");
            assert_eq!(next.expect("a message").expect("a message").len(), BYTES);
        }
        let _sink = sending.await.expect("all is sent");
        assert_eq!(server.hub.stats().dropped(), 0);
    });
}

pub(crate) fn who_sends_with_receipts_is_told_which_messages_were_dropped(host: &Host) {
    let server = host.server_on(
        listener(Some(SMALL)),
        |config| (config.outbox.policy, config.outbox.messages) = (Policy::DropOldest, 16),
        |builder| builder,
    );
    let mut raw = server.open_by(Connect { receive_buffer: Some(SMALL), ..Connect::default() }, "/ws");
    eventually("it is a member", || server.hub.member_count("ws") == 1);
    let client = server.hub.client(server.hub.members("ws")[0]).expect("it is open");
    const COUNT: u32 = 100;
    let send = |number: u32| {
        let message = [&number.to_be_bytes()[..], &[0; 32 << 10]].concat();
        client.send_with_receipt(message).expect("there is room for the latest").detach()
    };
    let ids: Vec<_> = (0..COUNT).map(send).collect();
    let mut got = Vec::new();
    while got.last() != Some(&(COUNT - 1)) {
        got.push(u32::from_be_bytes(*raw.message().first_chunk().expect("a number")));
    }
    let lost: Vec<_> = (0..COUNT).zip(ids).filter(|(number, _)| !got.contains(number)).collect();
    let lost: Vec<_> = lost.into_iter().map(|(_, id)| id).collect();
    let named = || {
        let told = server.told.dropped(client.id());
        let mut named: Vec<_> = told.into_iter().flat_map(|dropped| dropped.receipts).collect();
        // What was leased and came back may be dropped after what is newer.
        named.sort_unstable();
        named
    };
    eventually("each that was dropped is named, and no other", || !lost.is_empty() && named() == lost);
}
