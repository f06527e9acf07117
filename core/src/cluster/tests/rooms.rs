//! The rooms of all nodes, as each node knows them.

use super::*;
use crate::cluster::TellRooms;
use crate::id::Name;

/// What a node answers of a room: clients, users, and its members as `node:client:user:info`.
type Known = (u64, u64, Vec<String>);

impl Bus {
    pub(super) fn room(&mut self, at: usize, room: &str, clients: u32, users: u32) {
        let now = self.now;
        self.at(at).room(now, room, clients, users).unwrap();
        self.at(at).check().unwrap();
    }

    pub(super) fn present(&mut self, at: usize, room: &str, number: u64, user: Option<&str>, info: &str) {
        let now = self.now;
        self.at(at).present(now, room, client(number), user, info.as_bytes()).unwrap();
        self.at(at).check().unwrap();
    }

    fn absent(&mut self, at: usize, room: &str, number: u64) {
        let now = self.now;
        self.at(at).absent(now, room, client(number)).unwrap();
        self.at(at).check().unwrap();
    }

    /// In pages of two.
    pub(super) fn known(&self, at: usize, room: &str) -> Option<Known> {
        let cluster = &self.stations[at].cluster;
        let counts = cluster.room_counts(room)?;
        let (mut members, mut after) = (Vec::new(), None);
        loop {
            let page = cluster.presence(room, after.as_ref(), 2)?;
            assert!(page.members.len() <= 2 && page.counts == counts);
            members.extend(page.members.iter().map(|member| {
                let (id, info) = (&member.client, String::from_utf8_lossy(&member.info));
                format!(
                    "{}:{:x}:{}:{info}",
                    id.node,
                    id.client.to_u64(),
                    member.user.as_deref().unwrap_or("-")
                )
            }));
            after = page.next;
            if after.is_none() {
                return Some((counts.clients, counts.users, members));
            }
        }
    }

    fn assert_known(&self, room: &str, clients: u64, users: u64, members: &[&str]) {
        for at in 0..self.stations.len() {
            let (known_clients, known_users, known) = self.known(at, room).unwrap_or_default();
            assert_eq!((known_clients, known_users), (clients, users), "{room} at {at}");
            assert_eq!(known, members, "{room} at {at}");
        }
    }

    fn behind(&self, at: usize) -> u64 {
        self.stations[at].cluster.stats().nodes_behind
    }
}

fn told(nodes: usize, change: impl FnOnce(&mut Config)) -> Bus {
    let mut config = Config::default();
    change(&mut config);
    let mut bus = Bus::with(nodes, &config);
    bus.settle();
    bus
}

#[test]
fn each_node_knows_how_many_are_in_a_room_and_who_they_are() {
    let mut bus = Bus::of(3);
    bus.room(0, "plain", 4, 0);
    bus.room(1, "plain", 3, 0);
    bus.present(0, "lobby", 1, Some("ada"), "first");
    bus.room(0, "lobby", 1, 1);
    bus.present(1, "lobby", 1, Some("ada"), "again");
    bus.present(1, "lobby", 2, None, "");
    bus.room(1, "lobby", 2, 2);
    assert_eq!(bus.known(0, "plain"), Some((4, 0, vec![])), "its own at once");
    assert_eq!(bus.known(2, "plain"), None);
    bus.pass(SECOND);
    bus.assert_known("plain", 7, 0, &[]);
    bus.assert_known("lobby", 3, 2, &["a:1:ada:first", "b:1:ada:again", "b:2:-:"]);
    let rooms: Vec<_> =
        bus.at(2).rooms(None).map(|(room, counts)| (room.to_string(), counts.clients)).collect();
    assert_eq!(rooms, [("lobby".into(), 3), ("plain".into(), 7)]);
    assert_eq!(bus.at(2).rooms(Some("lobby")).count(), 1);
    assert_eq!(bus.at(2).stats().rooms, 2);

    bus.absent(1, "lobby", 1);
    bus.room(1, "lobby", 1, 1);
    bus.present(0, "lobby", 1, Some("eve"), "first");
    bus.room(0, "plain", 0, 0);
    bus.room(1, "plain", 0, 0);
    bus.pass(SECOND);
    bus.assert_known("lobby", 2, 2, &["a:1:eve:first", "b:2:-:"]);
    assert_eq!(bus.known(2, "plain"), None);
    assert_eq!(bus.at(2).stats().room_pages, 0, "nothing was lost");
}

#[test]
fn a_room_that_ends_and_begins_again_between_two_tellings_has_only_its_new_members() {
    let mut bus = Bus::of(2);
    bus.present(0, "lobby", 1, Some("ada"), "");
    bus.room(0, "lobby", 1, 1);
    bus.pass(SECOND);
    bus.room(0, "lobby", 0, 0);
    bus.present(0, "lobby", 2, Some("bob"), "");
    bus.room(0, "lobby", 1, 1);
    bus.pass(SECOND);
    bus.assert_known("lobby", 1, 1, &["a:2:bob:"]);
    assert_eq!(bus.at(1).stats().room_pages, 0);
}

#[test]
fn changes_that_are_lost_are_asked_for_with_the_next_ones() {
    let mut bus = Bus::of(2);
    bus.room(0, "one", 1, 0);
    bus.rule(|_| Fate::Lost);
    bus.pass(SECOND);
    bus.rule(|_| Fate::Carried);
    assert_eq!(bus.known(1, "one"), None);
    bus.room(0, "two", 1, 0);
    bus.pass(SECOND);
    bus.assert_known("one", 1, 0, &[]);
    bus.assert_known("two", 1, 0, &[]);
    assert_eq!((bus.at(1).stats().room_pages, bus.behind(1)), (1, 0));
}

#[test]
fn changes_that_are_lost_are_asked_for_with_the_next_heartbeat() {
    let mut bus = Bus::of(2);
    bus.room(0, "one", 1, 0);
    bus.rule(|_| Fate::Lost);
    bus.pass(SECOND);
    bus.rule(|_| Fate::Carried);
    bus.pass(6 * SECOND);
    bus.assert_known("one", 1, 0, &[]);
}

#[test]
fn changes_that_come_twice_change_nothing() {
    let mut bus = Bus::of(2);
    bus.rule(|_| Fate::Twice);
    bus.present(0, "lobby", 1, Some("ada"), "");
    bus.room(0, "lobby", 1, 1);
    bus.pass(6 * SECOND);
    bus.assert_known("lobby", 1, 1, &["a:1:ada:"]);
    assert_eq!(bus.at(1).stats().room_pages, 0);
}

/// A message that an attacker, or a broker, hands in again after newer ones.
#[test]
fn old_changes_and_old_pages_take_nothing_back() {
    let mut bus = Bus::of(2);
    bus.rule(|_| Fate::Carried);
    bus.room(0, "one", 1, 0);
    bus.pass(SECOND);
    bus.room(0, "one", 2, 0);
    bus.pass(SECOND);
    let carried = core::mem::take(&mut bus.carried);
    for (subject, payload) in &carried {
        bus.hand_out(subject, payload);
    }
    bus.assert_known("one", 2, 0, &[]);
}

#[test]
fn a_new_node_asks_for_all_rooms_page_by_page() {
    let mut bus = Bus::of(2);
    for at in 0..2_000 {
        bus.at(0).room(Instant::ORIGIN, &format!("room-{at:05}"), 1, 0).unwrap();
    }
    for at in 0..2_000 {
        bus.at(1).present(Instant::ORIGIN, "big", client(at), None, &[7; 90]).unwrap();
    }
    bus.room(1, "big", 2_000, 2_000);
    bus.pass(2 * SECOND);
    assert_eq!(bus.at(0).rooms(None).count(), 2_001);
    bus.add(&Config::default(), identity("z", 9));
    bus.pass(10 * SECOND);
    assert_eq!(bus.at(2).rooms(None).count(), 2_001);
    assert_eq!(bus.known(2, "big"), bus.known(0, "big"));
    let pages = bus.at(2).stats().room_pages;
    assert!((6..20).contains(&pages), "{pages}");
    assert_eq!(bus.behind(2), 0);
}

/// A roster that changed while nobody could be told, more than is remembered.
#[test]
fn rooms_that_changed_while_the_link_was_away_are_told_when_it_is_back() {
    let mut bus = Bus::of(2);
    for at in 0..3 {
        bus.room(0, &format!("old-{at}"), 1, 0);
    }
    bus.pass(SECOND);
    bus.stations[0].is_reachable = false;
    bus.break_link(0);
    for at in 0..3 {
        bus.room(0, &format!("old-{at}"), 0, 0);
    }
    bus.room(0, "new", 5, 0);
    bus.pass(2 * SECOND);
    bus.stations[0].is_reachable = true;
    bus.pass(20 * SECOND);
    bus.assert_known("new", 5, 0, &[]);
    assert_eq!(bus.at(1).rooms(None).count(), 1);
}

#[test]
fn the_rooms_of_a_node_that_says_goodbye_leave_in_slices() {
    let mut bus = Bus::of(2);
    for at in 0..3_000 {
        bus.at(0).present(Instant::ORIGIN, "big", client(at), None, b"").unwrap();
    }
    bus.room(0, "big", 3_000, 3_000);
    bus.room(0, "small", 1, 0);
    bus.room(1, "small", 2, 0);
    bus.pass(3 * SECOND);
    assert_eq!(bus.at(1).room_counts("big").map(|counts| counts.users), Some(3_000));
    let now = bus.now;
    bus.at(0).goodbye(now).unwrap();
    bus.settle();
    let mut slices = 0;
    while bus.at(1).poll_timeout().is_some_and(|at| at <= now) {
        let before = bus.at(1).room_counts("big").map_or(0, |counts| counts.users);
        bus.at(1).timeout(now).unwrap();
        bus.at(1).check().unwrap();
        let after = bus.at(1).room_counts("big").map_or(0, |counts| counts.users);
        assert!(before - after <= 1_024, "{before} {after}");
        slices += 1;
        assert!(slices < 10);
    }
    assert_eq!(slices, 2, "and one at once");
    assert_eq!(bus.known(1, "big"), None);
    assert_eq!(bus.known(1, "small"), Some((2, 0, vec![])));
    assert_eq!(bus.at(1).stats().room_bytes, 0);
}

#[test]
fn the_rooms_of_a_node_that_is_silent_or_has_started_again_are_forgotten() {
    let mut bus = Bus::of(2);
    bus.room(0, "old", 1, 0);
    bus.pass(SECOND);
    bus.stations[0].is_reachable = false;
    bus.break_link(0);
    bus.pass(25 * SECOND);
    assert_eq!(bus.known(1, "old"), None);

    let mut bus = Bus::of(2);
    bus.room(0, "old", 1, 0);
    bus.pass(SECOND);
    bus.stations.remove(0);
    bus.add(&Config::default(), identity("a", 500));
    bus.room(1, "new", 3, 0);
    bus.pass(7 * SECOND);
    bus.assert_known("new", 3, 0, &[]);
    assert_eq!(bus.known(0, "old"), None);
}

#[test]
fn what_other_nodes_tell_is_bounded_and_made_up_for_when_there_is_room() {
    let mut bus = told(2, |config| config.room_bytes = 2_000);
    for at in 0..20 {
        bus.room(0, &format!("room-{at:02}"), 1, 0);
    }
    bus.pass(6 * SECOND);
    let stats = bus.at(1).stats();
    assert_eq!((stats.rooms, stats.rooms_refused, stats.nodes_behind), (7, 13, 1));
    assert!(stats.room_bytes <= 2_000);
    assert_eq!(bus.at(0).stats().rooms, 20, "its own are in its hub");
    for at in 0..15 {
        bus.room(0, &format!("room-{at:02}"), 0, 0);
    }
    bus.pass(12 * SECOND);
    assert_eq!((bus.at(1).rooms(None).count(), bus.behind(1)), (5, 0));
}

#[test]
fn a_node_tells_of_the_rooms_that_its_config_says() {
    for (tells, expected) in [(TellRooms::None, 0), (TellRooms::Presence, 1), (TellRooms::All, 2)] {
        let mut bus = told(2, |config| config.tell_rooms = tells);
        bus.room(0, "plain", 2, 0);
        bus.present(0, "lobby", 1, None, "");
        bus.room(0, "lobby", 1, 1);
        bus.pass(10 * SECOND);
        assert_eq!(bus.at(1).rooms(None).count(), expected, "{tells:?}");
        assert_eq!(bus.at(0).rooms(None).count(), expected, "{tells:?}");
        assert_eq!(bus.at(1).stats().room_pages, 0, "{tells:?}");
    }
}

#[test]
fn a_long_information_is_left_out_and_a_long_name_refused() {
    let mut bus = told(2, |config| {
        config.message_bytes = 100;
        config.name_bytes = 20;
    });
    bus.present(0, "lobby", 1, Some("ada"), &"x".repeat(101));
    bus.present(0, "lobby", 2, Some("bob"), &"y".repeat(100));
    bus.room(0, "lobby", 2, 2);
    bus.pass(SECOND);
    let info = format!("a:2:bob:{}", "y".repeat(100));
    bus.assert_known("lobby", 2, 2, &["a:1:ada:", &info]);
    assert_eq!(bus.at(0).stats().infos_cut, 1);
    let (now, long) = (bus.now, "n".repeat(21));
    let refused = Err(Refusal::NameTooLong { limit: 20 });
    assert_eq!(bus.at(0).room(now, &long, 1, 0), refused);
    assert_eq!(bus.at(0).present(now, "lobby", client(3), Some(&long), b""), refused);
}

/// In an idle cluster only the state of the rooms passes, in the heartbeats: the guide's chapter `nodes` has these numbers.
#[test]
fn five_hundred_idle_nodes_with_a_thousand_rooms_each_tell_nine_kilobytes_a_second_to_each() {
    let mut bus = told(1, |_| {});
    bus.add(&Config::default(), identity("0123456789abcdef", 9));
    for at in 0..1_000 {
        bus.room(1, &format!("room-{at:04}"), 10, 0);
    }
    bus.pass(10 * SECOND);
    assert_eq!(bus.at(0).rooms(None).count(), 1_000);
    let before = bus.at(0).stats();
    bus.rule(|_| Fate::Carried);
    bus.pass(50 * SECOND);
    let after = bus.at(0).stats();
    assert_eq!(after.room_pages, before.room_pages);
    let of_other = bus.carried.iter().filter(|(_, payload)| payload[2] == 16 && payload[1] == 2);
    let sizes: Vec<usize> = of_other.map(|(_, payload)| payload.len()).collect();
    assert_eq!((sizes.len(), sizes.iter().sum::<usize>()), (10, 10 * 92));
    assert_eq!(499 * 92 / 5, 9_181, "bytes a second at each of 500 nodes");
}

/// Losses and repeats as they come; afterwards each node knows all.
#[test]
fn whatever_is_lost_and_repeated_all_nodes_agree_in_the_end() {
    for seed in 0..30_u64 {
        let mut random = Random::new(seed);
        let mut below = move |most: u64| random.next() % most;
        let mut bus = told(3, |config| config.message_bytes = 200 + 100 * (seed as u32 % 3));
        bus.pass(SECOND);
        let mut expected: BTreeSet<(usize, Name, u64)> = BTreeSet::new();
        bus.rule(|at| match at.wrapping_mul(0x9e37_79b9) >> 12 & 7 {
            0 | 1 => Fate::Lost,
            2 => Fate::Twice,
            _ => Fate::Carried,
        });
        for _ in 0..60 {
            let (at, room, number) = (below(3) as usize, Name::from(format!("r{}", below(4))), below(6));
            if below(12) == 0 {
                expected.retain(|(of, name, _)| *of != at || *name != room);
                bus.room(at, &room, 0, 0);
            } else if expected.remove(&(at, room.clone(), number)) {
                bus.absent(at, &room, number);
            } else {
                expected.insert((at, room.clone(), number));
                bus.present(at, &room, number, Some(&format!("u{number}")), "some information");
            }
            let here = expected.iter().filter(|(of, name, _)| *of == at && *name == room).count() as u32;
            bus.room(at, &room, here, here);
            if below(3) == 0 {
                bus.pass(Duration::from_millis(below(3_000)));
            }
        }
        bus.rule(|_| Fate::Carried);
        bus.pass(30 * SECOND);
        for room in (0..4).map(|room| format!("r{room}")) {
            let mut members: Vec<_> = expected.iter().filter(|(_, name, _)| **name == *room).collect();
            members.sort();
            let users: BTreeSet<u64> = members.iter().map(|(_, _, number)| *number).collect();
            let names: Vec<String> = members
                .iter()
                .map(|(at, _, number)| {
                    let node = [('a'), ('b'), ('c')][*at];
                    format!("{node}:{number:x}:u{number}:some information")
                })
                .collect();
            let names: Vec<&str> = names.iter().map(|name| &**name).collect();
            bus.assert_known(&room, members.len() as u64, users.len() as u64, &names);
        }
        assert!((0..3).all(|at| bus.behind(at) == 0), "seed {seed}");
    }
}
