mod answer;
#[cfg(feature = "tower")]
mod door;
mod driver;
mod flat;
mod handles;
mod hooks;
mod host;
mod lane;
#[cfg(feature = "tracing")]
mod log;
mod memory;
#[cfg(feature = "tower")]
mod middleware;
mod peer;
#[cfg(loom)]
mod races;
#[cfg(feature = "router")]
mod router;
mod serve;
