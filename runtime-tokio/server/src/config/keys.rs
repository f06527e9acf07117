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
    "clients.subprotocols": clients.subprotocols, Live, "The subprotocols of WebSockets that the applications at `clients.path` speak, the preferred one first: a client that offers one of them is answered with it. Browsers that show their token as a subprotocol need one.";
    "auth.secret": auth.secret, Live, "The secret with which JSON web tokens of HS256, HS384 or HS512 are signed. The claims are Centrifugo's: sub is the user, exp the end of the authorisation, channels the rooms.";
    "auth.algorithm": auth.algorithm, Live, "The algorithm of the tokens that are signed with `auth.secret`: \"HS256\", \"HS384\" or \"HS512\". The other keys say theirs themselves.";
    "auth.public_keys": auth.public_keys, Live, "Public keys whose private keys sign tokens, each in PEM or as the path of a file with it: RSA (RS and PS with 256, 384 and 512), P-256 (ES256), P-384 (ES384), Ed25519 (EdDSA). Files are read again at a reload.";
    "auth.jwks": auth.jwks, Restart, "A JWK set with public keys: its URL, as \"https://id.example.com/jwks.json\", or the path of a file, which is read again at a reload. A set from a URL is kept while the URL is down.";
    "auth.jwks_ca": auth.jwks_ca, Restart, "The file with the certificates, in PEM, that HTTPS to `auth.jwks` trusts. Without one those of the system are trusted.";
    "auth.jwks_refresh": auth.jwks_refresh, Live, "After how many seconds the JWK set is fetched again. A key that was removed from it is valid until then.";
    "auth.jwks_retry": auth.jwks_retry, Live, "How many seconds pass at least before a token with an unknown kid has the JWK set fetched again.";
    "auth.audience": auth.audience, Live, "The audience that a token must be for, in its claim aud.";
    "auth.issuer": auth.issuer, Live, "The issuer that a token must be of, in its claim iss.";
    "auth.leeway": auth.leeway, Live, "How many seconds the clock of the issuer may differ.";
    "auth.first_message": auth.first_message, Live, "Whether a client without a token in its request may send the token as its first message, within `hub.hooks.authentication`. It is in no room before. A client whose token is not valid is closed with 1008.";
    "proxies.trusted": proxies.trusted, Live, "The proxies in front of the program, as networks or addresses: [\"10.0.0.0/8\", \"fd00::/8\"]. Only what they say about the address of a client is believed. That address is the one that limits per address, the log and the pages for operators see.";
    "proxies.header": proxies.header, Live, "The header in which they tell the client: \"x-forwarded-for\", \"forwarded\" (RFC 7239) or \"none\". The client is the last address in it that is not of a trusted proxy.";
    "proxies.protocol": proxies.protocol, Live, "Whether connections of trusted proxies begin with the PROXY protocol, version 1 or 2. One without it is closed.";
    "tls.certificate": tls.certificate, Restart, "The file with the certificate chain in PEM, the server's own first. With it the program speaks only TLS (HTTPS and wss).";
    "tls.key": tls.key, Restart, "The file with the private key in PEM.";
    "tls.min_version": tls.min_version, Restart, "The oldest version of TLS that is spoken: \"1.2\" or \"1.3\".";
    "tls.watch": tls.watch, Restart, "Every how many seconds the program looks whether the files have changed, and uses the new ones for new connections. 0: only at a reload.";
    "api.keys": api.keys, Live, "The keys of the HTTP API, one of which a request must have in its header X-API-Key. A key is a text, or a table with rights, as { key: KEY, methods: [publish, history], channels: [\"news*\"] }: other methods and channels are refused with error 103. With channels and without methods, the key is for the methods that name a channel. Without a key the API is off.";
    "api.listen": api.listen, Restart, "An address and port of its own for the API, as \"127.0.0.1:9000\". There everything is served; at `listen` everything but the API then.";
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
    "recorder.bytes": recorder.bytes, Restart, "The memory of the flight recorder, in bytes, as 16777216: it keeps what the hub was told last. SIGUSR1 and a panic write it to a file, which throng-replay replays. It has messages and names of clients. Without it nothing is recorded.";
    "recorder.folder": recorder.folder, Restart, "The folder of these files.";
    "cluster.broker": cluster.broker, Restart, "What carries messages between several nodes: the URL of Redis, as \"redis://127.0.0.1:6379\", or of NATS, as \"nats://127.0.0.1:4222\". Without one this node is alone.";
    "cluster.node": cluster.node, Restart, "The id of this node, another one for each node. Without one it is random at each start.";
    "cluster.prefix": cluster.prefix, Restart, "What the names of channels begin with. Clusters that share a broker need different ones.";
    "cluster.ready_without_broker": cluster.ready_without_broker, Restart, "Whether /readyz is 200 while the link to the broker is not proven. While it is false, a load balancer prefers nodes that hear of the others.";
    "cluster.tell_rooms": cluster.tell_rooms, Restart, "Of which rooms this node tells the others: \"all\" (the numbers of all rooms, and the members of those with presence), \"presence\" (rooms with presence only) or \"none\". Use the same on all nodes: with \"none\" a node answers `channels`, `presence` and `presence_stats` for its own rooms only.";
    "cluster.room_tick": cluster.room_tick, Restart, "For how long changes of rooms are collected before the other nodes are told. Longer costs less traffic, and answers for all nodes are older by that.";
    "cluster.room_bytes": cluster.room_bytes, Restart, "The most bytes that this node keeps of what others tell of their rooms: names, information of members, and about 256 bytes for each room of each node and 128 for each member. What does not fit is left out and counted: throng_cluster_rooms_cut_total.";
    "cluster.message_bytes": cluster.message_bytes, Restart, "The longest message to and from other nodes, in bytes. Longer ones reach the clients of their own node only, and are counted: throng_cluster_not_relayed_total. Use the same on all nodes.";
    "cluster.queue_bytes": cluster.queue_bytes, Restart, "The most bytes that wait for the broker. What does not fit reaches the clients of this node only, and is counted: throng_cluster_not_relayed_total.";
    "cluster.heartbeat": cluster.heartbeat, Restart, "The time between two signs of life to the other nodes. A node is taken for gone after three that did not come. Use the same on all nodes.";
    "cluster.nodes": cluster.nodes, Restart, "The most other nodes that this node knows. Messages of more are dropped and counted: throng_cluster_ignored_total.";
    "cluster.topics": cluster.topics, Restart, "The most rooms and users together whose messages of other nodes this node subscribes to.";
    "hooks.connect.url": hooks.connect.url, Live, "Where the back end is asked about each client that comes without a token, or with any if the config has no `auth.secret`: who it is, and whether it may come. Clients of the protocol are among them.";
    "hooks.connect.fail": hooks.connect.fail, Live, "What follows if the back end gives no valid answer: \"closed\" (the client is closed with 1013; one of the protocol is answered with error 100, and its SDK comes again) or \"open\" (the client may come, as nobody).";
    "hooks.refresh.url": hooks.refresh.url, Live, "Where the back end is asked before the authorisation of a client ends: until when it goes on. Without an answer it is asked again until the end.";
    "hooks.refresh.fail": hooks.refresh.fail, Live, "What follows if there is no valid answer until the end: \"closed\" (the client is closed as expired) or \"open\" (the client has one minute more, and the back end is asked again).";
    "hooks.message.url": hooks.message.url, Live, "Where the messages of clients without a protocol go, and what clients of the protocol `send`. Without it they are ignored.";
    "hooks.message.fail": hooks.message.fail, Live, "What follows if there is no valid answer: \"closed\" (the client is closed with 1013) or \"open\" (the message is lost, and the client stays).";
    "hooks.subscribe.url": hooks.subscribe.url, Live, "Where the back end is asked about subscriptions of clients of the protocol to channels whose rules say `subscribe: hook`.";
    "hooks.subscribe.fail": hooks.subscribe.fail, Live, "What follows if there is no valid answer: \"closed\" (the client is answered with error 100, and its SDK tries again) or \"open\" (it may subscribe).";
    "hooks.publish.url": hooks.publish.url, Live, "Where the back end is asked about what clients of the protocol publish to channels whose rules say `publish: hook`.";
    "hooks.publish.fail": hooks.publish.fail, Live, "What follows if there is no valid answer: \"closed\" (the client is answered with error 100) or \"open\" (the message is published).";
    "hooks.sub_refresh.url": hooks.sub_refresh.url, Live, "Where the back end is asked when the time is over that it gave a subscription: until when it goes on. Without it the subscription ends, and the SDK makes it again.";
    "hooks.sub_refresh.fail": hooks.sub_refresh.fail, Live, "What follows if there is no valid answer within `protocol.grace`: \"closed\" (the subscription ends, and the SDK makes it again) or \"open\" (it has one minute more, and the back end is asked again).";
    "hooks.rpc.url": hooks.rpc.url, Live, "Where the calls (`rpc`) of clients of the protocol go. Without it they are answered with error 104, and without a valid answer with error 100.";
    "hooks.notices.url": hooks.notices.url, Restart, "Where the back end is told what has happened.";
    "hooks.notices.events": hooks.notices.events, Restart, "Of what the back end is told: \"disconnect\", \"unsubscribe\", \"away\" and \"resumed\" of clients, \"occupied\" and \"vacated\" of rooms.";
    "hooks.notices.queue_bytes": hooks.notices.queue_bytes, Live, "The most bytes of notices that wait to be delivered. What does not fit is dropped and counted.";
    "hooks.notices.keep": hooks.notices.keep, Live, "How long a notice is tried to be delivered. Then it is dropped and counted.";
    "hooks.notices.timeout": hooks.notices.timeout, Live, "How long one delivery of notices may take. No client waits for it; if it is too short, the back end gets notices again and again.";
    "hooks.secrets": hooks.secrets, Live, "The secrets with which requests to the back end are signed, each with a signature of its own, so that a secret can be replaced: text, or \"whsec_\" and base64. Without one requests are not signed.";
    "hooks.headers": hooks.headers, Live, "Headers of a client's request that `hooks.connect` hands on to the back end, as [\"Cookie\"].";
    "hooks.timeout": hooks.timeout, Live, "How long one question may take, with the wait for its turn.";
    "hooks.concurrency": hooks.concurrency, Restart, "The most requests at a time of each question. Notices are delivered one request after the other.";
    "hooks.answer_bytes": hooks.answer_bytes, Live, "The longest answer of the back end, in bytes. A longer one is none.";
    "hooks.ca_file": hooks.ca_file, Restart, "A file in PEM with the certificates to trust for https, in place of those of the system.";
    "protocol.enabled": protocol.enabled, Restart, "Whether clients may speak the protocol of Centrifugo's SDKs. All nodes of a cluster must have the same. In WS-HUB mode it is off.";
    "protocol.path": protocol.path, Restart, "The path at which these clients open WebSockets.";
    "protocol.anonymous": protocol.anonymous, Live, "Whether these clients may connect without a token.";
    "protocol.ping": protocol.ping, Live, "How many seconds are between two pings to such a client; 0 for none. For clients that connect from then on.";
    "protocol.pong": protocol.pong, Live, "How many seconds a client may take for its pong.";
    "protocol.grace": protocol.grace, Live, "How many seconds after the end of its token a client or subscription may still be renewed.";
    "protocol.subscriptions": protocol.subscriptions, Live, "The most channels to which one such client is subscribed; with more it is answered with error 106. hub.rooms.per_client is a limit, too.";
    "protocol.frame_bytes": protocol.frame_bytes, Live, "The longest message of such a client, in bytes; a longer one closes it with 3501. hub.outbox.message_bytes is a limit, too.";
    "protocol.channels": protocol.channels, Live, "Who may do what in channels without a namespace, without a token for the channel: nobody, subscribers, users (clients with a user) or everybody.";
    "protocol.namespaces": protocol.namespaces, Live, "The same for channels whose names begin with a namespace and a colon, as { chat: { subscribe: users, publish: subscribers, presence: subscribers, history: subscribers, recover: true, join_leave: true } }. What hub.history.by_prefix and hub.presence.by_prefix do not give a channel, no rule can.";
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
