//! Several hubs as one, over a [`Broker`] that carries messages between them.

mod broker;

pub use broker::{Broker, BrokerError, Receiver, Sender};
pub use throng_core::cluster::{Command, Delivery, Subject};
