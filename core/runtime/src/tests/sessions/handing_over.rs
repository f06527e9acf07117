//! Hooks of one client run one at a time, whatever becomes of its connections and their tasks.

use super::{GRACE, assert_clean, connect, lose, only, stall, world};
use std::time::Duration;
use throng_core::CloseCode;
use throng_core::hub::Event;

/// What becomes of the connection whose hook waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Old {
    Lost,
    TakenOver,
    /// The host drops its task.
    Dropped,
}

const WAYS: [Old; 3] = [Old::Lost, Old::TakenOver, Old::Dropped];

#[test]
fn a_hook_that_runs_goes_on_and_the_next_connection_waits_for_it() {
    for way in WAYS {
        let (mut world, lines, door) = world();
        let (old, _) = connect(&mut world, "/?session=s");
        old.send("wait");
        world.run();
        match way {
            Old::Lost => stall(&mut world, &old),
            Old::TakenOver => {}
            Old::Dropped => world.cancel(&old),
        }
        let (new, texts) = connect(&mut world, "/?session=s");
        let waited: &[&str] = if way == Old::Lost { &["stalled"] } else { &[] };
        assert_eq!(texts, waited);
        new.send("after");
        world.pass(Duration::from_secs(1));
        assert_eq!(lines.take(), ["connected", "message wait"], "{way:?}");
        only(&world).send("meanwhile").unwrap();
        world.run();
        assert_eq!(new.texts(), ["meanwhile"], "{way:?}: it is written to");
        door.open(1);
        world.run();
        let told = lines.take();
        let expected: &[&str] = match way {
            Old::TakenOver => &["waited", "resumed None", "message after"],
            Old::Lost => &["waited", "away 1006 Hub", "resumed Some(1s)", "message after"],
            Old::Dropped => &["waited", "away 1006 Transport", "resumed Some(0ns)", "message after"],
        };
        assert_eq!(told, expected, "{way:?}");
        world.pass(Duration::from_secs(10));
        assert_clean(&world);
    }
}

#[test]
fn a_hook_that_runs_while_the_client_is_away_is_dropped_when_the_client_ends() {
    let (mut world, lines, door) = world();
    let (old, _) = connect(&mut world, "/?session=s");
    old.send("wait");
    world.run();
    stall(&mut world, &old);
    world.pass(GRACE);
    assert_eq!(lines.take(), ["connected", "message wait", "away 1006 Hub", "disconnected 1006 Hub 1"]);
    door.open(1);
    world.run();
    assert!(lines.take().is_empty());
    assert_clean(&world);
}

#[test]
fn a_client_that_ends_before_its_next_connection_is_served_is_told_its_end_once() {
    for way in WAYS {
        for is_lost_again in [false, true] {
            let (mut world, lines, door) = world();
            let (old, _) = connect(&mut world, "/?session=s&room=lobby");
            old.send("wait");
            world.run();
            match way {
                Old::Lost => stall(&mut world, &old),
                Old::TakenOver => {}
                Old::Dropped => world.cancel(&old),
            }
            let (new, _) = connect(&mut world, "/?session=s");
            only(&world).close(CloseCode::NORMAL, "enough").unwrap();
            world.run();
            if is_lost_again {
                world.pass(Duration::from_secs(10));
                assert!(world.is_over(&new));
            }
            world.run();
            door.open(1);
            world.run();
            world.pass(Duration::from_secs(10));
            let told = lines.take();
            let last = &told[told.len() - 2..];
            assert_eq!(last, ["left lobby Ended", "disconnected 1000 Application 1"], "{way:?} {told:?}");
            assert_eq!(told.iter().filter(|line| line.starts_with("disconnected")).count(), 1, "{told:?}");
            // When the last connection ends, the hook is dropped, as that of any client.
            assert_eq!(told.contains(&"waited".to_owned()), !is_lost_again, "{told:?}");
            assert!(world.is_over(&old) && world.is_over(&new), "{way:?} {is_lost_again}");
            assert_clean(&world);
        }
    }
}

#[test]
fn a_connection_that_ends_before_it_is_served_leaves_the_client_away() {
    for is_dropped in [false, true] {
        for way in WAYS {
            let (mut world, lines, door) = world();
            let (old, _) = connect(&mut world, "/?session=s");
            old.send("wait");
            world.run();
            match way {
                Old::Lost => stall(&mut world, &old),
                Old::TakenOver => {}
                Old::Dropped => world.cancel(&old),
            }
            let (new, _) = connect(&mut world, "/?session=s");
            if is_dropped {
                world.cancel(&new);
            } else {
                stall(&mut world, &new);
            }
            assert!(only(&world).is_away());
            door.open(1);
            world.run();
            let told = lines.take();
            let by = if is_dropped { "away 1006 Transport" } else { "away 1006 Hub" };
            assert_eq!(told.last().map(|line| &**line), Some(by), "{told:?}");
            let (last, _) = connect(&mut world, "/?session=s");
            last.send("back");
            world.run();
            let away = if is_dropped { "resumed Some(0ns)" } else { "resumed Some(1s)" };
            assert_eq!(lines.take(), [away, "message back"], "{way:?} {is_dropped}");
            lose(&mut world, &last);
            world.pass(GRACE);
            assert_eq!(lines.take(), ["away 1006 Transport", "disconnected 1006 Hub 2"]);
            assert_clean(&world);
        }
    }
}

/// The hub must know that the application keeps the new connection waiting, and not its peer.
#[test]
fn a_hook_that_never_returns_ends_the_client_and_is_counted_as_the_fault_of_the_handler() {
    let (mut world, lines, _) = world();
    let (old, _) = connect(&mut world, "/?session=s");
    old.send("wait");
    world.run();
    let (new, _) = connect(&mut world, "/?session=s");
    for _ in 0..20 {
        new.push(&[0x8a, 0x80, 0, 0, 0, 0]);
        world.pass(Duration::from_secs(5));
    }
    let stats = world.hub.stats();
    assert_eq!((stats.handler_failures, stats.pong_timeouts, stats.went_away), (1, 0, 0));
    assert_eq!(lines.take().last().map(|line| &**line), Some("disconnected 1011 Hub 1"));
    assert_clean(&world);
}

#[test]
fn a_panic_in_a_hook_of_a_client_that_is_away_ends_the_client() {
    let lines = super::Lines::default();
    let ended = lines.clone();
    let builder = crate::Hub::builder().config(super::config()).before_connect(|connecting| {
        connecting.set_session("s");
        Ok(())
    });
    let mut world = super::World::new(
        builder
            .on_away(|_, _| std::panic::resume_unwind(Box::new("on purpose")))
            .on_disconnect(move |_, end| ended.note(format_args!("{} {:?}", end.code, end.by))),
    );
    let (peer, _) = connect(&mut world, "/");
    lose(&mut world, &peer);
    assert_eq!(lines.take(), ["1011 Hub"]);
    assert_clean(&world);
}

#[test]
fn the_end_of_the_host_forgets_everybody() {
    let (mut world, _, door) = world();
    let (peer, _) = connect(&mut world, "/?session=away");
    lose(&mut world, &peer);
    let (old, _) = connect(&mut world, "/?session=waits");
    old.send("wait");
    world.run();
    let _ = connect(&mut world, "/?session=waits");
    world.end_host();
    // Those tasks, too, that were spawned by the end of others.
    world.end_host();
    drop(door);
    world.hub.shutdown();
    world.hub.shared().with(|inner, now| {
        let _ = inner.handle(now, Event::Timeout);
        assert_eq!(inner.hub.client_count(), 0);
    });
    world.hub.shared().with(|inner, _| {
        let known = inner.clients.iter().filter(|state| state.member.is_some()).count();
        assert_eq!((known, inner.ending), (0, 0));
    });
}
