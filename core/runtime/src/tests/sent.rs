//! The counts of messages that a client's transport has taken, as told at its end.

use super::host::World;
use super::peer::Peer;
use crate::{Builder, Client, Coalesce, Disconnected, EventsOptions, Hub, HubEvent, Lag};
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use throng_core::CloseCode;
use throng_core::websocket::Message;

type Ends = Arc<Mutex<Vec<Disconnected>>>;

fn world(builder: Builder) -> (World, Ends) {
    let ends = Ends::default();
    let told = Arc::clone(&ends);
    let world = World::new(builder.on_disconnect(move |_, end| told.lock().unwrap().push(end)));
    (world, ends)
}

/// The peer vanishes; returns the counts that are told.
fn sent(world: &mut World, ends: &Ends, peer: &Peer) -> (u64, u64) {
    peer.end();
    world.run();
    let end = ends.lock().unwrap().pop().expect("it has ended");
    (end.sent, end.sent_bytes)
}

fn broadcast(world: &mut World, texts: &[&str]) {
    for text in texts {
        world.hub.broadcast(*text).unwrap();
    }
    world.run();
}

#[test]
fn messages_count_with_the_bytes_of_their_frames_and_control_frames_do_not() {
    let (mut world, ends) = world(Hub::builder());
    let (one, other) = (world.connect(), world.connect());
    broadcast(&mut world, &["hello", "again"]);
    // A pong stands between them, in a run of its own.
    one.push(&[0x89, 0x80, 0, 0, 0, 0]);
    broadcast(&mut world, &[&"x".repeat(200), ""]);
    let mut all = 2 * 7 + 204 + 2;
    assert_eq!(sent(&mut world, &ends, &one), (4, all));
    // Too long to be copied together.
    broadcast(&mut world, &[&"x".repeat(200_000)]);
    all += 200_010;
    assert_eq!(sent(&mut world, &ends, &other), (5, all));
}

#[test]
fn what_a_new_client_of_the_same_place_is_sent_begins_anew() {
    let (mut world, ends) = world(Hub::builder());
    let first = world.connect();
    broadcast(&mut world, &["hello"]);
    assert_eq!(sent(&mut world, &ends, &first), (1, 7));
    let second = world.connect();
    assert_eq!(sent(&mut world, &ends, &second), (0, 0));
}

#[test]
fn a_message_counts_once_and_when_all_of_it_is_taken() {
    for room in [1, 3, 7, 8, 13, 1_000] {
        let (mut world, ends) = world(Hub::builder());
        let (slow, half) = (world.connect(), world.connect());
        for peer in [&slow, &half] {
            peer.set_room(Some(0));
        }
        broadcast(&mut world, &["hello", "again"]);
        slow.push(&[0x89, 0x80, 0, 0, 0, 0]);
        broadcast(&mut world, &["and more"]);
        let mut taken = 0;
        while taken < 7 + 7 + 10 + 2 {
            slow.set_room(Some(room));
            taken += room;
            world.run();
        }
        assert_eq!(sent(&mut world, &ends, &slow), (3, 24), "{room}");
        half.set_room(Some(13));
        world.run();
        assert_eq!(sent(&mut world, &ends, &half), (1, 7));
    }
}

#[test]
fn texts_that_share_a_frame_count_each_and_their_frame_once() {
    let (mut world, ends) = world(Hub::builder().coalesce(Coalesce::Newlines));
    let [quick, nearly, just] = [world.connect(), world.connect(), world.connect()];
    [&nearly, &just].iter().for_each(|slow| slow.set_room(Some(0)));
    broadcast(&mut world, &["a", "b", "c"]);
    assert_eq!(sent(&mut world, &ends, &quick), (3, 7));
    // None of them is sent before all of their frame is.
    nearly.set_room(Some(6));
    just.set_room(Some(7));
    world.run();
    assert_eq!(sent(&mut world, &ends, &nearly), (0, 0));
    assert_eq!(sent(&mut world, &ends, &just), (3, 7));
}

#[test]
fn answers_that_no_lane_writes_count_too() {
    let (mut world, ends) = world(Hub::builder().on_message(|client: &Client, message: Message| {
        let _ = client.send(message);
    }));
    let peer = world.connect();
    peer.let_answer();
    for _ in 0..3 {
        peer.send("hello");
        world.run();
    }
    assert!(peer.answers() > 0);
    broadcast(&mut world, &["news"]);
    assert_eq!(sent(&mut world, &ends, &peer), (4, 3 * 7 + 6));
}

#[test]
fn what_is_still_to_be_written_when_a_client_is_closed_is_not_counted() {
    let (mut world, ends) = world(Hub::builder());
    let peer = world.connect();
    broadcast(&mut world, &["hello"]);
    peer.set_room(Some(0));
    broadcast(&mut world, &["last words"]);
    world.hub.close(world.hub.clients()[0], CloseCode::NORMAL, "").unwrap();
    world.run();
    let end = ends.lock().unwrap().pop().expect("it has ended");
    assert_eq!((end.sent, end.sent_bytes, end.dropped), (1, 7, 0));
    peer.set_room(None);
    world.run();
    assert_eq!(peer.texts(), ["hello", "last words", "closed Some(1000)"]);
}

#[cfg(feature = "deflate")]
#[test]
fn deflated_messages_count_with_the_bytes_that_were_written() {
    use throng_core::websocket::deflate::Compression;
    let (mut world, ends) = world(Hub::builder().compression(Compression::default()));
    let peer = world.accept();
    peer.push(
        b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
          Sec-WebSocket-Extensions: permessage-deflate\r\n\
          Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    world.run();
    peer.take();
    broadcast(&mut world, &[&"again and ".repeat(100)]);
    let bytes = peer.take().len() as u64;
    assert!(bytes < 200);
    assert_eq!(sent(&mut world, &ends, &peer), (1, bytes));
}

#[test]
fn the_stream_tells_the_same() {
    let options = EventsOptions { lag: Lag::Pause, ..EventsOptions::default() };
    let mut world = World::new(Hub::builder().events(options));
    let mut events = world.hub.events().unwrap();
    let peer = world.connect();
    broadcast(&mut world, &["hello", "again"]);
    peer.fail(ErrorKind::ConnectionReset);
    world.run();
    let cx = &mut Context::from_waker(Waker::noop());
    let mut ended = None;
    while let Poll::Ready(Some(event)) = pin!(events.next()).poll(cx) {
        if let HubEvent::Disconnected { disconnected, .. } = event {
            ended = Some((disconnected.sent, disconnected.sent_bytes));
        }
    }
    assert_eq!(ended, Some((2, 14)));
}
