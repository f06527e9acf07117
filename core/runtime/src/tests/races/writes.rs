//! The lane: everything that is queued is written, once, by one writer at a time.

use super::every::{Seen, echoing, in_every_order, polling, settle, spawn, with_one};
use crate::Hub;
use crate::tests::host::{Whose, World};
use std::num::NonZeroU16;
use std::time::Duration;
use throng_core::hub::Config;

#[test]
fn a_send_meets_a_lane_that_goes_to_sleep() {
    in_every_order(|| {
        let (mut world, peer, client) = with_one(echoing());
        client.send("first").expect("there is room");
        let lane = polling(world.lend(Whose::Lane), 2);
        client.send("second").expect("there is room");
        settle(&mut world, [lane]);
        let seen = Seen::by(&peer);
        move || assert_eq!(seen.texts(), ["first", "second"])
    });
}

#[test]
fn a_send_that_half_fills_an_outbox_meets_a_lane_that_begins_to_wait() {
    in_every_order(|| {
        let mut config = Config::default();
        config.outbox.messages = 2;
        // No time passes here.
        let builder = echoing().config(config).write_delay(Duration::from_secs(1));
        let (mut world, peer, client) = with_one(builder);
        client.send("first").expect("there is room");
        let lane = polling(world.lend(Whose::Lane), 2);
        client.send("second").expect("there is room");
        settle(&mut world, [lane]);
        let seen = Seen::by(&peer);
        move || assert_eq!(seen.texts(), ["first", "second"])
    });
}

#[test]
fn two_sends_meet_a_lane() {
    in_every_order(|| {
        let (mut world, peer, client) = with_one(echoing());
        let other = client.clone();
        let lane = polling(world.lend(Whose::Lane), 2);
        let sending = spawn(move || other.send("other").expect("there is room"));
        client.send("one").expect("there is room");
        sending.join().expect("it ends");
        settle(&mut world, [lane]);
        let seen = Seen::by(&peer);
        move || assert_eq!(seen.sorted(), ["one", "other"])
    });
}

#[test]
fn a_transport_that_takes_bytes_again_meets_the_lane_that_finds_it_full() {
    in_every_order(|| {
        let (mut world, peer, client) = with_one(echoing());
        client.send("hello").expect("there is room");
        peer.set_room(Some(3));
        let lane = polling(world.lend(Whose::Lane), 3);
        peer.set_room(None);
        settle(&mut world, [lane]);
        let seen = Seen::by(&peer);
        move || assert_eq!(seen.texts(), ["hello"])
    });
}

#[test]
fn a_transport_that_takes_little_by_little_meets_its_lane() {
    in_every_order(|| {
        let (mut world, peer, client) = with_one(echoing());
        client.send("hello").expect("there is room");
        peer.set_room(Some(0));
        let lane = polling(world.lend(Whose::Lane), 3);
        peer.set_room(Some(3));
        peer.set_room(None);
        settle(&mut world, [lane]);
        let seen = Seen::by(&peer);
        move || assert_eq!(seen.texts(), ["hello"])
    });
}

#[test]
fn a_transport_that_has_pushed_on_meets_the_lane_that_asks_it() {
    in_every_order(|| {
        let (mut world, peer, client) = with_one(echoing());
        peer.keep_back(true);
        client.send("first").expect("there is room");
        world.run();
        client.send("second").expect("there is room");
        // A spurious wake-up: the lane asks, and is told to wait.
        peer.keep_back(true);
        let lane = polling(world.lend(Whose::Lane), 2);
        peer.keep_back(false);
        settle(&mut world, [lane]);
        let seen = Seen::by(&peer);
        move || assert_eq!(seen.texts(), ["first", "second"])
    });
}

#[test]
fn a_broadcast_meets_a_client_that_opens() {
    in_every_order(|| {
        let mut world = World::new(echoing());
        let peer = world.accept();
        peer.ask();
        let opening = polling(world.lend(Whose::Peer(&peer)), 2);
        let lane = polling(world.lend(Whose::Lane), 2);
        let queued = world.hub.broadcast("all").expect("it is a message").queued;
        settle(&mut world, [opening, lane]);
        let seen = Seen::by(&peer);
        move || assert_eq!(seen.after_handshake().texts(), vec!["all"; queued as usize])
    });
}

#[test]
fn a_broadcast_meets_two_lanes() {
    in_every_order(|| {
        let mut world = World::with_lanes(echoing(), NonZeroU16::new(2).expect("two"));
        let peers = [world.connect(), world.connect()];
        let lanes = [Whose::Lane, Whose::SecondLane].map(|lane| polling(world.lend(lane).awake(), 2));
        let queued = world.hub.broadcast("all").expect("it is a message").queued;
        settle(&mut world, lanes);
        let seen = peers.each_ref().map(Seen::by);
        move || {
            assert_eq!(queued, 2);
            for seen in seen {
                assert_eq!(seen.texts(), ["all"]);
            }
        }
    });
}

#[test]
fn a_send_that_waits_for_room_meets_the_lane_that_makes_it() {
    in_every_order(|| {
        let mut config = Config::default();
        config.outbox.messages = 1;
        let (mut world, peer, client) = with_one(Hub::builder().config(config));
        client.send("first").expect("there is room");
        let lane = polling(world.lend(Whose::Lane), 2);
        let waiting = world.spawn({
            let client = client.clone();
            async move { client.send_wait("second").await.expect("it comes") }
        });
        let waiting = polling(world.lend(Whose::Task(waiting)), 1);
        settle(&mut world, [lane, waiting]);
        let seen = Seen::by(&peer);
        move || assert_eq!(seen.texts(), ["first", "second"])
    });
}
