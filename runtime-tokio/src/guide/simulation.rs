//! How to simulate your application: its own handlers, with clients and faults that follow from a seed.
//!
//! A test over streams in memory ([testing](super::testing)) shows that a case works. Bugs of a server for many clients are in the
//! cases that nobody has thought of: a connection is lost while its handler runs, a client is back before the hub has noticed that
//! it was gone, a message is on its way when its room is closed, the process stands still for a minute. A simulation goes
//! through thousands of such cases in seconds, and each that fails can be run again.
//!
//! ```toml
//! [dev-dependencies]
//! throng-tokio = { version = "0.1", features = ["simulation"] }
//! ```
//!
//! # What is simulated
//!
//! The application and the hub are as in production: handlers, limits, deadlines, the protocol, the tasks that read and write. The
//! clients, the network, the clock and the host are the simulation's. Virtual time jumps from one event to the next, so that the
//! minute until a silent client is ended takes no time. No socket, no thread and no runtime is needed: a simulation is a plain
//! `#[test]`.
//!
//! | of | what happens in some runs |
//! | --- | --- |
//! | the network | latency, bytes cut anywhere, buffers that are full, transports that hold back what they took |
//! | connections | they are reset, or their peer vanishes without a word, at any moment |
//! | peers | they read slowly, or nothing for some seconds; scripts add what they like: half-closes, pings that nobody answers, bytes that make no sense |
//! | the host | it stands still, up to minutes; timers are late; a clock runs backwards; tasks run in any order |
//!
//! [`Faults`] says which of them there are. They last for the first ten seconds of a run. [`Peer::after_faults`] waits for their end: what
//! holds for whoever is connected is checked after that.
//!
//! # A whole file
//!
//! This is the example `simulate` of the repository. The application keeps a list of who is online. With the bug, somebody whose
//! connection was lost, and who has connected again, disappears from the list when the hub notices the loss, up to a minute later.
//! A test by hand does not show it: one would have to come back without closing, and wait.
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
//! run it again: THRONG_SEED=0 and the same command
//! ```
//!
//! In a `#[test]` the last line is a command, `THRONG_SEED=0 cargo test NAME`. `THRONG_SEED=0..100000` runs as many seeds, for a night. When the
//! bug is mended, write a small test for it as well: a later change of the application turns the seed into another run.
//!
//! # Checks
//!
//! | what is to hold | where |
//! | --- | --- |
//! | for one client, in the order of things | its script: [`Peer::expect`], [`Peer::receive_within`], assertions, [`PeerError::wrong`] |
//! | for several | a value that their scripts and handlers share, made in the closure of the run |
//! | at every moment | [`Run::always`] |
//! | when everybody is gone | [`Run::finally`] |
//!
//! No hook may panic, and after a shutdown nothing may be left: that is always checked.
//!
//! # What an application must do for it
//!
//! Its handlers may wait only for what the simulation wakes. Channels and locks of tokio do; its timers, sockets and tasks do not,
//! as no tokio runs. So pass the timer to the application, [`Run::time`] here and tokio's in production, and likewise what
//! talks to a database. A run must follow from its seed: no random numbers of its own, no real clock, nothing that depends on the order
//! of a `HashMap`. [`Simulation::twice`] finds out whether that is so.

use crate::simulation::{Faults, Peer, PeerError, Run, Simulation};
