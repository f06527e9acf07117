//! `Event::Place`: a new client among the clients of its user, by the application's decision.

use super::bench::*;
use crate::close::{CloseCode, CloseFrame, ClosedBy};
use crate::hub::{Action, Cause, Error, Fate, Flush, Incumbent, PerUser, Refusal};
use crate::id::ClientId;
use alloc::vec::Vec;

const MOVED: (CloseCode, &str) = (CloseCode(4001), "moved");

impl Bench {
    fn place(&mut self, client: ClientId, user: &str, among: &[Incumbent]) -> Result<(), Error> {
        self.hub.place(self.now, client, user, among, MOVED.0, MOVED.1)
    }
}

fn stays(client: ClientId) -> Incumbent {
    Incumbent { client, fate: Fate::Stays }
}

fn goes(client: ClientId) -> Incumbent {
    Incumbent { client, fate: Fate::Goes }
}

fn moved(client: ClientId) -> Action {
    disconnected(client, MOVED.0, ClosedBy::Hub, MOVED.1)
}

#[test]
fn those_that_go_are_disconnected_before_the_newcomer_is_connected() {
    let mut bench = Bench::new();
    let [first, second] = [bench.connect_as("ann"), bench.connect_as("ann")];
    bench.join(first, "lobby");
    let new = bench.reserve(Some("ann"));
    bench.quiet();
    bench.place(new, "ann", &[goes(first), stays(second)]).expect("placed");
    assert_eq!(bench.actions(), [left(first, "lobby"), moved(first), bench.connected(new)]);
    assert_eq!(bench.write_to(first), ["close 4001 moved"]);
    assert_eq!(bench.hub.clients_of("ann").collect::<Vec<_>>().len(), 2);
    assert_eq!(bench.hub.stats().evicted, 1);
    bench.hub.check().expect("nothing is broken");
}

#[test]
fn a_client_that_gets_a_user_stays_connected_and_the_others_go() {
    let mut bench = Bench::new();
    let [old, new] = [bench.connect_as("ann"), bench.connect()];
    bench.quiet();
    bench.place(new, "ann", &[goes(old)]).expect("placed");
    assert_eq!(bench.actions(), [moved(old)]);
    assert_eq!(bench.hub.user_of(new).as_deref(), Some("ann"));
    bench.place(new, "ann", &[]).expect("it is not among its own others");
    bench.place(new, "bob", &[]).expect("placed");
    assert_eq!(bench.hub.clients_of("ann").count(), 0);
}

#[test]
fn another_roster_than_was_seen_changes_nothing() {
    let mut bench = Bench::new();
    let [first, second, stranger] = [bench.connect_as("ann"), bench.connect_as("ann"), bench.connect()];
    let new = bench.reserve(Some("ann"));
    let others: [&[Incumbent]; 6] = [
        &[],
        &[goes(first)],
        &[goes(second), goes(first)],
        &[goes(first), goes(second), goes(stranger)],
        &[goes(first), goes(stranger)],
        &[goes(first), goes(second), goes(new)],
    ];
    for among in others {
        let error = bench.refused(|hub, now| hub.place(now, new, "ann", among, MOVED.0, MOVED.1));
        assert_eq!(error, Error::RosterChanged, "{among:?}");
    }
    bench.gone(first);
    let seen = [stays(first), stays(second)];
    let error = bench.refused(|hub, now| hub.place(now, new, "ann", &seen, MOVED.0, MOVED.1));
    assert_eq!(error, Error::RosterChanged);
    bench.place(new, "ann", &[stays(second)]).expect("this is who is there");
}

#[test]
fn an_index_that_came_again_is_not_the_client_that_was_seen() {
    let mut bench = Bench::new();
    let seen = bench.connect_as("ann");
    let new = bench.reserve(Some("ann"));
    bench.gone(seen);
    let other = bench.connect_as("ann");
    assert_eq!(other.index(), seen.index());
    assert_eq!(bench.place(new, "ann", &[goes(seen)]), Err(Error::RosterChanged));
    assert!(bench.hub.is_open(other));
}

#[test]
fn reservations_are_not_among_those_that_are_seen() {
    let mut bench = Bench::new();
    let [one, two] = [bench.reserve(Some("ann")), bench.reserve(Some("ann"))];
    bench.place(one, "ann", &[]).expect("nobody is open");
    assert_eq!(bench.place(two, "ann", &[]), Err(Error::RosterChanged));
    bench.place(two, "ann", &[goes(one)]).expect("placed");
    assert!(!bench.hub.is_open(one));
}

#[test]
fn only_who_is_reserved_or_open_can_be_placed() {
    let mut bench = Bench::new();
    let [closing, gone] = [bench.connect(), bench.connect()];
    bench.close(closing, Flush::First);
    bench.gone(gone);
    for (client, error) in [(closing, Error::NotOpen), (gone, Error::Gone)] {
        assert_eq!(bench.refused(|hub, now| hub.place(now, client, "ann", &[], MOVED.0, "")), error);
    }
    let reserved = bench.reserve(None);
    let error = bench.refused(|hub, now| hub.place(now, reserved, "", &[], MOVED.0, ""));
    assert_eq!(error, Refusal::EmptyName.into());
    bench.hub.shutdown(bench.now).expect("never an error");
    let error = bench.refused(|hub, now| hub.place(now, reserved, "ann", &[], MOVED.0, ""));
    assert_eq!(error, Refusal::Stopped.into());
}

#[test]
fn the_limits_of_the_config_hold_as_well() {
    let mut bench = Bench::with(|config| config.admission.per_user = PerUser::RefuseNewest(1));
    let old = bench.connect_as("ann");
    let new = bench.connect();
    let error = bench.refused(|hub, now| hub.place(now, new, "ann", &[stays(old)], MOVED.0, ""));
    assert_eq!(error, Refusal::TooManyOfUser { limit: 1 }.into());
    let mut bench = Bench::with(|config| config.admission.per_user = PerUser::EvictOldest(2));
    let clients: Vec<_> = (0..2).map(|_| bench.connect_as("ann")).collect();
    let new = bench.connect();
    bench.place(new, "ann", &[stays(clients[0]), stays(clients[1])]).expect("placed");
    assert!(!bench.hub.is_open(clients[0]) && bench.hub.is_open(clients[1]));
}

#[test]
fn an_eviction_has_the_code_and_the_reason_of_the_config() {
    let mut bench = Bench::with(|config| {
        config.admission.per_user = PerUser::EvictOldest(1);
        config.closes[Cause::Evicted] = CloseFrame::new(CloseCode(4009), "elsewhere");
    });
    let old = bench.connect_as("ann");
    let _new = bench.connect_as("ann");
    assert_eq!(bench.write_to(old), ["close 4009 elsewhere"]);
}
