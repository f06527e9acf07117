use super::host::{World, lock};
use crate::state::sync::Mutex;
use crate::{Hub, Report, ServeOptions, Signals, Stop};
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use throng_core::hub::{Drain, State};

/// Signals that a test sends.
#[derive(Clone, Default)]
struct Sent(Arc<Mutex<(u32, Option<Waker>)>>);

impl Sent {
    fn send(&self) {
        let mut sent = lock(&self.0);
        sent.0 += 1;
        if let Some(waker) = sent.1.take() {
            waker.wake();
        }
    }
}

impl Signals for Sent {
    fn poll_signal(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut sent = lock(&self.0);
        if sent.0 == 0 {
            sent.1 = Some(cx.waker().clone());
            return Poll::Pending;
        }
        sent.0 -= 1;
        Poll::Ready(())
    }
}

/// A hub that is served, its signals, and the task that waits for its end.
struct Served {
    world: World,
    signals: Sent,
    task: usize,
}

impl Served {
    fn new(hub: crate::Builder, change: impl FnOnce(&mut ServeOptions)) -> Self {
        let mut world = World::new(hub);
        let signals = Sent::default();
        let mut options = ServeOptions::default();
        let hour = Duration::from_secs(3600);
        options.drain = Some(Drain { idle: hour, spread: hour });
        change(&mut options);
        let caught = signals.clone();
        let task = world.spawn(world.hub.clone().stopped_by(options, || Some(caught)));
        world.run();
        Self { world, signals, task }
    }

    fn signal(&mut self) {
        self.signals.send();
        self.world.run();
    }

    fn has_ended(&self) -> bool {
        self.world.has_ended(self.task)
    }
}

const SOON: Drain = Drain { idle: Duration::ZERO, spread: Duration::ZERO };

#[test]
fn a_signal_drains_and_serving_ends_with_the_last_connection() {
    let mut served = Served::new(Hub::builder(), |options| options.drain = Some(SOON));
    let peer = served.world.connect();
    served.signal();
    served.world.pass(Duration::from_secs(1));
    assert_eq!(peer.texts(), ["closed Some(1001)"]);
    assert!(!served.has_ended(), "its peer has not gone");
    peer.end();
    served.world.run();
    assert!(served.has_ended());
    assert_eq!(served.world.reports(), [Report::Draining]);
}

#[test]
fn a_drain_is_as_the_hubs_config_says_when_it_begins() {
    let mut served = Served::new(Hub::builder(), |options| options.drain = None);
    let peer = served.world.connect();
    let mut config = served.world.hub.config();
    (config.drain.idle, config.drain.spread) = (Duration::ZERO, Duration::ZERO);
    config.drain.deadline = Duration::from_secs(3);
    served.world.hub.reconfigure(&config).expect("it can stand");
    served.signal();
    served.world.pass(Duration::from_secs(1));
    assert_eq!(peer.texts(), ["closed Some(1001)"]);
    served.world.pass(Duration::from_secs(2));
    assert_eq!(served.world.reports(), [Report::Draining, Report::DrainIsLate { remaining: 1 }]);
}

#[test]
fn a_second_signal_forces() {
    let mut served = Served::new(Hub::builder(), |_| {});
    let peer = served.world.connect();
    served.signal();
    assert_eq!(served.world.hub.state(), State::Draining);
    assert!(peer.texts().is_empty(), "a drain over an hour");
    served.signal();
    assert_eq!(peer.texts(), ["closed Some(1001)"]);
    peer.end();
    served.world.run();
    assert!(served.has_ended());
    assert_eq!(served.world.reports(), [Report::Draining, Report::Forced]);
}

#[test]
fn a_drain_that_takes_too_long_is_ended_by_force() {
    let mut served =
        Served::new(Hub::builder(), |options| options.drain_deadline = Some(Duration::from_secs(5)));
    let peer = served.world.connect();
    served.signal();
    served.world.pass(Duration::from_secs(5));
    assert_eq!(peer.texts(), ["closed Some(1001)"]);
    peer.end();
    served.world.run();
    assert!(served.has_ended());
    assert_eq!(served.world.reports(), [Report::Draining, Report::DrainIsLate { remaining: 1 }]);
}

#[test]
fn a_last_hook_that_never_returns_is_waited_for_ten_seconds() {
    struct Hangs;
    impl crate::Handler for Hangs {
        async fn disconnected(&self, _: &crate::Client, _: crate::Disconnected) {
            pending::<()>().await;
        }
    }
    let mut served = Served::new(Hub::builder().handler(Hangs).hook_limit(None), |_| {});
    let peer = served.world.connect();
    served.signal();
    served.signal();
    peer.end();
    served.world.pass(Duration::from_millis(9_999));
    assert!(!served.has_ended());
    served.world.pass(Duration::from_millis(1));
    assert!(served.has_ended());
    assert_eq!(served.world.reports().last(), Some(&Report::HooksAreLate));
}

#[test]
fn signals_that_do_not_matter_are_not_caught() {
    let mut world = World::new(Hub::builder());
    let options = ServeOptions { stop: Stop::OnHub, ..ServeOptions::default() };
    let stopped = world.hub.clone().stopped_by(options, || -> Option<Sent> { panic!("caught") });
    let task = world.spawn(stopped);
    world.run();
    assert!(!world.has_ended(task));
    world.hub.shutdown();
    world.run();
    assert!(world.has_ended(task));
}

#[test]
fn a_listener_rests_only_if_it_is_itself_in_trouble() {
    let world = World::new(Hub::builder());
    let exhausted = io::Error::from_raw_os_error(24);
    assert!(world.hub.accept_failed(&exhausted) > Duration::ZERO);
    let table = [
        (io::ErrorKind::ConnectionAborted, false),
        (io::ErrorKind::ConnectionReset, false),
        (io::ErrorKind::ConnectionRefused, false),
        (io::ErrorKind::Interrupted, false),
        (io::ErrorKind::OutOfMemory, true),
        (io::ErrorKind::InvalidInput, true),
    ];
    for (kind, rests) in table {
        assert_eq!(!world.hub.accept_failed(&kind.into()).is_zero(), rests, "{kind:?}");
    }
    let reports = world.reports();
    assert_eq!(reports.len(), 1 + table.len());
    assert!(matches!(reports[0], Report::AcceptFailed { code: Some(24), .. }));
}
