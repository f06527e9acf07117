//! Runs simulations: `throng-simulate --seeds 0..1000`, or one seed; with `--nodes 4` those of clusters.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::fmt;
use std::io::{self, Write as _};
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use clap::Parser;
use throng_tests::simulation::{self, Plan, cluster};

/// Runs a hub with simulated peers, once for each seed.
#[derive(Parser)]
#[command(name = "throng-simulate")]
struct Options {
    /// One seed, or FROM..TO without TO.
    #[arg(long, value_parser = seeds)]
    seeds: (u64, u64),
    /// Runs clusters of so many nodes, 2 to 64, instead of a hub with peers.
    #[arg(long, value_parser = clap::value_parser!(u16).range(2..=64))]
    nodes: Option<u16>,
    /// How many run at a time.
    #[arg(long, default_value = "1")]
    threads: NonZeroUsize,
    /// Runs each seed twice: both must be the same.
    #[arg(long)]
    twice: bool,
    /// Prints what each seed plans and comes to.
    #[arg(long)]
    verbose: bool,
    /// Goes on after so many failures.
    #[arg(long, default_value_t = 0)]
    failures: u64,
}

fn seeds(text: &str) -> Result<(u64, u64), String> {
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("{text}: {error}"));
    let (from, to) = match text.split_once("..") {
        Some((from, to)) => (number(from)?, number(to)?),
        None => number(text).map(|seed| (seed, seed.saturating_add(1)))?,
    };
    if from < to { Ok((from, to)) } else { Err(format!("there is no seed from {from} to below {to}")) }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let (from, to) = options.seeds;
    let (next, failures, events) = (AtomicU64::new(from), AtomicU64::new(0), AtomicU64::new(0));
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..options.threads.get() {
            scope.spawn(|| {
                while failures.load(Ordering::Relaxed) <= options.failures {
                    let more = |seed| (seed < to).then_some(seed + 1);
                    let taken = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
                    let Ok(seed) = taken else { return };
                    let done = match options.nodes {
                        Some(nodes) => run_cluster(seed, nodes.into(), &options),
                        None => run(seed, &options).map(|run| run.events),
                    };
                    match done {
                        Some(count) => _ = events.fetch_add(count, Ordering::Relaxed),
                        None => _ = failures.fetch_add(1, Ordering::Relaxed),
                    }
                }
            });
        }
    });
    let (failures, seconds) = (failures.into_inner(), start.elapsed().as_secs_f64());
    let done = next.into_inner() - from;
    let events = events.into_inner();
    say(format_args!("{done} seeds, {events} events, {seconds:.1} s: {failures} failed"));
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// That nobody reads it hides no failure, which the exit code says.
fn say(text: fmt::Arguments<'_>) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Returns how many messages were published and delivered.
fn run_cluster(seed: u64, nodes: usize, options: &Options) -> Option<u64> {
    if options.verbose {
        say(format_args!("{:#?}", cluster::Plan::of(seed)));
    }
    let start = Instant::now();
    let result = cluster::run(seed, Some(nodes));
    match &result {
        Err(failure) => eprintln!("{failure}\n"),
        Ok(_) if options.twice && cluster::run(seed, Some(nodes)) != result => {
            eprintln!("seed {seed} is not the same twice\n");
            return None;
        }
        Ok(seen) if options.verbose => {
            say(format_args!("seed {seed}: {nodes} nodes in {:?}, {seen:?}", start.elapsed()));
        }
        Ok(_) => {}
    }
    result.ok().map(|seen| seen.published + seen.delivered)
}

fn run(seed: u64, options: &Options) -> Option<simulation::Run> {
    if options.verbose {
        say(format_args!("{:#?}", Plan::of(seed)));
    }
    let start = Instant::now();
    let result = simulation::run(seed);
    match &result {
        Err(failure) => eprintln!("{failure}\n"),
        Ok(_) if options.twice && simulation::run(seed) != result => {
            eprintln!("seed {seed} is not the same twice\n");
            return None;
        }
        Ok(run) if options.verbose => {
            let simulation::Run {
                events, peers, received, deflated, joined, inflated, dropped, time, ..
            } = run;
            let took = start.elapsed();
            say(format_args!(
                "seed {seed}: {peers} peers, {events} events, {received} messages received, {deflated} of them deflated and {joined} in frames of several, {inflated} sent deflated, {dropped} dropped, {time:?} in {took:?}"
            ));
        }
        Ok(_) => {}
    }
    result.ok()
}
