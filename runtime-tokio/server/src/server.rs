//! What the parts of the running program share.

use crate::admin::StartKey;
use crate::live::Live;
use crate::metrics::Numbers;
use crate::records::Records;
use crate::wshub::Gateway;
use axum::extract::FromRef;
use std::sync::Arc;
use throng_tokio::Hub;

/// The running program.
#[derive(Debug)]
pub(crate) struct Server {
    /// The name of this run, for the API.
    pub(crate) uid: String,
    pub(crate) hub: Hub,
    pub(crate) live: Arc<Live>,
    pub(crate) start_key: StartKey,
    pub(crate) records: Arc<Records>,
    /// `None`: `metrics.enabled` is false.
    pub(crate) numbers: Option<Numbers>,
    /// Set in WS-HUB mode.
    pub(crate) gateway: Option<Arc<Gateway>>,
}

/// What the handlers of requests get.
pub(crate) type Shared = Arc<Server>;

/// The hub as the state of [`throng_tokio::axum`].
#[derive(Clone, Debug)]
pub(crate) struct State(pub(crate) Shared);

impl FromRef<State> for Hub {
    fn from_ref(State(server): &State) -> Self {
        server.hub.clone()
    }
}

impl FromRef<State> for Shared {
    fn from_ref(State(server): &State) -> Self {
        Self::clone(server)
    }
}
