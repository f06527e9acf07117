//! Sends that wait for room, to any target and within a time.

use super::host::World;
use super::peer::Peer;
use crate::{Delivered, Hub, Missed, Publish, SendError, WhyMissed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use throng_core::ClientId;
use throng_core::hub::{Config, Error, Refusal, Target};

const SECOND: Duration = Duration::from_secs(1);

type Outcome = Arc<Mutex<Option<Result<Delivered, SendError>>>>;

/// A hub whose outboxes hold two messages, with clients of which the first does not read.
pub(super) fn stuck(others: usize) -> (World, Peer, Vec<Peer>) {
    let mut config = Config::default();
    config.outbox.messages = 2;
    config.deadlines.write = Duration::from_secs(100);
    let mut world = World::new(Hub::builder().config(config));
    let slow = world.connect();
    let others = (0..others).map(|_| world.connect()).collect();
    slow.set_room(Some(0));
    let id = world.hub.clients()[0];
    for text in ["one", "two"] {
        world.hub.send_to(id, text).expect("there is room");
        world.run();
    }
    assert_eq!(world.hub.client(id).and_then(|client| client.outbox()).map(|outbox| outbox.0), Some(2));
    (world, slow, others)
}

/// Publishes to everybody in a task of its own.
fn publish(world: &mut World, except: Vec<ClientId>, time: Duration) -> (usize, Outcome) {
    let (hub, outcome) = (world.hub.clone(), Outcome::default());
    let told = Arc::clone(&outcome);
    let task = world.spawn(async move {
        let publish = Publish::to(&[Target::All]).except(&except);
        let result = hub.publish_within(&publish, "news", time).await;
        *told.lock().unwrap() = Some(result);
    });
    world.run();
    (task, outcome)
}

fn taken(outcome: &Outcome) -> Option<Result<Delivered, SendError>> {
    outcome.lock().unwrap().take()
}

fn delivered(queued: u32, missed: Vec<Missed>) -> Option<Result<Delivered, SendError>> {
    Some(Ok(Delivered { queued, missed, ..Delivered::default() }))
}

#[test]
fn who_has_room_gets_it_at_once_and_the_others_when_they_have() {
    let (mut world, slow, others) = stuck(3);
    let (_, outcome) = publish(&mut world, Vec::new(), SECOND);
    for peer in &others {
        assert_eq!(peer.texts(), ["news"]);
    }
    assert_eq!(taken(&outcome), None, "one is waited for");
    slow.set_room(None);
    world.run();
    assert_eq!(slow.texts(), ["one", "two", "news"]);
    assert_eq!(taken(&outcome), delivered(4, Vec::new()));
    assert_eq!(world.hub.stats().dropped(), 0);
}

#[test]
fn when_the_time_is_over_it_says_who_was_not_reached() {
    let (mut world, slow, others) = stuck(1);
    let id = world.hub.clients()[0];
    let (_, outcome) = publish(&mut world, Vec::new(), SECOND);
    world.pass(SECOND - Duration::from_nanos(1));
    assert_eq!(taken(&outcome), None);
    world.pass(Duration::from_nanos(1));
    let missed = vec![Missed { client: id, why: WhyMissed::Full }];
    assert_eq!(taken(&outcome), delivered(1, missed));
    slow.set_room(None);
    world.run();
    assert_eq!(slow.texts(), ["one", "two"], "it is not sent after all");
    assert_eq!(others[0].texts(), ["news"]);
}

#[test]
fn those_that_are_late_are_named_in_the_order_of_their_ids() {
    let (mut world, slow, others) = stuck(3);
    let ids = world.hub.clients();
    for (peer, id) in others.iter().zip(&ids[1..]) {
        peer.set_room(Some(0));
        for text in ["one", "two"] {
            world.hub.send_to(*id, text).expect("there is room");
            world.run();
        }
    }
    let (_, outcome) = publish(&mut world, Vec::new(), SECOND);
    assert_eq!(taken(&outcome), None);
    slow.set_room(None);
    world.run();
    assert_eq!(slow.texts(), ["one", "two", "news"], "one has room again");
    assert_eq!(taken(&outcome), None, "and the others are waited for");
    world.pass(SECOND);
    let late = |client: &ClientId| Missed { client: *client, why: WhyMissed::Full };
    assert_eq!(taken(&outcome), delivered(1, ids[1..].iter().map(late).collect()));
}

#[test]
fn it_ends_when_the_client_goes() {
    let (mut world, slow, _others) = stuck(1);
    let id = world.hub.clients()[0];
    let (_, outcome) = publish(&mut world, Vec::new(), SECOND);
    slow.end();
    world.run();
    let missed = vec![Missed { client: id, why: WhyMissed::Gone }];
    assert_eq!(taken(&outcome), delivered(1, missed));
}

#[test]
fn it_ends_when_the_hub_does() {
    let (mut world, _slow, _others) = stuck(1);
    let (_, outcome) = publish(&mut world, Vec::new(), SECOND);
    world.hub.shutdown();
    world.run();
    assert!(matches!(taken(&outcome), Some(Ok(Delivered { queued: 1, .. }))));
}

#[test]
fn who_is_excepted_is_not_waited_for() {
    let (mut world, slow, _others) = stuck(1);
    let id = world.hub.clients()[0];
    let (_, outcome) = publish(&mut world, vec![id], SECOND);
    assert_eq!(taken(&outcome), delivered(1, Vec::new()));
    slow.set_room(None);
    world.run();
    assert_eq!(slow.texts(), ["one", "two"]);
}

#[test]
fn what_cannot_be_sent_at_all_says_so() {
    let (world, _slow, _others) = stuck(0);
    let to = [Target::Room("nowhere")];
    let mut publishing = Box::pin(world.hub.publish_within(&Publish::to(&to), "x", SECOND));
    let polled = publishing.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let nowhere = SendError::Hub(Error::Refused(Refusal::NoSuchRoom));
    assert_eq!(polled, Poll::Ready(Err(nowhere)));
}

#[test]
fn as_many_wait_for_one_client_as_may() {
    let (mut world, _slow, _others) = stuck(0);
    let id = world.hub.clients()[0];
    let waiting: Vec<_> = (0..64).map(|_| publish(&mut world, Vec::new(), SECOND)).collect();
    let (_, outcome) = publish(&mut world, Vec::new(), SECOND);
    let missed = vec![Missed { client: id, why: WhyMissed::TooManyWaiters }];
    assert_eq!(taken(&outcome), delivered(0, missed));
    assert!(waiting.iter().all(|(_, outcome)| taken(outcome).is_none()));
}
