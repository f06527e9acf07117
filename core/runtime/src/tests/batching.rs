use super::host::World;
use super::peer::Peer;
use crate::{Builder, Coalesce, Hub, IntoFrame};
use std::time::Duration;
use throng_core::CloseCode;
use throng_core::hub::{Config, Policy};

const PING: [u8; 6] = [0x89, 0x80, 0, 0, 0, 0];

fn joining() -> Builder {
    Hub::builder().coalesce(Coalesce::Newlines)
}

/// Everything that was queued is accounted for, message by message.
fn adds_up(world: &World) -> (u64, u64) {
    let stats = world.hub.stats();
    assert_eq!(stats.queued, stats.written + stats.dropped() + stats.pending());
    (stats.written, stats.dropped())
}

/// What a peer received without pongs, one line per message.
fn lines(peer: &Peer) -> Vec<String> {
    let texts = peer.texts().into_iter().filter(|text| !text.starts_with("Pong"));
    texts.flat_map(|text| text.split('\n').map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn broadcast(world: &World, texts: impl IntoIterator<Item = impl IntoFrame>) {
    for text in texts {
        world.hub.broadcast(text).unwrap();
    }
}

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| format!("message {number}")).collect()
}

#[test]
fn what_waits_for_a_client_leaves_in_one_write() {
    let mut world = World::new(Hub::builder());
    let (small, large) = (world.connect(), world.connect());
    large.gather();
    for number in 0..20 {
        world.hub.broadcast(format!("message {number}")).unwrap();
    }
    let id = world.hub.clients()[1];
    // Too large to be copied together, so written as slices.
    for _ in 0..3 {
        world.hub.send_to(id, "x".repeat(20_000)).unwrap();
    }
    world.run();
    assert_eq!((small.writes().len(), large.writes().len()), (1, 1));
}

#[test]
fn texts_without_newlines_that_stand_together_share_a_frame() {
    let mut world = World::new(joining());
    let (one, other) = (world.connect(), world.connect());
    for text in ["a", "b", "", "c\nd", "e"] {
        world.hub.broadcast(text).unwrap();
    }
    world.hub.broadcast(&b"raw"[..]).unwrap();
    for text in ["f", &"x".repeat(5000), "g", "h"] {
        world.hub.broadcast(text).unwrap();
    }
    world.run();
    let long = "x".repeat(5000);
    let raw = "Message(Binary(b\"raw\"))";
    let expected = ["a\nb\n", "c\nd", "e", raw, "f", &long, "g\nh"];
    assert_eq!(one.texts(), expected);
    assert_eq!(other.texts(), expected);
    assert_eq!(adds_up(&world), (20, 0), "each message counts");
    // By default no messages share a frame.
    let mut world = World::new(Hub::builder());
    let peer = world.connect();
    broadcast(&world, ["a", "b"]);
    world.run();
    assert_eq!(peer.texts(), ["a", "b"]);
}

#[test]
fn a_frame_of_several_messages_is_of_bounded_size() {
    let mut config = Config::default();
    config.outbox.messages = 1000;
    let mut world = World::new(joining().config(config));
    let peer = world.connect();
    broadcast(&world, vec!["x".repeat(100); 1000]);
    world.run();
    let texts = peer.texts();
    assert!(texts.iter().all(|text| text.len() <= 4096));
    // A frame ends where its lease ends.
    assert!((25..28).contains(&texts.len()), "{}", texts.len());
    assert_eq!(lines_of(&texts), 1000);
}

fn lines_of(texts: &[String]) -> usize {
    texts.iter().map(|text| text.split('\n').count()).sum()
}

#[test]
fn a_frame_that_is_begun_is_ended_however_little_is_taken_at_a_time() {
    for most in [1, 2, 3, 7, 50, 299] {
        let mut world = World::new(joining());
        let (peer, other) = (world.connect(), world.connect());
        peer.set_room(Some(0));
        for number in 0..30 {
            world.hub.broadcast(format!("message {number}")).unwrap();
            // Another client's turn, a spurious wake-up, or a pong that goes first.
            if number % 3 == 0 {
                peer.push(&PING);
                peer.set_room(Some(0));
            }
            world.run();
            peer.set_room(Some(most));
            world.run();
            adds_up(&world);
        }
        for _ in 0..1000 {
            peer.set_room(Some(most));
            world.run();
        }
        assert_eq!(lines(&peer), numbers(0..30), "{most} bytes at a time");
        assert_eq!(lines(&other), numbers(0..30));
        assert_eq!(adds_up(&world), (60, 0));
    }
}

#[test]
fn nothing_is_dropped_of_a_frame_that_is_begun() {
    for policy in [Policy::DropOldest, Policy::DropNewest] {
        let mut config = Config::default();
        config.outbox.messages = 20;
        config.outbox.policy = policy;
        let mut world = World::new(joining().config(config));
        let peer = world.connect();
        for number in 0..10 {
            world.hub.broadcast(format!("message {number}")).unwrap();
        }
        // The frame of ten messages, except its last bytes.
        peer.set_room(Some(80));
        world.run();
        for number in 10..30 {
            world.hub.broadcast(format!("message {number}")).unwrap();
        }
        world.run();
        // The ten wait until the system has all of their frame, and are not dropped.
        assert_eq!(adds_up(&world), (0, 10));
        peer.set_room(None);
        world.run();
        let kept = if policy == Policy::DropOldest { 20..30 } else { 10..20 };
        assert_eq!(lines(&peer), [numbers(0..10), numbers(kept)].concat());
        assert_eq!(adds_up(&world), (20, 10));
    }
}

#[test]
fn a_close_frame_comes_behind_a_frame_that_is_begun() {
    let mut world = World::new(joining());
    let peer = world.connect();
    broadcast(&world, numbers(0..3));
    peer.set_room(Some(5));
    world.run();
    world.hub.broadcast("later").unwrap();
    world.hub.close(world.hub.clients()[0], CloseCode::NORMAL, "").unwrap();
    world.run();
    peer.set_room(None);
    world.run();
    assert_eq!(peer.texts(), ["message 0\nmessage 1\nmessage 2", "later", "closed Some(1000)"]);
    assert!(peer.is_shut());
}

#[test]
fn a_transport_that_breaks_within_a_frame_counts_none_of_it() {
    let mut world = World::new(joining());
    let peer = world.connect();
    world.hub.broadcast("first").unwrap();
    world.run();
    broadcast(&world, numbers(0..3));
    peer.break_after(5);
    world.run();
    world.pass(Duration::from_secs(5));
    assert!(world.is_over(&peer));
    assert_eq!(adds_up(&world), (1, 3));
    // The same if the transport fails later.
    let peer = world.connect();
    broadcast(&world, numbers(0..3));
    peer.set_room(Some(5));
    world.run();
    world.hub.broadcast("queued").unwrap();
    peer.break_off();
    world.run();
    world.pass(Duration::from_secs(5));
    assert!(world.is_over(&peer));
    assert_eq!(adds_up(&world), (1, 7));
}

#[test]
fn a_write_that_is_delayed_takes_along_what_comes_later() {
    let mut world = World::new(Hub::builder().write_delay(Duration::from_millis(5)));
    let peer = world.accept();
    peer.ask();
    world.run();
    assert!(peer.answer().0.starts_with("HTTP/1.1 101"), "an answer to a handshake is not delayed");
    for _ in 0..3 {
        world.hub.broadcast("a").unwrap();
        world.run();
        world.pass(Duration::from_millis(3));
        world.hub.broadcast("b").unwrap();
        peer.push(&PING);
        world.run();
        assert!(peer.writes().is_empty());
        world.pass(Duration::from_millis(2));
        let writes = peer.writes();
        assert_eq!(writes.len(), 1);
        assert_eq!(super::peer::texts(writes.concat()).len(), 3);
    }
    world.hub.close(world.hub.clients()[0], CloseCode::NORMAL, "").unwrap();
    world.run();
    world.pass(Duration::from_millis(5));
    assert_eq!(peer.texts(), ["closed Some(1000)"]);
}

/// Otherwise the rest of a burst would be lost, and readers would wait for the lane again and again.
#[test]
fn a_delay_ends_where_an_outbox_is_half_full() {
    let mut config = Config::default();
    config.outbox.messages = 8;
    let builder =
        Hub::builder().config(config).write_delay(Duration::from_secs(1)).on_message(|client, _| {
            (0..8).for_each(|_| client.send("answer").expect("there is room"));
        });
    let mut world = World::new(builder);
    let (peer, other) = (world.connect(), world.connect());
    for _ in 0..5 {
        for sent in 1..=5 {
            assert!(peer.writes().is_empty() && other.writes().is_empty());
            world.hub.send_to(world.hub.clients()[0], format!("message {sent}")).unwrap();
            world.run();
        }
        assert_eq!(peer.texts().len(), 5);
    }
    // A half-full outbox ends the present wait of its lane; the next wait has full length.
    world.hub.broadcast("later").unwrap();
    world.run();
    assert!(other.writes().is_empty());
    world.pass(Duration::from_millis(999));
    assert!(other.writes().is_empty());
    world.pass(Duration::from_millis(1));
    assert_eq!((peer.texts().len(), other.texts().len()), (1, 1));
    ["one", "two"].iter().for_each(|text| other.send(text));
    world.run();
    assert_eq!(other.texts().len(), 16);
    assert_eq!(adds_up(&world), (43, 0));
}

#[test]
fn what_a_transport_could_not_take_waits_for_the_transport_alone() {
    let mut world = World::new(Hub::builder().write_delay(Duration::from_secs(1)));
    let (peer, other) = (world.connect(), world.connect());
    peer.set_room(Some(3));
    world.hub.send_to(world.hub.clients()[0], "hello").unwrap();
    world.run();
    world.pass(Duration::from_secs(1));
    assert_eq!(peer.writes().concat().len(), 3);
    peer.set_room(Some(3));
    world.run();
    assert_eq!(peer.writes().concat().len(), 3);
    // This also holds if the lane waits already.
    world.hub.send_to(world.hub.clients()[1], "hello").unwrap();
    world.run();
    assert!(other.writes().is_empty());
    peer.set_room(None);
    world.run();
    assert_eq!((peer.writes().concat().len(), other.texts().len()), (1, 1));
}

#[test]
fn a_delay_is_none_or_within_a_second() {
    let second = Duration::from_secs(1);
    for (delay, passes) in [(Duration::ZERO, Duration::ZERO), (second, second)] {
        let mut world = World::new(Hub::builder().write_delay(delay));
        let peer = world.connect();
        world.hub.broadcast("a").unwrap();
        world.run();
        assert_eq!(peer.writes().len(), usize::from(passes.is_zero()));
        world.hub.broadcast("b").unwrap();
        world.pass(passes);
        assert_eq!(peer.writes().len(), 1);
    }
    let error = Hub::builder().write_delay(second * 5).build().err().map(|error| error.to_string());
    assert_eq!(error.as_deref(), Some("config field `write_delay` is 5s: it must be at most 1s"));
    assert!(Hub::builder().write_delay(Duration::MAX).build().is_err());
}

#[test]
fn answers_to_a_client_are_put_together_too() {
    let echo = || {
        Hub::builder().on_message(|client, message| {
            let _ = client.send(message);
        })
    };
    let delayed = echo().write_delay(Duration::from_millis(1));
    let joined = echo().coalesce(Coalesce::Newlines);
    for (builder, answers, texts) in
        [(echo(), 1, vec!["a", "b"]), (delayed, 0, vec!["a", "b"]), (joined, 0, vec!["a\nb"])]
    {
        let mut world = World::new(builder);
        let peer = world.accept();
        peer.let_answer();
        peer.ask();
        world.run();
        peer.take();
        ["a", "b"].iter().for_each(|text| peer.send(text));
        world.run();
        world.pass(Duration::from_millis(1));
        assert_eq!(peer.answers(), answers);
        assert_eq!(peer.texts(), texts);
    }
}
