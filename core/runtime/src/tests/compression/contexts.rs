//! Clients that keep a context of compression.

use super::{ASKS, Talker, keeping, text};
use crate::tests::host::World;
use core::time::Duration;
use throng_core::hub::Config;

#[test]
fn who_keeps_a_context_is_written_by_its_lane_and_sends_and_hears_less_each_time() {
    let mut world = World::new(keeping(1));
    let mut ada = Talker::of(&mut world, ASKS);
    ada.peer.let_answer();
    assert_eq!(
        ada.extensions.as_deref(),
        Some("permessage-deflate; server_max_window_bits=12; client_max_window_bits=12")
    );
    let text = format!("/{}", &text(60)[..390]);
    let mut sizes = Vec::new();
    for _ in 0..3 {
        ada.say(&text);
        world.run();
        let heard = ada.hears();
        assert_eq!(heard.len(), 1);
        assert_eq!(heard[0].0, text);
        sizes.push(heard[0].1.unwrap());
    }
    assert!(sizes[1] * 3 < sizes[0] && sizes[2] * 3 < sizes[0], "{sizes:?}");
    assert_eq!(ada.peer.answers(), 0);
    // Short messages are sent uncompressed; pings and close frames pass unchanged.
    ada.say("/short/short/short/short/short");
    world.hub.close(world.hub.clients()[0], throng_core::CloseCode(4000), "bye").unwrap();
    world.run();
    let heard = ada.hears();
    assert!(heard.last().unwrap().0.contains("4000"), "{heard:?}");
    assert_eq!(world.hub.compression_stats().deflated, 0, "no frame was deflated for all");
}

#[test]
fn only_so_many_keep_a_context_and_their_places_are_given_back() {
    let mut world = World::new(keeping(2));
    let keeps = |talker: &Talker| !talker.extensions.as_deref().unwrap().contains("no_context_takeover");
    let mut talkers: Vec<_> = (0..3).map(|_| Talker::of(&mut world, ASKS)).collect();
    assert_eq!(talkers.iter().map(keeps).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!((world.hub.compression_stats().keepers, world.hub.compression_stats().takers), (2, 1));
    world.hub.broadcast(text(100)).unwrap();
    world.run();
    for talker in &mut talkers {
        assert_eq!(talker.heard(), (text(100), true));
    }
    assert_eq!(world.hub.compression_stats().deflated, 1);
    // A client that does not want a context takes no slot.
    let drops = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    talkers[0].peer.end();
    world.run();
    assert!(!keeps(&Talker::of(&mut world, drops)));
    assert_eq!(world.hub.compression_stats().keepers, 1);
    assert!(keeps(&Talker::of(&mut world, ASKS)));
}

#[test]
fn a_kept_context_survives_a_transport_that_takes_little_at_a_time() {
    let mut world = World::new(keeping(1));
    let mut ada = Talker::of(&mut world, ASKS);
    let mut said = Vec::new();
    for room in [Some(0), Some(1), Some(7), Some(30), Some(400), None] {
        for words in [3, 60, 500, 20_000] {
            said.push(text(words + said.len()));
            world.hub.broadcast(said.last().unwrap().as_str()).unwrap();
        }
        ada.peer.set_room(room);
        world.run();
    }
    let heard: Vec<String> = ada.hears().into_iter().map(|(text, _)| text).collect();
    assert_eq!(heard, said);
    let stats = world.hub.stats();
    assert_eq!((stats.queued, stats.written), (24, 24));
}

/// While a deflated frame is written in parts, the bytes that the transport takes count as progress for the write
/// deadline, but no message counts as written before it is.
#[test]
fn whoever_takes_what_is_compressed_slowly_is_not_late() {
    let mut config = Config::default();
    config.deadlines.write = Duration::from_secs(1);
    config.deadlines.write_rate = Some(150);
    let mut world = World::new(keeping(1).config(config));
    let mut ada = Talker::of(&mut world, ASKS);
    ada.peer.set_room(Some(0));
    // Compression makes it shorter, but only a little.
    let varied = |words: u32| {
        (0..words).map(|word| format!("{:x} ", word.wrapping_mul(0x9e37_79b9))).collect::<String>()
    };
    let said = [varied(2_000), varied(3), varied(300)];
    for text in &said {
        world.hub.broadcast(text.as_str()).unwrap();
    }
    world.run();
    let (mut seconds, mut written) = (0, Vec::new());
    while world.hub.stats().pending() > 0 {
        assert!(world.hub.client_count() == 1 && seconds < 1_000, "after {seconds} s");
        written.push(world.hub.stats().written);
        ada.peer.set_room(Some(200));
        world.run();
        world.pass(Duration::from_millis(900));
        seconds += 1;
    }
    assert!(seconds > 10, "it was slow: {seconds}");
    let first = written.iter().filter(|written| **written == 0).count();
    assert!(2 * first > written.len(), "the first is most of it: {first} of {}", written.len());
    ada.peer.set_room(None);
    assert_eq!(ada.hears().into_iter().map(|(text, _)| text).collect::<Vec<_>>(), said);
    // A client that takes nothing is ended.
    ada.peer.set_room(Some(0));
    world.hub.broadcast(said[0].as_str()).unwrap();
    world.run();
    world.pass(Duration::from_millis(1_100));
    world.pass(Duration::from_millis(1_100));
    assert_eq!((world.hub.client_count(), world.hub.stats().write_timeouts), (0, 1));
}

#[test]
fn short_messages_that_are_compressed_in_a_context_leave_in_one_write() {
    let mut world = World::new(keeping(1));
    let ada = Talker::of(&mut world, ASKS);
    for number in 0..16 {
        world.hub.broadcast(text(100 + number)).unwrap();
    }
    world.run();
    assert_eq!(ada.peer.writes().len(), 1);
    assert_eq!(world.hub.stats().written, 16);
}
