//! Inputs made by hand, one of every kind that a target tells apart: where its fuzzing begins.
//!
//! They are committed under `fuzz/seeds/`, a folder for each target; the binary `fuzz-seeds` writes them there.

mod cluster;
mod handshake;
mod hub;
mod inflate;
mod protocol;
mod run;
mod stream;
mod text;
mod trace;

#[cfg(test)]
mod tests;

pub use cluster::cluster_wire;
pub use handshake::{handshake, negotiation};
pub use hub::hub_events;
pub use inflate::inflate;
pub use protocol::protocol;
pub use stream::{decoder, encoder_round_trip};
pub use text::{close_payload, position, utf8};
pub use trace::trace_file;

use super::Seed;

fn seed(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Seed {
    (name.into(), bytes.into())
}
