//! The presence of rooms: who is listed and counted, in which order, and what is refused.

use super::bench::*;
use crate::close::CloseCode;
use crate::hub::{
    Config, Error, Lifetime, Members, Must, Presence, PresenceCounts, PresencePage, Refusal, RoomConfig,
};
use crate::id::ClientId;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

pub(super) const TICKS: Presence = Presence { users: 3, info_bytes: 8, tick: Duration::from_millis(100) };

/// A hub in which the rooms whose names begin with "p" have presence.
pub(super) fn with_presence(change: impl FnOnce(&mut Config)) -> Bench {
    Bench::with(|config| {
        config.presence.by_prefix.insert("p".into(), TICKS);
        change(config);
    })
}

impl Bench {
    pub(super) fn join_as(&mut self, user: Option<&str>, room: &str, info: &str) -> ClientId {
        let client = match user {
            Some(user) => self.connect_as(user),
            None => self.connect(),
        };
        self.join_with_info(client, room, info);
        client
    }

    pub(super) fn join_with_info(&mut self, client: ClientId, room: &str, info: &str) {
        let joined = self.hub.join_with_info(self.now, client, room, None, info.as_bytes());
        assert!(joined.is_ok(), "{joined:?}");
        assert_eq!(self.hub.check(), Ok(()));
    }

    pub(super) fn leave(&mut self, client: ClientId, room: &str) {
        self.hub.leave(self.now, client, room).expect("a member");
        assert_eq!(self.hub.check(), Ok(()));
    }

    pub(super) fn counts(&self, room: &str) -> (u32, u32) {
        let PresenceCounts { clients, users } = self.hub.presence_counts(room).expect("presence");
        (clients, users)
    }

    pub(super) fn page(&self, room: &str, at: Option<u64>, limit: u32) -> PresencePage {
        self.hub.presence(room, at, limit).expect("presence")
    }

    /// The bytes of all members, as they are listed.
    fn infos(&self, room: &str) -> Vec<String> {
        let page = self.page(room, None, 1_000);
        assert_eq!((page.counts.clients as usize, page.next), (page.members.len(), None));
        page.members.iter().map(|member| String::from_utf8_lossy(&member.info).into_owned()).collect()
    }

    fn set(&mut self, room: &str, presence: Option<Presence>) -> Result<(), Error> {
        let config = RoomConfig { presence, lifetime: Lifetime::Kept, ..RoomConfig::default() };
        self.hub.configure_room(self.now, room, config)
    }
}

#[test]
fn members_are_listed_in_the_order_of_joining_with_their_bytes() {
    let mut bench = with_presence(|_| {});
    let ann = bench.join_as(Some("ann"), "p", "a");
    let bob = bench.join_as(None, "p", "b");
    let cleo = bench.connect_as("cleo");
    bench.join(cleo, "p");
    let page = bench.page("p", None, 10);
    let listed: Vec<_> =
        page.members.iter().map(|one| (one.client, one.user.as_deref(), &one.info[..])).collect();
    assert_eq!(listed, [(ann, Some("ann"), &b"a"[..]), (bob, None, b"b"), (cleo, Some("cleo"), b"")]);
    assert_eq!((page.counts.clients, page.counts.users, page.next), (3, 3, None));
    bench.leave(ann, "p");
    bench.join_with_info(ann, "p", "again");
    assert_eq!(bench.infos("p"), ["b", "", "again"]);
    assert!(bench.page("p", None, 10).version > page.version);
    assert_eq!((bench.hub.stats().present, bench.hub.stats().presence_changes), (3, 5));
}

#[test]
fn a_room_without_presence_has_no_list() {
    let mut bench = with_presence(|_| {});
    bench.connect_in("lobby");
    for room in ["lobby", "nowhere", "p"] {
        assert_eq!((bench.hub.presence_counts(room), bench.hub.presence(room, None, 1)), (None, None));
        assert_eq!((bench.hub.presence_config(room), bench.hub.watchers(room).len()), (None, 0));
    }
    assert_eq!((bench.hub.stats().present, bench.hub.stats().presence_changes), (0, 0));
}

#[test]
fn each_member_that_stays_is_in_one_page_whoever_comes_and_goes_meanwhile() {
    let mut bench = with_presence(|config| config.presence.page = 3);
    let names = ["0", "1", "2", "3", "4", "5", "6", "7"];
    let clients = names.map(|name| bench.join_as(Some(name), "p", name));
    let mut seen = Vec::new();
    let mut page = bench.page("p", None, 100);
    assert_eq!(page.members.len(), 3, "no page has more than the config allows");
    // Of those that were seen, of those that come next, and at the place where the next page begins.
    for gone in [1, 3, 6] {
        bench.leave(clients[gone], "p");
    }
    bench.join_with_info(clients[1], "p", "new");
    loop {
        seen.extend(page.members.iter().map(|one| one.client));
        let Some(next) = page.next else { break };
        page = bench.page("p", Some(next), 2);
    }
    let expected = [0, 1, 2, 4, 5, 7, 1].map(|at| clients[at]);
    assert_eq!(seen, expected, "the one that left and came back is there twice");
    assert_eq!(bench.page("p", Some(u64::MAX), 2).members, []);
    assert_eq!((bench.page("p", None, 0).members.len(), bench.page("p", None, 0).next.is_some()), (0, true));
}

#[test]
fn a_user_counts_once_and_a_client_without_a_user_counts_as_one() {
    let mut bench = with_presence(|_| {});
    let first = bench.join_as(Some("ann"), "p", "1");
    let second = bench.join_as(Some("ann"), "p", "2");
    bench.join_as(None, "p", "");
    let other = bench.join_as(None, "p", "");
    assert_eq!(bench.counts("p"), (4, 3));
    bench.leave(first, "p");
    assert_eq!(bench.counts("p"), (3, 3));
    bench.leave(second, "p");
    bench.gone(other);
    assert_eq!(bench.counts("p"), (1, 1));
    assert_eq!(bench.hub.check(), Ok(()));
}

#[test]
fn a_client_that_gets_another_user_is_present_as_that_one() {
    let mut bench = with_presence(|_| {});
    let ann = bench.join_as(None, "p", "x");
    bench.join_with_info(ann, "p2", "y");
    bench.join_as(Some("ann"), "p", "z");
    for (user, users) in [(Some("ann"), 1), (Some("bob"), 2), (None, 2), (Some("ann"), 1)] {
        let before = bench.page("p", None, 9);
        bench.hub.set_user(bench.now, ann, user).expect("a client");
        assert_eq!(bench.hub.check(), Ok(()));
        let page = bench.page("p", None, 9);
        assert_eq!((page.members[0].user.as_deref(), page.counts.users), (user, users));
        assert_eq!(page.members[0].info, before.members[0].info);
        assert!(page.version > before.version && page.counts.clients == 2);
    }
    bench.gone(ann);
    assert_eq!(bench.counts("p"), (1, 1));
    assert!(!bench.hub.room_exists("p2"));
}

#[test]
fn a_client_that_is_away_stays_present_until_its_grace_is_over() {
    let mut bench = Bench::with_grace(|config| {
        config.presence.by_prefix.insert("p".into(), TICKS);
    });
    let ann = bench.join_as(Some("ann"), "p", "a");
    bench.join_as(Some("bob"), "p", "b");
    let version = bench.page("p", None, 9).version;
    bench.gone(ann);
    assert!(bench.hub.is_away(ann));
    bench.attach_on(ann, 0);
    bench.gone(ann);
    assert_eq!(
        (bench.infos("p"), bench.page("p", None, 9).version),
        (["a", "b"].map(String::from).into(), version)
    );
    bench.wait(secs(3_600));
    assert_eq!((bench.infos("p"), bench.counts("p")), (["b".into()].into(), (1, 1)));
    assert_eq!(bench.hub.check(), Ok(()));
}

#[test]
fn bytes_over_the_limit_or_for_a_room_without_presence_are_refused_and_change_nothing() {
    let mut bench = with_presence(|_| {});
    let ann = bench.connect_in("lobby");
    for (room, info, refusal) in [
        ("lobby2", &b""[..], Refusal::NoPresence),
        ("p", b"nine byte", Refusal::InfoTooLong { limit: 8 }),
        ("p", &[0; 1 << 16], Refusal::InfoTooLong { limit: 8 }),
        ("", b"", Refusal::EmptyName),
    ] {
        let refused = bench.refused(|hub, now| hub.join_with_info(now, ann, room, None, info));
        assert_eq!(refused, refusal.into(), "{room:?}");
        assert!(bench.hub.stats().refusals.of(refusal) > 0);
    }
    let bob = bench.join_as(None, "p", "8 bytes.");
    for (client, room, refusal) in [
        (ann, "p", Refusal::NotInRoom),
        (ann, "lobby", Refusal::NoPresence),
        (ann, "nowhere", Refusal::NoSuchRoom),
        (bob, "lobby", Refusal::NotInRoom),
    ] {
        assert_eq!(bench.refused(|hub, now| hub.watch_presence(now, client, room)), refusal.into(), "{room}");
        assert_eq!(
            bench.refused(|hub, now| hub.unwatch_presence(now, client, room)),
            refusal.into(),
            "{room}"
        );
    }
    bench.gone(bob);
    assert_eq!(bench.refused(|hub, now| hub.watch_presence(now, bob, "p")), Error::Gone);
    assert_eq!(bench.refused(|hub, now| hub.join_with_info(now, bob, "p", None, b"")), Error::Gone);
}

#[test]
fn the_config_of_a_room_begins_and_ends_its_presence() {
    let mut bench = with_presence(|_| {});
    bench.set("lobby", None).expect("a kept room");
    let ann = bench.connect_in("lobby");
    bench.set("lobby", Some(TICKS)).expect("few members");
    assert_eq!((bench.infos("lobby"), bench.counts("lobby")), (["".into()].into(), (1, 1)));
    bench.join_as(Some("bob"), "lobby", "b");
    let looser = Presence { info_bytes: 100, ..TICKS };
    bench.set("lobby", Some(looser)).expect("it stays on");
    assert_eq!((bench.infos("lobby").len(), bench.hub.presence_config("lobby")), (2, Some(looser)));
    bench.hub.watch_presence(bench.now, ann, "lobby").expect("a member");
    bench.join_as(Some("cleo"), "lobby", "c");
    bench.set("lobby", Some(Presence::OFF)).expect("few members");
    assert_eq!((bench.hub.presence_counts("lobby"), bench.hub.stats().present), (None, 0));
    assert_eq!((bench.hub.stats().watchers, bench.hub.check()), (0, Ok(())));
    bench.quiet();
    bench.wait(secs(1));
    assert_eq!(bench.actions(), [], "what was to be told is forgotten");
    // The config of a room counts more than its name.
    bench.set("p", Some(Presence::OFF)).expect("a new room");
    assert_eq!(bench.hub.presence_config("p"), None);
    bench.set("p", None).expect("an empty room");
    assert_eq!(bench.hub.presence_config("p"), Some(TICKS));
}

#[test]
fn presence_neither_begins_nor_ends_in_a_room_with_many_members() {
    let mut bench = with_presence(|config| config.host.slice = 12);
    let limit = 3;
    for room in ["lobby", "p"] {
        let client = bench.connect_in(room);
        for _ in 1..limit {
            bench.connect_in(room);
        }
        let kept = bench.hub.room_config(room).expect("a room");
        let other = if room == "p" { Presence::OFF } else { TICKS };
        bench.set(room, Some(other)).expect("as many as may be");
        bench.set(room, kept.presence).expect("as many as may be");
        let more = bench.connect_in(room);
        let refused = bench.refused(|hub, now| {
            hub.configure_room(now, room, RoomConfig { presence: Some(other), ..RoomConfig::default() })
        });
        assert_eq!(refused, Refusal::TooManyPresent { limit }.into());
        let bounds = RoomConfig { members: Some(9), ..kept };
        bench.hub.configure_room(bench.now, room, bounds).expect("its presence stays as it is");
        bench.gone(more);
        bench.set(room, Some(other)).expect("few again");
        bench.gone(client);
        assert_eq!(bench.hub.check(), Ok(()));
    }
}

#[test]
fn an_invalid_presence_is_refused() {
    let mut bench = with_presence(|_| {});
    for (presence, field, most) in [
        (Presence { users: 65_537, ..TICKS }, "presence.users", 65_536),
        (Presence { info_bytes: u32::MAX, ..TICKS }, "presence.info_bytes", 1 << 20),
    ] {
        let error = presence.validate().expect_err("over the bound");
        assert_eq!((error.field, error.must), (field, Must::BeAtMost(most)));
        let config = RoomConfig { presence: Some(presence), ..RoomConfig::default() };
        assert_eq!(bench.refused(|hub, now| hub.configure_room(now, "p", config)), Error::InvalidPresence);
        let mut config = Config::default();
        config.presence.by_prefix.insert("p".into(), presence);
        assert_eq!(config.validate(), Err(error));
    }
    let mut config = Config::default();
    config.presence.page = 0;
    assert_eq!(config.validate().map_err(|error| error.field), Err("presence.page"));
}

#[test]
fn the_members_of_a_closed_room_are_present_nowhere() {
    let mut bench = with_presence(|config| config.host.slice = 8);
    let clients = [(); 5].map(|()| bench.join_as(Some("ann"), "p", "x"));
    bench.hub.watch_presence(bench.now, clients[0], "p").expect("a member");
    bench.join_as(Some("bob"), "p", "y");
    let version = bench.page("p", None, 1).version;
    let end = Members::Disconnect { code: CloseCode::NORMAL, reason: "" };
    bench.hub.close_room(bench.now, "p", end).expect("a room");
    assert_eq!((bench.hub.presence_counts("p"), bench.hub.check()), (None, Ok(())));
    assert_eq!((bench.hub.stats().present, bench.hub.stats().watchers), (0, 0));
    // A member that is not told yet changes its user, and joins the room that has the name now.
    bench.hub.set_user(bench.now, clients[0], Some("cleo")).expect("a client");
    assert_eq!(bench.hub.check(), Ok(()));
    bench.join_with_info(clients[0], "p", "new");
    assert_eq!(bench.infos("p"), ["new"]);
    assert!(bench.page("p", None, 1).version > version, "versions never repeat");
    bench.quiet();
    bench.wait(secs(1));
    let told =
        bench.actions().iter().any(|action| matches!(action, crate::hub::Action::PresenceChanged { .. }));
    assert!(!told && bench.hub.check().is_ok());
}
