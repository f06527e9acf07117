//! The records are bounded, and nothing that they count is lost.

use super::events::{Event, Events};
use super::samples::{Sample, Samples};
use std::time::UNIX_EPOCH;

fn event(what: &str) -> Event {
    Event::counted("refused", what, 1, UNIX_EPOCH)
}

#[test]
fn the_samples_are_those_of_the_last_hour() {
    let samples = Samples::default();
    assert_eq!(samples.since(0), (Vec::new(), 0));
    for time in 0..1_000 {
        samples.push(Sample { time: time.into(), ..Sample::default() });
    }
    let (all, next) = samples.since(0);
    assert_eq!((all.len(), next), (720, 1_000));
    assert_eq!((all[0].time, all[719].time), (280.0, 999.0));
    let (new, next) = samples.since(998);
    assert_eq!((new.len(), new[0].time, next), (2, 998.0, 1_000));
    assert_eq!(samples.since(u64::MAX), (Vec::new(), 1_000));
}

#[test]
fn the_events_are_bounded_and_the_oldest_go() {
    let events = Events::default();
    for number in 0..300 {
        events.push(event(&format!("{number}")));
    }
    let kept = events.newest_first();
    assert_eq!(kept.len(), 200);
    assert!(kept[0] == event("299") && kept[199] == event("100"));
    events.push(event(&"é".repeat(1_000)));
    let json = serde_json::to_value(&events.newest_first()[0]).unwrap();
    assert_eq!(json["what"].as_str().unwrap().len(), 203);
}

#[test]
fn an_event_that_happens_again_is_counted() {
    let events = Events::default();
    for what in ["a", "b", "a", "a"] {
        events.push(event(what));
    }
    let json = serde_json::to_value(events.newest_first()).unwrap();
    assert_eq!((json[0]["what"].as_str(), json[0]["count"].as_u64()), (Some("a"), Some(3)));
    assert_eq!((json[1]["what"].as_str(), json[1]["count"].as_u64()), (Some("b"), Some(1)));
}
