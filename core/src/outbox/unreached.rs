//! The clients that a publish under `Policy::Wait` did not reach.

use crate::id::ClientId;

/// A recipient that a publish under [`Policy::Wait`](super::Policy::Wait) did not reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unreached {
    /// The client that did not get the frame.
    pub client: ClientId,
    /// Whether the client's outbox or the hub was full.
    pub full: Full,
}

/// What had no room for the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Full {
    /// The client's outbox. [`OutboxLow`](crate::hub::Action::OutboxLow) says when half of it is free again.
    Outbox,
    /// The hub: its budget is used up. The frame counts as dropped for this client, and no action tells when there is
    /// room again.
    Hub,
}
