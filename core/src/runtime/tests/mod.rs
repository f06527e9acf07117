mod answer;
mod driver;
mod flat;
mod hooks;
mod host;
mod lane;
#[cfg(feature = "tracing")]
mod log;
mod memory;
mod peer;
#[cfg(loom)]
mod races;
mod serve;
