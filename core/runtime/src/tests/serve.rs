use super::host::World;
use crate::hosting::{ExitTime, Report, SignalListeners};
use crate::{Force, Hub, ServeOptions, Stop};
use std::cell::Cell;
use std::future::{pending, poll_fn, ready};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use throng_core::Rate;
use throng_core::hub::{Config, Drain, State};

std::thread_local! {
    /// How long the process may live. A test's thread tells of signals, so it hears this.
    static EXIT: Cell<Option<ExitTime>> = const { Cell::new(None) };
}

/// The earliest counts.
fn exit(time: ExitTime) {
    EXIT.set(Some(EXIT.get().map_or(time, |other| other.min(time))));
}

/// A signal for all servers that listen; returns how long the process may live after it.
fn signalled(listeners: &'static SignalListeners) -> Option<Duration> {
    listeners.signalled();
    EXIT.take().map(|time| time.limit)
}

/// A hub that is served, its signals, and the task that waits for its end.
struct Served {
    world: World,
    listeners: &'static SignalListeners,
    task: usize,
    /// How long the process may live, as the last signal said.
    exit: Option<Duration>,
}

impl Served {
    fn new(hub: crate::Builder, change: impl FnOnce(&mut ServeOptions)) -> Self {
        Self::beside(hub, change, ready(()))
    }

    /// Beside the hub there is something else that must come to its end.
    fn beside(
        hub: crate::Builder,
        change: impl FnOnce(&mut ServeOptions),
        rest: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        Self::among(Box::leak(Box::default()), hub, change, rest)
    }

    /// One of the servers of a process.
    fn among(
        listeners: &'static SignalListeners,
        hub: crate::Builder,
        change: impl FnOnce(&mut ServeOptions),
        rest: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        let mut world = World::new(hub);
        let mut options = ServeOptions::default();
        let hour = Duration::from_secs(3600);
        options.drain = Some(Drain { idle: hour, spread: hour });
        change(&mut options);
        let listens = || Some(listeners.listen(exit));
        let task = world.spawn(world.hosted.clone().stopped_by(options, listens, rest));
        world.run();
        Self { world, listeners, task, exit: None }
    }

    fn signal(&mut self) {
        self.exit = signalled(self.listeners);
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
fn a_last_hook_that_never_returns_is_waited_for_almost_as_long_as_a_close_frame() {
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
    served.world.pass(Duration::from_millis(4_499));
    assert!(!served.has_ended());
    served.world.pass(Duration::from_millis(1));
    assert!(served.has_ended());
    assert_eq!(served.world.reports().last(), Some(&Report::HooksAreLate));
}

const FIVE: Duration = Duration::from_secs(5);

#[test]
fn a_second_signal_lets_the_process_exit_at_the_close_deadline_unless_it_is_told_not_to() {
    for (force, expected) in [(Force::Exit, Some(FIVE)), (Force::Return, None)] {
        let mut served = Served::new(Hub::builder(), |options| options.force = force);
        let _peer = served.world.connect();
        served.signal();
        assert_eq!(served.exit, None);
        served.signal();
        assert_eq!(served.exit, expected);
        served.signal();
        assert_eq!(served.exit, None, "it exits already");
    }
}

#[test]
fn a_process_exits_although_nothing_polls_its_server() {
    let mut served = Served::new(Hub::builder(), |_| {});
    let peer = served.world.connect();
    assert_eq!(signalled(served.listeners), None);
    assert_eq!(signalled(served.listeners), Some(FIVE));
    // Polled at last, it takes both for what they are.
    served.world.run();
    assert_eq!(peer.texts(), ["closed Some(1001)"]);
    assert_eq!(served.world.reports(), [Report::Draining, Report::Forced]);
}

#[test]
fn the_time_to_exit_follows_the_config() {
    let mut served = Served::new(Hub::builder(), |_| {});
    let _peer = served.world.connect();
    let mut config = served.world.hub.config();
    config.deadlines.close = Duration::from_secs(2);
    served.world.hub.reconfigure(&config).expect("it can stand");
    served.signal();
    served.signal();
    assert_eq!(served.exit, Some(Duration::from_secs(2)));
}

#[test]
fn serving_leaves_main_a_tenth_of_the_time_until_the_process_exits_and_half_a_second_at_most() {
    let ms = Duration::from_millis;
    let table = [
        (Force::Exit, ms(5_000), ms(4_500)),
        (Force::Exit, ms(1_000), ms(900)),
        (Force::Exit, ms(60_000), ms(59_500)),
        (Force::Return, ms(5_000), ms(5_000)),
    ];
    for (force, close, expected) in table {
        let mut config = Config::default();
        config.deadlines.close = close;
        let mut served = Served::new(Hub::builder().config(config), |options| options.force = force);
        // It does not answer its close frame.
        let _peer = served.world.connect();
        served.signal();
        served.signal();
        served.world.pass(expected - ms(1));
        assert!(!served.has_ended(), "{force:?} {close:?}");
        served.world.pass(ms(1));
        assert!(served.has_ended(), "{force:?} {close:?}");
    }
}

#[test]
fn a_second_signal_after_serving_has_ended_limits_what_is_left_of_the_process() {
    for has_come in [true, false] {
        let mut served = Served::new(Hub::builder(), |options| options.drain = Some(SOON));
        if has_come {
            served.signal();
        } else {
            served.world.hub.shutdown();
            served.world.run();
        }
        assert!(served.has_ended());
        if !has_come {
            // The application may have a handler of its own for it.
            served.signal();
            assert_eq!(served.exit, None);
        }
        served.signal();
        assert_eq!(served.exit, Some(FIVE));
    }
}

#[test]
fn all_servers_of_a_process_are_told_of_a_signal_and_the_first_deadline_holds() {
    let listeners: &SignalListeners = Box::leak(Box::default());
    let mut served = [2, 1, 3].map(|seconds| {
        let mut config = Config::default();
        config.deadlines.close = Duration::from_secs(seconds);
        let mut served = Served::among(listeners, Hub::builder().config(config), |_| {}, ready(()));
        served.world.connect();
        served
    });
    assert_eq!(signalled(listeners), None);
    assert_eq!(signalled(listeners), Some(Duration::from_secs(1)));
    assert_eq!(signalled(listeners), None);
    for served in &mut served {
        served.world.run();
        assert_eq!(served.world.reports(), [Report::Draining, Report::Forced]);
    }
}

#[test]
fn what_is_served_beside_the_hub_ends_after_it() {
    let mut served = Served::beside(Hub::builder(), |options| options.drain = Some(SOON), ready(()));
    let peer = served.world.connect();
    served.signal();
    assert!(!served.has_ended());
    peer.end();
    served.world.pass(Duration::from_secs(1));
    assert!(served.has_ended());
}

#[test]
fn what_never_ends_beside_the_hub_has_until_the_drains_deadline() {
    let deadline = |options: &mut ServeOptions| options.drain_deadline = Some(Duration::from_secs(20));
    let mut served = Served::beside(Hub::builder(), deadline, pending());
    served.signal();
    assert_eq!(served.world.hub.state(), State::Stopped);
    served.world.pass(Duration::from_millis(19_999));
    assert!(!served.has_ended());
    served.world.pass(Duration::from_millis(1));
    assert!(served.has_ended());
}

#[test]
fn what_never_ends_beside_the_hub_is_ended_by_a_second_signal() {
    let mut served = Served::beside(Hub::builder(), |_| {}, pending());
    served.signal();
    assert!(!served.has_ended());
    served.signal();
    assert!(served.has_ended());
    assert_eq!(served.world.reports(), [Report::Draining, Report::Forced]);
    assert!(served.exit.is_some());
}

#[test]
fn what_never_ends_beside_a_hub_that_has_stopped_by_itself_is_ended_by_one_signal() {
    let mut served = Served::beside(Hub::builder(), |_| {}, pending());
    served.world.hub.shutdown();
    served.world.run();
    assert!(!served.has_ended());
    served.signal();
    assert!(served.has_ended());
    assert_eq!(served.exit, Some(FIVE));
}

#[test]
fn what_never_ends_beside_a_hub_that_stops_by_itself_has_the_close_deadline() {
    let mut served = Served::beside(Hub::builder(), |_| {}, pending());
    served.world.hub.shutdown();
    served.world.run();
    served.world.pass(Duration::from_millis(4_999));
    assert!(!served.has_ended());
    served.world.pass(Duration::from_millis(1));
    assert!(served.has_ended());
}

#[test]
fn signals_that_do_not_matter_are_not_caught() {
    let mut world = World::new(Hub::builder());
    let options = ServeOptions { stop: Stop::OnHub, ..ServeOptions::default() };
    let stopped = world.hosted.clone().stopped_by(options, || panic!("caught"), ready(()));
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
    assert!(world.hosted.accept_failed(&exhausted) > Duration::ZERO);
    let table = [
        (io::ErrorKind::ConnectionAborted, false),
        (io::ErrorKind::ConnectionReset, false),
        (io::ErrorKind::ConnectionRefused, false),
        (io::ErrorKind::Interrupted, false),
        (io::ErrorKind::OutOfMemory, true),
        (io::ErrorKind::InvalidInput, true),
    ];
    for (kind, rests) in table {
        assert_eq!(!world.hosted.accept_failed(&kind.into()).is_zero(), rests, "{kind:?}");
    }
    let reports = world.reports();
    assert_eq!(reports.len(), 1 + table.len());
    assert!(matches!(reports[0], Report::AcceptFailed { code: Some(24), .. }));
}

#[test]
fn a_hub_whose_runtime_has_ended_refuses_newcomers_and_says_so() {
    let mut world = World::new(Hub::builder());
    let _peer = world.connect();
    world.end_host();
    assert_eq!(world.hub.connection_count(), 0, "its connections ended with their tasks");
    assert!(world.reports().is_empty(), "nobody has used it since");
    world.start_again();
    assert_eq!(world.reports(), [Report::HostIsGone]);
    let refusal = world.hosted.accept(None).map(drop).expect_err("nobody would write to it");
    assert_eq!(refusal.status(), 503);
    let reports = world.reports();
    assert_eq!(reports[1..], [Report::HostIsGone, Report::Refused { status: 503 }]);
    let health = world.hub.health();
    assert!(!health.is_alive && !health.is_ready, "{health:?}");
    let reason = r#","reason":"the runtime that drove the hub has ended"}"#;
    assert!(health.to_json().ends_with(reason), "{}", health.to_json());
}

#[test]
fn a_process_that_may_open_fewer_files_than_peers_may_take_is_told_so() {
    let needed = 10_000 + 256 + 1_024 + 100;
    let world = World::new(Hub::builder());
    for limit in [None, Some(needed)] {
        world.hosted.check_open_files(limit);
        assert!(world.reports().is_empty(), "{limit:?}");
    }
    world.hosted.check_open_files(Some(needed - 1));
    assert_eq!(world.reports(), [Report::FewOpenFiles { limit: needed - 1, needed }]);
    // Open handshakes come on top of connections.
    let mut config = Config::default();
    config.admission.connections = Some(500);
    world.hub.reconfigure(&config).expect("it can stand");
    world.hosted.check_open_files(Some(needed + 500));
    assert_eq!(world.reports().len(), 1);
    config.admission.connections = Some(501);
    world.hub.reconfigure(&config).expect("it can stand");
    world.hosted.check_open_files(Some(needed + 500));
    assert_eq!(world.reports().len(), 2);
}

#[test]
fn limits_per_address_that_hold_for_nobody_are_told_of_once() {
    let mut config = Config::default();
    config.admission.per_address = Some(2);
    let world = World::new(Hub::builder().config(config.clone()));
    let known = Some(SocketAddr::from(([192, 0, 2, 1], 1)));
    assert!(world.hosted.accept(known).is_ok());
    assert!(world.reports().is_empty());
    for _ in 0..3 {
        assert!(world.hosted.accept(None).is_ok());
    }
    assert_eq!(world.reports(), [Report::AddressUnknown]);

    config.admission.per_address = None;
    let unlimited = World::new(Hub::builder().config(config.clone()));
    assert!(unlimited.hosted.accept(None).is_ok());
    assert!(unlimited.reports().is_empty());
    config.admission.connect_rate = Some(Rate::per_second(1));
    unlimited.hub.reconfigure(&config).expect("it can stand");
    assert!(unlimited.hosted.accept(None).is_ok());
    assert_eq!(unlimited.reports(), [Report::AddressUnknown]);
}

#[test]
fn a_handshake_that_a_http_server_reads_is_given_up_at_its_deadline() {
    let mut world = World::new(Hub::builder());
    let accepted = world.hosted.accept(None).expect("it takes one");
    assert!(world.hosted.is_same(&world.hosted) && !world.hosted.is_same(&World::new(Hub::builder()).hosted));
    let task = world.spawn(async move { poll_fn(|cx| accepted.poll_given_up(cx)).await });
    world.pass(Duration::from_millis(9_999));
    assert!(!world.has_ended(task));
    world.pass(Duration::from_millis(1));
    assert!(world.has_ended(task));
    world.run();
    assert_eq!((world.hub.connection_count(), world.hub.stats().handshake_timeouts), (0, 1));
}

#[test]
fn the_rules_for_heads_follow_the_config() {
    let world = World::new(Hub::builder());
    let rules = world.hosted.head_rules();
    assert_eq!((rules.limits.max_bytes, rules.limits.max_headers), (8 << 10, 100));
    assert_eq!(rules.deadline, Duration::from_secs(10));
    let mut config = world.hub.config();
    (config.deadlines.handshake, config.websocket.headers) = (Duration::from_secs(3), 7);
    world.hub.reconfigure(&config).expect("it can stand");
    assert_eq!(world.hosted.head_rules().deadline, Duration::from_secs(3));
    assert_eq!(world.hosted.head_rules().limits.max_headers, 7);
}

#[test]
fn a_last_hook_after_a_forced_end_has_its_time_whenever_the_process_runs() {
    struct Never;
    impl crate::Handler for Never {
        async fn disconnected(&self, _: &crate::Client, _: crate::Disconnected) {
            pending::<()>().await;
        }
    }
    let mut builder = Hub::builder().handler(Never).hook_limit(None);
    let mut config = Config::default();
    config.deadlines.close = Duration::from_secs(2);
    builder = builder.config(config);
    let mut served = Served::new(builder, |_| {});
    let peer = served.world.connect();
    served.signal();
    served.signal();
    peer.end();
    served.world.run();
    served.world.advance(Duration::from_secs(30));
    served.world.run();
    assert!(!served.has_ended(), "the hook has had no time");
    served.world.pass(Duration::from_secs(4));
    assert!(served.has_ended());
    assert!(served.world.reports().contains(&Report::HooksAreLate));
}

#[test]
fn what_is_served_beside_the_hub_has_its_time_whenever_the_process_runs_unless_a_drain_promised_an_end() {
    for by_signal in [false, true] {
        let drain_deadline = Some(Duration::from_secs(20));
        let change = |options: &mut ServeOptions| options.drain_deadline = drain_deadline;
        let mut served = Served::beside(Hub::builder(), change, pending());
        if by_signal {
            served.signal();
        } else {
            served.world.hub.shutdown();
        }
        served.world.run();
        served.world.advance(Duration::from_secs(30));
        served.world.run();
        assert_eq!(served.has_ended(), by_signal);
        served.world.pass(Duration::from_secs(6));
        assert!(served.has_ended());
    }
}
