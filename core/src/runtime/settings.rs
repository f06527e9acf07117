//! What a hub's connections have in common besides the hub's config.

use super::recording::Record;
use crate::websocket::{Limits, Policy};

/// Set by the [`Builder`](super::Builder).
pub(super) struct Settings {
    pub(super) policy: Policy,
    pub(super) limits: Limits,
    pub(super) requests: KeepRequests,
    pub(super) record: Record,
}

/// How long a client's request is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeepRequests {
    /// Until [`connected`](super::Handler::connected) has returned.
    #[default]
    UntilConnected,
    /// As long as there is a handle of the client: some hundred bytes each.
    Always,
}
