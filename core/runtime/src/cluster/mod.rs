//! Several hubs as one, over a [`Broker`] that carries messages between them.

mod broker;
#[cfg(feature = "broker-conformance")]
pub mod conformance;
mod memory;

pub use broker::{Broker, BrokerError, Receiver, Sender};
pub use memory::{Memory, MemoryReceiver, MemorySender};
pub use throng_core::cluster::{Command, Delivery, Subject};
