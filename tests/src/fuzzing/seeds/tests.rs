use super::trace_file;
use crate::fuzzing::trace::{seal, tags};
use std::collections::BTreeSet;
use throng_core::hub::Config;
use throng_core::trace::{Entry, Recorder, Replayed, read, replay};

/// The log of the seed with this name, and the result of its replay.
fn seed(name: &str) -> (Vec<u8>, Replayed) {
    let (_, log) =
        trace_file().into_iter().find(|seed| seed.0 == name).expect("there is a seed with this name");
    let replayed = replay(&log, [0; 2]).expect("the log replays");
    (log, replayed)
}

fn states(log: &[u8]) -> usize {
    let entries = read(log).expect("a log").map(|entry| entry.expect("a sound record"));
    entries.filter(|entry| matches!(entry, Entry::State(..))).count()
}

#[test]
fn a_replay_begins_with_a_state_and_agrees_with_checkpoints() {
    for (name, count) in [("window", 1), ("window-with-payloads", 1), ("windows", 2)] {
        let (log, replayed) = seed(name);
        assert_eq!(states(&log), count, "{name}");
        assert!(replayed.handled > 10 && replayed.checkpoints > 2, "{name}: {replayed:?}");
    }
    let (_, replayed) = seed("checkpoints");
    assert!(replayed.checkpoints > 3, "{replayed:?}");
}

#[test]
fn payloads_make_a_log_longer() {
    let ((with, _), (without, _)) = (seed("window-with-payloads"), seed("window"));
    assert!(with.len() > without.len());
    let ((with, _), (without, _)) = (seed("payloads-kept"), seed("rooms"));
    assert!(with.len() > without.len());
}

/// The fuzzer truncates longer inputs, at the length that `fuzz/run` has for the target.
#[test]
fn no_log_is_longer_than_the_longest_input() {
    for (name, log) in trace_file() {
        assert!(log.len() <= 5120 / 2, "{name}: {} bytes", log.len());
    }
}

/// Whether the format has this tag, and the tag with this number of zeros behind it is an event. A test of the core's layout
/// ensures that there is such a number for each tag of an event.
fn is_known(tag: u8, zeros: usize) -> bool {
    let mut log = Recorder::new(&Config::default()).take();
    let len = zeros + 1;
    log.extend([len as u8 & 0x7f | 0x80, (len >> 7) as u8, 0, 0, 0, 0, 0, 0, tag]);
    log.resize(log.len() + zeros, 0);
    let log = seal(&log);
    matches!(read(&log).expect("a config").next(), Some(Ok(Entry::Event(..))))
}

#[test]
fn every_event_of_the_format_is_in_a_seed() {
    let known: BTreeSet<_> = (1..64).filter(|&tag| (0..256).any(|zeros| is_known(tag, zeros))).collect();
    assert!(known.len() >= 30, "there are more: {known:?}");
    let seen: BTreeSet<_> = trace_file().iter().flat_map(|(_, log)| tags(log)).collect();
    let missed: Vec<_> = known.difference(&seen).collect();
    assert!(missed.is_empty(), "`fuzzing::seeds::trace` has no event with the tags {missed:?}");
}

#[test]
fn runs_with_rooms_of_their_own_places_and_other_configs_replay_to_their_end() {
    for name in ["stages", "stages-with-payloads", "places", "reconfigured", "reconfigured-with-payloads"] {
        let (_, replayed) = seed(name);
        assert_eq!(replayed.cut, 0, "{name}: {replayed:?}");
    }
}
