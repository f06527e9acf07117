//! States that `snapshot` does not write, or `restore` does not read. `trace::tests::snapshots` tests that all others
//! are restored.

use crate::field::Input;
use crate::frame::Frame;
use crate::hub::sweep::{Draining, Sweep, Task};
use crate::hub::{Config, Drain, Event, Hub, Policy, Target};
use crate::id::{ClientId, ConnectionId};
use crate::time::Instant;
use alloc::vec::Vec;
use bytes::Bytes;
use core::time::Duration;

const NOW: Instant = Instant::from_nanos(1_000_000_000);
const SECOND: ClientId = ClientId { index: 1, generation: 0 };
const SECOND_CONNECTION: ConnectionId = ConnectionId { index: 1, generation: 0 };

/// A hub with three idle clients on two lanes.
fn hub() -> Hub {
    let mut config = Config::default();
    config.host.lanes = 2;
    config.outbox.messages = 1;
    let mut hub = Hub::new(config).expect("a config that can stand");
    for lane in [0, 0, 1] {
        let client = hub.accept(NOW, None, lane).expect("admission is open");
        hub.reserve(NOW, client, None).expect("admission is open");
        hub.open(NOW, client).expect("it is reserved");
    }
    while hub.poll_action().is_some() {}
    hub
}

/// The snapshot of a hub without queued frames.
fn snapshot(hub: &mut Hub) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    hub.snapshot(&mut bytes, &|_, _| panic!("there is no frame"), usize::MAX).map(|()| bytes)
}

/// Whether the snapshot of a hub can be restored.
fn is_restored(hub: &mut Hub) -> bool {
    let bytes = snapshot(hub).expect("nothing waits to be polled");
    Hub::restore(hub.config().host, &mut Input(&bytes), &|_| panic!("there is no frame")).is_ok()
}

#[test]
fn a_hub_of_which_an_action_waits_to_be_polled_is_not_written() {
    let mut hub = hub();
    assert!(snapshot(&mut hub).is_some());
    let frame = Frame::raw(Bytes::from_static(b"hello"));
    let to = [Target::Client(SECOND)];
    for _ in 0..2 {
        let _ = hub.publish(NOW, &to, &[], &frame, Some(Policy::DropNewest)).expect("a client");
    }
    assert!(hub.snapshot(&mut Vec::new(), &|_, _| {}, usize::MAX).is_none(), "a drop is to be told");
    while hub.poll_action().is_some() {}
    assert!(hub.snapshot(&mut Vec::new(), &|_, _| {}, usize::MAX).is_some());
}

#[test]
fn a_client_in_the_ready_list_of_another_lane_is_refused() {
    let mut hub = hub();
    hub.handle(NOW, Event::Ping { connection: SECOND_CONNECTION, payload: b"who" }).expect("a client");
    while hub.poll_action().is_some() {}
    assert!(is_restored(&mut hub));
    hub.outboxes.change_lane(SECOND.index, 1);
    assert!(!is_restored(&mut hub));
}

#[test]
fn a_sweep_that_stands_behind_the_last_connection_is_refused() {
    let mut hub = hub();
    // The three clients come first, and then their connections.
    for (next, is_sane) in [(0, true), (6, true), (7, false)] {
        hub.sweep = Some(Sweep { next, task: Task::Close });
        assert_eq!(is_restored(&mut hub), is_sane, "{next}");
    }
}

/// The number of scheduled clients grows when clients open during the drain.
#[test]
fn a_drain_whose_numbers_could_run_over_is_refused() {
    let mut hub = hub();
    let plan = Drain { idle: Duration::ZERO, spread: Duration::from_secs(1) };
    for (given, is_sane) in [(0, true), ((1 << 60) - 1, true), (1 << 60, false), (u64::MAX, false)] {
        hub.draining = Some(Draining { plan, since: NOW, clients: 3, given });
        assert_eq!(is_restored(&mut hub), is_sane, "{given}");
    }
}
