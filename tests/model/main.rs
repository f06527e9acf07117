//! The hub against the naive model of it, on random sequences of operations.
//!
//! Each case allows a random subset of the kinds of operations and has limits of its own, most of them small, so that
//! they are hit (*swarm testing*). A failure prints the seed, and the shrunk case as a test to be pasted into
//! `regressions`.
//!
//! | variable | what |
//! | --- | --- |
//! | `PROPTEST_CASES` | how many cases, of each of the properties; by default as many as take some seconds |
//! | `MODEL_SEED` | the seed that a failure has printed |

mod generate;
mod reach;
mod regressions;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};
use throng_tests::model::{as_test, outcome, shrink};

#[test]
fn a_hub_does_what_the_model_says() {
    check("hub", 1_000, &generate::case(generate::Flavour::Any));
}

#[test]
fn a_hub_that_writes_does_what_the_model_says() {
    check("writes", 1_000, &generate::case(generate::Flavour::Writing));
}

#[test]
fn a_hub_at_its_budget_does_what_the_model_says() {
    check("budget", 700, &generate::case(generate::Flavour::Budget));
}

#[test]
fn a_hub_that_is_full_of_messages_in_part_does_what_the_model_says() {
    check("cuts", 300, &generate::case(generate::Flavour::Cut));
}

#[test]
fn a_hub_that_drains_does_what_the_model_says() {
    check("drains", 700, &generate::case(generate::Flavour::Draining));
}

#[test]
fn a_hub_whose_config_changes_does_what_the_model_says() {
    check("changes", 700, &generate::case(generate::Flavour::Changing));
}

#[test]
fn a_hub_that_does_little_at_once_does_what_the_model_says() {
    check("slices", 700, &generate::case(generate::Flavour::Sliced));
}

#[test]
fn a_hub_to_which_clients_return_does_what_the_model_says() {
    check("returns", 1_000, &generate::case(generate::Flavour::Returning));
}

#[test]
fn a_hub_with_histories_does_what_the_model_says() {
    check("histories", 1_000, &generate::case(generate::Flavour::History));
}

#[test]
fn a_hub_with_presence_does_what_the_model_says() {
    check("presence", 1_000, &generate::case(generate::Flavour::Presence));
}

fn check(name: &str, cases: u32, case: &generate::Case) {
    let seed = std::env::var("MODEL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(random);
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = Config {
        cases: asked.unwrap_or(cases),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&u64::to_le_bytes(seed));
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let (count, failed_at) = (Cell::new(0_u32), Cell::new(None));
    let result = TestRunner::new_with_rng(config, rng).run(case, |(limits, ops)| {
        count.set(count.get() + 1);
        outcome(&limits, &ops).map_err(|failure| {
            failed_at.set(failed_at.get().or(Some(count.get())));
            TestCaseError::fail(failure)
        })
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(_, (limits, ops))) => {
            let ops = shrink(&limits, &ops, |limits, ops| outcome(limits, ops).is_err());
            panic!(
                "{name}: seed {seed}, case {}, shrunk to {} operations\n{}\n\n{}",
                failed_at.get().unwrap_or(0),
                ops.len(),
                outcome(&limits, &ops).err().unwrap_or_default(),
                as_test(&limits, &ops)
            )
        }
        Err(TestError::Abort(reason)) => panic!("{name}: seed {seed}: {reason}"),
    }
}

fn random() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}
