//! Shutdown: all clients are closed and reported, and no more are admitted.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy};
use crate::hub::work::{CLIENT, MEMBERSHIP, VISIT};
use crate::hub::{Action, Drain, DropReason, Error, Host, Refusal, State, Target};
use crate::id::ClientId;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

impl Bench {
    fn shutdown(&mut self) {
        self.hub.shutdown(self.now).expect("never an error");
    }

    fn drain_slowly(&mut self) {
        self.hub.drain(self.now, Drain { idle: secs(0), spread: secs(1_000) }).expect("never an error");
    }
}

fn ended(client: ClientId) -> Action {
    disconnected(client, CloseCode::GOING_AWAY, ClosedBy::Hub, "shutting down")
}

#[test]
fn a_shutdown_of_an_empty_hub_is_done_with_the_next_timeout() {
    let mut bench = Bench::new();
    bench.shutdown();
    assert_eq!(bench.hub.poll_timeout(), Some(bench.hub.now()));
    bench.timeout();
    assert_eq!((bench.actions(), bench.hub.state()), ([Action::Stopped].into(), State::Stopped));
    bench.assert_empty();
}

#[test]
fn a_second_shutdown_does_not_begin_anew() {
    let mut bench = Bench::new();
    let clients = bench.connect_many(2_000);
    bench.shutdown();
    bench.timeout();
    let left = bench.hub.client_count();
    bench.shutdown();
    bench.timeout();
    assert!(left < 2_000 && bench.hub.client_count() < left, "it goes on where it was");
    bench.wait(secs(0));
    assert_eq!(bench.hub.client_count(), 0);
    for client in clients {
        bench.gone(client);
    }
    assert_eq!(bench.actions().last(), Some(&Action::Stopped));
    bench.shutdown();
    assert_eq!((bench.hub.poll_timeout(), bench.actions()), (None, [].into()), "it is over");
}

#[test]
fn everybody_is_closed_and_told_of() {
    let mut bench = Bench::new();
    let client = bench.connect_in("lobby");
    let [accepted, reserved] = [bench.accept(), bench.accept()];
    bench.reserve_on(reserved, Some("ann"));
    bench.tell(client, "not written any more");
    bench.quiet();
    bench.shutdown();
    bench.timeout();
    let lost = lost(client, 1, 20, DropReason::Closed);
    let aborts = [reserved, accepted].map(|connection| bench.abort(connection));
    let [first, second] = aborts;
    // First all clients, then the connections without one.
    assert_eq!(bench.actions(), [lost, left(client, "lobby"), ended(client), first, second]);
    assert_eq!(bench.write_to(client), ["close 1001 shutting down"]);
    for connection in [bench.on(client), accepted] {
        bench.gone(connection);
        assert_eq!(bench.actions(), []);
    }
    bench.gone(reserved);
    assert_eq!(bench.actions(), [Action::Stopped]);
    bench.assert_empty();
}

#[test]
fn nobody_slips_in_before_or_after_the_sweep() {
    let mut bench = Bench::new();
    bench.connect_many(1_024);
    let [accepted, reserved] = [bench.accept(), bench.accept()];
    bench.reserve_on(reserved, None);
    let open = bench.connect();
    bench.shutdown();
    let stopped = Error::from(Refusal::Stopped);
    while bench.hub.sweep.is_some() {
        assert_eq!(bench.refused(|hub, now| hub.accept(now, None, 0)), stopped);
        assert_eq!(bench.refused(|hub, now| hub.reserve(now, accepted, None)), stopped);
        assert_eq!(bench.refused(|hub, now| hub.open(now, reserved)), stopped);
        assert_eq!(bench.refused(|hub, now| hub.join(now, open, "lobby")), stopped);
        assert_eq!(
            bench.refused(|hub, now| hub.publish(now, &[Target::All], &[], &frame("x"), None)),
            stopped
        );
        bench.timeout();
    }
    // From here on the phase of a connection decides the error.
    assert_eq!(bench.refused(|hub, now| hub.accept(now, None, 0)), stopped);
    assert_eq!(bench.refused(|hub, now| hub.reserve(now, accepted, None)), Error::NotOpen);
    assert_eq!(bench.refused(|hub, now| hub.open(now, reserved)), Error::NotOpen);
    assert_eq!(bench.refused(|hub, now| hub.join(now, open, "lobby")), Error::NotOpen);
    assert_eq!(bench.hub.client_count(), 0);
}

#[test]
fn a_shutdown_closes_in_slices_and_misses_nobody() {
    let mut bench = Bench::new();
    let clients: BTreeSet<_> = (0..3_000).map(|_| bench.connect_in("lobby")).collect();
    bench.quiet();
    bench.shutdown();
    let mut told = BTreeSet::new();
    let mut slices = Vec::new();
    while bench.hub.sweep.is_some() {
        assert_eq!(bench.hub.poll_timeout(), Some(bench.hub.now()), "it goes on at once");
        bench.hub.timeout(bench.now).expect("never an error");
        let actions = bench.actions();
        slices.push(actions.len() / 2);
        for pair in actions.chunks(2) {
            let Action::Disconnected { client, .. } = pair[1] else { panic!("{pair:?}") };
            assert_eq!(pair[0], left(client, "lobby"));
            assert!(told.insert(client), "told once");
        }
    }
    let most = Host::default().slice.div_ceil(VISIT + CLIENT + MEMBERSHIP) as usize;
    assert!(slices.iter().all(|&slice| slice <= most), "{slices:?}");
    // In the last slices it looks for connections without a client.
    let closing = slices.iter().take_while(|slice| **slice > 0).count();
    assert_eq!(closing, 3_000_usize.div_ceil(most));
    assert!(slices.len() <= closing + 3_000_usize.div_ceil(Host::default().slice as usize), "{slices:?}");
    assert_eq!(told, clients);
    assert!(!bench.hub.room_exists("lobby"));
    for &client in &clients {
        bench.gone(client);
    }
    assert_eq!(bench.actions(), [Action::Stopped]);
    bench.assert_empty();
}

#[test]
fn transports_that_do_not_end_are_aborted_at_the_close_deadline() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.quiet();
    bench.shutdown();
    bench.wait(secs(5));
    assert_eq!(bench.actions(), [ended(client), bench.abort(client)]);
    bench.gone(client);
    assert_eq!(bench.actions(), [Action::Stopped]);
}

#[test]
fn a_client_that_vanishes_before_its_slice_is_told_of_once() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.quiet();
    bench.shutdown();
    bench.gone(client);
    assert_eq!(bench.actions(), [vanished(client)]);
    bench.timeout();
    assert_eq!(bench.actions(), [Action::Stopped]);
}

#[test]
fn a_shutdown_forces_a_drain_which_ends_once() {
    let mut bench = Bench::new();
    let clients = bench.connect_many(5);
    bench.drain_slowly();
    bench.timeout();
    bench.quiet();
    bench.shutdown();
    assert_eq!(bench.hub.state(), State::Stopped);
    bench.timeout();
    assert_eq!(bench.actions(), clients.iter().map(|&client| ended(client)).collect::<Vec<_>>());
    for client in clients {
        bench.gone(client);
    }
    assert_eq!(bench.actions(), [Action::Stopped]);
    bench.wait(secs(3600));
    assert_eq!(bench.actions(), []);
}

#[test]
fn a_shutdown_in_the_middle_of_the_sweep_of_a_drain_misses_nobody() {
    let mut bench = Bench::new();
    bench.connect_many(3_000);
    bench.drain_slowly();
    bench.timeout();
    bench.shutdown();
    bench.wait(secs(0));
    assert_eq!(bench.hub.client_count(), 0);
}

#[test]
fn after_a_shutdown_a_drain_or_another_shutdown_changes_nothing() {
    let mut bench = Bench::new();
    let client = bench.connect();
    bench.quiet();
    bench.shutdown();
    bench.drain_slowly();
    bench.shutdown();
    bench.timeout();
    assert_eq!(bench.actions(), [ended(client)]);
    bench.gone(client);
    assert_eq!(bench.actions(), [Action::Stopped]);
    bench.drain_slowly();
    bench.shutdown();
    bench.wait(secs(3600));
    assert_eq!((bench.actions(), bench.hub.poll_timeout()), ([].into(), None));
}
