//! What the parts of the running program share.

use crate::admin::StartKey;
use crate::auth::Tokens;
use crate::hooks::Hooks;
use crate::live::Live;
use crate::metrics::Numbers;
use crate::records::Records;
use crate::tls::Certificate;
use crate::wshub::Gateway;
use axum::extract::FromRef;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) hooks: Arc<Hooks>,
    /// Set if clients speak TLS.
    pub(crate) certificate: Option<Arc<Certificate>>,
    /// `None`: `metrics.enabled` is false.
    pub(crate) numbers: Option<Numbers>,
    /// Set in WS-HUB mode.
    pub(crate) gateway: Option<Arc<Gateway>>,
    /// Set once another process has taken this one's place.
    pub(crate) handed_over: AtomicBool,
}

#[cfg_attr(not(unix), allow(dead_code, reason = "there is no SIGUSR2"))]
impl Server {
    /// Another process has taken this one's place.
    pub(crate) fn hand_over(&self) {
        self.handed_over.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_handed_over(&self) -> bool {
        self.handed_over.load(Ordering::Relaxed)
    }
}

/// Begins a drain as the config says. What is left at its deadline is closed.
pub(crate) fn drain(hub: &Hub) {
    let plan = hub.config().drain;
    let draining = hub.drain(plan.drain(), plan.deadline);
    let hub = hub.clone();
    tokio::spawn(async move {
        if let Err(late) = draining.await {
            tracing::warn!("{late}: they are closed");
            hub.shutdown();
        }
    });
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
