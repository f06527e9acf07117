mod answer;
mod driver;
mod flat;
mod hooks;
mod host;
mod lane;
mod memory;
mod peer;
#[cfg(loom)]
mod races;
