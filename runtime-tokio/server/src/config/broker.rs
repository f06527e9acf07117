//! The settings of a node in a cluster.

use super::value::Setting;
use serde_json::Value;
use throng_tokio::cluster::{BrokerError, ClusterOptions, NodeId, Readiness};
use throng_tokio::nats::Nats;
use throng_tokio::redis::Redis;

/// The URL of a broker. It may have a password, and is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct BrokerUrl(String);

/// What carries messages between nodes.
pub(crate) enum Broker {
    Redis(Redis),
    Nats(Nats),
}

impl BrokerUrl {
    fn open(url: &str) -> Result<Broker, BrokerError> {
        match url.split_once("://") {
            Some(("redis" | "rediss", _)) => Redis::new(url).map(Broker::Redis),
            Some(("nats" | "tls", _)) => Nats::new([url]).map(Broker::Nats),
            _ => Err(BrokerError::new("the scheme is another one")),
        }
    }

    /// The broker: the URL was checked when it was read.
    pub(crate) fn broker(&self) -> Result<Broker, BrokerError> {
        Self::open(&self.0)
    }
}

impl std::fmt::Debug for BrokerUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Setting for BrokerUrl {
    fn read(value: &Value) -> Result<Self, String> {
        const ALLOWED: &str =
            "must be redis://HOST:PORT or nats://HOST:PORT, with USER:PASSWORD@ before the host if needed";
        let url = String::read(value)?;
        match Self::open(&url) {
            Ok(_) => Ok(Self(url)),
            Err(error) => Err(format!("{ALLOWED}: {error}")),
        }
    }

    fn write(&self) -> Value {
        "***".into()
    }
}

/// The id of this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node(NodeId);

impl Setting for Node {
    fn read(value: &Value) -> Result<Self, String> {
        NodeId::new(&String::read(value)?).map(Self).map_err(|error| error.to_string())
    }

    fn write(&self) -> Value {
        self.0.as_str().into()
    }
}

/// What the subjects of a cluster begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prefix(String);

impl Default for Prefix {
    fn default() -> Self {
        Self(throng_tokio::cluster::Config::default().prefix.to_string())
    }
}

impl Prefix {
    fn options(&self) -> Result<ClusterOptions, throng_tokio::cluster::ConfigError> {
        let config = throng_tokio::cluster::Config { prefix: self.0.as_str().into(), ..Default::default() };
        ClusterOptions::new(config)
    }
}

impl Setting for Prefix {
    fn read(value: &Value) -> Result<Self, String> {
        const ALLOWED: &str = "must be 1 to 32 letters, digits, '-', '_' and, between others, '.'";
        let prefix = Self(String::read(value)?);
        match prefix.options() {
            Ok(_) => Ok(prefix),
            Err(_) => Err(ALLOWED.into()),
        }
    }

    fn write(&self) -> Value {
        self.0.as_str().into()
    }
}

/// The cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cluster {
    pub(crate) broker: Option<BrokerUrl>,
    pub(crate) node: Option<Node>,
    pub(crate) prefix: Prefix,
    pub(crate) ready_without_broker: bool,
}

impl Cluster {
    /// The options of the node: the prefix was checked when it was read.
    pub(crate) fn options(&self) -> ClusterOptions {
        let options = self.prefix.options().unwrap_or_default();
        let options =
            if self.ready_without_broker { options.readiness(Readiness::IgnoresBroker) } else { options };
        match &self.node {
            Some(Node(node)) => options.node(node.clone()),
            None => options,
        }
    }
}
