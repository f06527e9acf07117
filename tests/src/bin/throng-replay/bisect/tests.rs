use super::bisect;
use crate::failure::{Check, Failure};
use std::num::NonZeroU64;
use throng_core::Instant;
use throng_core::hub::{Config, Event, Hub};
use throng_core::invariant::{Broken, Invariant};
use throng_core::trace::{Recorder, Replay};

const BROKEN: Broken = Broken { invariant: Invariant::Clients, slot: 7 };

/// So many connections, one after the other.
fn recorded(connections: u64) -> Vec<u8> {
    let config = Config::default();
    let mut recorder = Recorder::new(&config);
    let mut hub = Hub::new(config).expect("the default config");
    for now in 0..connections {
        let accept = Event::Accept { address: None, lane: 0 };
        recorder.handle(&mut hub, Instant::from_nanos(now), accept).expect("admission is open");
    }
    recorder.take()
}

fn found(log: &[u8], check: Check) -> Vec<String> {
    let strides = [1, 2, 7, 64, 1_000].map(|stride| NonZeroU64::new(stride).expect("not zero"));
    let mut found: Vec<_> = strides
        .into_iter()
        .map(|stride| match bisect(&mut Replay::new(log, [0; 2]).expect("a log"), stride, check) {
            Ok(()) => "nothing".to_owned(),
            Err(failure) => failure.to_string(),
        })
        .collect();
    found.dedup();
    found
}

#[test]
fn what_holds_is_found_to_hold() {
    assert_eq!(found(&recorded(100), Hub::check), ["nothing"]);
}

#[test]
fn the_first_event_that_breaks_something_is_found_at_every_stride() {
    let log = recorded(100);
    let check: Check = |hub| if hub.connection_count() < 63 { Ok(()) } else { Err(BROKEN) };
    assert_eq!(found(&log, check), [Failure::Broken { event: 63, broken: BROKEN }.to_string()]);
    let check: Check = |hub| if hub.connection_count() < 100 { Ok(()) } else { Err(BROKEN) };
    assert_eq!(found(&log, check), [Failure::Broken { event: 100, broken: BROKEN }.to_string()]);
    assert_eq!(found(&log, |_| Err(BROKEN)), [Failure::Broken { event: 0, broken: BROKEN }.to_string()]);
}

#[test]
fn a_panic_is_found_like_a_broken_invariant() {
    let check: Check = |hub| {
        assert!(hub.connection_count() < 20, "a bug");
        Ok(())
    };
    assert_eq!(found(&recorded(30), check), ["the core panics at event 20"]);
}
