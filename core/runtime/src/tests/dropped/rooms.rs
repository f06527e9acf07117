//! Joins and leaves under slow hooks: a membership changes completely or not at all.

use super::{assert_clean, at_each_point, busy, dropped_after, first, for_polls};
use crate::tests::host::World;
use crate::tests::peer::Peer;
use crate::{Client, Denied, Handler, Hub, Left};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use throng_core::hub::Joined;
use throng_core::websocket::Message;

/// How often a hook is pending before it returns.
const TIME: usize = 2;

/// Slow hooks that record their calls.
#[derive(Clone, Default)]
struct Slow {
    lines: Arc<Mutex<Vec<String>>>,
    /// Hooks that were called and are neither finished nor dropped.
    running: Arc<AtomicU32>,
}

struct Running<'a>(&'a AtomicU32);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Slow {
    /// A client in three rooms.
    fn world() -> (World, Peer, Self) {
        let slow = Self::default();
        let mut world = World::new(Hub::builder().handler(slow.clone()));
        let peer = world.connect();
        for room in ROOMS {
            first(&world).hub().join(first(&world).id(), room).expect("it is open");
        }
        world.run();
        (world, peer, slow)
    }

    fn note(&self, line: String) {
        self.lines.lock().unwrap().push(line);
    }

    async fn take_time(&self, line: String) {
        self.note(line);
        self.running.fetch_add(1, Ordering::Relaxed);
        let _running = Running(&self.running);
        busy(TIME).await;
    }

    /// The client's rooms according to the hooks' calls, which must be consistent.
    fn told(&self) -> BTreeSet<String> {
        let mut rooms = BTreeSet::new();
        for line in self.lines.lock().unwrap().iter() {
            let (hook, room) = line.split_once(' ').unwrap();
            let is_right = match hook {
                "joined" => rooms.insert(room.to_owned()),
                "left" => rooms.remove(room),
                "before_join" => !rooms.contains(room),
                "before_leave" => rooms.contains(room),
                _ => true,
            };
            assert!(is_right, "{line}, being in {rooms:?}");
        }
        rooms
    }

    fn asked(&self, hook: &str) -> usize {
        self.lines.lock().unwrap().iter().filter(|line| line.starts_with(hook)).count()
    }
}

impl Handler for Slow {
    async fn before_join(&self, _: &Client, room: &str) -> Result<(), Denied> {
        self.take_time(format!("before_join {room}")).await;
        Ok(())
    }

    async fn joined(&self, _: &Client, room: &str, _: Joined) {
        self.note(format!("joined {room}"));
    }

    async fn before_leave(&self, _: &Client, room: &str) {
        self.take_time(format!("before_leave {room}")).await;
    }

    async fn left(&self, _: &Client, room: &str, _: Left) {
        self.note(format!("left {room}"));
    }

    /// Runs a numbered action: it completes, or is dropped after this many polls.
    async fn message(&self, client: &Client, message: Message) {
        let text = String::from_utf8_lossy(message.as_bytes()).into_owned();
        let Some((polls, act)) = text.split_once(' ') else { return client.send(text).unwrap() };
        let act = ACTS.iter().find(|one| one.name() == act).unwrap();
        let is_done = for_polls(polls.parse().unwrap(), act.of(client)).await.is_some();
        self.note(format!("is_done {is_done}"));
    }
}

const ROOMS: [&str; 3] = ["cellar", "den", "lobby"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Join,
    Leave,
    LeaveAll,
}

const ACTS: [Act; 3] = [Act::Join, Act::Leave, Act::LeaveAll];

impl Act {
    const fn name(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::Leave => "leave",
            Self::LeaveAll => "leave all",
        }
    }

    async fn of(self, client: &Client) {
        let is_done = match self {
            Self::Join => client.join("attic").await.is_ok(),
            Self::Leave => client.leave("den").await.is_ok(),
            Self::LeaveAll => client.leave_all().await == Ok(ROOMS.len() as u32),
        };
        assert!(is_done, "{self:?}");
    }

    const fn rooms_after(self) -> &'static [&'static str] {
        match self {
            Self::Join => &["cellar", "den", "lobby", "attic"],
            Self::Leave => &["cellar", "lobby"],
            Self::LeaveAll => &[],
        }
    }

    /// How many hooks are asked first.
    const fn hooks(self) -> usize {
        match self {
            Self::Join | Self::Leave => 1,
            Self::LeaveAll => ROOMS.len(),
        }
    }
}

/// The client's rooms, the rooms' members, the counts and the hooks' calls agree, and everything still works.
fn assert_whole(world: &mut World, peer: &Peer, slow: &Slow, act: Act, polls: usize, is_done: bool) {
    let client = first(world);
    let expected = if is_done { act.rooms_after() } else { &ROOMS[..] };
    let point = (act, polls, is_done);
    world.run();
    assert_eq!(slow.running.load(Ordering::Relaxed), 0, "{point:?}: a hook has been left behind");
    assert_clean(world, point);
    let rooms: Vec<_> = client.rooms().iter().map(ToString::to_string).collect();
    assert_eq!(rooms, expected, "{point:?}");
    assert_eq!(world.hub.stats().memberships, expected.len() as u64, "{point:?}");
    for room in act.rooms_after().iter().chain(&ROOMS) {
        let is_member = world.hub.members(room) == [client.id()];
        assert_eq!(
            (is_member, client.in_room(room)),
            [expected.contains(room); 2].into(),
            "{point:?} {room}"
        );
    }
    assert_eq!(slow.told(), expected.iter().map(|room| (*room).to_owned()).collect(), "{point:?}");

    peer.send("hello");
    world.run();
    assert_eq!(peer.texts(), ["hello"], "{point:?}");
    if !is_done {
        assert!(
            dropped_after(world, super::MOST, act.of(&client)).is_some(),
            "{point:?}: it can be done later"
        );
        world.run();
        assert_eq!(slow.told(), act.rooms_after().iter().map(|room| (*room).to_owned()).collect());
    }
    peer.end();
    world.run();
    assert_eq!((slow.told(), world.hub.room_count()), (BTreeSet::new(), 0), "{point:?}");
}

fn dropped_on_its_way(act: Act) {
    let needed = at_each_point(|polls| {
        let (mut world, peer, slow) = Slow::world();
        let client = first(&world);
        let is_done = dropped_after(&mut world, polls, act.of(&client)).is_some();
        let asked = polls.div_ceil(TIME).min(act.hooks());
        assert_eq!(slow.asked("before_"), asked, "{act:?} {polls}");
        assert_whole(&mut world, &peer, &slow, act, polls, is_done);
        is_done
    });
    assert_eq!(needed, act.hooks() * TIME + 1, "{act:?}");
}

#[test]
fn a_join_that_is_dropped_on_its_way_has_not_happened() {
    dropped_on_its_way(Act::Join);
}

#[test]
fn a_leave_that_is_dropped_on_its_way_has_not_happened() {
    dropped_on_its_way(Act::Leave);
}

#[test]
fn who_leaves_all_rooms_and_is_dropped_on_its_way_has_left_none() {
    dropped_on_its_way(Act::LeaveAll);
}

#[test]
fn in_a_hook_of_the_clients_own_it_is_the_same() {
    for act in ACTS {
        let needed = at_each_point(|polls| {
            let (mut world, peer, slow) = Slow::world();
            peer.send(&format!("{polls} {}", act.name()));
            world.run();
            let is_done = slow.asked("is_done true") == 1;
            assert_eq!(slow.asked("is_done"), 1);
            assert_whole(&mut world, &peer, &slow, act, polls, is_done);
            is_done
        });
        assert_eq!(needed, act.hooks() * TIME + 1, "{act:?}");
    }
}

/// The host drops the client's task.
#[test]
fn a_client_that_ends_while_a_hook_of_its_own_asks_another_leaves_nothing_behind() {
    for act in ACTS {
        let needed = at_each_point(|polls| {
            let slow = Slow::default();
            let mut world = World::new(Hub::builder().handler(slow.clone()));
            let peer = Peer::default();
            let connection = world.hosted.connect(peer.clone(), Arc::new(peer.clone()), None);
            let task = world.spawn(async move {
                for_polls(polls, connection).await;
            });
            peer.ask();
            world.run();
            for room in ROOMS {
                let Some(id) = world.hub.clients().first().copied() else { break };
                world.hub.join(id, room).expect("it is open");
            }
            peer.send(&format!("{} {}", super::MOST, act.name()));
            world.run();
            let is_done = !world.has_ended(task);
            peer.end();
            world.run();
            assert_eq!(slow.running.load(Ordering::Relaxed), 0, "{act:?} {polls}");
            assert_eq!((world.hub.connection_count(), world.hub.room_count()), (0, 0), "{act:?} {polls}");
            assert!(!peer.is_held(), "{act:?} {polls}");
            assert_clean(&world, (act, polls));
            slow.told();
            is_done
        });
        assert!(needed > act.hooks() * TIME, "{act:?}: {needed}");
    }
}
