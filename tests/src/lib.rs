//! What the end-to-end tests share: servers to test, and peers to test them with.

pub mod fanout;
pub mod http;
pub mod load;
pub mod process;
pub mod python;
pub mod raw;
pub mod rig;
pub mod server;
pub mod simulation;
pub mod wait;
pub mod witness;
