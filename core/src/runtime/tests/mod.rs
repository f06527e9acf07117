mod answer;
#[cfg(feature = "tower")]
#[cfg(feature = "deflate")]
mod compression;
mod door;
mod driver;
mod flat;
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
