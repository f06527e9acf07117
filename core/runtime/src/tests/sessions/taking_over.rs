use super::{Door, Lines, ask, assert_clean, config, connect, noted, only, world};
use crate::tests::host::World;
use crate::{Client, Hub};
use std::time::Duration;
use throng_core::hub::{Event, Outcome};

#[test]
fn a_newer_connection_takes_over_and_the_older_one_is_closed() {
    let (mut world, lines, _) = world();
    let (older, _) = connect(&mut world, "/?session=s&room=lobby");
    let client = only(&world);
    let (newer, _) = connect(&mut world, "/?session=s");
    assert_eq!(older.texts(), ["closed Some(1008)"]);
    assert_eq!(only(&world), client);
    // The hub ignores what the older connection still sends, even if it breaks the protocol.
    older.send("late");
    older.push(&[0xff, 0xff]);
    newer.send("hi");
    world.run();
    client.send("hello").unwrap();
    world.run();
    assert_eq!(newer.texts(), ["hello"]);
    world.pass(Duration::from_secs(10));
    assert!(world.is_over(&older) && !world.is_over(&newer));
    assert_eq!(lines.take(), ["connected", "joined lobby", "resumed None", "message hi"]);
    assert_eq!((world.hub.stats().replaced, world.hub.stats().resumed), (1, 1));
    assert_clean(&world);
}

#[test]
fn the_answer_to_the_close_frame_ends_the_older_connection_at_once() {
    let (mut world, _, _) = world();
    let (older, _) = connect(&mut world, "/?session=s");
    let (newer, _) = connect(&mut world, "/?session=s");
    older.push(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xf0]);
    world.run();
    assert!(world.is_over(&older) && !older.is_held());
    assert!(!world.is_over(&newer) && !only(&world).is_away());
}

#[test]
fn a_message_that_the_older_one_could_not_write_comes_on_the_newer_one() {
    let (mut world, _, _) = world();
    let (older, _) = connect(&mut world, "/?session=s");
    let client = only(&world);
    older.set_room(Some(0));
    for number in 0..5 {
        client.send(number.to_string()).unwrap();
        world.run();
    }
    let (newer, texts) = connect(&mut world, "/?session=s");
    assert_eq!(texts, ["0", "1", "2", "3", "4"]);
    client.send("5").unwrap();
    world.run();
    assert_eq!(newer.texts(), ["5"]);
    older.set_room(None);
    world.pass(Duration::from_secs(10));
    assert!(world.is_over(&older));
    assert_clean(&world);
}

#[test]
fn many_take_over_in_turn() {
    let (mut world, lines, door) = world();
    let (first, _) = connect(&mut world, "/?session=s");
    first.send("wait");
    world.run();
    // None of these is served before the next one comes.
    let mut latest = first;
    for _ in 0..4 {
        latest = connect(&mut world, "/?session=s").0;
    }
    latest.send("hi");
    world.run();
    assert_eq!(lines.take(), ["connected", "message wait"]);
    door.open(1);
    world.run();
    let none = "resumed None";
    assert_eq!(lines.take(), ["waited", none, none, none, none, "message hi"]);
    world.pass(Duration::from_secs(10));
    assert_clean(&world);
}

#[test]
fn each_return_has_its_own_request_although_a_hook_before_it_ends_late() {
    let (lines, door) = (Lines::default(), Door::default());
    let (seen, waits) = (lines.clone(), door.clone());
    let builder = noted(config(), &lines, &door).on_resumed_async(move |client: Client, _| {
        let (lines, door) = (seen.clone(), waits.clone());
        async move {
            lines.note(client.request().map_or("none".to_owned(), |request| request.path().to_owned()));
            door.pass().await;
        }
    });
    let mut world = World::new(builder);
    let _first = connect(&mut world, "/first?session=s");
    let _second = connect(&mut world, "/second?session=s");
    assert_eq!(lines.take(), ["connected", "/second"]);
    // Two take over while the hook before still waits: the second of their hooks comes after the first has returned.
    let _third = connect(&mut world, "/third?session=s");
    let _fourth = connect(&mut world, "/fourth?session=s");
    for _ in 0..2 {
        door.open(1);
        world.run();
        assert_eq!(lines.take(), ["/fourth"]);
    }
    door.open(1);
    world.run();
    assert!(only(&world).request().is_none(), "it is dropped after the last of these hooks");
    world.pass(Duration::from_secs(10));
    assert_clean(&world);
}

#[test]
fn a_newcomer_whose_session_another_one_takes_before_it_opens_is_told_so() {
    for is_stopped in [false, true] {
        let builder = Hub::builder()
            .before_connect(|connecting| {
                connecting.authenticate();
                Ok(())
            })
            .authenticate(move |session| {
                Box::pin(async move {
                    session.set_session("s")?;
                    let hub = session.hub();
                    if is_stopped {
                        hub.shutdown();
                        return Ok(());
                    }
                    hub.shared().with(|inner, now| {
                        let accepted = inner.handle(now, Event::Accept { address: None, lane: 0 });
                        let Ok(Outcome::Accepted(connection)) = accepted else { panic!("{accepted:?}") };
                        let event = Event::Reserve { connection, user: None, session: Some("s"), rooms: &[] };
                        inner.handle(now, event).unwrap();
                    });
                    Ok(())
                })
            });
        let mut world = World::new(builder);
        let peer = ask(&mut world, "/");
        let reason = if is_stopped { "shutting down" } else { "another connection of this session" };
        let written = String::from_utf8_lossy(&peer.take()).into_owned();
        assert!(written.starts_with("HTTP/1.1 101") && written.ends_with(reason), "{written}");
    }
}
