//! What a fuzz target does with an input, and the inputs it begins with.
//!
//! A target is a function of bytes that panics when something is wrong. `fuzz/` calls it with what libFuzzer comes
//! upon; the test `corpora` calls it, on stable, with all that is committed. Each holds the core against something that
//! is not the core: another implementation, the standard library, a rule written down naively, or itself on the same
//! bytes in other pieces.

mod close;
mod cluster;
mod cuts;
mod decoder;
mod encoder;
mod frames;
mod handshake;
mod hub;
mod inflate;
pub mod memory;
mod position;
mod protocol;
pub mod reach;
mod reference;
pub mod seeds;
mod theirs;
mod trace;
mod utf8;

pub use close::close_payload;
pub use cluster::cluster_wire;
pub use decoder::decoder;
pub use encoder::encoder_round_trip;
pub use handshake::handshake;
pub use hub::hub_events;
pub use inflate::inflate;
pub use position::position;
pub use protocol::protocol;
pub use reference::negotiation;
pub use trace::trace_file;
pub use utf8::utf8;

/// A fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name of its binary in `fuzz/`, of its seeds and of its corpus.
    pub name: &'static str,
    /// Panics if something is wrong.
    pub run: fn(&[u8]),
    /// What a run begins with.
    pub seeds: fn() -> Vec<Seed>,
}

/// An input made by hand: its name, which says what is in it, and its bytes.
pub type Seed = (String, Vec<u8>);

/// All targets, each of which has a binary of its name in `fuzz/`.
pub const TARGETS: &[Target] = &[
    Target { name: "handshake", run: handshake, seeds: seeds::handshake },
    Target { name: "negotiation", run: negotiation, seeds: seeds::negotiation },
    Target { name: "decoder", run: decoder, seeds: seeds::decoder },
    Target { name: "encoder_round_trip", run: encoder_round_trip, seeds: seeds::encoder_round_trip },
    Target { name: "close_payload", run: close_payload, seeds: seeds::close_payload },
    Target { name: "utf8", run: utf8, seeds: seeds::utf8 },
    Target { name: "position", run: position, seeds: seeds::position },
    Target { name: "protocol", run: protocol, seeds: seeds::protocol },
    Target { name: "inflate", run: inflate, seeds: seeds::inflate },
    Target { name: "trace_file", run: trace_file, seeds: seeds::trace_file },
    Target { name: "cluster_wire", run: cluster_wire, seeds: seeds::cluster_wire },
    Target { name: "hub_events", run: hub_events, seeds: seeds::hub_events },
];
