//! Users with several clients, and the limit of clients per user.

use super::bench::*;
use crate::close::{CloseCode, ClosedBy};
use crate::hub::{Action, Error, Flush, PerUser, Refusal, Target};
use crate::id::ClientId;
use alloc::vec::Vec;

fn evicted(client: ClientId) -> Action {
    disconnected(client, CloseCode::POLICY, ClosedBy::Hub, "another client of this user")
}

fn refusing(limit: u32) -> Bench {
    Bench::with(|config| config.admission.per_user = PerUser::RefuseNewest(limit))
}

fn evicting(limit: u32) -> Bench {
    Bench::with(|config| config.admission.per_user = PerUser::EvictOldest(limit))
}

fn clients_of(bench: &Bench, user: &str) -> Vec<ClientId> {
    bench.hub.clients_of(user).collect()
}

#[test]
fn a_user_may_have_any_number_of_clients() {
    let mut bench = Bench::new();
    let clients: Vec<_> = (0..100).map(|_| bench.connect_as("ann")).collect();
    assert_eq!(clients_of(&bench, "ann"), clients);
    assert_eq!((bench.hub.user_count(), bench.hub.stats().users), (1, 1));
    assert_eq!(bench.publish(&[Target::User("ann")], "hello"), Ok(published(100, 0, 0, 0)));
}

#[test]
fn the_newest_client_of_a_user_is_refused_at_the_limit() {
    let mut bench = refusing(2);
    let open = bench.connect_as("ann");
    bench.reserve(Some("ann"));
    let limit = Error::from(Refusal::TooManyOfUser { limit: 2 });
    let third = bench.accept();
    assert_eq!(bench.refused(|hub, now| hub.reserve(now, third, Some("ann"))), limit, "reservations count");
    bench.close(open, Flush::First);
    bench.reserve_on(third, Some("ann"));
    bench.open(third);
    assert_eq!(bench.hub.stats().refused_connections, 1);
}

#[test]
fn a_user_set_over_the_limit_is_refused_and_nothing_changes() {
    let mut bench = refusing(1);
    let ann = bench.connect_as("ann");
    let bob = bench.connect_as("bob");
    let limit = Error::from(Refusal::TooManyOfUser { limit: 1 });
    assert_eq!(bench.refused(|hub, now| hub.set_user(now, bob, Some("ann"))), limit);
    assert_eq!(bench.hub.user_of(bob).as_deref(), Some("bob"));
    bench.hub.set_user(bench.now, ann, Some("ann")).expect("it is that user already");
    assert_eq!(clients_of(&bench, "ann"), [ann]);
    bench.hub.set_user(bench.now, ann, None).expect("cleared");
    bench.hub.set_user(bench.now, bob, Some("ann")).expect("the place is free");
    assert_eq!(clients_of(&bench, "ann"), [bob]);
    assert_eq!(clients_of(&bench, "bob"), []);
}

#[test]
fn an_evicted_client_is_disconnected_before_the_newcomer_is_connected() {
    let mut bench = evicting(1);
    let old = bench.connect_as("ann");
    bench.join(old, "lobby");
    bench.quiet();
    let new = bench.connect_as("ann");
    assert_eq!(bench.actions(), [left(old, "lobby"), evicted(old), bench.connected(new)]);
    assert_eq!(bench.write_to(old), ["close 1008 another client of this user"]);
    assert_eq!(clients_of(&bench, "ann"), [new]);
    assert_eq!((bench.hub.stats().evicted, bench.hub.stats().ended_by_hub), (1, 1));
}

#[test]
fn the_client_that_opened_first_is_evicted_whatever_its_id() {
    let mut bench = evicting(2);
    let reserved = bench.reserve(Some("ann"));
    let first = bench.connect_as("ann");
    bench.open(reserved);
    bench.quiet();
    let third = bench.connect_as("ann");
    assert_eq!(bench.actions(), [evicted(first), bench.connected(third)]);
    let fourth = bench.connect_as("ann");
    assert_eq!(bench.actions(), [evicted(reserved), bench.connected(fourth)]);
}

#[test]
fn a_reservation_evicts_nobody_until_it_opens() {
    let mut bench = evicting(1);
    let old = bench.connect_as("ann");
    let reserved = bench.reserve(Some("ann"));
    let late = bench.reserve(Some("ann"));
    bench.quiet();
    assert!(bench.hub.is_open(old));
    bench.open(reserved);
    assert_eq!(bench.actions(), [evicted(old), bench.connected(reserved)]);
    bench.open(late);
    assert_eq!(bench.actions(), [evicted(reserved), bench.connected(late)]);
}

#[test]
fn setting_a_user_evicts_others_and_never_the_caller() {
    let mut bench = evicting(1);
    let oldest = bench.connect();
    let ann = bench.connect_as("ann");
    bench.quiet();
    bench.hub.set_user(bench.now, oldest, Some("ann")).expect("set");
    assert_eq!(bench.actions(), [evicted(ann)], "though the caller opened first");
    assert_eq!(clients_of(&bench, "ann"), [oldest]);
    bench.hub.set_user(bench.now, oldest, Some("ann")).expect("set again");
    assert_eq!(bench.actions(), []);
}

#[test]
fn setting_the_user_of_a_reservation_evicts_nobody() {
    let mut bench = evicting(1);
    let ann = bench.connect_as("ann");
    let reserved = bench.reserve(None);
    bench.quiet();
    bench.hub.set_user(bench.now, reserved, Some("ann")).expect("set");
    assert_eq!(bench.actions(), []);
    assert!(bench.hub.is_open(ann));
}

#[test]
fn a_user_can_be_set_changed_and_cleared() {
    let mut bench = Bench::new();
    let client = bench.connect();
    assert_eq!(bench.hub.user_of(client), None);
    for user in [Some("ann"), Some("bob"), Some("bob"), None, None, Some("ann")] {
        bench.hub.set_user(bench.now, client, user).expect("set");
        assert_eq!(bench.hub.user_of(client).as_deref(), user);
        assert_eq!(bench.hub.user_count(), usize::from(user.is_some()));
        for name in ["ann", "bob"] {
            assert_eq!(clients_of(&bench, name).len(), usize::from(user == Some(name)));
        }
    }
    bench.gone(client);
    bench.assert_empty();
}

#[test]
fn a_user_set_after_the_end_leaves_nothing_behind() {
    let mut bench = Bench::new();
    let closing = bench.connect_as("ann");
    let gone = bench.connect();
    bench.close(closing, Flush::First);
    bench.gone(gone);
    assert_eq!(bench.refused(|hub, now| hub.set_user(now, closing, Some("bob"))), Error::NotOpen);
    assert_eq!(bench.refused(|hub, now| hub.set_user(now, gone, Some("bob"))), Error::Gone);
    assert_eq!(bench.hub.user_of(closing), None);
    bench.gone(closing);
    bench.assert_empty();
}

#[test]
fn a_connection_has_no_user_before_it_is_reserved() {
    let mut bench = Bench::new();
    let accepted = bench.accept();
    assert_eq!((bench.hub.client_of(accepted), bench.hub.user_count()), (None, 0));
    let reserved = bench.reserve_on(accepted, None);
    assert_eq!(bench.hub.user_of(reserved), None);
    bench.hub.set_user(bench.now, reserved, Some("ann")).expect("it may have one now");
    assert_eq!(bench.hub.user_of(reserved).as_deref(), Some("ann"));
}

#[test]
fn a_users_name_has_the_limits_of_a_name() {
    let mut bench = Bench::with(|config| config.rooms.name_bytes = 4);
    let open = bench.connect();
    let accepted = bench.accept();
    let long = Error::from(Refusal::NameTooLong { limit: 4 });
    assert_eq!(bench.refused(|hub, now| hub.set_user(now, open, Some("annie"))), long);
    assert_eq!(bench.refused(|hub, now| hub.reserve(now, accepted, Some("annie"))), long);
    assert_eq!(bench.refused(|hub, now| hub.set_user(now, open, Some(""))), Refusal::EmptyName.into());
    bench.hub.set_user(bench.now, open, Some("anna")).expect("set");
}

#[test]
fn a_user_who_has_only_reservations_cannot_be_published_to() {
    let mut bench = Bench::new();
    bench.reserve(Some("ann"));
    let error = bench.refused(|hub, now| hub.publish(now, &[Target::User("ann")], &[], &frame("x"), None));
    assert_eq!(error, Refusal::NoSuchUser.into());
    assert_eq!(clients_of(&bench, "ann"), []);
}

#[test]
fn users_and_their_clients_stay_in_step() {
    let mut bench = Bench::new();
    let mut random = Random(7);
    let clients = bench.connect_many(20);
    let names = ["a", "b", "c"];
    let mut expected: Vec<Option<&str>> = alloc::vec![None; clients.len()];
    for _ in 0..2_000 {
        let at = random.below(20) as usize;
        let user = names.get(random.below(4) as usize).copied();
        bench.hub.set_user(bench.now, clients[at], user).expect("set");
        expected[at] = user;
        for name in names {
            let mut found = clients_of(&bench, name);
            found.sort();
            let of_name = clients.iter().zip(&expected).filter(|(_, user)| **user == Some(name));
            assert_eq!(found, of_name.map(|(client, _)| *client).collect::<Vec<_>>());
        }
    }
}
