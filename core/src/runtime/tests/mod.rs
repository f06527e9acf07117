mod answer;
#[cfg(feature = "tower")]
mod door;
mod driver;
mod flat;
mod host;
mod lane;
mod memory;
#[cfg(feature = "tower")]
mod middleware;
mod peer;
#[cfg(loom)]
mod races;
#[cfg(feature = "router")]
mod router;
