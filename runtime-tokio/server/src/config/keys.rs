//! The table of all keys, but those of the hub: what the file, the environment, the flags and `throng config` know.

use super::Config;
use super::value::Setting;
use serde_json::Value;

/// A key of the config.
pub(crate) struct Key {
    /// The path, as `api.keys`.
    pub(crate) path: &'static str,
    /// What the value means: sentences for the operator.
    pub(crate) meaning: &'static str,
    /// Whether a reload can change it.
    pub(crate) change: Change,
    /// Reads a value into the config. The error says what is allowed.
    pub(super) set: fn(&mut Config, &Value) -> Result<(), String>,
    pub(super) get: fn(&Config) -> Value,
    /// Whether two configs have the same value. `get` does not show secrets.
    pub(super) is_same: fn(&Config, &Config) -> bool,
}

/// Whether a reload can change a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// A reload changes it.
    Live,
    /// Only a restart does.
    Restart,
    /// The key is read for compatibility and has no effect.
    NoEffect,
}

macro_rules! keys {
    ($($path:literal: $($field:ident).+, $change:ident, $meaning:literal;)+) => {
        /// All keys, in the order in which `throng config` prints them.
        pub(crate) const KEYS: &[Key] = &[$(Key {
            path: $path,
            meaning: $meaning,
            change: Change::$change,
            set: |config, value| {
                config.$($field).+ = Setting::read(value)?;
                Ok(())
            },
            get: |config| Setting::write(&config.$($field).+),
            is_same: |a, b| a.$($field).+ == b.$($field).+,
        }),+];
    };
}

keys! {
    "listen": listen, Restart, "The address and port to listen on; only a port, as \":8080\", for all addresses of the machine.";
    "origins": origins, Restart, "The web pages that may open a WebSocket: \"same\" (pages of the same host and port), \"any\", or a list of origins, as [\"https://example.com\", \"https://*.example.com\"]. In WS-HUB mode `wshub.origins` takes its place.";
    "clients.path": clients.path, Restart, "The path at which clients without a protocol open WebSockets. In WS-HUB mode `wshub.serverUrl` takes its place.";
    "clients.anonymous": clients.anonymous, Live, "Whether clients may come without a token. They get what is published to the rooms that they are in. While it is false, they are answered with 401.";
    "clients.rooms": clients.rooms, Live, "The rooms that each client at `clients.path` is in from its beginning.";
    "auth.secret": auth.secret, Live, "The secret with which JSON web tokens are signed. A client shows its token in the query, as ?token=TOKEN, or in the header Authorization. The claims are Centrifugo's: sub is the user, exp the end of the authorisation, channels the rooms.";
    "auth.algorithm": auth.algorithm, Live, "The algorithm of the tokens: \"HS256\", \"HS384\" or \"HS512\". Tokens of another one are refused.";
    "auth.audience": auth.audience, Live, "The audience that a token must be for, in its claim aud.";
    "auth.issuer": auth.issuer, Live, "The issuer that a token must be of, in its claim iss.";
    "auth.leeway": auth.leeway, Live, "How many seconds the clock of the issuer may differ.";
    "api.keys": api.keys, Live, "The keys of the HTTP API, one of which a request must have in its header X-API-Key. Without a key the API is off.";
    "api.body_bytes": api.body_bytes, Live, "The longest body of an API request, in bytes; a longer one is answered with 413.";
    "api.channels": api.channels, Live, "The most rooms of one broadcast, and the most commands of one batch; more are refused with error 107.";
    "pages.key": pages.key, Live, "The key that opens the pages for operators to peers on other machines, in the header X-API-Key.";
    "pages.open": pages.open, Live, "Whether the pages for operators, /metrics and those of WS-HUB, are open to everybody. While it is false, they are open to peers of this machine and to requests with `pages.key`.";
    "admin.enabled": admin.enabled, Restart, "Whether the admin page is at /admin: true, false, or \"auto\", which means: if `admin.key` is set, or if there is no config file and `listen` is a loopback address.";
    "admin.key": admin.key, Live, "The key of the admin page, of at least 12 characters. It is also a key of the API, with all rights. Without one, and if `listen` is a loopback address, a random key is made at each start, which works only for peers of this machine.";
    "demo.enabled": demo.enabled, Live, "Whether the demo, a chat for trying the program, is at /demo: true, false, or \"auto\", which means: if there is no config file and `listen` is a loopback address. With true it is open to everybody. Its rooms begin with \"demo:\". It is not there in WS-HUB mode.";
    "metrics.enabled": metrics.enabled, Restart, "Whether /metrics has the numbers for Prometheus.";
    "log.format": log.format, Restart, "The format of the log on stderr: \"text\" or \"json\".";
    "log.filter": log.filter, Live, "Which lines are logged: a level (error, warn, info, debug, trace, off), or levels by target, as \"info,throng=debug\".";
    "cluster.broker": cluster.broker, Restart, "What carries messages between several nodes: the URL of Redis, as \"redis://127.0.0.1:6379\", or of NATS, as \"nats://127.0.0.1:4222\". Without one this node is alone.";
    "cluster.node": cluster.node, Restart, "The id of this node, another one for each node. Without one it is random at each start.";
    "cluster.prefix": cluster.prefix, Restart, "What the names of channels begin with. Clusters that share a broker need different ones.";
    "cluster.ready_without_broker": cluster.ready_without_broker, Restart, "Whether /readyz is 200 while the link to the broker is not proven. While it is false, a load balancer prefers nodes that hear of the others.";
    "wshub.enabled": wshub.enabled, Restart, "Whether the program takes WS-HUB's place: clients by a key in their query, groups and messages by Redis.";
    "wshub.address": wshub.address, Restart, "WS-HUB's key for the address to listen on. It takes the place of `listen`.";
    "wshub.clientKey": wshub.client_key, Restart, "The parameter of the query that has the key of the client.";
    "wshub.serverUrl": wshub.server_url, Restart, "The path at which clients open WebSockets.";
    "wshub.fromHeader": wshub.from_header, NoEffect, "Read for compatibility; it has no effect here or in WS-HUB.";
    "wshub.origins": wshub.origins, Restart, "The web pages that may open a WebSocket, as `origins`. WS-HUB lets every page do it.";
    "wshub.removeGroups": wshub.remove_groups, Live, "Whether a group named \"-name\" takes the client out of the group \"name\". While it is false, the minus is part of the name, as in WS-HUB.";
    "wshub.removalCloses": wshub.removal_closes, Live, "Whether an empty list of groups closes the client's connection, with 1000. While it is false, the client is only taken out of the lists, as in WS-HUB.";
    "wshub.pendingBytes": wshub.pending_bytes, Live, "The most bytes of groups that are kept, for 10 s, for keys of which no client is known.";
    "wshub.redis.address": wshub.redis.address, Restart, "The host and port of Redis.";
    "wshub.redis.username": wshub.redis.username, Restart, "The user name for Redis.";
    "wshub.redis.password": wshub.redis.password, Restart, "The password for Redis.";
    "wshub.redis.db": wshub.redis.db, Restart, "The number of the database. Channels are the same in all of them.";
    "wshub.redis.channelPrefix": wshub.redis.channel_prefix, Restart, "What the names of all channels begin with.";
    "wshub.redis.queueBytes": wshub.redis.queue_bytes, Live, "The most bytes that wait to be published, while Redis is slow or away. What does not fit is dropped and counted.";
    "wshub.redis.timeout": wshub.redis.timeout, NoEffect, "Read for compatibility, in seconds: WS-HUB closes connections to Redis that were idle for so long. There are two connections here, which stay open.";
    "wshub.redis.idleConn": wshub.redis.idle_conn, NoEffect, "Read for compatibility: WS-HUB's idle connections to Redis.";
    "wshub.webSocket.writeWait": wshub.web_socket.write_wait, Live, "In place of `hub.deadlines.write`, in seconds.";
    "wshub.webSocket.pongWait": wshub.web_socket.pong_wait, Live, "In place of `hub.deadlines.pong`, in seconds; `hub.deadlines.ping` is nine tenths of it.";
    "wshub.webSocket.maxMessageSize": wshub.web_socket.max_message_size, Live, "The longest message of a client, in bytes; a longer one closes it with 1009. 0: only `hub.outbox.message_bytes` is the limit, which also holds for messages to clients.";
}

/// The key of this path. Names of the environment have no capital letters, and WS-HUB does not tell them apart.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    let exact = KEYS.iter().find(|key| key.path == path);
    let ignores_case = || path.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("wshub."));
    exact.or_else(|| KEYS.iter().find(|key| ignores_case() && key.path.eq_ignore_ascii_case(path)))
}

/// The keys that a reload cannot change and whose values differ.
pub(crate) fn changed_for_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    let differs = |key: &&Key| key.change == Change::Restart && !(key.is_same)(old, new);
    KEYS.iter().filter(differs).map(|key| key.path).collect()
}
