use super::{all, builder, enter, next, options, some, world, world_of};
use crate::tests::peer::Peer;
use crate::{EventsOptions, Lag};
use std::time::Duration;
use throng_core::hub::Cause;
use throng_core::{CloseCode, CloseFrame};

fn say(peer: &Peer, texts: std::ops::Range<u32>) {
    texts.for_each(|text| peer.send(&text.to_string()));
}

fn said(client: &str, texts: std::ops::Range<u32>) -> Vec<String> {
    texts.map(|text| format!("{client}: {text}")).collect()
}

#[test]
fn who_sends_more_than_the_application_takes_is_not_read_and_loses_nothing() {
    let (mut world, mut events) = world(options(8, Lag::Pause));
    let (ada, bo) = (enter(&mut world, "ada"), enter(&mut world, "bo"));
    say(&ada, 0..50);
    world.run();
    say(&bo, 0..50);
    world.run();
    // The limit, and one message of each client that found it reached.
    let mut told = some(&mut events, 9);
    assert_eq!(told[..2], ["+0.0 ada", "+1.0 bo"]);
    assert_eq!(told[2..8], said("0.0", 0..6));
    assert_eq!(told[8], "1.0: 0");
    assert_eq!(next(&mut events), None, "they go on when they are woken");
    loop {
        world.run();
        let more = all(&mut events);
        if more.is_empty() {
            break;
        }
        assert!(more.len() <= 10, "{more:?}");
        told.extend(more);
    }
    for client in ["0.0", "1.0"] {
        let prefix = format!("{client}: ");
        let of_it: Vec<_> = told.iter().filter(|line| line.starts_with(&prefix)).cloned().collect();
        assert_eq!(of_it, said(client, 0..50));
    }
    assert_eq!(world.timers(), 1, "waiting for room needs no timer but the hub's own");
}

#[test]
fn bytes_are_bounded_too() {
    let bytes = EventsOptions { bytes: 1000, ..EventsOptions::default() };
    let (mut world, mut events) = world(bytes);
    let ada = enter(&mut world, "ada");
    (0..10).for_each(|_| ada.send(&"x".repeat(400)));
    world.run();
    for expected in [4, 3, 3, 1] {
        assert_eq!(all(&mut events).len(), expected);
        world.run();
    }
    assert_eq!(all(&mut events).len(), 0);
}

#[test]
fn a_client_that_waits_for_room_ends_like_any_other() {
    let (mut world, mut events) = world(options(1, Lag::Pause));
    let ada = enter(&mut world, "ada");
    say(&ada, 0..3);
    world.run();
    let client = world.hub.client(world.hub.clients()[0]).unwrap();
    client.close(CloseCode(4000), "").unwrap();
    ada.push(&[0x88, 0x80, 0, 0, 0, 0]);
    world.run();
    assert!(world.is_over(&ada));
    assert_eq!(all(&mut events), ["+0.0 ada", "0.0: 0", "-0.0 4000 Application"]);
}

#[test]
fn a_task_that_is_dropped_while_it_waits_for_room_leaves_nothing() {
    let (mut world, mut events) = world(options(1, Lag::Pause));
    let ada = enter(&mut world, "ada");
    say(&ada, 0..3);
    world.run();
    world.cancel(&ada);
    assert_eq!(world.hub.connection_count(), 0);
    assert_eq!(all(&mut events), ["+0.0 ada", "0.0: 0", "-0.0 1006 Transport"]);
}

#[test]
fn an_application_that_is_stuck_loses_who_waits_for_it_by_the_pong_deadline() {
    let (mut world, mut events) = world(options(3, Lag::Pause));
    let (ada, bo) = (enter(&mut world, "ada"), enter(&mut world, "bo"));
    say(&ada, 0..3);
    world.run();
    (0..6).for_each(|_| {
        bo.push(&[0x8a, 0x80, 0, 0, 0, 0]);
        world.pass(Duration::from_secs(10));
    });
    let told = all(&mut events);
    assert_eq!(told, ["+0.0 ada", "+1.0 bo", "0.0: 0", "-0.0 1011 Hub"]);
}

#[test]
fn messages_that_are_dropped_are_counted_where_they_would_have_been() {
    let (mut world, mut events) = world(options(3, Lag::Drop));
    let ada = enter(&mut world, "ada");
    say(&ada, 0..5);
    world.run();
    // Present clients must not be lost.
    let client = world.hub.client(world.hub.clients()[0]).unwrap();
    client.close(CloseCode(4000), "").unwrap();
    world.run();
    assert_eq!(all(&mut events), ["+0.0 ada", "0.0: 0", "0.0: 1", "lagged 3 3", "-0.0 4000 Application"]);
    // There is room again, and nothing was lost.
    let bo = enter(&mut world, "bo");
    say(&bo, 10..13);
    world.run();
    assert_eq!(all(&mut events), ["+1.0 bo", "1.0: 10", "1.0: 11", "lagged 1 2"]);
}

#[test]
fn who_finds_no_room_is_closed_if_that_is_the_policy() {
    for (code, expected) in [(None, 1013), (Some(4013), 4013)] {
        let mut builder = builder();
        if let Some(code) = code {
            builder = builder.close_code(move |cause| match cause {
                Cause::Lagging => CloseFrame::new(CloseCode(code), "busy"),
                cause => cause.into(),
            });
        }
        let (mut world, mut events) = world_of(builder, options(4, Lag::Close));
        let (ada, bo) = (enter(&mut world, "ada"), enter(&mut world, "bo"));
        say(&ada, 0..1);
        world.run();
        say(&bo, 0..9);
        world.run();
        assert_eq!(bo.texts(), [format!("closed Some({expected})")]);
        let end = format!("-1.0 {expected} Hub");
        assert_eq!(all(&mut events), ["+0.0 ada", "+1.0 bo", "0.0: 0", "1.0: 0", end.as_str()]);
        say(&ada, 1..2);
        world.run();
        assert_eq!(all(&mut events), ["0.0: 1"], "whoever said nothing meanwhile goes on");
    }
}

#[test]
fn what_the_application_has_taken_and_not_looked_at_still_counts() {
    let (mut world, mut events) = world(options(4, Lag::Drop));
    let ada = enter(&mut world, "ada");
    say(&ada, 0..3);
    world.run();
    assert_eq!(some(&mut events, 1), ["+0.0 ada"]);
    say(&ada, 3..4);
    world.run();
    assert_eq!(all(&mut events), ["0.0: 0", "0.0: 1", "0.0: 2", "lagged 1 1"]);
}

#[test]
fn nobody_new_comes_in_while_the_application_lags() {
    for lag in [Lag::Pause, Lag::Drop, Lag::Close] {
        let (mut world, mut events) = world(options(2, lag));
        let ada = enter(&mut world, "ada");
        say(&ada, 0..1);
        world.run();
        let (bo, cy) = (world.accept(), world.accept());
        bo.ask_for("/?user=bo", &[]);
        world.pass(Duration::from_secs(1));
        assert!(bo.writes().is_empty());
        assert_eq!(all(&mut events), ["+0.0 ada", "0.0: 0"]);
        world.run();
        assert!(bo.answer().0.starts_with("HTTP/1.1 101"));
        say(&ada, 1..2);
        world.run();
        cy.ask_for("/?user=cy", &[]);
        world.pass(Duration::from_secs(1));
        world.pass(Duration::from_secs(5));
        assert!(cy.answer().0.starts_with("HTTP/1.1 503"));
        assert_eq!(world.hub.numbers().refused_requests["unavailable"], 1);
        assert_eq!(all(&mut events), ["+1.0 bo", "0.0: 1"]);
    }
}
