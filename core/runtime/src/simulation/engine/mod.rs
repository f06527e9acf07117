//! What a simulation is made of: a clock, tasks, a host, wires, and what happens next.
//!
//! throng's own tests have a simulation of their own on it. It may change with every release: an application uses
//! [`Simulation`](crate::simulation::Simulation).

pub mod basics;
pub mod caught;
pub mod clock;
pub mod executor;
pub mod host;
pub mod network;
pub mod schedule;
pub mod world;
