//! Waiting for something to become so.

use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up: far more than it does, so that a busy machine is no failure.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until something is so.
///
/// # Panics
/// It has not become so within [`PATIENCE`].
pub fn eventually(what: &str, is_so: impl FnMut() -> bool) {
    assert!(within(PATIENCE, is_so), "not within {PATIENCE:?}: {what}");
}

/// Waits until something is so, at most so long; says whether it became so.
pub fn within(time: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + time;
    loop {
        if is_so() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
}
