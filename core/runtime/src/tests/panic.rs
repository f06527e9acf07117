//! Limits on the output of panics in hooks.

use crate::panic::{Limit, Verdict, caught};
use core::time::Duration;
use throng_core::Instant;

#[test]
fn ten_panics_are_printed_and_then_one_every_ten_seconds_with_a_count_of_the_others() {
    let (mut limit, mut now) = (Limit::default(), Instant::ORIGIN);
    for _ in 0..10 {
        assert_eq!(limit.ask(now), Verdict::Print);
    }
    assert_eq!(limit.ask(now), Verdict::SayThatThereAreMore);
    for _ in 0..1_000_000 {
        assert_eq!(limit.ask(now), Verdict::BeSilent);
    }
    now = now + Duration::from_secs(10);
    assert_eq!(limit.ask(now), Verdict::PrintAfter(1_000_001));
    assert_eq!(limit.ask(now), Verdict::SayThatThereAreMore);
    now = now + Duration::from_secs(100);
    assert_eq!(limit.ask(now), Verdict::PrintAfter(1));
    for _ in 0..9 {
        assert_eq!(limit.ask(now), Verdict::Print);
    }
    assert_eq!(limit.ask(now), Verdict::SayThatThereAreMore);
}

#[test]
fn a_call_within_a_call_is_caught_and_so_is_one_after_a_panic() {
    let panics = || std::panic::resume_unwind(Box::new("on purpose"));
    assert_eq!(caught(|| caught(|| 1)), Ok(Ok(1)));
    assert_eq!(caught(|| caught::<()>(panics)), Ok(Err(())));
    assert_eq!(caught::<()>(panics), Err(()));
    assert_eq!(caught(|| 2), Ok(2));
}

/// A value to panic with, whose destructor panics as well.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        std::panic::resume_unwind(Box::new("dropped"));
    }
}

#[test]
fn what_is_thrown_and_panics_when_it_is_dropped_is_caught_as_well() {
    assert_eq!(caught::<()>(|| std::panic::resume_unwind(Box::new(Bomb))), Err(()));
    assert_eq!(caught(|| 1), Ok(1));
}
