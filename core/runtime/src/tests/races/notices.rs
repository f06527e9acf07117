//! A notice in a mailbox wakes its driver, and a task that waits for a timeout is woken if an earlier timeout is set.

use super::every::{echoing, in_every_order, polling, settle, with_one};
use crate::tests::host::{Whose, World};
use crate::tests::peer::Peer;
use crate::{Builder, Client, Hub};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use throng_core::hub::{Config, Members, OverRate};
use throng_core::{CloseCode, Rate};

/// Longer than the default close deadline.
const PAST_CLOSE: Duration = Duration::from_secs(6);

/// A hub, and a counter of the calls of its `disconnected` hook.
fn counting() -> (Builder, Arc<AtomicUsize>) {
    let ends = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&ends);
    let builder = Hub::builder().on_disconnect(move |_, _| {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    (builder, ends)
}

fn with_counted() -> (World, Peer, Client, Arc<AtomicUsize>) {
    let (builder, ends) = counting();
    let (world, peer, client) = with_one(builder);
    (world, peer, client, ends)
}

#[test]
fn a_notice_meets_a_driver_that_looks() {
    in_every_order(|| {
        let (mut world, peer, client, ends) = with_counted();
        let driver = polling(world.lend(Whose::Peer(&peer)).awake(), 1);
        client.close(CloseCode::NORMAL, "").expect("it is open");
        settle(&mut world, [driver]);
        move || assert_eq!(ends.load(Ordering::Relaxed), 1)
    });
}

#[test]
fn a_notice_meets_a_driver_that_looks_at_another() {
    in_every_order(|| {
        let (mut world, peer, client, ends) = {
            let (builder, ends) = counting();
            let mut config = Config::default();
            config.outbox.messages = 1;
            let (world, peer, client) = with_one(builder.config(config));
            (world, peer, client, ends)
        };
        peer.set_room(Some(0));
        let _ = client.send("kept");
        // The client's task is told that this message is dropped.
        let _ = client.send("dropped");
        let driver = polling(world.lend(Whose::Peer(&peer)), 1);
        client.close(CloseCode::NORMAL, "").expect("it is open");
        settle(&mut world, [driver]);
        move || assert_eq!(ends.load(Ordering::Relaxed), 1)
    });
}

#[test]
fn a_notice_meets_a_driver_whose_waker_changes() {
    in_every_order(|| {
        let (mut world, peer, client, ends) = with_counted();
        let driver = polling(world.lend(Whose::Peer(&peer)).under_another_waker(), 1);
        client.close(CloseCode::NORMAL, "").expect("it is open");
        settle(&mut world, [driver]);
        move || assert_eq!(ends.load(Ordering::Relaxed), 1)
    });
}

#[test]
fn an_abort_meets_a_driver_that_looks_at_a_notice() {
    in_every_order(|| {
        let (mut world, peer, client) = with_one(echoing());
        client.close(CloseCode::NORMAL, "").expect("it is open");
        world.advance(PAST_CLOSE);
        let driver = polling(world.lend(Whose::Peer(&peer)), 1);
        // A late timer yields once before it acts.
        let timer = polling(world.lend(Whose::Timer), 2);
        settle(&mut world, [driver, timer]);
        let is_over = world.is_over(&peer);
        move || assert!(is_over)
    });
}

#[test]
fn a_pause_that_ends_meets_a_driver_that_looks_at_a_notice() {
    in_every_order(|| {
        let mut config = Config::default();
        config.inbound.messages = Some(Rate::per_second(1));
        config.inbound.over_rate = OverRate::Pause;
        let (mut world, peer, client) = with_one(echoing().config(config).on_join(|_, _, _| ()));
        for text in ["a", "b", "c"] {
            peer.send(text);
        }
        world.run();
        let before = peer.texts();
        // The notice of the join wakes the driver.
        world.hub.join(client.id(), "lobby").expect("it is open");
        world.advance(Duration::from_secs(2));
        let driver = polling(world.lend(Whose::Peer(&peer)), 1);
        // A late timer yields once before it acts.
        let timer = polling(world.lend(Whose::Timer), 2);
        settle(&mut world, [driver, timer]);
        let after = peer.texts();
        move || assert_eq!((before, after), (vec!["a".into(), "b".into()], vec!["c".to_owned()]))
    });
}

#[test]
fn an_earlier_deadline_meets_the_timer_that_sets_itself() {
    in_every_order(|| {
        let (mut world, peer, client) = with_one(echoing());
        let timer = polling(world.lend(Whose::Timer).awake(), 1);
        client.close(CloseCode::NORMAL, "").expect("it is open");
        settle(&mut world, [timer]);
        // The peer does not answer the close frame.
        world.pass(PAST_CLOSE);
        let is_over = world.is_over(&peer);
        move || assert!(is_over)
    });
}

#[test]
fn whoever_waits_for_the_end_meets_the_last_connection_that_goes() {
    in_every_order(|| {
        let (mut world, peer, _) = with_one(echoing());
        world.hub.shutdown();
        world.run();
        peer.end();
        let driver = polling(world.lend(Whose::Peer(&peer)), 2);
        let hub = world.hub.clone();
        let waiting = world.spawn(hub.stopped());
        let asking = polling(world.lend(Whose::Task(waiting)), 1);
        settle(&mut world, [driver, asking]);
        let is_told = world.has_ended(waiting);
        move || assert!(is_told)
    });
}

#[test]
fn a_wake_that_is_deferred_meets_the_timer_that_goes_to_sleep() {
    in_every_order(|| {
        let (builder, ends) = counting();
        let mut world = World::new(builder.on_connect(|client| _ = client.hub().join(client.id(), "lobby")));
        let _peers = [world.connect(), world.connect()];
        let timer = polling(world.lend(Whose::Timer).awake(), 2);
        // Both are told, and only one is woken at once.
        let members = Members::Disconnect { code: CloseCode::NORMAL, reason: "" };
        world.hub.close_room("lobby", members).expect("both are in it");
        settle(&mut world, [timer]);
        move || assert_eq!(ends.load(Ordering::Relaxed), 2)
    });
}
