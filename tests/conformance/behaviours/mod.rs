//! What every host does, written once: functions that take a host, by suite. `suites.rs` makes tests of them.

pub(crate) mod compression;
pub(crate) mod heads;
pub(crate) mod hub;
pub(crate) mod peer;
pub(crate) mod stopped;
pub(crate) mod wire;
