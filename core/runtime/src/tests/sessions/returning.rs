use super::{GRACE, assert_clean, config, connect, lose, noted, only, world};
use crate::tests::host::World;
use crate::tests::peer::Peer;
use crate::tests::sessions::{Door, Lines};
use crate::{Events, EventsOptions, Hub, HubEvent, Placement, Receipt};
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use throng_core::hub::Drain;

#[test]
fn a_client_that_returns_in_time_has_missed_nothing_and_has_not_left() {
    let (mut world, lines, _) = world();
    let (peer, _) = connect(&mut world, "/?session=s&room=lobby");
    let client = only(&world);
    assert_eq!(client.session().as_deref(), Some("s"));
    lose(&mut world, &peer);
    assert!(client.is_away() && client.is_open() && client.in_room("lobby"));
    assert_eq!(world.hub.find_session("s"), Some(client.clone()));
    assert_eq!(world.hub.client(client.id()), Some(client.clone()));
    client.send("one").unwrap();
    world.hub.send_to_room("lobby", "two").unwrap();
    world.pass(GRACE / 2);
    let (peer, texts) = connect(&mut world, "/?session=s&room=other");
    assert_eq!(texts, ["one", "two"]);
    assert_eq!(only(&world), client);
    assert!(!client.is_away() && client.in_room("lobby") && !client.in_room("other"));
    client.send("three").unwrap();
    world.run();
    assert_eq!(peer.texts(), ["three"]);
    world.pass(GRACE);
    assert_eq!(lines.take(), ["connected", "joined lobby", "away 1006 Transport", "resumed Some(15s)"]);
    assert_clean(&world);
}

#[test]
fn one_that_does_not_return_ends_once_when_the_grace_is_over() {
    let (mut world, lines, _) = world();
    let (peer, _) = connect(&mut world, "/?session=s&room=lobby");
    peer.send("hi");
    world.run();
    let client = only(&world);
    lose(&mut world, &peer);
    world.pass(GRACE - Duration::from_secs(1));
    assert_eq!(lines.take(), ["connected", "joined lobby", "message hi", "away 1006 Transport"]);
    assert_eq!(client.closed_at(), None);
    world.pass(Duration::from_secs(2));
    assert_eq!(lines.take(), ["left lobby Ended", "disconnected 1006 Hub 1"]);
    assert!(client.closed_at().is_some() && !client.is_open() && !client.is_away());
    assert_eq!((world.hub.client_count(), world.hub.stats().not_returned), (0, 1));
    assert_clean(&world);
    let (_, texts) = connect(&mut world, "/?session=s");
    assert!(texts.is_empty());
    assert_eq!(lines.take(), ["connected"], "the session is free again");
}

#[test]
fn without_a_grace_it_ends_with_its_connection() {
    let (mut world, lines, _) = super::world_with(throng_core::hub::Config::default());
    let (peer, _) = connect(&mut world, "/?session=s");
    lose(&mut world, &peer);
    assert_eq!(lines.take(), ["connected", "disconnected 1006 Transport 0"]);
    assert_clean(&world);
}

#[test]
fn its_own_close_frame_ends_it_and_the_reload_of_a_page_does_not() {
    let (mut world, lines, _) = world();
    for (close, code) in
        [([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8], 1000), ([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9], 1001)]
    {
        let (peer, _) = connect(&mut world, "/?session=s");
        peer.push(&close);
        world.run();
        assert_eq!(peer.texts(), [format!("closed Some({code})")]);
        assert!(world.is_over(&peer));
    }
    assert_eq!(lines.take(), ["connected", "disconnected 1000 Peer 0", "connected", "away 1001 Peer"]);
    world.pass(GRACE);
    assert_eq!(lines.take(), ["disconnected 1006 Hub 0"]);
    assert_clean(&world);
}

#[test]
fn the_end_of_its_sending_direction_lets_it_go_away() {
    let (mut world, lines, _) = world();
    let (peer, _) = connect(&mut world, "/?session=s");
    peer.end();
    world.run();
    assert!(only(&world).is_away());
    world.pass(Duration::from_secs(6));
    assert!(world.is_over(&peer));
    let _ = connect(&mut world, "/?session=s");
    assert_eq!(lines.take(), ["connected", "away 1006 Transport", "resumed Some(6s)"]);
}

#[test]
fn its_values_handlers_and_counters_stay_and_its_request_is_the_new_one() {
    let lines = Lines::default();
    let (seen, ended) = (lines.clone(), lines.clone());
    let builder = Hub::builder().config(config()).before_connect(|connecting| {
        connecting.set_session("s");
        connecting.insert(connecting.path().to_owned());
        let mut count = 0;
        connecting.on_message(move |client, _| {
            count += 1;
            let _ = client.send(count.to_string());
        });
        Ok(())
    });
    let mut world = World::new(
        builder
            .on_resumed(move |client, _| {
                let request = client.request().expect("it is kept during this hook");
                seen.note(format_args!("{} {}", client.get::<String>().unwrap(), request.path()));
            })
            .on_disconnect(move |_, end| ended.note(format_args!("{} {}", end.received, end.sent))),
    );
    let (peer, _) = connect(&mut world, "/first");
    peer.send("a");
    peer.send("b");
    world.run();
    assert_eq!(peer.texts(), ["1", "2"]);
    lose(&mut world, &peer);
    let (peer, _) = connect(&mut world, "/second");
    peer.send("c");
    world.run();
    assert_eq!(peer.texts(), ["3"]);
    assert_eq!(lines.take(), ["/first /second"]);
    let client = only(&world);
    assert!(client.request().is_none(), "it is dropped after the hook");
    client.close(throng_core::CloseCode::NORMAL, "").unwrap();
    world.run();
    assert_eq!(lines.take(), ["3 3"]);
}

#[test]
fn rooms_are_joined_and_left_and_hooks_told_while_it_is_away() {
    let (mut world, lines, _) = world();
    let (peer, _) = connect(&mut world, "/?session=s");
    let client = only(&world);
    lose(&mut world, &peer);
    lines.take();
    world.hub.join(client.id(), "lobby").unwrap();
    world.run();
    assert_eq!(lines.take(), ["joined lobby"]);
    client.close(throng_core::CloseCode::NORMAL, "enough").unwrap();
    world.run();
    assert_eq!(lines.take(), ["left lobby Ended", "disconnected 1000 Application 0"]);
    assert_clean(&world);
}

#[test]
fn receipts_of_what_waits_are_answered_once_when_it_is_written_or_the_client_ends() {
    for returns in [true, false] {
        let (mut world, _, _) = world();
        let (peer, _) = connect(&mut world, "/?session=s");
        let client = only(&world);
        peer.set_room(Some(0));
        let mut on_lease = pin!(client.send_with_receipt("on lease").unwrap());
        world.run();
        let mut waits = pin!(client.send_with_receipt("waits").unwrap());
        lose(&mut world, &peer);
        let mut later = pin!(client.send_with_receipt("later").unwrap());
        world.run();
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(on_lease.as_mut().poll(cx).is_pending() && waits.as_mut().poll(cx).is_pending());
        assert!(later.as_mut().poll(cx).is_pending());
        let expected = if returns {
            let (_, texts) = connect(&mut world, "/?session=s");
            assert_eq!(texts, ["on lease", "waits", "later"]);
            Receipt::Written
        } else {
            world.pass(GRACE);
            Receipt::Gone
        };
        for receipt in [on_lease, waits, later] {
            assert_eq!({ receipt }.as_mut().poll(cx), Poll::Ready(expected), "{returns}");
        }
    }
}

#[test]
fn the_application_is_not_asked_whether_its_user_may_have_it() {
    let (lines, door, asked) = (Lines::default(), Door::default(), Arc::new(AtomicU32::new(0)));
    let count = Arc::clone(&asked);
    let mut world = World::new(noted(config(), &lines, &door).per_user(move |_, roster| {
        count.fetch_add(1, Ordering::Relaxed);
        if roster.is_empty() { Placement::Admit } else { Placement::refuse(Default::default()) }
    }));
    let (peer, _) = connect(&mut world, "/?session=s&user=ada");
    let before = asked.load(Ordering::Relaxed);
    lose(&mut world, &peer);
    let (peer, _) = connect(&mut world, "/?session=s&user=ada");
    assert_eq!(asked.load(Ordering::Relaxed), before);
    // So it is after the upgrade.
    lose(&mut world, &peer);
    let peer = super::ask(&mut world, "/late?session=s&user=ada");
    peer.send("I am ada");
    world.run();
    assert_eq!(asked.load(Ordering::Relaxed), before);
    assert!(!only(&world).is_away());
}

fn read(events: &mut Events, told: &mut Vec<String>) {
    let cx = &mut Context::from_waker(Waker::noop());
    while let Poll::Ready(Some(event)) = pin!(events.next()).poll(cx) {
        told.push(match event {
            HubEvent::Connected { .. } => "connected".to_owned(),
            HubEvent::Message { message, .. } => String::from_utf8_lossy(message.as_bytes()).into_owned(),
            HubEvent::Away { away, .. } => format!("away {}", away.code),
            HubEvent::Resumed { client, .. } => {
                assert!(client.request().is_some());
                "resumed".to_owned()
            }
            HubEvent::Disconnected { disconnected, .. } => format!("disconnected {}", disconnected.received),
            other => format!("{other:?}"),
        });
    }
}

#[test]
fn the_stream_of_events_has_the_same_order() {
    let builder = Hub::builder().config(config()).events(EventsOptions::default());
    let mut world = World::new(builder.before_connect(|connecting| {
        connecting.set_session("s");
        Ok(())
    }));
    let mut events = world.hub.events().unwrap();
    let mut told = Vec::new();
    let (peer, _) = connect(&mut world, "/");
    peer.send("one");
    world.run();
    read(&mut events, &mut told);
    lose(&mut world, &peer);
    read(&mut events, &mut told);
    let (peer, _) = connect(&mut world, "/");
    peer.send("two");
    world.run();
    read(&mut events, &mut told);
    lose(&mut world, &peer);
    world.pass(GRACE);
    read(&mut events, &mut told);
    assert_eq!(told, ["connected", "one", "away 1006", "resumed", "two", "away 1006", "disconnected 2"]);
}

#[test]
fn events_of_two_returns_that_are_taken_late_have_the_latest_request() {
    let builder = Hub::builder().config(config()).events(EventsOptions::default());
    let mut world = World::new(builder.before_connect(|connecting| {
        connecting.set_session("s");
        Ok(())
    }));
    let mut events = world.hub.events().unwrap();
    let cx = &mut Context::from_waker(Waker::noop());
    let mut next = || match pin!(events.next()).poll(cx) {
        Poll::Ready(Some(HubEvent::Connected { client, .. } | HubEvent::Resumed { client, .. })) => {
            client.request().map(|request| request.path().to_owned())
        }
        _ => None,
    };
    let _first = connect(&mut world, "/first");
    assert_eq!(next().as_deref(), Some("/first"));
    let _second = connect(&mut world, "/second");
    assert_eq!(next().as_deref(), Some("/second"));
    // It comes before the application has taken another event.
    let _third = connect(&mut world, "/third");
    assert_eq!(next().as_deref(), Some("/third"));
    assert_eq!(next(), None);
    assert!(only(&world).request().is_none(), "it is dropped with the next event");
}

#[test]
fn a_drain_ends_those_that_are_away_and_waits_for_their_last_hooks() {
    let (lines, door) = (Lines::default(), Door::default());
    let (hook, noted_end) = (door.clone(), lines.clone());
    let mut world = World::new(noted(config(), &lines, &door).on_disconnect_async(move |_, end| {
        let (door, lines) = (hook.clone(), noted_end.clone());
        async move {
            door.pass().await;
            lines.note(format_args!("disconnected {}", end.code));
        }
    }));
    let (peer, _) = connect(&mut world, "/?session=s");
    lose(&mut world, &peer);
    let mut drained = pin!(world.hub.drain(Drain::default(), Duration::from_secs(60)));
    let cx = &mut Context::from_waker(Waker::noop());
    assert!(drained.as_mut().poll(cx).is_pending());
    world.pass(Duration::from_secs(1));
    assert_eq!(world.hub.client_count(), 0);
    assert!(drained.as_mut().poll(cx).is_pending(), "a last hook still runs");
    door.open(1);
    world.run();
    assert!(drained.as_mut().poll(cx).is_ready());
    assert_eq!(lines.take(), ["connected", "away 1006 Transport", "disconnected 1001"]);
    assert_clean(&world);
}

/// More than a lane writes before it yields.
const CROWD: usize = 300;

#[test]
fn what_a_lane_has_written_but_not_reported_is_not_written_again() {
    type End = fn(&Peer);
    let ends: [(&str, End); 3] = [
        ("its direction", Peer::end),
        ("a close frame", |peer| peer.push(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9])),
        ("a failure", |peer| peer.fail(ErrorKind::ConnectionReset)),
    ];
    for (name, end) in ends {
        let (mut world, lines, _) = world();
        let (peer, _) = connect(&mut world, "/?session=s&room=lobby");
        let crowd: Vec<_> = (0..CROWD).map(|_| connect(&mut world, "/?room=lobby").0).collect();
        lines.take();
        world.hub.send_to_room("lobby", "once").unwrap();
        let is_written = (0..10).any(|_| {
            world.run_turn();
            peer.texts() == ["once"]
        });
        assert!(is_written, "the lane has written to the peer and yielded");
        world.hub.send_to_room("lobby", "later").unwrap();
        end(&peer);
        // The connection's task is polled before the lane is.
        world.poll_only(&peer);
        world.run();
        assert!(crowd.iter().all(|one| one.texts() == ["once", "later"]));
        let told = lines.take();
        assert!(told.first().is_some_and(|line| line.starts_with("away ")), "{name}: {told:?}");
        let (_back, texts) = connect(&mut world, "/?session=s");
        assert_eq!(texts, ["later"], "{name}");
        assert_clean(&world);
    }
}
