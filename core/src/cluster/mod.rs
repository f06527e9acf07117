//! Several hubs as one: the state machine of a node in a cluster, beside its hub.

mod subject;
mod traffic;

pub use subject::{BadSubject, Subject};
pub use traffic::{Command, Delivery};
