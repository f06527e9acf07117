//! Messages to clients that take compressed ones.

use super::{ASKS, Talker, builder, text};
use crate::Publish;
use crate::tests::host::World;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use throng_core::Frame;
use throng_core::hub::Target;

#[test]
fn a_broadcast_is_deflated_once_and_each_gets_the_variant_that_it_takes() {
    let mut world = World::new(builder());
    let mut plain = Talker::of(&mut world, "");
    let mut takers: Vec<_> = (0..20).map(|_| Talker::of(&mut world, ASKS)).collect();
    let mut narrow = Talker::of(&mut world, "permessage-deflate; server_max_window_bits=9");
    assert_eq!(world.hub.compression_stats().takers, 21);
    for (text, narrow_takes) in [(text(50), true), (text(500), false)] {
        let before = world.hub.compression_stats();
        world.hub.broadcast(text.as_str()).unwrap();
        world.run();
        assert_eq!(plain.heard(), (text.clone(), false));
        assert_eq!(narrow.heard(), (text.clone(), narrow_takes));
        for taker in &mut takers {
            assert_eq!(taker.heard(), (text.clone(), true));
        }
        let after = world.hub.compression_stats();
        assert_eq!(after.deflated, before.deflated + 1);
        assert_eq!(after.deflated_from - before.deflated_from, text.len() as u64);
        assert!(after.deflated_to - before.deflated_to < text.len() as u64 / 2);
    }
    let stats = world.hub.stats();
    assert_eq!((stats.queued, stats.written, stats.queued_bytes), (44, 44, 0));
}

#[test]
fn what_is_short_or_does_not_get_shorter_is_sent_as_it_is() {
    let mut world = World::new(builder());
    let mut taker = Talker::of(&mut world, ASKS);
    let noise: String =
        (0..300_u32).map(|n| char::from(33 + (n.wrapping_mul(2_654_435_761) >> 25) as u8 % 94)).collect();
    for text in ["short", "", &text(60)[..255], &noise] {
        world.hub.broadcast(text).unwrap();
        world.run();
        let (heard, is_deflated) = taker.heard();
        assert_eq!(heard, text);
        assert!(!is_deflated || text == noise);
    }
    assert_eq!(world.hub.compression_stats().deflated + world.hub.compression_stats().incompressible, 1);
}

#[test]
fn whichever_way_it_is_published_it_is_deflated() {
    let mut world = World::new(builder());
    let mut taker = Talker::of(&mut world, ASKS);
    let (hub, all) = (world.hub.clone(), Publish::to(&[Target::All]));
    let client = hub.client(hub.clients()[0]).unwrap();
    for way in 0..5 {
        match way {
            0 => drop(hub.publish(&all, text(100)).unwrap()),
            1 => drop(hub.publish_where(&all, text(100), |_| true).unwrap()),
            2 => drop(client.publish(&all, text(100)).unwrap()),
            3 => drop(client.send_with_receipt(text(100)).unwrap()),
            _ => {
                let mut within = pin!(hub.publish_within(&all, text(100), Duration::from_secs(1)));
                let polled = within.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                assert!(matches!(polled, Poll::Ready(Ok(_))));
            }
        }
        world.run();
        assert_eq!(taker.heard(), (text(100), true), "way {way}");
    }
}

#[test]
fn nothing_is_deflated_while_nobody_takes_it() {
    let mut world = World::new(builder());
    let mut plain = Talker::of(&mut world, "");
    let taker = Talker::of(&mut world, ASKS);
    let client = world.hub.clients()[0];
    // For a client that does not take it, the deflated variant is not made either.
    world.hub.client(client).unwrap().send(text(100)).unwrap();
    world.run();
    assert_eq!(plain.heard(), (text(100), false));
    taker.peer.end();
    world.run();
    assert_eq!(world.hub.compression_stats().takers, 0);
    world.hub.broadcast(text(100)).unwrap();
    assert_eq!(world.hub.compression_stats().deflated, 0);
}

#[test]
fn a_frame_that_was_encoded_before_is_deflated_once_for_all_times() {
    let mut world = World::new(builder());
    let mut taker = Talker::of(&mut world, ASKS);
    let frame: Frame = world.hub.encode(text(100)).unwrap();
    for _ in 0..3 {
        world.hub.broadcast(&frame).unwrap();
        world.run();
        assert_eq!(taker.heard(), (text(100), true));
    }
    assert_eq!(world.hub.compression_stats().deflated, 1);
}

#[test]
fn partial_writes_of_deflated_frames_are_counted_in_whole_messages() {
    let mut world = World::new(builder());
    let (mut taker, mut plain) = (Talker::of(&mut world, ASKS), Talker::of(&mut world, ""));
    let mut said = Vec::new();
    for room in [Some(0), Some(1), Some(50), Some(2), Some(300), Some(9_000), None] {
        for words in [3, 100, 5_000] {
            said.push(text(words + said.len()));
            world.hub.broadcast(said.last().unwrap().as_str()).unwrap();
        }
        taker.peer.set_room(room);
        plain.peer.set_room(room);
        world.run();
        let stats = world.hub.stats();
        assert_eq!(stats.queued, stats.written + stats.pending());
    }
    for (talker, deflated) in [(&mut taker, 14), (&mut plain, 0)] {
        let heard = talker.hears();
        assert_eq!(heard.iter().filter(|(_, deflated)| deflated.is_some()).count(), deflated);
        assert_eq!(heard.into_iter().map(|(text, _)| text).collect::<Vec<_>>(), said);
    }
    assert_eq!((world.hub.stats().pending(), world.hub.stats().written), (0, 42));
}
