//! A panic in a run is a failure of its seed.

use super::*;

#[test]
fn a_panic_is_a_failure_that_names_its_seed_its_moment_and_its_place() {
    let clock = Clock::default();
    let panic = caught(|| {
        clock.set(1_500_000_000);
        let nobody: [u8; 0] = [];
        panic!("planned, with {}", nobody.len())
    });
    let failure = Failure::of_panic(71, &clock, panic.expect_err("it panicked"));
    let text = failure.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "seed 71 failed after 1.5s, in the phase of panic:");
    assert!(lines[1].starts_with("    panicked at tests/src/simulation/tests.rs:"), "{text}");
    assert_eq!(lines[2], "    planned, with 0");
    assert!(lines[3].ends_with("throng-simulate -- --seeds 71"), "{text}");
}

#[test]
fn a_run_after_a_panic_knows_nothing_of_it() {
    let silent = |panics: bool| {
        caught(
            || if panics { panic!("planned") } else { std::panic::resume_unwind(Box::new("without a hook")) },
        )
    };
    assert!(silent(true).is_err());
    let panic: Result<(), String> = silent(false);
    assert_eq!(panic, Err("panicked without a word".into()));
}
