//! The brokers with the servers that they are for: the suite of the contract, outages as a link sees them, and the rooms of two nodes.

mod memory;
mod nats;
mod nkeys;
mod redis;
mod rooms;
mod support;
mod tls;
