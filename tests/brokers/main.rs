//! The brokers with the servers that they are for: the suite of the contract, and outages as a link sees them.

mod memory;
mod nats;
mod nkeys;
mod redis;
mod support;
mod tls;
