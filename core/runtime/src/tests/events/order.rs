use super::{all, builder, enter, next, options, some, world, world_of};
use crate::tests::host::World;
use crate::{Disconnected, EventsOptions, Hub, HubEvent, KeepRequests, Lag, NoEvents, Ruling};
use futures_core::Stream;
use std::io::ErrorKind;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use throng_core::hub::{Config, OverRate, PerUser};
use throng_core::{CloseCode, Rate};

#[test]
fn what_happens_is_told_in_the_order_in_which_it_happened() {
    let (mut world, mut events) = world(EventsOptions::default());
    let ada = enter(&mut world, "ada");
    ada.send("hello");
    world.run();
    let bo = enter(&mut world, "bo");
    bo.send("hi");
    bo.send("and bye");
    bo.fail(ErrorKind::ConnectionReset);
    world.run();
    ada.send("bye");
    world.run();
    let told =
        ["+0.0 ada", "0.0: hello", "+1.0 bo", "1.0: hi", "1.0: and bye", "-1.0 1006 Transport", "0.0: bye"];
    assert_eq!(all(&mut events), told);
    assert_eq!(all(&mut events), [""; 0]);
}

#[test]
fn an_evicted_client_ends_before_the_connection_that_caused_it() {
    let mut config = Config::default();
    config.admission.per_user = PerUser::EvictOldest(1);
    let (mut world, mut events) = world_of(builder().config(config), EventsOptions::default());
    let first = enter(&mut world, "ada");
    first.send("first");
    world.run();
    let second = enter(&mut world, "ada");
    second.send("second");
    // The hub has ended the first client: this message must not become an event.
    first.send("late");
    world.run();
    assert_eq!(all(&mut events), ["+0.0 ada", "0.0: first", "-0.0 1008 Hub", "+1.0 ada", "1.0: second"]);
}

#[test]
fn nothing_of_a_client_is_told_after_its_end() {
    let closing = builder().before_message(|client, _| {
        let _ = client.close(CloseCode(4000), "");
        Ruling::Pass
    });
    let (mut world, mut events) = world_of(closing, EventsOptions::default());
    let peer = enter(&mut world, "ada");
    peer.send("x");
    peer.send("y");
    world.run();
    assert_eq!(all(&mut events), ["+0.0 ada", "-0.0 4000 Application"]);
}

#[test]
fn the_last_event_of_a_client_says_what_its_last_hook_says() {
    let hooks: Arc<Mutex<Vec<Disconnected>>> = Arc::default();
    let seen = Arc::clone(&hooks);
    let mut config = Config::default();
    config.outbox.messages = 1;
    config.inbound.messages = Some(Rate::per_second(1).burst(2));
    config.inbound.over_rate = OverRate::Drop;
    let builder = builder().config(config).on_disconnect(move |_, end| seen.lock().unwrap().push(end));
    let (mut world, mut events) = world_of(builder, EventsOptions::default());
    // The second client gets the first one's index, with fresh counters.
    for received in [3, 1] {
        let peer = enter(&mut world, "ada");
        for text in ["one", "two", "three"].iter().take(received) {
            peer.send(text);
        }
        world.run();
        peer.set_room(Some(0));
        let client = world.hub.client(world.hub.clients()[0]).unwrap();
        assert_eq!([(); 3].map(|()| client.send("x").is_ok()), [true, false, false]);
        world.pass(Duration::from_secs(7));
        client.close(CloseCode(4000), "bye").unwrap();
        world.run();
        world.pass(Duration::from_secs(7));
    }
    let mut ends = Vec::new();
    while let Poll::Ready(Some(event)) = poll(&mut events) {
        if let HubEvent::Disconnected { client, disconnected } = event {
            assert!(!client.is_open());
            ends.push(disconnected);
        }
    }
    assert_eq!(ends, *hooks.lock().unwrap());
    let counts: Vec<_> = ends.iter().map(|end| (end.received, end.received_bytes, end.dropped)).collect();
    assert_eq!(counts, [(3, 11, 2), (1, 3, 2)]);
    assert_eq!(ends[0].duration, Duration::from_secs(7));
}

fn poll(events: &mut crate::Events) -> Poll<Option<HubEvent>> {
    pin!(events.next()).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_next_that_is_dropped_loses_nothing() {
    let (mut world, mut events) = world(EventsOptions::default());
    let ada = enter(&mut world, "ada");
    for text in ["a", "b"] {
        ada.send(text);
    }
    world.run();
    // One future is made and never polled, another is polled and dropped while it waits.
    drop(events.next());
    assert_eq!(all(&mut events), ["+0.0 ada", "0.0: a", "0.0: b"]);
    assert_eq!(poll(&mut events), Poll::Pending);
    ada.send("c");
    world.run();
    drop(events.next());
    assert_eq!(next(&mut events).as_deref(), Some("0.0: c"));
}

#[test]
fn a_loop_that_waits_is_woken() {
    let (mut world, mut events) = world(options(2, Lag::Pause));
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let into = Arc::clone(&told);
    let task = world.spawn(async move {
        while let Some(event) = events.next().await {
            into.lock().unwrap().push(super::show(&event));
        }
    });
    world.run();
    let peers: Vec<_> = ["ada", "bo"].map(|name| enter(&mut world, name)).into();
    for count in 0..100 {
        peers.iter().for_each(|peer| peer.send(&count.to_string()));
    }
    world.run();
    world.hub.shutdown();
    world.run();
    world.pass(Duration::from_secs(6));
    assert!(world.has_ended(task));
    let told = told.lock().unwrap();
    for name in ["0.0", "1.0"] {
        let said: Vec<_> = told.iter().filter_map(|line| line.strip_prefix(&format!("{name}: "))).collect();
        assert_eq!(said, (0..100).map(|count| count.to_string()).collect::<Vec<_>>());
    }
    assert_eq!(told.len(), 204);
}

#[test]
fn a_request_is_kept_until_the_event_after_the_connection() {
    for keeps in [KeepRequests::UntilConnected, KeepRequests::Always] {
        let (mut world, mut events) = world_of(builder().keep_requests(keeps), EventsOptions::default());
        let ada = enter(&mut world, "ada");
        ada.send("x");
        world.run();
        let Poll::Ready(Some(HubEvent::Connected { client, .. })) = poll(&mut events) else {
            panic!("a connection comes first")
        };
        assert_eq!(client.request().and_then(|request| request.query("user")).as_deref(), Some("ada"));
        assert_eq!(some(&mut events, 1), ["0.0: x"]);
        assert_eq!(client.request().is_some(), keeps == KeepRequests::Always);
    }
}

#[test]
fn events_are_handed_out_once_and_only_if_they_were_asked_for() {
    assert_eq!(Hub::builder().build().unwrap().events().unwrap_err(), NoEvents::NotAsked);
    let world = World::new(builder().events(EventsOptions::default()));
    let events = world.hub.events().unwrap();
    assert_eq!(world.hub.events().unwrap_err(), NoEvents::Taken);
    drop(events);
    assert_eq!(world.hub.events().unwrap_err(), NoEvents::Taken);
}

#[test]
fn what_was_before_the_stream_was_taken_is_told() {
    let mut world = World::new(builder().events(EventsOptions::default()));
    enter(&mut world, "ada").send("early");
    world.run();
    assert_eq!(all(&mut world.hub.events().unwrap()), ["+0.0 ada", "0.0: early"]);
}

#[test]
fn the_events_are_a_stream_like_any_other() {
    let (mut world, mut events) = world(EventsOptions::default());
    enter(&mut world, "ada").send("x");
    world.run();
    let cx = &mut Context::from_waker(Waker::noop());
    let mut stream = Pin::new(&mut events);
    assert_eq!(stream.size_hint(), (0, None));
    assert!(matches!(stream.as_mut().poll_next(cx), Poll::Ready(Some(HubEvent::Connected { .. }))));
    assert_eq!(stream.size_hint(), (1, None));
    assert!(matches!(stream.as_mut().poll_next(cx), Poll::Ready(Some(HubEvent::Message { .. }))));
    assert_eq!(stream.poll_next(cx), Poll::Pending);
    assert_eq!(events.hub().client_count(), 1);
}
