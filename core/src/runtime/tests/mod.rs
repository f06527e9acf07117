mod answer;
#[cfg(feature = "tower")]
mod door;
mod driver;
mod flat;
mod health;
mod hooks;
mod host;
mod lane;
#[cfg(feature = "tracing")]
mod log;
mod memory;
#[cfg(feature = "tower")]
mod middleware;
mod observe;
mod peer;
#[cfg(loom)]
mod races;
#[cfg(feature = "metrics")]
mod recorder;
mod reconfigure;
#[cfg(feature = "router")]
mod router;
mod serve;
