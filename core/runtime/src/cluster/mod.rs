//! Several hubs as one, over a [`Broker`] that carries messages between them.

pub(crate) mod broker;
#[cfg(feature = "broker-conformance")]
pub mod conformance;
mod handle;
mod memory;
pub(crate) mod options;
pub(crate) mod task;

pub use crate::notice::cluster::ClusterEvent;
pub use crate::state::settings::Readiness;
pub use broker::{Broker, BrokerError, Receiver, Sender};
pub use handle::{Asked, ClusterNode};
pub use memory::{Memory, MemoryReceiver, MemorySender};
pub use options::ClusterOptions;
pub use throng_core::cluster::{
    Answer, BadGlobalId, BadNodeId, BadSubject, ClusterMember, ClusterPage, Command, Config, ConfigError,
    Counts, Delivery, Departure, GlobalId, NodeId, RoomCounts, Scope, Stats, Subject, TellRooms, Totals,
    Unready,
};
