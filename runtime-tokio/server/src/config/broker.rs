//! The settings of a node in a cluster.

use super::value::{Setting, Span, Whole, words};
use serde_json::Value;
use throng_tokio::cluster::{BrokerError, ClusterOptions, Config, ConfigError, NodeId, Readiness};
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
        Self(Config::default().prefix.to_string())
    }
}

impl Prefix {
    fn options(&self) -> Result<ClusterOptions, ConfigError> {
        let config = Config { prefix: self.0.as_str().into(), ..Default::default() };
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

/// The rooms of which this node tells the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TellRooms {
    None,
    Presence,
    #[default]
    All,
}

words!(TellRooms { "all" => All, "presence" => Presence, "none" => None });

/// The cluster.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    pub(crate) broker: Option<BrokerUrl>,
    pub(crate) node: Option<Node>,
    pub(crate) prefix: Prefix,
    pub(crate) ready_without_broker: bool,
    pub(crate) tell_rooms: TellRooms,
    pub(crate) room_tick: Span<10, 60_000>,
    pub(crate) room_bytes: Whole<0, 0xFFFF_FFFF>,
    pub(crate) message_bytes: Whole<1_024, 0x1000_0000>,
    pub(crate) queue_bytes: Whole<1_024, 0xFFFF_FFFF>,
    pub(crate) heartbeat: Span<100, 60_000>,
    pub(crate) nodes: Whole<1, 100_000>,
    pub(crate) topics: Whole<0, 0xFFFF_FFFF>,
}

impl Default for Cluster {
    fn default() -> Self {
        let core = Config::default();
        Self {
            broker: None,
            node: None,
            prefix: Prefix::default(),
            ready_without_broker: false,
            tell_rooms: TellRooms::default(),
            room_tick: Span(core.room_tick),
            room_bytes: Whole(core.room_bytes.into()),
            message_bytes: Whole(core.message_bytes.into()),
            queue_bytes: Whole(core.queue_bytes.into()),
            heartbeat: Span(core.heartbeat),
            nodes: Whole(core.nodes.into()),
            topics: Whole(core.topics.into()),
        }
    }
}

impl Cluster {
    /// The options of the node.
    ///
    /// # Errors
    /// Keys that do not fit together.
    pub(crate) fn options(&self) -> Result<ClusterOptions, ConfigError> {
        // The bounds of the keys are within those of the type.
        let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let options = ClusterOptions::new(Config {
            prefix: self.prefix.0.as_str().into(),
            tell_rooms: match self.tell_rooms {
                TellRooms::None => throng_tokio::cluster::TellRooms::None,
                TellRooms::Presence => throng_tokio::cluster::TellRooms::Presence,
                TellRooms::All => throng_tokio::cluster::TellRooms::All,
            },
            room_tick: self.room_tick.0,
            room_bytes: number(self.room_bytes.0),
            message_bytes: number(self.message_bytes.0),
            queue_bytes: number(self.queue_bytes.0),
            heartbeat: self.heartbeat.0,
            nodes: number(self.nodes.0),
            topics: number(self.topics.0),
            ..Config::default()
        })?;
        let options =
            if self.ready_without_broker { options.readiness(Readiness::IgnoresBroker) } else { options };
        Ok(match &self.node {
            Some(Node(node)) => options.node(node.clone()),
            None => options,
        })
    }

    /// Keys that do not fit together.
    pub(super) fn errors(&self) -> Option<String> {
        let text = self.options().err()?.to_string();
        // "config field `cluster.queue_bytes` is 5: it must be …"
        let told = text.strip_prefix("config field `").and_then(|rest| rest.split_once("` is "));
        Some(told.map_or(text.clone(), |(key, why)| {
            format!("{key}: {}", why.replacen(": it must", " is not allowed: must", 1))
        }))
    }
}
