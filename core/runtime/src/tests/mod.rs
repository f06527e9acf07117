mod answer;
mod asks;
mod batching;
mod brokers;
mod choose;
mod closes;
mod cluster;
#[cfg(feature = "deflate")]
mod compression;
#[cfg(feature = "tower")]
mod door;
mod driver;
mod dropped;
mod ended;
mod ends;
mod events;
mod expiry;
mod fatal;
mod flat;
mod handles;
mod health;
mod histories;
mod hooks;
mod host;
mod ids;
mod lane;
mod leaving;
mod listeners;
#[cfg(feature = "tracing")]
mod log;
mod memory;
#[cfg(feature = "tower")]
mod middleware;
mod observe;
mod occupancy;
mod panic;
mod participants;
mod peer;
#[cfg(feature = "deflate")]
mod pool;
mod presence;
#[cfg(loom)]
mod races;
mod receipts;
mod reconfigure;
#[cfg(feature = "metrics")]
mod recorder;
mod refused;
mod request;
#[cfg(feature = "router")]
mod router;
mod sent;
mod serve;
#[cfg(feature = "session-tokens")]
mod session_tokens;
mod sessions;
mod standstill;
mod turns;
mod within;
