use super::trace_file;
use throng_core::trace::{Entry, Replayed, read, replay};

/// The seed of a name: what is in it, and what a replay comes to.
fn seed(name: &str) -> (Vec<u8>, Replayed) {
    let (_, log) = trace_file().into_iter().find(|seed| seed.0 == name).expect("there is one");
    let replayed = replay(&log, [0; 2]).expect("somebody could have recorded it");
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

/// A fuzzer cuts what is longer: `fuzz/run` says at how much.
#[test]
fn no_log_is_longer_than_the_longest_input() {
    for (name, log) in trace_file() {
        assert!(log.len() <= 4096 / 2, "{name}: {} bytes", log.len());
    }
}
