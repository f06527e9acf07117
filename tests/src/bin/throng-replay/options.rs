//! The command line.

use clap::{ArgGroup, Parser};
use std::path::PathBuf;

/// Replays recorded runs of a hub in the bare core.
///
/// Without another option each log is replayed to its end and compared with its checkpoints. Exit code 0: the replay is the
/// recorded run as far as there are checkpoints: after the last of them, or in a log without any, nothing is compared,
/// which is said; 1: it is not, or an invariant is broken; 2: a log cannot be read. Of several logs, that of the worst.
#[derive(Parser)]
#[command(name = "throng-replay", group(ArgGroup::new("each").args(["list", "step"])))]
pub(crate) struct Options {
    /// Logs, as a recorder wrote them.
    #[arg(required = true)]
    pub(crate) logs: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) task: Task,
    /// With --list and --step: begin with this event. Events are numbered from 1, the first of the run.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "each")]
    pub(crate) from: u64,
    /// With --list and --step: end with this event.
    #[arg(long, value_name = "N", default_value_t = u64::MAX, requires = "each", hide_default_value = true)]
    pub(crate) to: u64,
    /// With --bisect: check after every event, however long that takes, to miss nothing that mends itself.
    #[arg(long, requires = "bisect", conflicts_with_all = ["at", "step", "list"])]
    pub(crate) thorough: bool,
}

/// What is done with a log instead.
#[derive(clap::Args)]
#[group(multiple = false)]
pub(crate) struct Task {
    /// Print the state of the hub after event N; 0: before the first.
    #[arg(long, value_name = "N")]
    pub(crate) at: Option<u64>,
    /// Go from event to event: print each, what the hub answered, and the actions that followed.
    #[arg(long)]
    pub(crate) step: bool,
    /// Print the events, without a replay.
    #[arg(long)]
    pub(crate) list: bool,
    /// Find the first event after which an invariant of the hub is broken; if none is as far as the replay is the recorded
    /// run, between which checkpoints it departs.
    #[arg(long)]
    pub(crate) bisect: bool,
}
