use super::{enter, next, options, world};
use crate::{EventsOptions, Lag};
use std::time::Duration;

#[test]
fn the_stream_ends_when_the_hub_has_stopped_and_all_is_told() {
    let (mut world, mut events) = world(EventsOptions::default());
    let ada = enter(&mut world, "ada");
    ada.send("x");
    world.run();
    world.hub.shutdown();
    world.run();
    let told = super::some(&mut events, 3);
    assert_eq!(told, ["+0.0 ada", "0.0: x", "-0.0 1001 Hub"]);
    assert_eq!(next(&mut events), None, "its transport is still there");
    ada.push(&[0x88, 0x80, 0, 0, 0, 0]);
    world.run();
    assert_eq!([next(&mut events), next(&mut events)], [Some("over".into()), Some("over".into())]);
}

#[test]
fn a_stream_that_is_dropped_shuts_the_hub_down() {
    let (mut world, events) = world(options(1, Lag::Pause));
    let (ada, bo) = (enter(&mut world, "ada"), world.accept());
    ada.send("x");
    ada.send("y");
    bo.ask();
    world.run();
    assert!(bo.writes().is_empty(), "there is no room");
    drop(events);
    world.run();
    assert_eq!(ada.texts(), ["closed Some(1001)"]);
    assert!(world.is_over(&bo));
    let late = world.accept();
    late.ask();
    world.pass(Duration::from_secs(6));
    assert!(late.answer().0.starts_with("HTTP/1.1 503"));
    assert_eq!(world.hub.connection_count(), 0);
    let stopped = world.hub.stopped();
    let task = world.spawn(stopped);
    world.run();
    assert!(world.has_ended(task));
}

#[test]
fn a_stream_that_is_dropped_after_the_end_changes_nothing() {
    let (mut world, mut events) = world(EventsOptions::default());
    world.hub.shutdown();
    world.run();
    assert_eq!(super::some(&mut events, 1), ["over"]);
    let before = world.hub.stats();
    drop(events);
    assert_eq!(world.hub.stats(), before);
}

#[test]
fn events_that_nobody_takes_keep_nobody_alive() {
    let (mut world, mut events) = world(EventsOptions::default());
    let ada = enter(&mut world, "ada");
    ada.send("x");
    world.run();
    let hub = std::sync::Arc::downgrade(world.hub.shared());
    assert_eq!(super::some(&mut events, 1), ["+0.0 ada"]);
    drop(events);
    ada.push(&[0x88, 0x80, 0, 0, 0, 0]);
    world.pass(Duration::from_secs(6));
    assert!(world.is_over(&ada));
    drop((world, ada));
    assert!(hub.upgrade().is_none());
}
