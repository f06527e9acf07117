use super::host::World;
use crate::Hub;
use crate::cluster::{ClusterEvent, NodeId, Scope};
use crate::host::log::Limit;
use crate::hosting::{Log, Report};
use std::fmt::Debug;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use throng_core::{ClientId, Instant};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

#[test]
fn what_happens_again_and_again_is_said_once_a_second() {
    let limit = Limit::default();
    let second = Duration::from_secs(1);
    let start = Instant::ORIGIN;
    assert_eq!(limit.allows(start), Some(0));
    for nanos in [0, 1, 999_999_999] {
        assert_eq!(limit.allows(Instant::from_nanos(nanos)), None);
    }
    assert_eq!(limit.allows(start + second), Some(3), "three times nothing was said");
    assert_eq!(limit.allows(start + second), None);
    assert_eq!(limit.allows(start + second * 100), Some(1));
}

#[test]
fn threads_whose_clocks_are_read_out_of_order_lose_no_count() {
    let limit = Limit::default();
    let later = Instant::ORIGIN + Duration::from_secs(5);
    assert_eq!(limit.allows(later), Some(0));
    assert_eq!(limit.allows(Instant::ORIGIN), None);
    assert_eq!(limit.allows(later + Duration::from_secs(1)), Some(1));
}

/// Counts the lines written.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Message<'a>(&'a mut String);
        impl Visit for Message<'_> {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                if field.name() == "message" {
                    *self.0 = format!("{value:?}");
                }
            }
        }
        let mut message = String::new();
        event.record(&mut Message(&mut message));
        self.0.lock().unwrap().push(message);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Each kind of report that a peer, or the application on its behalf, can cause again and again.
fn repeatable() -> Vec<Report> {
    let client = ClientId::from_u64(7);
    vec![
        Report::Panicked { client: Some(client), hook: "message" },
        Report::Panicked { client: None, hook: "before_connect" },
        Report::TimedOut { client: Some(client), hook: "message" },
        Report::Rejected { code: 4401 },
        Report::Caught { client },
        Report::Refused { status: 403 },
        Report::OriginRefused { origin: "http://evil.test".into(), host: "chat.test".into() },
        Report::Misbehaved { client, code: 1002 },
        Report::AcceptFailed { kind: io::ErrorKind::ConnectionAborted, code: None },
        Report::Abandoned,
        Report::HostIsGone,
        Report::Cluster(ClusterEvent::Missed {
            scope: Scope::All,
            from: NodeId::new("a").expect("a node id"),
            messages: 1,
        }),
        Report::Cluster(ClusterEvent::Dropped { messages: 1, bytes: 1 }),
        Report::BrokerFailed { broker: "redis", error: "refused".into() },
    ]
}

/// If this does not compile, a report is new: decide whether peers can cause it again and again.
fn is_repeatable(report: &Report) -> bool {
    match report {
        Report::Panicked { .. }
        | Report::TimedOut { .. }
        | Report::Rejected { .. }
        | Report::Caught { .. }
        | Report::Refused { .. }
        | Report::OriginRefused { .. }
        | Report::Misbehaved { .. }
        | Report::AcceptFailed { .. }
        | Report::Abandoned
        | Report::HostIsGone
        | Report::Cluster(ClusterEvent::Missed { .. } | ClusterEvent::Dropped { .. })
        | Report::BrokerFailed { .. } => true,
        // Nodes and the broker cause these, no peer.
        Report::Cluster(_) => false,
        // An operator's signal causes these, at most twice; and at most one standstill fits in a second.
        Report::StoodStill { .. }
        | Report::Draining
        | Report::DrainIsLate { .. }
        | Report::Forced
        | Report::HooksAreLate => false,
        // The hub reports the one once, and the other when it is served.
        Report::AddressUnknown | Report::FewOpenFiles { .. } => false,
    }
}

#[test]
fn whatever_is_reported_a_thousand_times_a_second_is_written_once() {
    let (lines, log) = (Lines::default(), Log::default());
    tracing::subscriber::with_default(lines.clone(), || {
        for report in repeatable() {
            assert!(is_repeatable(&report));
            lines.0.lock().unwrap().clear();
            let start = Instant::ORIGIN + Duration::from_secs(100);
            for at in 0..3_000 {
                log.report(start + Duration::from_millis(at), report.clone());
            }
            let written = lines.0.lock().unwrap().len();
            // Panics of both kinds, and of all hooks, share one limit.
            assert!(written <= 3, "{report:?} was written {written} times in three seconds");
        }
    });
}

#[test]
fn a_standstill_is_one_line_that_says_what_became_of_deadlines() {
    let (lines, log) = (Lines::default(), Log::default());
    tracing::subscriber::with_default(lines.clone(), || {
        log.report(Instant::ORIGIN, Report::StoodStill { time: Duration::from_secs(66) });
    });
    let lines = lines.0.lock().unwrap();
    assert_eq!(*lines, ["the process stood still for this time; deadlines of clients do not count it"]);
}

#[test]
fn a_refused_origin_is_said_once_and_a_flood_of_them_once_a_second() {
    let (lines, log) = (Lines::default(), Log::default());
    let refused = |origin: &str| Report::OriginRefused { origin: origin.into(), host: "chat.test".into() };
    let second = Duration::from_secs(1);
    let mut now = Instant::ORIGIN + second;
    tracing::subscriber::with_default(lines.clone(), || {
        for _ in 0..10 {
            log.report(now, refused("http://forgotten.test"));
            now = now + second;
        }
        assert_eq!(lines.0.lock().unwrap().len(), 1, "the same origin");
        log.report(
            now,
            Report::OriginRefused { origin: "http://forgotten.test".into(), host: "api.test".into() },
        );
        now = now + second;
        assert_eq!(lines.0.lock().unwrap().len(), 2, "it asked another host");
        for number in 0..10_000 {
            log.report(now, refused(&format!("http://{number}.evil.test")));
        }
        assert_eq!(lines.0.lock().unwrap().len(), 3, "a flood of origins in one second");
        // An origin that was left out in the flood is written when it comes again.
        log.report(now + second, refused("http://9999.evil.test"));
        assert_eq!(lines.0.lock().unwrap().len(), 4);
    });
}

#[test]
fn a_peer_that_misbehaves_a_thousand_times_is_counted_each_time_and_written_of_once() {
    let (lines, log) = (Lines::default(), Log::default());
    let mut world = World::new(Hub::builder());
    tracing::subscriber::with_default(lines.clone(), || {
        for _ in 0..1_000 {
            let peer = world.connect();
            peer.push(&[0x81, 0x00]);
            world.run();
            peer.end();
            world.run();
        }
        // As a host does with its reports.
        for report in world.reports() {
            log.report(Instant::ORIGIN, report);
        }
    });
    assert_eq!(world.hub.numbers().bad_input["unmasked frame"], 1_000);
    let lines = lines.0.lock().unwrap();
    assert_eq!(*lines, ["a peer broke the protocol and was closed"]);
}

/// A subscriber that cannot write, as that of `tracing_subscriber` if standard error is closed.
struct Broken;

impl Subscriber for Broken {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        panic!("failed printing to stderr: Broken pipe");
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn a_log_that_cannot_be_written_ends_nothing() {
    let log = Log::default();
    tracing::subscriber::with_default(Broken, || {
        for report in repeatable() {
            log.report(Instant::ORIGIN + Duration::from_secs(1), report);
        }
        for report in [Report::Draining, Report::Forced, Report::DrainIsLate { remaining: 1 }] {
            log.report(Instant::ORIGIN, report);
        }
    });
}
