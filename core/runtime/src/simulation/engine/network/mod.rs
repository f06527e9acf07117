//! Simulated sockets.

pub mod handles;
pub mod pipe;
pub mod wires;
