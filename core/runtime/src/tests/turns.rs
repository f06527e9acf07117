//! One event may concern thousands of clients. Their tasks are woken some at a time, so that everybody else is read and
//! served in between. What counts is the number of tasks that are polled between two looks for input, since a client that has
//! just sent something waits for as many.

use super::host::World;
use super::peer::Peer;
use crate::state::wakes::AT_ONCE;
use crate::{Builder, Hub};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;
use throng_core::CloseCode;
use throng_core::hub::{Config, Members, Policy};

const CLIENTS: usize = 1_000;
/// The tasks that may be polled in one turn: those that an event wakes itself, as many that the timer wakes, the timer and a
/// lane.
const MOST: usize = 2 * AT_ONCE + 2;

/// An event with consequences for all clients.
struct Storm {
    name: &'static str,
    change: fn(&mut Config),
    begin: fn(&mut World, &[Peer]),
}

const STORMS: &[Storm] = &[
    Storm {
        name: "a publish closes all clients, whose outboxes are full",
        change: |config| (config.outbox.messages, config.outbox.policy) = (1, Policy::Disconnect),
        begin: |world, peers| {
            peers.iter().for_each(|peer| peer.set_room(Some(0)));
            for _ in 0..3 {
                let _ = world.hub.broadcast("x");
                world.run();
            }
        },
    },
    Storm {
        name: "a publish is dropped for all clients",
        change: |config| (config.outbox.messages, config.outbox.policy) = (1, Policy::DropNewest),
        begin: |world, peers| {
            peers.iter().for_each(|peer| peer.set_room(Some(0)));
            for _ in 0..3 {
                let _ = world.hub.broadcast("x");
                world.run();
            }
            world.hub.shutdown();
        },
    },
    Storm {
        name: "a room is closed",
        change: |_| (),
        begin: |world, _| {
            let members = Members::Disconnect { code: CloseCode(4000), reason: "enough" };
            let _ = world.hub.close_room("lobby", members);
        },
    },
    Storm { name: "a shutdown", change: |_| (), begin: |world, _| world.hub.shutdown() },
    Storm {
        name: "no client answers its ping",
        change: |_| (),
        begin: |world, _| world.pass(Duration::from_secs(70)),
    },
];

/// Counts the clients that the application was told to have ended.
fn counting(ends: &Arc<AtomicUsize>) -> Builder {
    let ends = Arc::clone(ends);
    Hub::builder()
        .on_connect(|client| _ = client.hub().join(client.id(), "lobby"))
        .on_disconnect(move |_, _| _ = ends.fetch_add(1, Ordering::Relaxed))
}

#[test]
fn no_event_wakes_thousands_of_tasks_before_others_are_read() {
    for storm in STORMS {
        let mut config = Config::default();
        config.admission.handshakes = None;
        (storm.change)(&mut config);
        let ends = Arc::default();
        let mut world = World::new(counting(&ends).config(config));
        let peers: Vec<_> = (0..CLIENTS).map(|_| world.connect()).collect();
        world.take_longest_turn();
        (storm.begin)(&mut world, &peers);
        world.run();
        // Close frames that nobody answers.
        world.pass(Duration::from_secs(10));
        let turn = world.take_longest_turn();
        assert_eq!(ends.load(Ordering::Relaxed), CLIENTS, "{}", storm.name);
        assert_eq!(world.hub.connection_count(), 0, "{}", storm.name);
        assert!(peers.iter().all(|peer| world.is_over(peer)), "{}", storm.name);
        assert!(turn <= MOST, "{}: {turn} tasks were polled in one turn", storm.name);
    }
}

#[test]
fn between_slices_a_thread_that_waits_for_the_lock_gets_it() {
    let ends = Arc::default();
    let mut world = World::new(counting(&ends));
    (0..300).for_each(|_| drop(world.connect()));
    world.hub.shutdown();
    // As if a thread were waiting, which never is awake in time.
    let waiting = &world.hub.shared().clone().lock_waiters;
    waiting.fetch_add(1, Ordering::Relaxed);
    world.take_longest_turn();
    for _ in 0..100 {
        world.run_turn();
    }
    let meanwhile = world.hub.client_count();
    waiting.fetch_sub(1, Ordering::Relaxed);
    world.run();
    assert!(meanwhile > 0, "the lock was taken for slice after slice");
    assert_eq!(world.hub.client_count(), 0);
}

#[test]
fn a_lock_that_others_always_wait_for_does_not_stop_the_timer() {
    let ends = Arc::default();
    let mut world = World::new(counting(&ends));
    (0..300).for_each(|_| drop(world.connect()));
    let waiting = &world.hub.shared().clone().lock_waiters;
    waiting.fetch_add(1, Ordering::Relaxed);
    world.hub.shutdown();
    world.run();
    assert_eq!(world.hub.client_count(), 0);
}

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn tasks_that_are_still_deferred_when_the_host_ends_are_woken() {
    const TASKS: usize = 100;
    let mut world = World::new(Hub::builder());
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    let mut waiting: Vec<_> = (0..TASKS).map(|_| world.hub.stopped()).collect();
    for waiting in &mut waiting {
        assert!(Pin::new(waiting).poll(&mut Context::from_waker(&waker)).is_pending());
    }
    // All look again whether the hub has stopped.
    world.hub.shutdown();
    let before = count.0.load(Ordering::Relaxed);
    world.end_host();
    assert!(before < TASKS, "none is deferred");
    assert_eq!(count.0.load(Ordering::Relaxed), TASKS);
}
