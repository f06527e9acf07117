//! What the watchers of a room are told of its presence, how often, and whom a publish to them reaches.

use super::bench::*;
use super::presence::{TICKS, with_presence};
use crate::hub::{
    Action, Follow, Members, Presence, PresenceChange, PresentAs, Publishers, Refusal, RoomConfig, Target,
};
use crate::id::ClientId;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

const TICK_OF_ROOM: Duration = TICKS.tick;

impl Bench {
    pub(super) fn watch(&mut self, client: ClientId, room: &str) {
        self.hub.watch_presence(self.now, client, room).expect("a member");
        assert_eq!(self.hub.check(), Ok(()));
    }

    /// A hub in which a client without a user watches the room "p".
    fn watched() -> (Self, ClientId) {
        let mut bench = with_presence(|_| {});
        let watcher = bench.join_as(None, "p", "w");
        bench.watch(watcher, "p");
        bench.quiet();
        (bench, watcher)
    }

    /// The changes that the application is told.
    pub(super) fn changes(&mut self) -> Vec<PresenceChange> {
        let told = self.actions().into_iter().filter_map(|action| match action {
            Action::PresenceChanged { change, .. } => Some(*change),
            _ => None,
        });
        told.collect()
    }

    /// What is told within a tick.
    fn told(&mut self) -> Vec<String> {
        self.wait(TICK_OF_ROOM);
        assert_eq!(self.hub.check(), Ok(()));
        self.changes().iter().map(words).collect()
    }
}

/// A change in short: the users, then the counts.
fn words(change: &PresenceChange) -> String {
    let counts = format!("{} {}", change.counts.clients, change.counts.users);
    let Some(users) = &change.users else { return format!("only {counts}") };
    let name = |who: &PresentAs| match who {
        PresentAs::User(name) => name.to_string(),
        PresentAs::Client(client) => format!("{client}"),
    };
    let appeared = users
        .appeared
        .iter()
        .map(|one| format!("+{}={} ", name(&one.who), String::from_utf8_lossy(&one.info)));
    let disappeared = users.disappeared.iter().map(|who| format!("-{} ", name(who)));
    let cancelled = if users.cancelled > 0 { format!("~{} ", users.cancelled) } else { String::new() };
    appeared.chain(disappeared).chain([cancelled, counts]).collect()
}

#[test]
fn a_join_and_a_leave_are_told_once_when_the_tick_is_over() {
    let (mut bench, _) = Bench::watched();
    let ann = bench.join_as(Some("ann"), "p", "a");
    let other = bench.join_as(None, "p", "o");
    bench.quiet();
    bench.wait(TICK_OF_ROOM - TICK);
    assert_eq!(bench.changes(), []);
    bench.wait(TICK);
    let told = bench.changes();
    assert_eq!(told.iter().map(words).collect::<Vec<_>>(), [format!("+ann=a +{other}=o 3 3")]);
    assert_eq!(told[0].version, bench.page("p", None, 1).version);
    bench.wait(secs(5));
    assert_eq!(bench.changes(), [], "nothing changes, nothing is told");
    bench.leave(ann, "p");
    bench.gone(other);
    bench.wait(TICK_OF_ROOM);
    let next = bench.changes();
    assert_eq!(next.iter().map(words).collect::<Vec<_>>(), [format!("-ann -{other} 1 1")]);
    assert_eq!((next[0].since, bench.hub.stats().presence_told), (told[0].version, 2));
}

#[test]
fn what_is_taken_back_within_a_tick_is_not_told_of_the_user() {
    let (mut bench, _) = Bench::watched();
    let ann = bench.join_as(Some("ann"), "p", "a");
    bench.leave(ann, "p");
    assert_eq!(bench.told(), ["~1 1 1"]);
    bench.join_with_info(ann, "p", "a");
    assert_eq!(bench.told(), ["+ann=a 2 2"]);
    bench.leave(ann, "p");
    bench.join_with_info(ann, "p", "a");
    assert_eq!(bench.told(), ["~1 2 2"]);
    bench.leave(ann, "p");
    bench.join_with_info(ann, "p", "new");
    assert_eq!(bench.told(), ["+ann=new 2 2"], "with other bytes");
    assert_eq!(bench.hub.stats().presence_cancelled, 2);
}

#[test]
fn a_user_appears_with_its_first_client_and_disappears_with_its_last() {
    let (mut bench, _) = Bench::watched();
    let first = bench.join_as(Some("ann"), "p", "1");
    assert_eq!(bench.told(), ["+ann=1 2 2"]);
    let second = bench.join_as(Some("ann"), "p", "2");
    assert_eq!(bench.told(), ["3 2"], "only the counts have changed");
    bench.leave(first, "p");
    assert_eq!(bench.told(), ["+ann=2 2 2"], "the bytes are now those of the other client");
    bench.join_with_info(first, "p", "3");
    bench.gone(second);
    assert_eq!(bench.told(), ["+ann=3 2 2"]);
    bench.gone(first);
    assert_eq!(bench.told(), ["-ann 1 1"]);
}

#[test]
fn a_change_of_the_user_is_told_of_both() {
    let (mut bench, watcher) = Bench::watched();
    bench.hub.set_user(bench.now, watcher, Some("ann")).expect("a client");
    assert_eq!(bench.told(), [format!("+ann=w -{watcher} 1 1")]);
    bench.hub.set_user(bench.now, watcher, Some("bob")).expect("a client");
    assert_eq!(bench.told(), ["+bob=w -ann 1 1"], "though nobody is called ann any more");
    let bob = bench.join_as(Some("bob"), "p", "b");
    bench.hub.set_user(bench.now, watcher, Some("cleo")).expect("a client");
    assert_eq!(bench.told(), ["+bob=b +cleo=w 2 2"]);
    bench.gone(bob);
    assert_eq!(bench.told(), ["-bob 1 1"]);
}

#[test]
fn above_the_cap_only_the_counts_are_told() {
    let (mut bench, _) = Bench::watched();
    let clients: Vec<_> = ["1", "2", "3"].map(|user| bench.join_as(Some(user), "p", "")).into();
    assert_eq!(bench.told(), ["only 4 4"], "the cap is three users");
    bench.leave(clients[0], "p");
    assert_eq!(bench.told(), ["only 3 3"], "there were four within this tick");
    bench.leave(clients[1], "p");
    assert_eq!(bench.told(), ["-2 2 2"]);
    // More changes than the cap, with few users at any time.
    for user in ["4", "5", "6", "7"] {
        let client = bench.join_as(Some(user), "p", "");
        bench.hub.set_user(bench.now, clients[2], Some(user)).expect("a client");
        bench.leave(client, "p");
    }
    assert_eq!(bench.told(), ["+7= -3 ~3 2 2"]);
    assert_eq!(bench.hub.stats().presence_counts_only, 2);
    let none = RoomConfig { presence: Some(Presence { users: 0, ..TICKS }), ..RoomConfig::default() };
    bench.hub.configure_room(bench.now, "p", none).expect("it stays on");
    bench.join_as(Some("8"), "p", "");
    assert_eq!(bench.told(), ["only 3 3"]);
}

#[test]
fn a_lower_cap_drops_what_is_to_be_told_above_it() {
    let (mut bench, _) = Bench::watched();
    bench.join_as(Some("1"), "p", "");
    bench.join_as(Some("2"), "p", "");
    let lower = RoomConfig { presence: Some(Presence { users: 2, ..TICKS }), ..RoomConfig::default() };
    bench.hub.configure_room(bench.now, "p", lower).expect("it stays on");
    assert_eq!((bench.hub.check(), bench.told()), (Ok(()), ["only 3 3".into()].into()));
}

#[test]
fn without_watchers_nothing_is_collected_and_no_timer_is_set() {
    let mut bench = with_presence(|_| {});
    let ann = bench.join_as(Some("ann"), "p", "");
    let watching = bench.join_as(Some("bob"), "p", "");
    bench.quiet();
    assert_eq!(bench.hub.poll_timeout(), None);
    bench.watch(watching, "p");
    bench.watch(watching, "p");
    assert_eq!(bench.hub.poll_timeout(), None, "what was before is not told");
    assert_eq!((bench.hub.stats().watchers, bench.hub.watches_presence(watching, "p")), (1, true));
    bench.join_as(Some("cleo"), "p", "");
    bench.hub.unwatch_presence(bench.now, watching, "p").expect("a member");
    bench.hub.unwatch_presence(bench.now, watching, "p").expect("a member");
    assert_eq!((bench.hub.poll_timeout(), bench.hub.check(), bench.hub.stats().watchers), (None, Ok(()), 0));
    for end in [0, 1, 2] {
        bench.watch(ann, "p");
        bench.join_as(None, "p", "");
        match end {
            0 => bench.leave(ann, "p"),
            1 => _ = bench.hub.leave_all(bench.now, ann).expect("a client"),
            _ => bench.gone(ann),
        }
        assert_eq!(
            (bench.hub.poll_timeout(), bench.hub.check(), bench.hub.stats().watchers),
            (None, Ok(()), 0)
        );
        if end < 2 {
            bench.join(ann, "p");
        }
    }
    bench.quiet();
    bench.wait(secs(1));
    assert_eq!(bench.actions(), []);
    assert!(!bench.hub.watches_presence(ann, "p") && !bench.hub.watches_presence(watching, "nowhere"));
}

#[test]
fn a_publish_to_the_watchers_reaches_each_of_them_once() {
    let (mut bench, watcher) = Bench::watched();
    let other = bench.join_as(Some("ann"), "p", "");
    let listener = bench.join_as(Some("bob"), "p", "");
    bench.watch(other, "p");
    let watchers: Vec<_> = bench.hub.watchers("p").collect();
    assert_eq!(watchers, [watcher, other]);
    for (targets, queued) in [
        (&[Target::Watchers("p")][..], 2),
        (&[Target::Watchers("p"), Target::Watchers("p"), Target::Client(watcher)], 2),
        (&[Target::Watchers("p"), Target::Room("p")], 3),
        (&[Target::Room("p"), Target::Watchers("p")], 3),
        (&[Target::Client(listener), Target::Watchers("p")], 3),
    ] {
        assert_eq!(bench.publish(targets, "x").map(|published| published.queued), Ok(queued), "{targets:?}");
    }
    let except = bench.hub.publish(bench.now, &[Target::Watchers("p")], &[other], &frame("y"), None);
    assert_eq!(except.map(|published| published.queued), Ok(1));
    assert_eq!(bench.write_to(listener), ["x"; 3]);
    assert_eq!(bench.write_to(other), ["x"; 5]);
    assert_eq!(bench.write_to(watcher), ["x", "x", "x", "x", "x", "y"]);
    bench.hub.unwatch_presence(bench.now, watcher, "p").expect("a member");
    bench.leave(other, "p");
    assert_eq!(bench.publish(&[Target::Watchers("p")], "z").map(|published| published.queued), Ok(0));
    bench.connect_in("lobby");
    for (room, refusal) in [("nowhere", Refusal::NoSuchRoom), ("lobby", Refusal::NoPresence)] {
        let refused =
            bench.refused(|hub, now| hub.publish(now, &[Target::Watchers(room)], &[], &frame("x"), None));
        assert_eq!(refused, refusal.into());
    }
    let guarded = RoomConfig { publishers: Publishers::Application, ..RoomConfig::default() };
    bench.hub.configure_room(bench.now, "p", guarded).expect("a room");
    let refused = bench
        .refused(|hub, now| hub.publish_as(now, listener, &[Target::Watchers("p")], &[], &frame("x"), None));
    assert_eq!(refused, Refusal::MayNotPublish.into());
    assert_eq!(bench.hub.check(), Ok(()));
}

/// For the budget, watchers are told apart from members: one that does not watch is not counted as if it had been meant.
#[test]
fn at_the_budget_a_publish_to_the_watchers_is_dropped_for_them_alone() {
    let mut bench = with_presence(|config| {
        config.outbox.message_bytes = 100;
        config.outbox.bytes = 400;
        config.outbox.hub_bytes = 500;
    });
    let watchers = [(); 2].map(|()| bench.join_as(None, "p", ""));
    bench.join_as(None, "p", "");
    watchers.iter().for_each(|&watcher| bench.watch(watcher, "p"));
    let long = "x".repeat(90);
    for at in 0..20 {
        let targets = [Target::Watchers("p"), Target::Client(watchers[0])];
        let published = bench.publish(&targets[..1 + at % 2], &long).expect("a room");
        assert_eq!(published.queued + published.dropped, 2);
        assert_eq!(bench.hub.check(), Ok(()));
    }
    assert!(bench.hub.stats().dropped() > 0);
}

/// The claim that presence is bounded by ticks, and not by joins.
#[test]
fn ten_thousand_joins_in_a_second_are_one_notice_a_tick_for_ten_thousand_watchers() {
    const MANY: usize = 10_000;
    let mut bench = with_presence(|config| {
        let presence = Presence { users: 30_000, ..TICKS };
        config.presence.by_prefix.insert("p".into(), presence);
    });
    let watchers = bench.connect_many(MANY);
    for &watcher in &watchers {
        bench.join(watcher, "p");
        bench.hub.watch_presence(bench.now, watcher, "p").expect("a member");
    }
    bench.wait(secs(1));
    bench.quiet();
    let newcomers = bench.connect_many(MANY);
    bench.quiet();
    let before = bench.hub.stats();
    let (mut notices, mut told) = (0, 0);
    for client in newcomers {
        bench.wait(Duration::from_micros(100));
        bench.join(client, "p");
        for change in bench.changes() {
            notices += 1;
            told += change.users.expect("below the cap").appeared.len();
            let queued = bench.publish(&[Target::Watchers("p")], "who came").expect("a room").queued;
            assert_eq!(queued as usize, MANY);
        }
    }
    bench.wait(TICK_OF_ROOM);
    let last = bench.changes();
    told += last
        .iter()
        .map(|change| change.users.as_ref().map_or(0, |users| users.appeared.len()))
        .sum::<usize>();
    assert_eq!((told, last.len()), (MANY, 1), "each is told once");
    assert!(notices < 10, "{notices} ticks within the second, and one after it");
    let queued = bench.hub.stats().queued - before.queued;
    assert_eq!(queued, notices * MANY as u64, "one frame a tick and watcher");
}

#[test]
fn many_rooms_whose_ticks_end_together_take_no_event_long() {
    let mut bench = with_presence(|config| config.host.slice = 100);
    for at in 0..50 {
        let room = format!("p{at}");
        let watcher = bench.join_as(None, &room, "");
        bench.watch(watcher, &room);
    }
    bench.quiet();
    for at in 0..50 {
        bench.join_as(None, &format!("p{at}"), "");
    }
    bench.quiet();
    bench.oversleep(TICK_OF_ROOM);
    let (mut events, mut told) = (0, 0);
    while told < 50 {
        bench.timeout();
        let now = bench.changes().len();
        assert!(now <= 11, "{now} rooms in one event");
        (events, told) = (events + 1, told + now);
        assert_eq!(bench.hub.check(), Ok(()));
    }
    assert!(events >= 5);
}

#[test]
fn a_list_says_which_changes_it_has_and_which_need_it_anew() {
    let change = |since, version, cancelled| PresenceChange {
        since,
        version,
        counts: Default::default(),
        users: Some(crate::hub::UserChanges { cancelled, ..Default::default() }),
    };
    for (change, first, last, follow) in [
        (change(5, 9, 0), 9, 9, Follow::Known),
        (change(5, 9, 3), 10, 12, Follow::Known),
        (change(5, 9, 0), 5, 5, Follow::Apply),
        (change(5, 9, 3), 5, 5, Follow::Apply),
        (change(5, 9, 0), 7, 7, Follow::Apply),
        (change(5, 9, 1), 7, 7, Follow::Reload),
        (change(5, 9, 1), 5, 6, Follow::Reload),
        (change(5, 9, 0), 4, 9, Follow::Reload),
        (PresenceChange { users: None, ..change(5, 9, 0) }, 5, 5, Follow::Reload),
        (PresenceChange { users: None, ..change(5, 9, 0) }, 9, 9, Follow::Known),
    ] {
        assert_eq!(change.after(first, last), follow, "{change:?} {first} {last}");
    }
}

#[test]
fn several_changes_become_one_that_has_what_became_of_each_user() {
    let (mut bench, _) = Bench::watched();
    let ann = bench.join_as(Some("ann"), "p", "a");
    bench.wait(TICK_OF_ROOM);
    let bob = bench.join_as(Some("bob"), "p", "b");
    bench.leave(ann, "p");
    bench.wait(TICK_OF_ROOM);
    bench.leave(bob, "p");
    bench.join_with_info(bob, "p", "c");
    bench.wait(TICK_OF_ROOM);
    let changes = bench.changes();
    let [first, second, third] = &changes[..] else { panic!("three ticks") };
    for (most, expected) in [(2, "+bob=c -ann 2 2"), (1, "only 2 2")] {
        let mut one = first.clone();
        one.append(second.clone(), most);
        one.append(third.clone(), most);
        assert_eq!((one.since, one.version), (first.since, third.version));
        assert_eq!(words(&one), expected);
    }
    let mut counts = PresenceChange { users: None, ..first.clone() };
    counts.append(second.clone(), 9);
    assert_eq!(words(&counts), "only 2 2");
}

#[test]
fn a_closed_room_tells_nothing_of_its_members() {
    let (mut bench, watcher) = Bench::watched();
    let ann = bench.join_as(Some("ann"), "p", "a");
    bench.hub.close_room(bench.now, "p", Members::Leave).expect("a room");
    assert_eq!(bench.told(), [] as [String; 0]);
    for client in [ann, watcher] {
        bench.join(client, "p");
    }
    assert!(!bench.hub.watches_presence(watcher, "p"));
    assert_eq!(bench.told(), [] as [String; 0]);
}
