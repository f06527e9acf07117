use super::host::World;
use crate::{Client, Hub};
use std::num::NonZeroU16;
use std::time::Duration;
use throng_core::CloseCode;
use throng_core::websocket::Message;

fn broadcasting() -> World {
    World::new(Hub::builder().on_message(|client: &Client, message: Message| {
        let _ = client.hub().broadcast(message);
    }))
}

#[test]
fn what_arrives_together_leaves_in_one_write() {
    let mut world = broadcasting();
    let (one, other) = (world.connect(), world.connect());
    one.send("a");
    one.send("b");
    other.send("c");
    world.run();
    let writes = one.writes();
    assert_eq!(writes.len(), 1);
    assert_eq!(writes, other.writes());
    assert_eq!(writes[0].len(), 9);
}

#[test]
fn there_may_be_256_lanes() {
    let lanes = NonZeroU16::new(256).unwrap();
    let mut world = World::with_lanes(Hub::builder(), lanes);
    let peers: Vec<_> = (0..256).map(|_| world.connect()).collect();
    world.hub.broadcast("hello").unwrap();
    world.run();
    assert!(peers.iter().all(|peer| peer.take() == b"\x81\x05hello"));
}

#[test]
fn a_transport_that_takes_little_gets_every_byte_once() {
    let mut world = broadcasting();
    let peer = world.connect();
    peer.set_room(Some(0));
    for n in 0..20 {
        peer.send(&format!("message {n}"));
    }
    world.run();
    assert!(peer.writes().is_empty());
    let mut bytes = Vec::new();
    for _ in 0..1000 {
        peer.set_room(Some(3));
        world.run();
        bytes.extend(peer.take());
    }
    peer.set_room(None);
    world.hub.broadcast("end").unwrap();
    world.run();
    bytes.extend(peer.take());
    let mut expected = Vec::new();
    for text in (0..20).map(|n| format!("message {n}")).chain(["end".into()]) {
        expected.extend([0x81, text.len() as u8]);
        expected.extend(text.as_bytes());
    }
    assert_eq!(bytes, expected);
}

#[test]
fn a_large_payload_is_written_where_it_lies() {
    let mut world = broadcasting();
    let peer = world.connect();
    let long = "x".repeat(100_000);
    peer.send(&long);
    world.run();
    let writes = peer.writes();
    // The head and the payload: this transport takes one slice at a time.
    assert_eq!(writes.iter().map(Vec::len).collect::<Vec<_>>(), [10, 100_000]);
}

#[test]
fn one_that_is_blocked_holds_up_nobody_else() {
    let mut world = broadcasting();
    let (stalled, reader) = (world.connect(), world.connect());
    stalled.set_room(Some(1));
    for n in 0..100 {
        reader.send(&format!("{n}"));
        world.run();
        assert_eq!(reader.texts(), [format!("{n}")]);
    }
    assert_eq!(stalled.writes().concat().len(), 1);
    // The write deadline ends it.
    world.pass(Duration::from_secs(11));
    assert!(world.is_over(&stalled));
    assert_eq!(world.hub.connection_count(), 1);
}

#[test]
fn a_transport_that_breaks_ends_its_client() {
    let mut world = broadcasting();
    let (broken, other) = (world.connect(), world.connect());
    broken.break_off();
    other.send("x");
    world.run();
    assert!(!world.is_over(&broken), "what it may have said before is still waited for");
    world.pass(Duration::from_secs(5));
    assert!(world.is_over(&broken));
    assert_eq!(world.hub.connection_count(), 1);
    assert_eq!(other.texts(), ["x"]);
}

#[test]
fn the_close_frame_is_the_last_and_ends_the_sending_direction() {
    let mut world = broadcasting();
    let peer = world.connect();
    let client = world.hub.client(world.hub.clients()[0]).unwrap();
    client.send("first").unwrap();
    client.close(CloseCode::NORMAL, "").unwrap();
    assert!(client.send("too late").is_err());
    world.run();
    assert_eq!(peer.texts(), ["first", "closed Some(1000)"]);
    assert!(peer.is_shut());
    assert!(!world.is_over(&peer));
    // The answer to the close frame.
    peer.push(&[0x88, 0x80, 0, 0, 0, 0]);
    world.run();
    assert!(world.is_over(&peer));
    assert!(client.closed_at().is_some());
}

#[test]
fn what_is_written_is_pushed_on() {
    let mut world = broadcasting();
    let peer = world.connect();
    let before = peer.flushes();
    peer.send("x");
    world.run();
    assert_eq!(peer.flushes(), before + 1);
}

#[test]
fn a_broadcast_to_many_reaches_each_once() {
    let mut world = broadcasting();
    let peers: Vec<_> = (0..600).map(|_| world.connect()).collect();
    peers[0].send("all");
    world.run();
    for peer in &peers {
        assert_eq!(peer.texts(), ["all"]);
    }
}
