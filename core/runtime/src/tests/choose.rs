//! Sends to recipients that a closure chooses.

use super::host::World;
use super::peer::Peer;
use crate::{Client, Hub, Publish, SendError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use throng_core::hub::{Config, Error, Published, Refusal, Target};

/// Clients numbered in the order in which they connected.
fn numbered(count: u32) -> (World, Vec<Peer>) {
    let mut world = World::new(Hub::builder().config(Config::default()));
    let peers = (0..count).map(|_| world.connect()).collect();
    for (number, id) in (0..).zip(world.hub.clients()) {
        world.hub.client(id).expect("it is open").insert::<u32>(number);
        world.hub.join(id, "room").expect("it is open");
    }
    (world, peers)
}

fn number(client: &Client) -> u32 {
    client.get().expect("each has one")
}

fn who_heard(world: &mut World, peers: &[Peer], text: &str) -> Vec<usize> {
    world.run();
    (0..peers.len()).filter(|&at| peers[at].texts().iter().any(|heard| heard == text)).collect()
}

fn reached(queued: u32, unknown: u32) -> Published {
    let mut published = Published::default();
    (published.queued, published.unknown) = (queued, unknown);
    published
}

#[test]
fn those_hear_it_who_are_chosen_by_their_metadata() {
    let (mut world, peers) = numbered(600);
    let publish = Publish::to(&[Target::Room("room")]);
    let published = world.hub.publish_where(&publish, "thirds", |client| number(client).is_multiple_of(3));
    assert_eq!(published, Ok(reached(200, 0)));
    let thirds: Vec<_> = (0..600).step_by(3).collect();
    assert_eq!(who_heard(&mut world, &peers, "thirds"), thirds);
}

#[test]
fn each_is_asked_once_whatever_reaches_it_and_the_excepted_are_not() {
    let (mut world, peers) = numbered(4);
    let ids = world.hub.clients();
    let to = [Target::Client(ids[1]), Target::Room("room"), Target::All, Target::Room("nowhere")];
    let except = [ids[2]];
    let mut asked = Vec::new();
    let published = world.hub.publish_where(&Publish::to(&to).except(&except), "x", |client| {
        asked.push(number(client));
        number(client) != 0
    });
    asked.sort_unstable();
    assert_eq!(asked, [0, 1, 3]);
    assert_eq!(published, Ok(reached(2, 1)));
    assert_eq!(who_heard(&mut world, &peers, "x"), [1, 3]);
}

#[test]
fn who_joins_or_leaves_meanwhile_is_not_sent_to() {
    let (mut world, peers) = numbered(4);
    let hub = world.hub.clone();
    let ids = hub.clients();
    hub.leave(ids[0], "room").expect("it is a member");
    let mut has_changed = false;
    let published = hub.publish_where(&Publish::to(&[Target::Room("room")]), "x", |_| {
        if !std::mem::replace(&mut has_changed, true) {
            hub.join(ids[0], "room").expect("it is open");
            hub.leave(ids[3], "room").expect("it is a member");
        }
        true
    });
    assert_eq!(published, Ok(reached(2, 0)));
    assert_eq!(who_heard(&mut world, &peers, "x"), [1, 2]);
}

#[test]
fn that_nobody_is_chosen_is_no_error_and_that_nobody_is_there_is_one() {
    let (mut world, peers) = numbered(2);
    let publish = Publish::to(&[Target::All]);
    assert_eq!(world.hub.publish_where(&publish, "x", |_| false), Ok(Published::default()));
    let nowhere = Publish::to(&[Target::Room("nowhere")]);
    let refused = Err(SendError::Hub(Error::Refused(Refusal::NoSuchRoom)));
    assert_eq!(world.hub.publish_where(&nowhere, "x", |_| true), refused);
    assert!(who_heard(&mut world, &peers, "x").is_empty());
}

#[test]
fn a_filter_that_panics_has_sent_nothing_and_the_hub_goes_on() {
    let (mut world, peers) = numbered(2);
    let hub = world.hub.clone();
    let publish = Publish::to(&[Target::All]);
    let sent = catch_unwind(AssertUnwindSafe(|| hub.publish_where(&publish, "x", |_| panic!("no"))));
    assert!(sent.is_err());
    assert_eq!(hub.publish_where(&publish, "y", |_| true).map(|published| published.queued), Ok(2));
    assert_eq!(who_heard(&mut world, &peers, "y"), [0, 1]);
    assert!(peers.iter().all(|peer| peer.texts().is_empty()));
}
