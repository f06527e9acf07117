use super::bisect;
use crate::failure::{Check, Failure};
use std::num::{NonZeroU32, NonZeroU64};
use throng_core::Instant;
use throng_core::hub::{Broken, Config, Event, Hub, Invariant};
use throng_core::trace::{Recorder, Replay, read};

const BROKEN: Broken = Broken { invariant: Invariant::Clients, slot: 7 };

/// So many connections, one after the other, and a checkpoint after every ten.
fn recorded(connections: u64) -> Vec<u8> {
    const TEN: NonZeroU32 = NonZeroU32::new(10).unwrap();
    let config = Config::default();
    let mut recorder = Recorder::new(&config).checkpoint_every(TEN);
    let mut hub = Hub::new(config).expect("the default config");
    for now in 0..connections {
        let accept = Event::Accept { address: None, lane: 0 };
        recorder.handle(&mut hub, Instant::from_nanos(now), accept).expect("admission is open");
    }
    recorder.take()
}

/// A run of 100 connections, replayed by a core that takes no more than 45: after event 50 that shows.
fn departing() -> Vec<u8> {
    let mut config = Config::default();
    config.admission.handshakes = Some(45);
    let (recorded, mut log) = (recorded(100), Recorder::new(&config).take());
    log.extend_from_slice(&recorded[read(&recorded).expect("a log").position()..]);
    log
}

fn broken_from(event: u64) -> String {
    Failure::Broken { event, broken: BROKEN }.to_string()
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
    assert_eq!(found(&log, check), [broken_from(63)]);
    let check: Check = |hub| if hub.connection_count() < 100 { Ok(()) } else { Err(BROKEN) };
    assert_eq!(found(&log, check), [broken_from(100)]);
    assert_eq!(found(&log, |_| Err(BROKEN)), [broken_from(0)]);
}

#[test]
fn a_panic_is_found_like_a_broken_invariant() {
    let check: Check = |hub| {
        assert!(hub.connection_count() < 20, "a bug");
        Ok(())
    };
    assert_eq!(found(&recorded(30), check), ["the core panics at event 20"]);
}

#[test]
fn what_breaks_before_the_run_departs_is_found_at_every_stride() {
    let log = departing();
    let check: Check = |hub| if hub.connection_count() < 43 { Ok(()) } else { Err(BROKEN) };
    assert_eq!(found(&log, check), [broken_from(43)]);
    let check: Check = |hub| if hub.now() < Instant::from_nanos(49) { Ok(()) } else { Err(BROKEN) };
    assert_eq!(found(&log, check), [broken_from(50)]);
    let check: Check = |hub| {
        assert!(hub.connection_count() < 12, "a bug");
        Ok(())
    };
    assert_eq!(found(&log, check), ["the core panics at event 12"]);
}

#[test]
fn a_run_that_departs_with_nothing_broken_is_said_to_by_which_events() {
    let departs = "the replay differs from the recorded run at the checkpoint after event 50, because of one of the events 41 to 50";
    assert_eq!(found(&departing(), Hub::check), [departs]);
    // What breaks afterwards is no part of the recorded run.
    let check: Check = |hub| if hub.now() < Instant::from_nanos(50) { Ok(()) } else { Err(BROKEN) };
    assert_eq!(found(&departing(), check), [departs]);
}

#[test]
fn what_breaks_before_damage_is_found_at_every_stride() {
    let mut log = recorded(60);
    let middle = log.len() - 40;
    log[middle] ^= 4;
    let [damaged] = &found(&log, Hub::check)[..] else { panic!("another reason at another stride") };
    assert!(damaged.ends_with("is damaged"), "{damaged}");
    let check: Check = |hub| if hub.connection_count() < 43 { Ok(()) } else { Err(BROKEN) };
    assert_eq!(found(&log, check), [broken_from(43)]);
}
