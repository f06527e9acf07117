//! The config: its sections, their defaults, and where its values come from.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `keys` | the table of all keys: path, meaning, whether a reload changes it |
//! | `hub_keys`, `hub` | the keys under `hub.`, which are those of [`throng_tokio::Config`] |
//! | `value`, `types` | the types of values, and what is allowed for each |
//! | `api_keys` | the keys of the HTTP API and their rights |
//! | `broker`, `hooks` | those of a node in a cluster; those of hooks to the back end |
//! | `ca_file` | a file with certificates to trust |
//! | `token_keys` | those of keys that check tokens |
//! | `proxies` | those of proxies in front of the program |
//! | `protocol` | those of clients that speak the protocol of Centrifugo's SDKs |
//! | `file` | YAML, TOML and JSON; WS-HUB's own file |
//! | `load` | file, then environment, then flags; all errors at once |
//! | `list` | the config in force, for the API |
//! | `print` | the commented file of `throng config` |

pub(crate) mod api_keys;
pub(crate) mod broker;
pub(crate) mod ca_file;
mod file;
pub(crate) mod hooks;
mod hub;
mod hub_keys;
pub(crate) mod keys;
mod list;
mod load;
mod nearest;
mod print;
pub(crate) mod protocol;
pub(crate) mod proxies;
#[cfg(test)]
mod tests;
pub(crate) mod token_keys;
pub(crate) mod types;
pub(crate) mod value;

pub(crate) use list::listed;
pub(crate) use load::{Loaded, Origin, load};
pub(crate) use print::commented;

use api_keys::ApiKeys;
use broker::Cluster;
use ca_file::CaFile;
use hooks::Hooks;
use protocol::Protocol;
pub(crate) use proxies::Proxies;
use std::collections::btree_map::Entry;
use std::path::PathBuf;
use std::time::Duration;
use throng_tokio::hub as throng;
use token_keys::{JwksSource, PublicKey};
use types::{Algorithm, LogFilter, LogFormat, Origins, Remote, Subprotocol, Switch, TlsVersion, UrlPath};
use value::{Listen, Secret, Whole};

/// How long a client of the demo that lost its connection may take to return, unless `hub.sessions.grace` says.
const DEMO_GRACE: Duration = Duration::from_secs(30);

/// What the rooms of the demo keep, unless `hub.history.by_prefix` says.
const DEMO_HISTORY: throng::History = throng::History {
    messages: 50,
    bytes: 256 << 10,
    age: Duration::from_mins(10),
    meta_age: Duration::from_hours(1),
};

/// What the names of the demo's rooms begin with, so that it reaches no other room.
pub(crate) const DEMO_PREFIX: &str = "demo:";

/// Every setting of the program. The table in [`keys`] says what each means.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    pub(crate) listen: Listen,
    pub(crate) origins: Origins,
    pub(crate) clients: Clients,
    pub(crate) auth: Auth,
    pub(crate) proxies: Proxies,
    pub(crate) tls: Tls,
    pub(crate) api: Api,
    pub(crate) pages: Pages,
    pub(crate) admin: Admin,
    pub(crate) demo: Demo,
    pub(crate) metrics: Metrics,
    pub(crate) log: Log,
    pub(crate) recorder: Recorder,
    pub(crate) cluster: Cluster,
    pub(crate) hooks: Hooks,
    pub(crate) protocol: Protocol,
    pub(crate) wshub: WsHub,
    /// As it was configured. [`Config::hub`] adds what WS-HUB mode sets.
    pub(crate) hub: throng::Config,
    /// Whether a file is among the sources: without one, the program is being tried.
    pub(crate) has_file: bool,
}

/// Clients without a protocol.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    pub(crate) path: UrlPath,
    pub(crate) anonymous: bool,
    pub(crate) rooms: Vec<String>,
    pub(crate) subprotocols: Vec<Subprotocol>,
}

/// Who clients are: JSON web tokens.
#[derive(Clone, Debug)]
pub(crate) struct Auth {
    pub(crate) secret: Option<Secret>,
    pub(crate) algorithm: Algorithm,
    pub(crate) public_keys: Vec<PublicKey>,
    pub(crate) jwks: Option<JwksSource>,
    pub(crate) jwks_ca: Option<CaFile>,
    pub(crate) jwks_refresh: Whole<10, 86_400>,
    pub(crate) jwks_retry: Whole<1, 3_600>,
    pub(crate) audience: Option<String>,
    pub(crate) issuer: Option<String>,
    pub(crate) leeway: Whole<0, 3_600>,
    pub(crate) first_message: bool,
}

/// TLS for clients.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
    pub(crate) min_version: TlsVersion,
    pub(crate) watch: Whole<0, 86_400>,
}

/// The HTTP API.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) keys: ApiKeys,
    pub(crate) listen: Option<Listen>,
    pub(crate) body_bytes: Whole<1, 0x1000_0000>,
    pub(crate) channels: Whole<1, 1_000_000>,
}

/// The pages for operators.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pages {
    pub(crate) key: Option<Secret>,
    pub(crate) open: bool,
}

/// The admin page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Admin {
    pub(crate) enabled: Switch,
    pub(crate) key: Option<Secret>,
}

/// The demo.
#[derive(Clone, Debug, Default)]
pub(crate) struct Demo {
    pub(crate) enabled: Switch,
}

/// Prometheus.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    pub(crate) enabled: bool,
}

/// The log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    pub(crate) format: LogFormat,
    pub(crate) filter: LogFilter,
}

/// The flight recorder.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    pub(crate) bytes: Option<Whole<0x1_0000, 0x4000_0000>>,
    pub(crate) folder: String,
}

/// WS-HUB mode.
#[derive(Clone, Debug)]
pub(crate) struct WsHub {
    pub(crate) enabled: bool,
    pub(crate) address: Option<Listen>,
    pub(crate) client_key: String,
    pub(crate) server_url: UrlPath,
    pub(crate) from_header: Option<String>,
    pub(crate) origins: Origins,
    pub(crate) remove_groups: bool,
    pub(crate) removal_closes: bool,
    pub(crate) pending_bytes: Whole<0, 0x4000_0000>,
    pub(crate) redis: Redis,
    pub(crate) web_socket: WebSocket,
}

/// WS-HUB's Redis.
#[derive(Clone, Debug)]
pub(crate) struct Redis {
    pub(crate) address: Remote,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) db: Whole<0, 0x7fff_ffff>,
    pub(crate) channel_prefix: String,
    pub(crate) queue_bytes: Whole<1024, 0x4000_0000>,
    pub(crate) timeout: Option<Whole<0, 86_400>>,
    pub(crate) idle_conn: Option<Whole<0, 1_000_000>>,
}

/// WS-HUB's limits of connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct WebSocket {
    pub(crate) write_wait: Option<Whole<1, 86_400>>,
    pub(crate) pong_wait: Option<Whole<1, 86_400>>,
    pub(crate) max_message_size: Option<Whole<0, 0x1000_0000>>,
}

impl Default for Clients {
    fn default() -> Self {
        Self {
            path: UrlPath::new("/ws"),
            anonymous: false,
            rooms: Vec::new(),
            subprotocols: vec![Subprotocol::default()],
        }
    }
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            secret: None,
            algorithm: Algorithm::default(),
            public_keys: Vec::new(),
            jwks: None,
            jwks_ca: None,
            jwks_refresh: Whole(600),
            jwks_retry: Whole(30),
            audience: None,
            issuer: None,
            leeway: Whole(0),
            first_message: false,
        }
    }
}

impl Default for Tls {
    fn default() -> Self {
        Self { certificate: None, key: None, min_version: TlsVersion::default(), watch: Whole(10) }
    }
}

impl Auth {
    /// Whether a token can be checked at all.
    pub(crate) fn has_keys(&self) -> bool {
        self.secret.is_some() || !self.public_keys.is_empty() || self.jwks.is_some()
    }
}

impl Default for Api {
    fn default() -> Self {
        Self { keys: ApiKeys::default(), listen: None, body_bytes: Whole(1 << 20), channels: Whole(1_000) }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self { enabled: true }
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self { bytes: None, folder: ".".into() }
    }
}

impl Default for WsHub {
    fn default() -> Self {
        Self {
            enabled: false,
            address: None,
            client_key: "session_key".into(),
            server_url: UrlPath::new("/ws"),
            from_header: None,
            origins: Origins::Any,
            remove_groups: true,
            removal_closes: false,
            pending_bytes: Whole(4 << 20),
            redis: Redis::default(),
            web_socket: WebSocket::default(),
        }
    }
}

impl Default for Redis {
    fn default() -> Self {
        Self {
            address: Remote::new("localhost", 6379),
            username: None,
            password: None,
            db: Whole(0),
            channel_prefix: "ws-hub:".into(),
            queue_bytes: Whole(8 << 20),
            timeout: None,
            idle_conn: None,
        }
    }
}

impl Config {
    /// The address to listen on.
    pub(crate) fn listen(&self) -> &Listen {
        match (&self.wshub.address, self.wshub.enabled) {
            (Some(address), true) => address,
            _ => &self.listen,
        }
    }

    /// Whether clients speak TLS.
    pub(crate) const fn is_secure(&self) -> bool {
        self.tls.certificate.is_some()
    }

    /// The web pages that may open a WebSocket.
    pub(crate) const fn origins(&self) -> &Origins {
        if self.wshub.enabled { &self.wshub.origins } else { &self.origins }
    }

    /// The path at which clients open WebSockets.
    pub(crate) fn websocket_path(&self) -> &str {
        if self.wshub.enabled { self.wshub.server_url.text() } else { self.clients.path.text() }
    }

    /// Whether somebody tries the program: no file, and only peers of this machine reach it.
    fn is_tried(&self) -> bool {
        !self.has_file && !self.wshub.enabled && self.listen().is_loopback()
    }

    /// Whether the admin page is on.
    pub(crate) fn has_admin(&self) -> bool {
        match self.admin.enabled {
            Switch::On => true,
            Switch::Off => false,
            Switch::Auto => self.admin.key.is_some() || self.is_tried(),
        }
    }

    /// Whether the demo is on.
    pub(crate) fn has_demo(&self) -> bool {
        match self.demo.enabled {
            Switch::On => !self.wshub.enabled,
            Switch::Off => false,
            Switch::Auto => self.is_tried(),
        }
    }

    /// Whether clients may speak the protocol. In WS-HUB mode the back end decides about every message.
    pub(crate) const fn speaks_protocol(&self) -> bool {
        self.protocol.enabled && !self.wshub.enabled
    }

    /// The config of the hub, with what WS-HUB mode and the demo set.
    pub(crate) fn hub(&self) -> throng::Config {
        let mut hub = self.hub.clone();
        if self.has_demo() {
            hub.sessions.grace.get_or_insert(DEMO_GRACE);
            if let Entry::Vacant(place) = hub.history.by_prefix.entry(DEMO_PREFIX.into()) {
                place.insert(DEMO_HISTORY);
            }
        }
        if !self.wshub.enabled {
            return hub;
        }
        // A second connection with the same key takes the place of the first.
        hub.admission.per_user = throng::PerUser::EvictOldest(1);
        let WebSocket { write_wait, pong_wait, max_message_size } = &self.wshub.web_socket;
        if let Some(seconds) = write_wait {
            hub.deadlines.write = Duration::from_secs(seconds.0);
        }
        if let Some(seconds) = pong_wait {
            hub.deadlines.pong = Some(Duration::from_secs(seconds.0));
            hub.deadlines.ping = Some(Duration::from_millis(seconds.0 * 900));
        }
        if let Some(most) = max_message_size.and_then(|most| u32::try_from(most.0).ok()) {
            // The hub's limit also holds for messages to clients, for which WS-HUB has none.
            hub.outbox.message_bytes = hub.outbox.message_bytes.max(most);
            hub.outbox.bytes = hub.outbox.bytes.max(hub.outbox.message_bytes.saturating_add(64));
        }
        hub
    }
}
