//! Sends that wait.

use super::{assert_clean, dropped_after, first};
use crate::tests::host::World;
use crate::tests::peer::Peer;
use crate::tests::within::stuck;
use crate::{Client, Publish, Receipt};
use std::time::Duration;
use throng_core::hub::{State, Target};

const SECOND: Duration = Duration::from_secs(1);

/// How often a future is polled, and whether what it waits for happens meanwhile.
type Point = (usize, Meanwhile);

const POINTS: [Point; 5] = [
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

/// A send to a client without room, in a new world for each point.
fn sent<F: Future>(make: impl Fn(&World, Client) -> F, check: impl Fn(&mut World, &Peer, Point, bool)) {
    for point @ (polls, meanwhile) in POINTS {
        let (mut world, slow, _others) = stuck(1);
        let client = first(&world);
        let future = make(&world, client.clone());
        if meanwhile == Meanwhile::ItComes {
            slow.set_room(None);
        }
        let is_done = dropped_after(&mut world, polls, future).is_some();
        assert_eq!(is_done, point == (2, Meanwhile::ItComes), "{point:?}");
        assert_clean(&world, point);
        slow.set_room(None);
        world.run();
        let expected: &[_] = if is_done { &["one", "two", "news"] } else { &["one", "two"] };
        assert_eq!(slow.texts(), expected, "{point:?}");
        check(&mut world, &slow, point, is_done);
        let after = dropped_after(&mut world, 2, client.send_wait("after"));
        world.run();
        assert_eq!((after, slow.texts()), (Some(Ok(())), vec!["after".to_owned()]), "{point:?}");
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

#[test]
fn a_receipt_that_is_dropped_leaves_the_message_on_its_way() {
    for (polls, meanwhile) in POINTS {
        let (mut world, slow, _others) = stuck(0);
        slow.set_room(None);
        world.run();
        assert_eq!(slow.texts(), ["one", "two"]);
        slow.set_room(Some(0));
        let receipt = first(&world).send_with_receipt("news").expect("there is room");
        if meanwhile == Meanwhile::ItComes {
            slow.set_room(None);
        }
        let told = dropped_after(&mut world, polls, receipt);
        let is_told = (polls, meanwhile) == (2, Meanwhile::ItComes);
        assert_eq!(told, is_told.then_some(Receipt::Written));
        assert_clean(&world, (polls, meanwhile));
        slow.set_room(None);
        world.run();
        assert_eq!(slow.texts(), ["news"]);
        assert_eq!(world.hub.state(), State::Running);
    }
}

#[test]
fn a_receipt_that_is_dropped_when_it_is_known_is_forgotten() {
    let (mut world, slow, _others) = stuck(0);
    slow.set_room(None);
    world.run();
    let receipt = first(&world).send_with_receipt("news").expect("there is room");
    world.run();
    assert_eq!(world.hub.shared().look(|inner| inner.receipts.len()), 1, "it is known and not fetched");
    drop(receipt);
    assert_clean(&world, "known");
}
