//! Files, variables and flags: what they set, and what is said of those that are wrong.

mod errors;
mod pages;

use super::hub_keys::HUB_KEYS;
use super::keys::{Change, KEYS, changed_for_restart};
use super::load::{Loaded, Origin, load};
use super::types::{LogFormat, Origins};
use super::value::Whole;
use super::{Config, commented, hub, listed};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use throng_tokio::hub::PerUser;

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("throng-config-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn of_file(name: &str, text: &str) -> Result<Loaded, Vec<String>> {
    let folder = Folder::new();
    load(&Origin { file: Some(folder.write(name, text)), ..Origin::default() })
}

fn of_environment(variables: &[(&str, &str)]) -> Result<Loaded, Vec<String>> {
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    load(&Origin { variables, ..Origin::default() })
}

/// Every key has the same value.
fn assert_same(a: &Config, b: &Config) {
    for key in KEYS {
        assert!((key.is_same)(a, b), "{}: {} and {}", key.path, (key.get)(a), (key.get)(b));
    }
    assert_eq!(a.hub, b.hub);
}

#[test]
fn without_anything_the_defaults_apply() {
    let loaded = load(&Origin::default()).unwrap();
    assert_same(&loaded.config, &Config::default());
    assert_eq!(
        (loaded.config.listen().text(), loaded.file, loaded.notices),
        ("127.0.0.1:8080", None, vec![])
    );
    assert_same(&of_file("throng.yaml", "").unwrap().config, &Config::default());
    assert_same(
        &of_file("throng.yaml", "# nothing\napi:\nhub:\n  rooms:\n").unwrap().config,
        &Config::default(),
    );
}

#[test]
fn the_printed_config_has_every_key_and_loads_to_exactly_the_defaults() {
    let printed = commented();
    let loaded = of_file("throng.yaml", &printed).unwrap_or_else(|errors| panic!("{errors:#?}\n{printed}"));
    assert_same(&loaded.config, &Config::default());
    for key in KEYS {
        let name = key.path.rsplit('.').next().unwrap();
        assert!(printed.contains(&format!("{name}: ")), "{}", key.path);
        assert!(key.meaning.ends_with('.'), "{}", key.path);
    }
    let listed: BTreeSet<String> = HUB_KEYS.iter().map(|(path, _)| (*path).into()).collect();
    let of_section = |(section, keys): (&String, &serde_json::Value)| -> Vec<String> {
        keys.as_object().unwrap().keys().map(|key| format!("hub.{section}.{key}")).collect()
    };
    let all = hub::defaults().iter().filter(|(section, _)| *section != "closes").flat_map(of_section);
    assert_eq!(listed, all.collect());
    for (cause, _) in hub::defaults()["closes"].as_object().unwrap() {
        assert!(printed.contains(&format!("    {cause}: {{")), "{cause}");
    }
    assert!(printed.lines().all(|line| line.len() <= 260), "comments are wrapped");
}

/// Every key has another value than its default.
const CHANGED: &str = "
listen: :9000
origins: any
clients: { path: /chat, anonymous: false, rooms: [lobby], subprotocols: [] }
auth:
  secret: hunter5
  algorithm: HS512
  public_keys: [KEYS/rsa.pub.pem]
  jwks: KEYS/set.json
  jwks_ca: 'CA_FILE'
  jwks_refresh: 20
  jwks_retry: 2
  audience: a
  issuer: i
  leeway: 1
  first_message: true
proxies: { trusted: [10.0.0.0/8], header: none, protocol: true }
tls: { certificate: a.pem, key: b.pem, min_version: '1.3', watch: 0 }
api: { keys: [hunter2, { key: hunter9, methods: [publish] }], listen: :9002, body_bytes: 10, channels: 2 }
pages: { key: hunter3, open: true }
admin: { enabled: true, key: hunter7hunter7 }
demo: { enabled: false }
metrics: { enabled: false }
log: { format: json, filter: debug }
recorder: { bytes: 65536, folder: /tmp }
cluster: { broker: 'redis://u:hunter6@redis:1', node: a, prefix: p, ready_without_broker: true, tell_rooms: presence,
  room_tick: 2s, room_bytes: 4096, message_bytes: 2048, queue_bytes: 8192, heartbeat: 10s, nodes: 9, topics: 99 }
hooks:
  connect: { url: 'https://backend.example/c?key=hunter7', fail: open }
  refresh: { url: 'https://backend.example/r', fail: open }
  message: { url: 'https://backend.example/m', fail: open }
  subscribe: { url: 'https://backend.example/s', fail: open }
  publish: { url: 'https://backend.example/p', fail: open }
  sub_refresh: { url: 'https://backend.example/f', fail: open }
  rpc: { url: 'https://backend.example/r' }
  notices: { url: 'https://backend.example/n', events: [away], queue_bytes: 2048, keep: 1h, timeout: 1s }
  secrets: [hunter8 hunter8 hunter8]
  headers: [Cookie]
  timeout: 500ms
  concurrency: 1
  answer_bytes: 1000
  ca_file: 'CA_FILE'
protocol:
  enabled: false
  path: /live
  anonymous: true
  ping: 1
  pong: 2
  grace: 3
  subscriptions: 4
  frame_bytes: 5000
  channels: { subscribe: users, publish: subscribers, presence: everybody, history: nobody, recover: true, join_leave: true }
  namespaces: { chat: {} }
wshub:
  enabled: true
  address: :9001
  clientKey: k
  serverUrl: /hub
  fromHeader: X
  origins: same
  removeGroups: false
  removalCloses: true
  pendingBytes: 1
  redis: { address: 'redis:1', username: u, password: hunter4, db: 1, channelPrefix: x, queueBytes: 2048, timeout: 1, idleConn: 1 }
  webSocket: { writeWait: 1, pongWait: 2, maxMessageSize: 3 }
hub:
  rooms: { members: 3 }
";

#[test]
fn a_config_in_which_every_key_is_changed_is_not_the_default() {
    // So that `is_same` of each key is seen to compare that key.
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys");
    let certificate = rcgen::generate_simple_self_signed(["backend.example".to_owned()]).unwrap().cert;
    let folder = Folder::new();
    let ca_file = folder.write("ca.pem", &certificate.pem());
    let text = CHANGED.replace("CA_FILE", ca_file.to_str().unwrap());
    let loaded = of_file("throng.yaml", &text.replace("KEYS", keys)).unwrap().config;
    // `auth.first_message` excludes it.
    let anonymous = of_file("throng.yaml", "clients: { anonymous: true }").unwrap().config;
    let loaded = Config { clients: super::Clients { anonymous: true, ..loaded.clients }, ..loaded };
    assert!(
        KEYS.iter()
            .any(|key| key.path == "clients.anonymous" && !(key.is_same)(&anonymous, &Config::default()))
    );
    for key in KEYS {
        assert!(!(key.is_same)(&loaded, &Config::default()), "{}", key.path);
    }
    assert_eq!(loaded.hub.rooms.members, Some(3));
    let for_restart = changed_for_restart(&Config::default(), &loaded);
    let expected: Vec<&str> =
        KEYS.iter().filter(|key| key.change == Change::Restart).map(|key| key.path).collect();
    assert_eq!(for_restart, expected);
    // Secrets are in no output.
    let debug = format!("{loaded:?}");
    assert!(!debug.contains("hunter"), "{debug}");
    let shown = serde_json::to_string(&listed(&loaded)).unwrap();
    assert!(!shown.contains("hunter") && shown.contains("***"), "{shown}");
}

#[test]
fn the_three_formats_say_the_same() {
    let yaml = "log:\n  format: json\nhub:\n  outbox:\n    bytes: 2000000\n  admission: { per_user: { evict_oldest: 3 } }\n";
    let toml = "log.format = \"json\"\n[hub.outbox]\nbytes = 2000000\n[hub.admission]\nper_user = { evict_oldest = 3 }\n";
    let json = r#"{"log":{"format":"json"},"hub":{"outbox":{"bytes":2000000},"admission":{"per_user":{"evict_oldest":3}}}}"#;
    let configs = [("a.yaml", yaml), ("a.YML", yaml), ("a.toml", toml), ("a.json", json)]
        .map(|(name, text)| of_file(name, text).unwrap().config);
    for config in &configs {
        assert_same(config, &configs[0]);
        assert_eq!((config.log.format, config.hub.outbox.bytes), (LogFormat::Json, 2_000_000));
        assert_eq!(config.hub.admission.per_user, PerUser::EvictOldest(3));
    }
}

#[test]
fn the_environment_overrides_the_file_and_flags_override_both() {
    let folder = Folder::new();
    let file =
        folder.write("throng.yaml", "listen: :1\nlog: { filter: warn }\nhub: { rooms: { members: 1 } }");
    let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let origin = Origin {
        file: Some(file),
        folders: Vec::new(),
        variables: vec![
            variable("THRONG_LISTEN", ":2"),
            variable("THRONG_HUB__ROOMS__MEMBERS", "2"),
            variable("THRONG_HUB__DEADLINES__CLOSE", "2s"),
            variable("THRONG_API__KEYS", "[one, two]"),
            variable("THRONG_WSHUB__CLIENTKEY", "123"),
            variable("THRONG_PAGES__KEY", "1e3"),
            variable("PATH", "nothing of ours"),
        ],
        flags: vec![("listen".into(), ":3".into(), "--listen".into())],
    };
    let config = load(&origin).unwrap().config;
    assert_eq!((config.listen.text(), config.hub.rooms.members), (":3", Some(2)));
    assert_eq!(config.hub.deadlines.close.as_secs(), 2);
    assert_eq!(config.api.keys.iter().map(|entry| entry.key.text()).collect::<Vec<_>>(), ["one", "two"]);
    // A text is a text, also if it looks like a number.
    assert_eq!(config.wshub.client_key, "123");
    assert_eq!(config.pages.key.as_ref().map(super::value::Secret::text), Some("1e3"));
}

#[test]
fn what_kubernetes_sets_for_a_service_of_this_name_is_no_key() {
    let of_kubernetes = [
        ("THRONG_SERVICE_HOST", "10.0.0.1"),
        ("THRONG_SERVICE_PORT", "80"),
        ("THRONG_SERVICE_PORT_HTTP", "80"),
        ("THRONG_PORT", "tcp://10.0.0.1:80"),
        ("THRONG_PORT_80_TCP", "tcp://10.0.0.1:80"),
        ("THRONG_PORT_80_TCP_PROTO", "tcp"),
        ("THRONG_REDIS_SERVICE_HOST", "10.0.0.2"),
        ("THRONG_REDIS_PORT_6379_TCP_ADDR", "10.0.0.2"),
        ("THRONG_CONFIG", "/etc/throng.yaml"),
    ];
    assert_same(&of_environment(&of_kubernetes).unwrap().config, &Config::default());
    let errors = of_environment(&[("THRONG_LISTN", ":1")]).unwrap_err();
    assert_eq!(errors, ["environment variable THRONG_LISTN: listn: unknown key; the nearest is listen"]);
}

/// WS-HUB's example.
const OF_WSHUB: &str = "
address: \":8080\"
clientKey: session_key
serverUrl: /ws
fromHeader: Session
redis:
  address: \"localhost:6379\"
  timeout: 120
  idleConn: 4
  channelPrefix: \"ws-hub:\"
  db: 0
webSocket:
  writeWait: 10
  pongWait: 60
  maxMessageSize: 128
";

#[test]
fn a_config_of_wshub_is_taken_as_it_is() {
    let loaded = of_file("config.yaml", OF_WSHUB).unwrap();
    let (config, hub) = (&loaded.config, loaded.config.hub());
    assert!(config.wshub.enabled && loaded.notices[0].contains("config of WS-HUB"), "{:?}", loaded.notices);
    assert_eq!(config.listen().addresses(), ["[::]:8080", "0.0.0.0:8080"]);
    assert_eq!((config.websocket_path(), config.origins()), ("/ws", &Origins::Any));
    assert_eq!(hub.admission.per_user, PerUser::EvictOldest(1));
    assert_eq!(
        (hub.deadlines.ping.unwrap().as_millis(), hub.deadlines.pong.unwrap().as_secs()),
        (54_000, 60)
    );
    assert_eq!(
        (hub.deadlines.write.as_secs(), config.wshub.web_socket.max_message_size),
        (10, Some(Whole(128)))
    );
    assert_eq!(hub.outbox.message_bytes, 512 << 10, "messages to clients may be longer");
    // WS-HUB's keys are the same in any letters, and in any format.
    let lower = of_file("config.yaml", &OF_WSHUB.to_lowercase().replace("session\n", "Session\n")).unwrap();
    assert_same(&lower.config, config);
    let json = r#"{"ADDRESS": ":8080", "clientkey": "session_key", "webSocket": {"WRITEWAIT": 10, "pongWait": 60, "maxMessageSize": 128}, "fromHeader": "Session", "redis": {"Timeout": 120, "idleConn": 4}}"#;
    assert_same(&of_file("config.json", json).unwrap().config, config);
}

#[test]
fn a_file_is_found_by_its_name_and_that_of_wshub_by_its_keys() {
    let [first, second] = [Folder::new(), Folder::new()];
    let origin = Origin { folders: vec![first.0.clone(), second.0.clone()], ..Origin::default() };
    let found = || load(&origin).unwrap().file;
    assert_eq!(found(), None);
    // Any program may have a config.yaml.
    first.write("config.yaml", "database: somewhere\n");
    assert_eq!(found(), None);
    let theirs = second.write("config.yaml", OF_WSHUB);
    assert_eq!(found(), Some(theirs));
    let ours = second.write("throng.toml", "listen = \":1\"");
    assert_eq!(found(), Some(ours));
}

#[test]
fn a_long_message_of_wshub_raises_the_limits_of_the_hub() {
    let config =
        of_file("config.yaml", "serverUrl: /ws\nwebSocket: { maxMessageSize: 4000000 }").unwrap().config;
    let hub = config.hub();
    assert_eq!(hub.outbox.message_bytes, 4_000_000);
    assert!(hub.outbox.bytes > 4_000_000);
}

#[test]
fn keys_of_wshub_without_the_mode_are_noticed() {
    let loaded = of_file("throng.yaml", "wshub: { clientKey: k }").unwrap();
    assert_eq!(loaded.notices, ["wshub.enabled is false: the other keys of wshub have no effect"]);
}
