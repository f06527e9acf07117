//! Which rooms have members and which users have clients, as a host is told that asks for it.

use super::bench::*;
use crate::hub::{Action, Lifetime, Members, Presence, RoomConfig};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// A hub that tells of rooms and users.
fn told() -> Bench {
    Bench::with(|config| config.host.occupancy = true)
}

impl Bench {
    /// What was told since the last call: `+room`, `-room`, `+@user`, `-@user`, and `left room`.
    fn edges(&mut self) -> Vec<String> {
        let told = self.actions().into_iter().filter_map(|action| match action {
            Action::RoomOccupied { room } => Some(format!("+{room}")),
            Action::RoomVacated { room } => Some(format!("-{room}")),
            Action::UserPresent { user } => Some(format!("+@{user}")),
            Action::UserAbsent { user } => Some(format!("-@{user}")),
            Action::Left { room, .. } => Some(format!("left {room}")),
            _ => None,
        });
        told.collect()
    }

    fn enter(&mut self, user: &str) -> crate::id::ClientId {
        self.hub.admit(self.now, Some(user)).expect("there is room")
    }
}

#[test]
fn the_first_member_and_the_last_one_are_told_and_no_other() {
    let mut bench = told();
    let (ada, bob) = (bench.enter("ada"), bench.enter("bob"));
    assert_eq!(bench.edges(), ["+@ada", "+@bob"]);
    bench.hub.join(bench.now, ada, "a").expect("a room");
    bench.hub.join(bench.now, bob, "a").expect("a room");
    assert_eq!(bench.edges(), ["+a"]);
    bench.hub.leave(bench.now, ada, "a").expect("a member");
    assert_eq!(bench.edges(), Vec::<String>::new());
    bench.hub.leave(bench.now, bob, "a").expect("a member");
    assert_eq!(bench.edges(), ["-a"]);
    bench.hub.join(bench.now, bob, "a").expect("a room");
    bench.hub.leave_all(bench.now, bob).expect("a client");
    assert_eq!(bench.edges(), ["+a", "-a"]);
}

#[test]
fn a_client_that_ends_vacates_its_rooms_and_its_user() {
    let mut bench = told();
    let (one, two) = (bench.enter("ada"), bench.enter("ada"));
    bench.hub.join(bench.now, one, "a").expect("a room");
    bench.edges();
    bench.gone(one);
    assert_eq!(bench.edges(), ["-a", "left a"]);
    bench.gone(two);
    assert_eq!(bench.edges(), ["-@ada"]);
    bench.assert_empty();
}

#[test]
fn a_room_that_is_kept_or_closed_is_vacated_too() {
    let mut bench = told();
    let config = RoomConfig { lifetime: Lifetime::Kept, ..RoomConfig::default() };
    bench.hub.configure_room(bench.now, "kept", config).expect("a room");
    let ada = bench.enter("ada");
    bench.hub.join(bench.now, ada, "kept").expect("a room");
    bench.hub.leave(bench.now, ada, "kept").expect("a member");
    assert_eq!(bench.edges(), ["+@ada", "+kept", "-kept"]);
    bench.hub.join(bench.now, ada, "closed").expect("a room");
    bench.hub.close_room(bench.now, "closed", Members::Leave).expect("a room");
    bench.hub.close_room(bench.now, "kept", Members::Leave).expect("a room");
    assert_eq!(bench.edges(), ["+closed", "-closed"]);
}

#[test]
fn a_client_with_another_user_moves_from_one_to_the_other() {
    let mut bench = told();
    let ada = bench.enter("ada");
    bench.hub.set_user(bench.now, ada, Some("eve")).expect("a client");
    bench.hub.set_user(bench.now, ada, Some("eve")).expect("a client");
    bench.hub.set_user(bench.now, ada, None).expect("a client");
    assert_eq!(bench.edges(), ["+@ada", "-@ada", "+@eve", "-@eve"]);
}

impl Bench {
    /// What was told of the members of rooms: `room clients/users`, `+client room user info`, `-client room`.
    fn members_told(&mut self) -> Vec<String> {
        let told = self.actions().into_iter().filter_map(|action| match action {
            Action::RoomVacated { room } => Some(format!("{room} -")),
            Action::RoomCounted { room, clients, users } => Some(format!("{room} {clients}/{users}")),
            Action::MemberPresent { room, member } => {
                let info = String::from_utf8_lossy(&member.info).into_owned();
                Some(format!("+{} {room} {:?} {info}", member.client.index, member.user.as_deref()))
            }
            Action::MemberAbsent { room, client } => Some(format!("-{} {room}", client.index)),
            _ => None,
        });
        told.collect()
    }
}

#[test]
fn the_number_of_members_is_told_and_in_rooms_with_presence_who_they_are() {
    let mut bench = told();
    let presence = Some(Presence::default());
    let config = RoomConfig { presence, lifetime: Lifetime::Kept, ..RoomConfig::default() };
    bench.hub.configure_room(bench.now, "a", config).expect("a room");
    let (ada, bob) = (bench.enter("ada"), bench.enter("ada"));
    bench.hub.join_with_info(bench.now, ada, "a", None, b"x").expect("a room");
    bench.hub.join(bench.now, bob, "a").expect("a room");
    bench.hub.join(bench.now, bob, "plain").expect("a room");
    assert_eq!(
        bench.members_told(),
        ["+0 a Some(\"ada\") x", "a 1/1", "+1 a Some(\"ada\") ", "a 2/1", "plain 1/0"]
    );
    bench.hub.set_user(bench.now, bob, None).expect("a client");
    assert_eq!(bench.members_told(), ["+1 a None ", "a 2/2"]);
    bench.hub.leave(bench.now, ada, "a").expect("a member");
    assert_eq!(bench.members_told(), ["-0 a", "a 1/1"]);
    bench.hub.join(bench.now, ada, "plain").expect("a room");
    bench.gone(bob);
    assert_eq!(bench.members_told(), ["plain 2/0", "-1 a", "a -", "plain 1/0"]);
}

#[test]
fn a_presence_that_begins_or_ends_is_told_of_each_member() {
    let mut bench = told();
    let presence = |presence| RoomConfig { presence, lifetime: Lifetime::Kept, ..RoomConfig::default() };
    let ada = bench.enter("ada");
    bench.hub.join(bench.now, ada, "a").expect("a room");
    assert_eq!(bench.members_told(), ["a 1/0"]);
    bench.hub.configure_room(bench.now, "a", presence(Some(Presence::default()))).expect("a room");
    assert_eq!(bench.members_told(), ["+0 a Some(\"ada\") ", "a 1/1"]);
    bench.hub.configure_room(bench.now, "a", presence(Some(Presence::OFF))).expect("a room");
    assert_eq!(bench.members_told(), ["-0 a", "a 1/0"]);
    bench.hub.close_room(bench.now, "a", Members::Leave).expect("a room");
    assert_eq!(bench.members_told(), ["a -"]);
}

#[test]
fn nothing_is_told_to_a_host_that_does_not_ask() {
    let mut bench = Bench::with(|_| {});
    let ada = bench.enter("ada");
    bench.hub.join(bench.now, ada, "a").expect("a room");
    bench.gone(ada);
    assert_eq!(bench.edges(), ["left a"]);
}
