//! The budget holds, whatever comes back from leases.

use crate::frame::Frame;
use crate::hub::{Action, Config, DropReason, Hub, Outbox, Target};
use crate::outbox::{Progress, Transport, Written};
use crate::time::Instant;
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
