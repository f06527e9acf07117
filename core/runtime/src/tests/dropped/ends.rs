//! Waiting for ends: of the hub, of its drain, of a client.

#[cfg(feature = "metrics")]
use super::busy;
use super::{assert_clean, at_each_point, dropped_after, first};
use crate::hosting::SignalListeners;
#[cfg(feature = "metrics")]
use crate::observe::Meters;
use crate::tests::host::World;
use crate::tests::within::stuck;
use crate::{Hub, ServeOptions};
use std::future::ready;
use std::time::Duration;
use throng_core::CloseCode;
use throng_core::hub::{Drain, State};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn whoever_waits_for_the_end_and_is_dropped_leaves_nothing_behind() {
    for polls in 0..3 {
        let (mut world, slow, others) = stuck(1);
        let hub = world.hub.clone();
        let client = first(&world);
        assert!(dropped_after(&mut world, polls, client.ended()).is_none());
        assert!(dropped_after(&mut world, polls, hub.stopped()).is_none());
        assert!(dropped_after(&mut world, polls, hub.drain(Drain::default(), SECOND)).is_none());
        assert_eq!(hub.state() == State::Draining, polls > 0, "dropped, the drain goes on");
        assert_clean(&world, polls);
        hub.shutdown();
        world.run();
        for peer in [&slow, &others[0]] {
            peer.set_room(None);
            peer.end();
        }
        world.run();
        assert_eq!(hub.connection_count(), 0);
        assert!(dropped_after(&mut world, 1, hub.stopped()).is_some());
    }
}

#[test]
fn whoever_waits_for_the_end_of_a_client_and_is_dropped_leaves_it_as_it_is() {
    let needed = at_each_point(|polls| {
        let mut world = World::new(Hub::builder());
        let peer = world.connect();
        let client = first(&world);
        // Before its second poll the client is closed.
        let closing = client.clone();
        let mut seen = 0;
        let mut ended = Box::pin(client.ended());
        let waiting = std::future::poll_fn(move |cx| {
            seen += 1;
            if seen == 2 {
                closing.close(CloseCode::NORMAL, "").expect("it is open");
            }
            ended.as_mut().poll(cx)
        });
        let is_done = dropped_after(&mut world, polls, waiting).is_some();
        assert_clean(&world, polls);
        assert_eq!(client.is_open(), polls < 2);
        peer.end();
        world.run();
        assert_eq!(world.hub.connection_count(), 0);
        is_done
    });
    assert_eq!(needed, 2);
}

#[test]
fn what_drives_a_drain_and_is_dropped_lets_go_of_the_signals_and_the_drain_goes_on() {
    let hour = Duration::from_secs(3600);
    let needed = at_each_point(|polls| {
        let mut world = World::new(Hub::builder());
        let peer = world.connect();
        let listeners: &SignalListeners = Box::leak(Box::default());
        let options =
            ServeOptions { drain: Some(Drain { idle: hour, spread: hour }), ..ServeOptions::default() };
        let stopped = world.hosted.clone().stopped_by(options, || Some(listeners.listen(|_| {})), ready(()));
        // The second poll begins a drain, a later one forces it; the peer goes when it is told to.
        let is_done = dropped_after(&mut world, polls, async {
            let mut stopped = Box::pin(stopped);
            std::future::poll_fn(|cx| {
                let polled = stopped.as_mut().poll(cx);
                listeners.signalled();
                if peer.texts().contains(&"closed Some(1001)".to_owned()) {
                    peer.end();
                }
                polled
            })
            .await;
        })
        .is_some();
        let hears_nothing = format!("{listeners:?}").contains("listeners: 0");
        assert_eq!(hears_nothing, !is_done, "after {polls} polls");
        assert_clean(&world, polls);
        let state = match polls {
            0 | 1 => State::Running,
            2 => State::Draining,
            _ => world.hub.state(),
        };
        assert_eq!(world.hub.state(), state, "after {polls} polls");
        world.hub.shutdown();
        peer.end();
        world.run();
        assert_eq!((world.hub.state(), world.hub.connection_count()), (State::Stopped, 0));
        is_done
    });
    assert!(needed > 2, "{needed}");
}

#[cfg(feature = "metrics")]
#[test]
fn numbers_that_are_told_again_and_again_until_that_is_dropped_leave_nothing_behind() {
    let needed = at_each_point(|polls| {
        let mut world = World::new(Hub::builder());
        let hub = world.hub.clone();
        let mut pauses = 0;
        let pause = || {
            pauses += 1;
            if pauses == 3 {
                hub.shutdown();
            }
            busy(1)
        };
        let is_done = dropped_after(&mut world, polls, Meters::new(&hub).publish_every(pause)).is_some();
        assert_clean(&world, polls);
        is_done
    });
    assert_eq!(needed, 4);
}
