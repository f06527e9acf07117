//! A hub as a runtime drives it — its lanes, its timer, a connection's task for each client — over simulated sockets, in
//! one thread, under one virtual clock. A seed names a run: the config, the peers, the faults and the order in which tasks
//! are polled all follow from it, so that the same seed twice is the same run, byte for byte.
//!
//! A run has three phases. In the first there are faults, and *safety* is checked all the time: each client receives what
//! was sent to it once and in order, and nothing else; what it does not receive was reported as dropped, exactly;
//! hooks come in their order; bounds hold; who ends, ends for a reason of its own. In the second there are no faults,
//! and *liveness* is checked: everything settles, whoever is dead is gone, whoever lives gets whatever is sent.
//! In the third the hub drains or shuts down, within its deadlines, and nothing is left of anything.
//!
//! The clock, the tasks, the host, the wires and the order of things are those of `throng_runtime::simulation`, by which an
//! application is simulated; peers and checks are of its own, as they know the hub from within.
//!
//! Not everything is there in every run, so that nothing hides anything else:
//!
//! | in some runs | what is checked |
//! | --- | --- |
//! | some peers ask for compression, in many ways | each gets the variant that was agreed on, which another's code inflates; a bomb, and what is no deflated data, ends its sender and nobody else |
//! | the hub writes at a pace | no transport takes more messages in any time than the rate allows; all that waits is written in the end |
//! | the hub is reconfigured | bounds hold, the old or the new ones; what is agreed on with peers goes on |
//! | the application configures rooms and closes them | who was in one is out of it, and told so once |
//! | the application says how many clients a user may have | there are never more; who is evicted hears it, after what waits for it |
//! | texts share frames | none that has a newline does, nor one that is to come deflated; a frame holds no more than was promised |
//! | lanes wait for more before they write | everything is written all the same, in order and in time |
//! | some peers read a byte now and then, and the write deadline asks for a rate | nothing is written to them for longer than that allows |
//! | a transport takes answers at once | nothing is written twice, or out of order |
//! | peers end their own direction and read on, behind a close frame or without one | all that was meant for them by then comes, and a close frame |
//! | the host stands still, and the hub forgives nothing of that | nobody whose answer lies in a transport by then is late |
//! | peers say a few things and goodbye, and are gone without reading | all of that is handled, and their end is what they said |
//!
//! ```text
//!  peers ── bytes ──▶ network ──▶ Connection ─┐            application ──▶ ledger ◀── peers
//!    ▲                   │         (tasks)    ├─▶ the hub ──── hooks ─────────┘
//!    └────── bytes ──────┴──────── lanes ─────┘
//! ```

mod application;
mod checks;
pub mod cluster;
mod compression;
mod configs;
mod ending;
mod ledger;
mod meter;
mod misbehaviour;
mod newcomer;
mod peer;
mod plan;
mod rooms;
mod scene;
mod settling;
mod speech;
#[cfg(test)]
mod tests;
mod violation;
mod watch;
mod world;

pub use compression::Compressing;
pub use meter::Pace;
pub use plan::{Acts, Bursts, Ending, Kinds, Plan};

pub use throng_runtime::simulation::engine::executor::Order;
pub use throng_runtime::simulation::engine::network::wires::{Answers, NetworkConditions};

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use throng_runtime::simulation::engine::basics::{chance, lock};
use throng_runtime::simulation::engine::caught::caught;
use throng_runtime::simulation::engine::clock::Clock;

/// What a run came to. The same for every run of a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// One number for all that came out of the hub.
    pub actions: u64,
    /// One number for all that the application was told and the peers received.
    pub seen: u64,
    /// The log of the run.
    pub log: Vec<u8>,
    /// Events in it.
    pub events: u64,
    /// Connections that there were.
    pub peers: usize,
    /// Messages that peers received.
    pub received: u64,
    /// How many of them came deflated.
    pub deflated: u64,
    /// How many of them shared a frame.
    pub joined: u64,
    /// Messages that the hub received deflated.
    pub inflated: u64,
    /// Messages that were reported as dropped.
    pub dropped: u64,
    /// How long it took, in virtual time.
    pub time: Duration,
}

/// What must not be and was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// In the run of this seed.
    pub seed: u64,
    /// At this moment of virtual time.
    pub at: Duration,
    /// In this phase; `panic` if something panicked.
    pub phase: &'static str,
    /// What.
    pub what: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, at, phase, what } = self;
        writeln!(f, "seed {seed} failed after {at:?}, in the phase of {phase}:")?;
        for line in what.iter().flat_map(|what| what.lines()) {
            writeln!(f, "    {line}")?;
        }
        write!(f, "again: cargo run --release -p throng-tests --bin throng-simulate -- --seeds {seed}")
    }
}

impl std::error::Error for Failure {}

/// Runs a seed.
///
/// # Errors
/// Something happened that must not; a panic, too, for which it must unwind.
pub fn run(seed: u64) -> Result<Run, Failure> {
    let clock = Arc::default();
    caught(|| world::World::new(Plan::of(seed), &clock).run())
        .unwrap_or_else(|panic| Err(Failure::of_panic(seed, &clock, panic)))
}

impl Failure {
    fn of_panic(seed: u64, clock: &Clock, panic: String) -> Self {
        Self { seed, at: Duration::from_nanos(clock.now()), phase: "panic", what: vec![panic] }
    }
}
