//! How a hub takes part in a cluster.

use crate::state::settings::Readiness;
use throng_core::cluster::{Config, ConfigError, NodeId};

/// How a hub takes part in a cluster: [`Builder::cluster`](crate::Builder::cluster).
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ClusterOptions {
    pub(crate) config: Config,
    pub(crate) node: Option<NodeId>,
    pub(crate) incarnation: Option<u64>,
    pub(crate) readiness: Readiness,
}

impl ClusterOptions {
    /// With these limits and times. The default has [`Config::default`].
    ///
    /// # Errors
    /// Names the first invalid field and its value.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.validate()?;
        Ok(Self { config, ..Self::default() })
    }

    /// Sets the id of the node, which must differ from that of every other node. Default: 16 random hexadecimal digits.
    pub fn node(self, node: NodeId) -> Self {
        Self { node: Some(node), ..self }
    }

    /// Sets the incarnation, which must be greater at each start of a node that keeps its id. Default: the time in nanoseconds since 1970
    /// at which the hub is first served.
    pub fn incarnation(self, incarnation: u64) -> Self {
        Self { incarnation: Some(incarnation), ..self }
    }

    /// Sets whether the hub is [ready](crate::Health::is_ready) without its broker. Default: [`Readiness::NeedsBroker`].
    pub fn readiness(self, readiness: Readiness) -> Self {
        Self { readiness, ..self }
    }
}
