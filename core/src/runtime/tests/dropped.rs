//! Futures that are dropped at each point at which they can be: what was not done is not done, and nobody waits for ever.

use super::host::World;
use super::peer::Peer;
use super::within::stuck;
use crate::hub::{Config, Drain, State, Target};
use crate::runtime::{Client, Hub, Publish};
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
/// Polls of a future, and whether what it waits for happens meanwhile.
const POINTS: [(usize, Meanwhile); 5] = [
    (0, Meanwhile::Nothing),
    (1, Meanwhile::Nothing),
    (1, Meanwhile::ItComes),
    (2, Meanwhile::Nothing),
    (2, Meanwhile::ItComes),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meanwhile {
    Nothing,
    ItComes,
}

/// Polls a future so often, letting the world go on in between, and drops it. True if it was ready before that.
fn dropped_after<F: Future>(world: &mut World, polls: usize, future: F) -> bool {
    let mut future = Box::pin(future);
    for _ in 0..polls {
        if future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return true;
        }
        world.run();
    }
    false
}

/// A send to somebody who has no room, in a world of its own for each point.
fn sent<F: Future>(
    make: impl Fn(&World, Client) -> F,
    check: impl Fn(&mut World, &Peer, (usize, Meanwhile), bool),
) {
    for point @ (polls, meanwhile) in POINTS {
        let (mut world, slow, _others) = stuck(1);
        let client = world.hub.client(world.hub.clients()[0]).expect("it is open");
        let future = make(&world, client);
        if meanwhile == Meanwhile::ItComes {
            slow.set_room(None);
        }
        let is_done = dropped_after(&mut world, polls, future);
        assert_eq!(is_done, point == (2, Meanwhile::ItComes), "{point:?}");
        slow.set_room(None);
        world.run();
        let expected: &[_] = if is_done { &["one", "two", "news"] } else { &["one", "two"] };
        assert_eq!(slow.texts(), expected, "{point:?}");
        check(&mut world, &slow, point, is_done);
    }
}

#[test]
fn a_publish_that_is_dropped_on_its_way_goes_to_nobody_more() {
    let to: &[_] = &[Target::All];
    sent(
        |world, _| world.hub.publish_within(&Publish::to(to), "news", SECOND),
        |world, _, point, is_done| {
            let others = u64::from(point.0 > 0);
            assert_eq!(world.hub.stats().queued, 2 + others + u64::from(is_done), "{point:?}");
        },
    );
}

#[test]
fn a_send_that_is_dropped_on_its_way_is_not_sent() {
    sent(|_, client| client.send_wait("news"), |_, _, _, _| {});
}

/// Ready at the third poll.
async fn third_time() {
    let mut polls = 0;
    poll_fn(|_| {
        polls += 1;
        if polls == 3 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// A client in the room `lobby`, in a hub that takes its time to say yes.
fn hesitant() -> (World, Client) {
    let builder = Hub::builder().before_join_async(|_, _| {
        Box::pin(async {
            third_time().await;
            Ok(())
        })
    });
    let mut world = World::new(builder.config(Config::default()));
    world.connect();
    let client = world.hub.client(world.hub.clients()[0]).expect("it is open");
    world.hub.join(client.id(), "lobby").expect("it is open");
    (world, client)
}

#[test]
fn a_join_that_is_dropped_on_its_way_has_not_happened() {
    for polls in 0..4 {
        let (mut world, client) = hesitant();
        let is_done = dropped_after(&mut world, polls, client.join("other"));
        assert_eq!((is_done, client.in_room("other")), (polls == 3, polls == 3), "{polls}");
    }
}

#[test]
fn a_leave_that_is_dropped_before_it_was_polled_has_not_happened() {
    for polls in 0..2 {
        let (mut world, client) = hesitant();
        assert_eq!(dropped_after(&mut world, polls, client.leave("lobby")), polls == 1);
        assert_eq!(client.in_room("lobby"), polls == 0);
        let (mut world, client) = hesitant();
        assert_eq!(dropped_after(&mut world, polls, client.leave_all()), polls == 1);
        assert_eq!(client.in_room("lobby"), polls == 0);
    }
}

#[test]
fn whoever_waits_for_the_end_and_is_dropped_leaves_nothing_behind() {
    for polls in 0..3 {
        let (mut world, slow, others) = stuck(1);
        let hub = world.hub.clone();
        assert!(!dropped_after(&mut world, polls, hub.stopped()));
        assert!(!dropped_after(&mut world, polls, hub.drain(Drain::default(), SECOND)));
        assert_eq!(hub.state() == State::Draining, polls > 0, "dropped, the drain goes on");
        hub.shutdown();
        world.run();
        for peer in [&slow, &others[0]] {
            peer.set_room(None);
            peer.end();
        }
        world.run();
        assert_eq!(hub.connection_count(), 0);
    }
}
