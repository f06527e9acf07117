//! What the tests share: servers to test, peers to test them with, and a model of the hub.

#[cfg(feature = "hosts")]
pub mod fanout;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
#[cfg(feature = "hosts")]
pub mod http;
#[cfg(feature = "hosts")]
pub mod load;
pub mod model;
#[cfg(feature = "hosts")]
pub mod process;
#[cfg(feature = "hosts")]
pub mod python;
#[cfg(feature = "hosts")]
pub mod raw;
#[cfg(feature = "hosts")]
pub mod requests;
#[cfg(feature = "hosts")]
pub mod rig;
#[cfg(feature = "hosts")]
pub mod server;
#[cfg(feature = "hosts")]
pub mod wait;
#[cfg(feature = "hosts")]
pub mod witness;
