use super::{Note, Notes, each};
use crate::measure::Observer;
use crate::tests::host::World;
use crate::{Client, Hub};
use std::num::NonZeroU32;
use std::time::Duration;
use throng_core::hub::Config;
use throng_core::websocket::Message;

fn say_to_all(client: &Client, message: Message) {
    let _ = client.hub().broadcast(message);
}

fn observed(notes: &Notes) -> World {
    World::new(each(Hub::builder().on_message(say_to_all), notes.clone()))
}

#[test]
fn a_message_is_measured_from_its_arrival_to_the_transports() {
    let notes = Notes::default();
    let mut world = observed(&notes);
    let (one, _two, _three) = (world.connect(), world.connect(), world.connect());
    notes.take();
    one.send("hello");
    world.run();
    let expected = [
        Note::Received(5),
        Note::Published { bytes: 5, clients: 3 },
        Note::Flushed(3),
        Note::Written { clients: 3, after: Duration::ZERO },
    ];
    assert_eq!(notes.take(), expected);
}

#[test]
fn the_lock_is_measured_whoever_takes_it() {
    let notes = Notes::default();
    let world = observed(&notes);
    let before = notes.0.lock().unwrap().len();
    let _ = world.hub.state();
    let _ = world.hub.broadcast("hello");
    let held = notes.0.lock().unwrap()[before..].iter().filter(|note| **note == Note::Held).count();
    assert_eq!(held, 2);
}

#[test]
fn a_slow_reader_is_measured_when_it_has_all_of_it() {
    let notes = Notes::default();
    let mut world = observed(&notes);
    let (slow, quick) = (world.connect(), world.connect());
    slow.set_room(Some(3));
    notes.take();
    world.hub.broadcast("hello").unwrap();
    world.run();
    let published = Note::Published { bytes: 5, clients: 2 };
    let to_quick = Note::Written { clients: 1, after: Duration::ZERO };
    assert_eq!(notes.take(), [published, Note::Flushed(2), to_quick]);
    assert_eq!(quick.texts(), ["hello"]);
    world.pass(Duration::from_secs(2));
    slow.set_room(Some(2));
    world.run();
    assert_eq!(notes.take(), [Note::Flushed(1)], "a part more is not all");
    slow.set_room(None);
    world.run();
    let to_slow = Note::Written { clients: 1, after: Duration::from_secs(2) };
    assert_eq!(notes.take(), [Note::Flushed(1), to_slow]);
}

#[test]
fn an_answer_of_a_hook_is_measured_though_no_lane_writes_it() {
    let notes = Notes::default();
    let builder = Hub::builder().on_message(|client, message| {
        let _ = client.send(message);
    });
    let mut world = World::new(each(builder, notes.clone()));
    let peer = world.connect();
    peer.let_answer();
    notes.take();
    peer.send("hello");
    world.run();
    assert_eq!((peer.texts(), peer.answers()), (vec!["hello".to_owned()], 1));
    let expected = [
        Note::Received(5),
        Note::Published { bytes: 5, clients: 1 },
        Note::Written { clients: 1, after: Duration::ZERO },
    ];
    assert_eq!(notes.take(), expected);
}

#[test]
fn a_message_that_waits_for_room_is_measured_from_when_it_had_some() {
    let mut config = Config::default();
    config.outbox.messages = 1;
    let notes = Notes::default();
    let mut world = World::new(each(Hub::builder().config(config), notes.clone()));
    let peer = world.connect();
    let client = world.hub.client(world.hub.clients()[0]).unwrap();
    peer.set_room(Some(0));
    client.send("one").unwrap();
    world.run();
    notes.take();
    let waits = client.send_wait("three");
    world.spawn(async { waits.await.unwrap() });
    world.pass(Duration::from_secs(1));
    assert_eq!(notes.take(), []);
    peer.set_room(None);
    world.run();
    let notes = notes.take();
    assert!(notes.contains(&Note::Published { bytes: 5, clients: 1 }), "{notes:?}");
    assert!(notes.contains(&Note::Written { clients: 1, after: Duration::ZERO }), "{notes:?}");
    assert!(notes.contains(&Note::Written { clients: 1, after: Duration::from_secs(1) }), "{notes:?}");
    assert_eq!(peer.texts(), ["one", "three"]);
}

#[test]
fn messages_that_leave_together_are_measured_each() {
    let notes = Notes::default();
    let mut world = observed(&notes);
    let _clients = [world.connect(), world.connect()];
    notes.take();
    for text in ["a", "b", "c"] {
        world.hub.broadcast(text).unwrap();
        world.advance(Duration::from_secs(1));
    }
    world.run();
    let written = notes.take().into_iter().filter(|note| matches!(note, Note::Written { .. }));
    let after = |seconds| Note::Written { clients: 2, after: Duration::from_secs(seconds) };
    assert_eq!(written.collect::<Vec<_>>(), [after(3), after(2), after(1)]);
}

#[test]
fn what_never_arrives_keeps_nothing_from_being_measured() {
    let notes = Notes::default();
    let mut world = observed(&notes);
    let peer = world.connect();
    peer.set_room(Some(0));
    for _ in 0..10 {
        world.hub.broadcast("lost").unwrap();
    }
    peer.break_off();
    world.run();
    let other = world.connect();
    notes.take();
    world.hub.broadcast("found").unwrap();
    world.run();
    assert_eq!(other.texts(), ["found"]);
    assert!(notes.take().contains(&Note::Written { clients: 1, after: Duration::ZERO }));
}

#[test]
fn one_in_so_many_is_measured() {
    let notes = Notes::default();
    let builder = Hub::builder().on_message(say_to_all).observe(notes.clone());
    let mut world = World::new(builder.observe_one_in(NonZeroU32::new(5).unwrap()));
    let peer = world.connect();
    notes.take();
    for _ in 0..50 {
        peer.send("hello");
        world.run();
    }
    let noted = notes.take();
    let count = |note: &Note| noted.iter().filter(|other| *other == note).count();
    assert_eq!((count(&Note::Received(5)), count(&Note::Published { bytes: 5, clients: 1 })), (10, 10));
}

#[test]
fn an_observer_that_panics_harms_nobody() {
    struct Panics;
    impl Observer for Panics {
        fn held(&self, _: Duration) {
            std::panic::resume_unwind(Box::new("on purpose"));
        }
        fn flushed(&self, _: u32) {
            std::panic::resume_unwind(Box::new("on purpose"));
        }
        fn written(&self, _: u32, _: Duration) {
            std::panic::resume_unwind(Box::new("on purpose"));
        }
    }
    let notes = Notes::default();
    let mut world = World::new(each(Hub::builder().on_message(say_to_all), (notes.clone(), Panics)));
    let peer = world.connect();
    peer.send("hello");
    world.run();
    assert_eq!(peer.texts(), ["hello"]);
    assert!(notes.take().contains(&Note::Flushed(1)), "the one before it was told");
}

#[test]
fn a_hub_that_nobody_observes_follows_nothing() {
    let mut world = World::new(Hub::builder().on_message(say_to_all));
    let peer = world.connect();
    peer.send("hello");
    world.run();
    assert_eq!(peer.texts(), ["hello"]);
    let marks = world.hub.shared().look(|inner| inner.marks.clone());
    assert_eq!(marks, Default::default());
}
