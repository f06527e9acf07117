//! The budget holds, whatever comes back from leases.

use crate::frame::Frame;
use crate::hub::{Action, Config, DropReason, Hub, Outbox, Target};
use crate::outbox::{Progress, Transport, Written};
use crate::time::Instant;
use alloc::vec::Vec;
use bytes::Bytes;

const NOW: Instant = Instant::ORIGIN;

#[test]
fn what_comes_back_from_a_lease_does_not_break_the_budget() {
    let outbox = Outbox { message_bytes: 100, bytes: 200, hub_bytes: 215, ..Outbox::default() };
    let mut hub = Hub::new(Config { outbox, ..Config::default() }).expect("a config that can stand");
    let [both, large] = [(); 2].map(|()| hub.admit(NOW, None).expect("admission is open"));
    // Alternating frames of two rooms need a queue entry each.
    for room in ["a", "b"] {
        hub.join(NOW, both, room).expect("a new room");
    }
    let small = Frame::raw(Bytes::from_static(b"x"));
    for _ in 0..5 {
        for room in ["a", "b"] {
            hub.publish(NOW, &[Target::Room(room)], &[], &small, None).expect("a room");
        }
    }
    let connection = hub.connection_of(both).expect("it is attached");
    assert_eq!(hub.transmit(NOW, connection, u32::MAX, &mut crate::outbox::Batch::default()), Ok(1));
    // Meanwhile another client's queue uses up the rest of the budget.
    let frame = Frame::raw(Bytes::from_static(&[b'x'; 95]));
    for _ in 0..2 {
        let published = hub.publish(NOW, &[Target::Client(large)], &[], &frame, None).expect("a client");
        assert_eq!(published.queued, 1);
    }
    assert_eq!(hub.stats().queued_bytes, 200);
    while hub.poll_action().is_some() {}
    let progress = Progress::part(0, 0);
    let written = Written { connection, client: both, progress, transport: Transport::Blocked };
    hub.transmitted(NOW, &[written]).expect("never fails");
    assert!(hub.stats().queued_bytes <= 215, "{:?}", hub.stats());
    assert_eq!(
        (hub.outbox_of(both), hub.outbox_of(large)),
        (Some((10, 10)), Some((0, 0))),
        "the largest sheds"
    );
    let Some(Action::Dropped { client, dropped }) = hub.poll_action() else { panic!("a drop is told") };
    assert_eq!((client, dropped.frames, dropped.reason), (large, 2, DropReason::HubFull));
}

/// The messages that one publish sheds, if this many wait for each of so many clients and use up the budget.
fn shed_by_one(clients: u32, messages: u32) -> (u64, bool) {
    let outbox = Outbox { messages, bytes: 100, message_bytes: 1, ..Outbox::default() };
    let mut hub = Hub::new(Config { outbox, ..Config::default() }).expect("a config that can stand");
    let clients: Vec<_> = (0..clients).map(|_| hub.admit(NOW, None).expect("admission is open")).collect();
    let small = Frame::raw(Bytes::from_static(b"x"));
    for _ in 0..messages {
        for &client in &clients {
            hub.publish(NOW, &[Target::Client(client)], &[], &small, None).expect("a client");
        }
    }
    let mut config = hub.config().clone();
    config.outbox.hub_bytes = hub.stats().queued_bytes;
    hub.reconfigure(NOW, &config).expect("a config that can stand");
    let published = hub.publish(NOW, &[Target::Client(clients[0])], &[], &small, None).expect("a client");
    (hub.stats().dropped_hub_full, published.queued == 1)
}

#[test]
fn a_publish_sheds_an_eighth_of_the_budget_but_only_some_thousand_messages() {
    assert_eq!(shed_by_one(80, 10), (100, true));
    let (dropped, is_queued) = shed_by_one(4_000, 10);
    assert_eq!((dropped, is_queued), (4_100, true));
}
