//! What the parts of the running program share.

use crate::config::Config;
use crate::metrics::Numbers;
use crate::wshub::Gateway;
use axum::extract::FromRef;
use std::sync::{Arc, PoisonError, RwLock};
use throng_tokio::Hub;

/// The running program.
#[derive(Debug)]
pub(crate) struct Server {
    /// The name of this run, for the API.
    pub(crate) uid: String,
    pub(crate) hub: Hub,
    pub(crate) live: Arc<Live>,
    /// `None`: `metrics.enabled` is false.
    pub(crate) numbers: Option<Numbers>,
    /// Set in WS-HUB mode.
    pub(crate) gateway: Option<Arc<Gateway>>,
}

/// The config in force. A reload replaces it as a whole.
#[derive(Debug)]
pub(crate) struct Live(RwLock<Arc<Config>>);

impl Live {
    pub(crate) fn new(config: Config) -> Self {
        Self(RwLock::new(Arc::new(config)))
    }

    /// The config in force. A request takes it once, so that it sees one config.
    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn replace(&self, config: Config) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }
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
