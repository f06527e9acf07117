//! Rooms with a config of their own: members, publishers, policy and lifetime.

use super::bench::*;
use crate::hub::{Error, Flush, Lifetime, Members, Policy, Publishers, Refusal, RoomConfig, Target};
use crate::id::ClientId;
use alloc::vec::Vec;

const KEPT: RoomConfig = RoomConfig {
    members: None,
    publishers: Publishers::Anybody,
    policy: None,
    lifetime: Lifetime::Kept,
    history: None,
    presence: None,
};
const LOBBY: &[Target<'static>] = &[Target::Room("lobby")];

impl Bench {
    fn configure(&mut self, room: &str, config: RoomConfig) {
        self.hub.configure_room(self.now, room, config).expect("configured");
    }

    fn say(&mut self, from: ClientId, room: &str) -> Result<u32, Error> {
        let (targets, now) = ([Target::Room(room)], self.now);
        self.hub.publish_as(now, from, &targets, &[], &frame("x"), None).map(|published| published.queued)
    }
}

#[test]
fn a_kept_room_is_there_before_and_after_its_members() {
    let mut bench = Bench::new();
    bench.configure("lobby", KEPT);
    assert!(bench.hub.room_exists("lobby"));
    assert_eq!(bench.publish(LOBBY, "to nobody"), Ok(published(0, 0, 0, 0)));
    let ann = bench.connect_in("lobby");
    bench.gone(ann);
    assert_eq!(bench.hub.room_config("lobby"), Some(KEPT));
    assert_eq!((bench.hub.room_count(), bench.hub.stats().rooms), (1, 1));
    bench.configure("lobby", RoomConfig::default());
    assert!(!bench.hub.room_exists("lobby"), "it lives no longer than its members");
    bench.assert_empty();
}

#[test]
fn a_config_goes_with_the_last_member_unless_the_room_is_kept() {
    let mut bench = Bench::new();
    let ann = bench.connect_in("lobby");
    let small = RoomConfig { members: Some(1), ..RoomConfig::default() };
    bench.configure("lobby", small);
    assert_eq!(bench.hub.room_config("lobby"), Some(small));
    bench.hub.leave(bench.now, ann, "lobby").expect("left");
    assert_eq!(bench.hub.room_config("lobby"), None);
    bench.join(ann, "lobby");
    assert_eq!(bench.hub.room_config("lobby"), Some(RoomConfig::default()));
}

#[test]
fn what_cannot_be_configured_changes_nothing() {
    let mut bench = Bench::with(|config| {
        config.rooms.total = Some(1);
        config.rooms.name_bytes = 5;
    });
    bench.configure("lobby", KEPT);
    let wait = RoomConfig { policy: Some(Policy::Wait), ..KEPT };
    for (room, config, error) in [
        ("other", KEPT, Refusal::TooManyRooms { limit: 1 }.into()),
        ("other", RoomConfig::default(), Refusal::NoSuchRoom.into()),
        ("", KEPT, Refusal::EmptyName.into()),
        ("longer", KEPT, Refusal::NameTooLong { limit: 5 }.into()),
        ("lobby", wait, Error::WaitIsForOnePublish),
    ] {
        assert_eq!(bench.refused(|hub, now| hub.configure_room(now, room, config)), error, "{room}");
    }
    let ann = bench.connect();
    assert_eq!(
        bench.refused(|hub, now| hub.join(now, ann, "other")),
        Refusal::TooManyRooms { limit: 1 }.into(),
        "a kept room counts"
    );
}

#[test]
fn a_rooms_own_capacity_counts_and_nobody_is_put_out() {
    let mut bench = Bench::with(|config| config.rooms.members = Some(2));
    let clients = bench.connect_many(4);
    bench.configure("lobby", RoomConfig { members: Some(3), ..KEPT });
    assert_eq!((bench.hub.room_capacity("lobby"), bench.hub.room_capacity("other")), (Some(3), Some(2)));
    for &client in &clients[..3] {
        bench.join(client, "lobby");
    }
    bench.hub.check().expect("more members than other rooms may have");
    let full = |limit| Error::from(Refusal::RoomFull { limit });
    assert_eq!(bench.refused(|hub, now| hub.join(now, clients[3], "lobby")), full(3));
    bench.configure("lobby", RoomConfig { members: Some(1), ..KEPT });
    assert_eq!(bench.hub.member_count("lobby"), 3);
    bench.hub.leave(bench.now, clients[0], "lobby").expect("left");
    assert_eq!(bench.refused(|hub, now| hub.join(now, clients[0], "lobby")), full(1));
    bench.configure("lobby", KEPT);
    assert_eq!(bench.refused(|hub, now| hub.join(now, clients[0], "lobby")), full(2));
    bench.hub.check().expect("nothing is broken");
}

#[test]
fn who_may_publish_is_the_rooms_word() {
    let mut bench = Bench::new();
    let member = bench.connect_in("lobby");
    let other = bench.connect();
    for (publishers, of_member, of_other) in [
        (Publishers::Anybody, true, true),
        (Publishers::Members, true, false),
        (Publishers::Application, false, false),
    ] {
        bench.configure("lobby", RoomConfig { publishers, ..KEPT });
        for (client, may) in [(member, of_member), (other, of_other)] {
            assert_eq!(bench.hub.may_publish_to(client, "lobby"), may, "{publishers:?}");
            let refused = if may { Ok(1) } else { Err(Refusal::MayNotPublish.into()) };
            assert_eq!(bench.say(client, "lobby"), refused, "{publishers:?}");
        }
        assert_eq!(bench.publish(LOBBY, "x"), Ok(published(1, 0, 0, 0)), "the application may");
    }
}

#[test]
fn a_publish_to_one_room_too_many_reaches_nobody() {
    let mut bench = Bench::new();
    let [ann, bob] = [bench.connect_in("open"), bench.connect_in("lobby")];
    bench.configure("lobby", RoomConfig { publishers: Publishers::Members, ..KEPT });
    let both = [Target::Room("open"), Target::Room("lobby"), Target::All];
    let error = bench.refused(|hub, now| hub.publish_as(now, ann, &both, &[], &frame("x"), None));
    assert_eq!(error, Refusal::MayNotPublish.into());
    let published = bench.hub.publish_as(bench.now, bob, &both, &[bob], &frame("x"), None).expect("it may");
    assert_eq!(published.queued, 1);
}

#[test]
fn who_is_gone_publishes_nothing() {
    let mut bench = Bench::new();
    let _member = bench.connect_in("lobby");
    let [closing, gone] = [bench.connect(), bench.connect()];
    bench.close(closing, Flush::First);
    bench.gone(gone);
    assert_eq!(bench.say(closing, "lobby"), Err(Error::NotOpen));
    assert_eq!(bench.say(gone, "lobby"), Err(Error::Gone));
    assert!(!bench.hub.may_publish_to(gone, "lobby"));
}

#[test]
fn a_room_that_does_not_exist_says_so_whoever_publishes() {
    let mut bench = Bench::new();
    let ann = bench.connect();
    assert_eq!(bench.say(ann, "lobby"), Err(Refusal::NoSuchRoom.into()));
}

#[test]
fn a_rooms_policy_holds_for_what_is_published_to_it_first_of_all() {
    let mut bench = Bench::with(|config| config.outbox.messages = 2);
    let ann = bench.connect_in("prices");
    bench.configure("prices", RoomConfig { policy: Some(Policy::Conflate(7)), ..KEPT });
    bench.stall(ann);
    let prices: &[_] = &[Target::Room("prices")];
    for price in ["1", "2", "3"] {
        bench.publish(prices, price).expect("published");
    }
    assert_eq!(bench.waiting(ann).0, 1, "the latest is all that waits");
    bench.publish(&[Target::Room("prices"), Target::All], "4").expect("published");
    assert_eq!(bench.waiting(ann).0, 1);
    bench.publish(&[Target::All, Target::Room("prices")], "5").expect("published");
    bench.publish_by(Policy::DropNewest, Target::Room("prices"), &frame("6")).expect("published");
    bench.resume(ann);
    assert_eq!(
        bench.write_to(ann),
        ["4", "5"],
        "a policy of its own comes first, and the target that is first"
    );
}

#[test]
fn many_kept_rooms_are_no_more_than_there_may_be() {
    let mut bench = Bench::with(|config| config.rooms.total = Some(100));
    let made: Vec<_> = (0..200)
        .map(|room| bench.hub.configure_room(bench.now, &alloc::format!("{room}"), KEPT).is_ok())
        .collect();
    assert_eq!(made.iter().filter(|made| **made).count(), 100);
    for room in 0..100 {
        bench.hub.close_room(bench.now, &alloc::format!("{room}"), Members::Leave).expect("it is there");
    }
    bench.assert_empty();
}
