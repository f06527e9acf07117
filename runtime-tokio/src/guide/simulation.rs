//! How to simulate your application: its own handlers, with clients and faults that follow from a seed.
//!
//! A test over streams in memory ([testing](super::testing)) shows that one case works. The bugs of a server for many clients are in
//! cases that nobody has thought of: a connection is lost while its handler runs, a client reconnects before the hub has noticed that
//! its old connection is lost, a room is closed while a message to it is under way, the process stands still for a minute. A
//! simulation runs thousands of such cases in seconds, and can repeat each one that fails.
//!
//! ```toml
//! [dev-dependencies]
//! throng-tokio = { version = "0.1", features = ["simulation"] }
//! ```
//!
//! # What is simulated
//!
//! The application and the hub are those of production: handlers, limits, deadlines, the protocol, the tasks that read and write. The
//! clients, the network, the clock and the host are simulated. Virtual time jumps from one event to the next, so the minute after
//! which a silent client is ended takes no time. A simulation needs no socket, no thread and no runtime: it is a plain `#[test]`.
//!
//! | part | what happens in some runs |
//! | --- | --- |
//! | the network | latency, bytes cut anywhere, buffers that are full, transports that hold back what they took |
//! | connections | they are reset, or their peer vanishes without a word, at any moment |
//! | peers | they read slowly, or nothing for some seconds; scripts can add half-closes, unanswered pings, bytes that break the protocol |
//! | the host | it stands still, up to minutes; timers are late; a clock runs backwards; tasks run in any order |
//!
//! [`Faults`] selects the kinds of faults. They happen in the first ten seconds of a run. [`Peer::after_faults`] waits for their end: check
//! after it what must hold for a connected client.
//!
//! # A whole file
//!
//! This is the example `simulate` of the repository. The application keeps a list of the users that are online. With the bug, a user
//! whose connection was lost, and who has connected again, disappears from the list when the hub notices the loss, up to a minute
//! later. A manual test does not show this bug: the tester would have to reconnect without closing the old connection, and wait.
//!
#![doc = concat!("```no_run\n", include_str!("../../examples/simulate.rs"), "```")]
//!
//! With `--bug` a seed fails, and says:
//!
//! ```text
//! the simulation fails with seed 0, after 61.762545s of virtual time:
//!     eve: is online, and the list is "ada bob"
//! what happened last:
//!     …
//!        60.759783 s  eve receives "ada bob eve"
//!        61.759783 s  eve sends "who is there?"
//!        61.760278 s  ada receives "ada bob"
//!        61.761829 s  bob receives "ada bob"
//!        61.762545 s  eve receives "ada bob"
//!        61.762545 s  FAILED: eve: is online, and the list is "ada bob"
//! run it again: THRONG_SEED=0 <the same command>
//! ```
//!
//! In a `#[test]` the last line is a command, `THRONG_SEED=0 cargo test NAME`. `THRONG_SEED=0..100000` runs as many seeds, for a night. When the
//! bug is mended, write a small test for it as well: a later change of the application turns the seed into another run.
//!
//! # Checks
//!
//! | what must hold | where to check it |
//! | --- | --- |
//! | for one client, in the order of its messages | its script: [`Peer::expect`], [`Peer::receive_within`], assertions, [`PeerError::wrong`] |
//! | for several clients | a value that scripts and handlers share, made in the closure of the run |
//! | at every moment | [`Run::always`] |
//! | when all clients are gone | [`Run::finally`] |
//!
//! The simulation always checks that no hook panics, and that nothing is left of the hub after a shutdown.
//!
//! # What an application must do for it
//!
//! Its handlers may wait only for what the simulation can wake. Channels and locks of tokio work. Its timers, sockets and tasks do not,
//! since no tokio runtime runs: `tokio::time::sleep` panics with "there is no reactor running". So pass the timer to the application
//! ([`Run::time`] here, tokio's in production), and likewise its access to a database. A run must follow from its seed: the application
//! may use no random numbers of its own, no real clock, and nothing that depends on the order of a `HashMap`. [`Simulation::twice`] checks
//! that.

use crate::simulation::{Faults, Peer, PeerError, Run, Simulation};
