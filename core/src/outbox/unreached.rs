//! Whom a publish that may wait has not reached.

use crate::id::ClientId;

/// A client that a publish under [`Policy::Wait`](super::Policy::Wait) was for, and that has not got it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unreached {
    /// Who.
    pub client: ClientId,
    /// What was in the way.
    pub full: Full,
}

/// What had no room for a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Full {
    /// The client's outbox. [`OutboxLow`](crate::hub::Action::OutboxLow) says when half of it is free again.
    Outbox,
    /// The hub, whose budget is used up. The frame counts as dropped for this client, and no action tells when there is
    /// room again.
    Hub,
}
