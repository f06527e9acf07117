//! Signals that are counted on a thread of their own.

use crate::hosting::{ExitTime, SignalListeners, catch_signals};
use crate::{Force, Hub, ServeOptions};
use std::future::ready;
use std::sync::Mutex;
use std::time::Duration;

use super::host::World;
use throng_core::hub::{Drain, State};

const SOON: Drain = Drain { idle: Duration::ZERO, spread: Duration::ZERO };
const LATER: Drain = Drain { idle: Duration::from_secs(3600), spread: Duration::from_secs(3600) };

fn options(drain: Drain, force: Force) -> ServeOptions {
    ServeOptions { drain: Some(drain), force, ..ServeOptions::default() }
}

/// Has a `static` of each test by itself: what they say must not be heard by others.
macro_rules! listeners {
    ($listeners:ident, $exits:ident, $exit:ident) => {
        static $listeners: SignalListeners = SignalListeners::new();
        static $exits: Mutex<Vec<Duration>> = Mutex::new(Vec::new());
        fn $exit(time: ExitTime) {
            $exits.lock().unwrap().push(time.limit);
        }
    };
}

const LIMIT: Duration = Duration::from_secs(5);

#[test]
fn a_second_signal_ends_the_process_although_nobody_polls() {
    listeners!(LISTENERS, EXITS, exit);
    let mut world = World::new(Hub::builder());
    let serving = world.hosted.clone().stopped_by(
        options(LATER, Force::Exit),
        || Some(LISTENERS.listen(exit)),
        ready(()),
    );
    LISTENERS.signalled();
    assert!(EXITS.lock().unwrap().is_empty());
    LISTENERS.signalled();
    assert_eq!(*EXITS.lock().unwrap(), [LIMIT]);
    LISTENERS.signalled();
    // Whoever polls again hears both: the hub is not drained over an hour.
    world.spawn(serving);
    world.run();
    assert_eq!(world.hub.state(), State::Stopped);
    assert_eq!(*EXITS.lock().unwrap(), [LIMIT], "it ends once");
}

#[test]
fn signals_that_come_before_serving_begins_count() {
    listeners!(LISTENERS, EXITS, exit);
    for (signals, texts) in [(1, vec![]), (2, vec!["closed Some(1001)"])] {
        EXITS.lock().unwrap().clear();
        let mut world = World::new(Hub::builder());
        let there = world.connect();
        let options = options(LATER, Force::Exit);
        let caught = catch_signals(&world.hub, options, || Some(LISTENERS.listen(exit)));
        (0..signals).for_each(|_| LISTENERS.signalled());
        assert_eq!(EXITS.lock().unwrap().len(), signals - 1, "the second may end the process");
        world.spawn(world.hosted.clone().stopped_by(options, || caught, ready(())));
        world.run();
        assert_eq!(there.texts(), texts, "after {signals}");
    }
}

#[test]
fn only_who_asks_for_it_is_ended_by_a_second_signal() {
    listeners!(LISTENERS, EXITS, exit);
    let world = World::new(Hub::builder());
    let returns = options(LATER, Force::Return);
    let _serving = world.hosted.clone().stopped_by(returns, || Some(LISTENERS.listen(exit)), ready(()));
    (0..3).for_each(|_| LISTENERS.signalled());
    assert!(EXITS.lock().unwrap().is_empty());
}

#[test]
fn a_signal_counts_only_for_those_who_serve_and_who_is_dropped_hears_no_more() {
    listeners!(LISTENERS, EXITS, exit);
    let world = World::new(Hub::builder());
    let serve = || {
        world.hosted.clone().stopped_by(
            options(LATER, Force::Exit),
            || Some(LISTENERS.listen(exit)),
            ready(()),
        )
    };
    let first = serve();
    LISTENERS.signalled();
    let _second = serve();
    drop(first);
    LISTENERS.signalled();
    assert!(EXITS.lock().unwrap().is_empty(), "the one was dropped, and the other heard one");
    LISTENERS.signalled();
    assert_eq!(EXITS.lock().unwrap().len(), 1);
}

#[test]
fn a_second_signal_ends_a_process_that_has_served_until_it_serves_again() {
    listeners!(LISTENERS, EXITS, exit);
    for serves_again in [true, false] {
        let mut world = World::new(Hub::builder());
        let serving = world.hosted.clone().stopped_by(
            options(SOON, Force::Exit),
            || Some(LISTENERS.listen(exit)),
            ready(()),
        );
        let task = world.spawn(serving);
        world.run();
        LISTENERS.signalled();
        world.run();
        assert!(world.has_ended(task));
        let next = World::new(Hub::builder());
        let serving = serves_again.then(|| {
            next.hosted.clone().stopped_by(
                options(LATER, Force::Exit),
                || Some(LISTENERS.listen(exit)),
                ready(()),
            )
        });
        LISTENERS.signalled();
        assert_eq!(EXITS.lock().unwrap().len(), usize::from(!serves_again));
        drop(serving);
    }
}

#[test]
fn a_process_that_goes_on_when_its_hub_has_stopped_by_itself_is_ended_by_a_second_signal() {
    listeners!(LISTENERS, EXITS, exit);
    let mut world = World::new(Hub::builder());
    let serving = world.hosted.clone().stopped_by(
        options(SOON, Force::Exit),
        || Some(LISTENERS.listen(exit)),
        ready(()),
    );
    let task = world.spawn(serving);
    world.hub.shutdown();
    world.run();
    assert!(world.has_ended(task));
    LISTENERS.signalled();
    assert!(EXITS.lock().unwrap().is_empty());
    (0..2).for_each(|_| LISTENERS.signalled());
    assert_eq!(EXITS.lock().unwrap().len(), 1);
    // Whoever serves again has got over it.
    drop(LISTENERS.listen(exit));
    assert!(format!("{LISTENERS:?}").contains("listeners: 0"));
}

#[cfg(feature = "tracing")]
#[test]
fn signals_are_caught_once_and_nobody_waits_for_those_that_cannot_be_caught() {
    static CAUGHT: SignalListeners = SignalListeners::new();
    static LOST: SignalListeners = SignalListeners::new();
    let mut times = 0;
    for _ in 0..2 {
        let catch = || {
            times += 1;
            Ok(())
        };
        assert!(CAUGHT.catch(catch, |_| {}).is_some());
    }
    assert_eq!(times, 1);
    assert!(LOST.catch(|| Err(std::io::Error::other("no signals here")), |_| {}).is_none());
    assert!(LOST.catch(|| Ok(()), |_| {}).is_none(), "they are not tried again");
}

#[cfg(feature = "tracing")]
#[test]
fn a_signal_that_comes_as_soon_as_signals_are_caught_is_not_lost() {
    listeners!(LISTENERS, EXITS, exit);
    let mut world = World::new(Hub::builder());
    let caught = || {
        LISTENERS.signalled();
        Ok(())
    };
    let listen = || LISTENERS.catch(caught, exit);
    let serving = world.hosted.clone().stopped_by(options(SOON, Force::Exit), listen, ready(()));
    world.spawn(serving);
    world.run();
    assert_ne!(world.hub.state(), State::Running);
    assert!(EXITS.lock().unwrap().is_empty(), "it is the first one");
}
