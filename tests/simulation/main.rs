//! A hub with simulated peers, once for each seed: by peers that know the hub from within, and by those of
//! `throng_runtime::simulation`, which lose their connections and return, or attack.

mod attack;
mod cluster;
mod histories;
mod presence;
mod sessions;

use std::env;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use throng_tests::simulation::{self, Answers, Plan};

/// How many seeds each simulation runs, from 0 on: 2,000, or what the variable `SIMULATION_SEEDS` says. An optimised build runs about
/// fifty a second on each core, of those in which clients return some two hundred.
fn seeds() -> u64 {
    const SEEDS: u64 = if cfg!(debug_assertions) { 50 } else { 2_000 };
    env::var("SIMULATION_SEEDS").map_or(SEEDS, |seeds| {
        seeds
            .parse()
            .unwrap_or_else(|_| panic!("SIMULATION_SEEDS is {seeds:?}: it must be a number of seeds"))
    })
}

/// A seed in which some compress.
const COMPRESSED: u64 = 17;

/// A seed in which texts share frames, and some compress.
const SHARED: u64 = 889;

fn run_all(seeds: impl Iterator<Item = u64>) {
    let seeds: Vec<u64> = seeds.collect();
    on_all_cores(&seeds, |seed| simulation::run(seed).map(drop).map_err(|failure| failure.to_string()));
}

/// Runs seeds on all cores, until one fails.
fn on_all_cores(seeds: &[u64], run: impl Fn(u64) -> Result<(), String> + Sync) {
    let (next, has_failed) = (AtomicU64::new(0), AtomicBool::new(false));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let failures: Vec<String> = thread::scope(|scope| {
        let run_some = || {
            let mut failures = Vec::new();
            // One failure is enough to look at: no other seed begins then.
            while !has_failed.load(Ordering::Relaxed)
                && let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed) as usize)
            {
                if let Err(failure) = run(*seed) {
                    has_failed.store(true, Ordering::Relaxed);
                    failures.push(failure);
                }
            }
            failures
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run_some)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a run does not panic")).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn whatever_the_seed_it_is_safe_and_settles() {
    run_all(0..seeds());
}

#[test]
fn named_seeds_do_not_fail() {
    run_all(named(include_str!("seeds.txt")).into_iter());
}

/// One a line, with a comment.
///
/// # Panics
/// A line is something else: else a seed with a slip in it would be left out silently.
fn named(seeds: &str) -> Vec<u64> {
    let lines = seeds.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let number = |line: &str| line.parse().unwrap_or_else(|_| panic!("{line:?} is no seed"));
    lines.filter(|line| !line.is_empty()).map(number).collect()
}

#[test]
fn seeds_are_read_with_their_comments() {
    assert_eq!(named("# why\n7\n\n 8 # because\n"), [7, 8]);
}

#[test]
#[should_panic(expected = "\"9O\" is no seed")]
fn a_seed_with_a_slip_in_it_is_not_left_out() {
    named("8\n9O  # because");
}

#[test]
fn one_of_the_named_seeds_has_thousands_of_peers() {
    let peers = |seed: &u64| Plan::of(*seed).peers;
    assert!(named(include_str!("seeds.txt")).iter().any(|seed| peers(seed) >= 2_000));
}

/// Else a slip in the plan could leave something out of every run.
#[test]
fn each_part_of_a_plan_is_there_in_some_of_the_first_seeds_and_in_others_not() {
    type Part = (&'static str, fn(&Plan) -> bool);
    let plans: Vec<Plan> = (0..50).map(Plan::of).collect();
    let parts: [Part; 13] = [
        ("compression", |plan| plan.compressing.is_some()),
        ("a pace", |plan| plan.paces.is_some()),
        ("compression at a pace", |plan| plan.compressing.is_some() && plan.paces.is_some()),
        ("another pace", |plan| plan.paces.is_some() && plan.next_config.is_some()),
        ("another config", |plan| plan.next_config.is_some()),
        ("rooms that change", |plan| plan.changes_rooms),
        ("few clients of a user", |plan| plan.most_of_user.is_some()),
        ("texts that share frames", |plan| plan.coalesces),
        ("texts that share frames, and compression", |plan| plan.coalesces && plan.compressing.is_some()),
        ("lanes that wait", |plan| !plan.write_delay.is_zero()),
        ("answers at once", |plan| plan.answers == Answers::AtOnce),
        ("a host that stands still", |plan| plan.jump.is_some()),
        ("a hub that forgives nothing of that", |plan| plan.forgives_nothing),
    ];
    for (part, is_there) in parts {
        let count = plans.iter().filter(|plan| is_there(plan)).count();
        assert!((1..50).contains(&count), "{part} in {count} of 50");
    }
}

#[test]
fn what_compresses_is_compressed_both_ways() {
    let run = simulation::run(COMPRESSED).expect("it does not fail");
    assert!(run.deflated > 0 && run.inflated > 0, "{} and {}", run.deflated, run.inflated);
    assert!(run.received > run.deflated, "some get the same messages as they are");
}

#[test]
fn texts_share_frames_deflated_ones_too() {
    let run = simulation::run(SHARED).expect("it does not fail");
    assert!(run.joined > 0 && run.deflated > 0, "{} and {}", run.joined, run.deflated);
    assert!(run.received > run.joined, "some have their own");
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in 0..20 {
        let (first, second) = (simulation::run(seed), simulation::run(seed));
        assert_eq!(first, second, "seed {seed}");
    }
}

#[test]
fn seeds_differ() {
    let seen = |seed| simulation::run(seed).expect("it does not fail").seen;
    assert_ne!(seen(1), seen(2));
}
