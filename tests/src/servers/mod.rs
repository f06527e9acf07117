//! redis-server and nats-server as processes of a test: on free ports, with directories of their own, ended with the test.

mod nats;
mod process;
mod redis;

pub use nats::Nats;
pub use process::{Server, free_port};
pub use redis::{Cluster, Redis, Sentinels};
