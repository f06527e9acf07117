//! What is wrong with a config, and what the error says.

use super::{Folder, of_file};
use crate::config::load::{Origin, load};
use std::fs;
use std::path::PathBuf;

/// Bad files, and what must be in the one error that each causes: path, value, what is allowed.
const BAD: &[(&str, &[&str])] = &[
    ("listn: :1", &["listn: unknown key", "nearest is listen"]),
    ("Listen: :1", &["Listen: unknown key", "nearest is listen"]),
    ("keys: [a]", &["keys: unknown key", "nearest is api.keys"]),
    ("api: { kees: [a] }", &["api.kees: unknown key", "nearest is api.keys"]),
    ("api: { zzzzzzz: 1 }", &["api.zzzzzzz: unknown key", "api.keys", "api.body_bytes"]),
    ("zzzzzzz: 1", &["zzzzzzz: unknown key"]),
    ("apis: { keys: [a] }", &["apis: unknown key", "nearest is api"]),
    ("api: 5", &["api: 5 is not allowed", "must be a table"]),
    ("api: [1]", &["api: [1] is not allowed", "must be a table"]),
    (
        "protocol: { namespaces: { chat: { subscribe: hook } } }",
        &["protocol.namespaces.chat: subscribe is \"hook\"", "hooks.subscribe.url is not set"],
    ),
    (
        "protocol: { channels: { publish: hook } }",
        &["protocol.channels: publish is \"hook\"", "hooks.publish.url is not set"],
    ),
    (
        "protocol: { channels: { history: hook } }",
        &["protocol.channels", "not asked about presence and history"],
    ),
    ("hub: 5", &["hub: 5 is not allowed", "must be a table"]),
    ("hub: { rooms: 5 }", &["hub.rooms: 5 is not allowed", "must be a table"]),
    ("hub: { romms: { members: 1 } }", &["hub.romms", "unknown key", "nearest is hub.rooms"]),
    ("hub: { rooms: { membrs: 1 } }", &["hub.rooms.membrs: unknown key", "nearest is hub.rooms.members"]),
    ("hub: { rooms: { members: many } }", &["hub.rooms.members: ", "\"many\"", "whole number"]),
    ("hub: { rooms: { members: -1 } }", &["hub.rooms.members: ", "-1", "zero or more"]),
    ("hub: { rooms: { members: 5000000000 } }", &["hub.rooms.members: ", "5000000000", "at most 4294967295"]),
    ("hub: { deadlines: { close: 5 } }", &["hub.deadlines.close: ", "5", "duration"]),
    ("hub: { deadlines: { close: 5 parsecs } }", &["hub.deadlines.close: ", "5 parsecs", "duration"]),
    ("hub: { deadlines: { ping: 2m } }", &["hub.deadlines", "pong"]),
    ("hub: { outbox: { policy: lose } }", &["hub.outbox.policy: ", "\"lose\"", "drop_newest"]),
    (
        "hub: { admission: { per_user: { evict: 1 } } }",
        &["hub.admission.per_user: ", "`evict`", "evict_oldest"],
    ),
    ("hub: { inbound: { messages: { units: x } } }", &["hub.inbound.messages: ", "`units`", "\"x\""]),
    ("hub: { closes: { idle: { code: 5 } } }", &["hub.", "closes.idle.code"]),
    (
        "hub: { closes: { idel: { code: 4000 } } }",
        &["hub.closes.idel: unknown key", "nearest is hub.closes.idle"],
    ),
    ("hub: { outbox: { bytes: 1 } }", &["hub.outbox.bytes"]),
    ("listen: nowhere", &["listen: \"nowhere\" is not allowed", "must be an address and a port"]),
    ("listen: 8080", &["listen: 8080 is not allowed", "must be an address and a port"]),
    ("listen: '1.2.3:80'", &["listen: \"1.2.3:80\" is not allowed"]),
    ("listen: '1.2.3.4:99999'", &["listen: \"1.2.3.4:99999\" is not allowed"]),
    ("listen: '::1:80'", &["listen: \"::1:80\" is not allowed", "[::1]:8080"]),
    ("origins: same-site", &["origins: \"same-site\" is not allowed", "\"same\", \"any\", or a list"]),
    ("origins: []", &["origins: [] is not allowed"]),
    ("origins: ['https://a*.b']", &["origins: ", "a*.b", "subdomains"]),
    ("clients: { path: ws }", &["clients.path: \"ws\" is not allowed", "as \"/ws\""]),
    ("clients: { path: /ws/ }", &["clients.path: \"/ws/\" is not allowed"]),
    (
        "cluster: { broker: 'amqp://u:hunter7@h' }",
        &["cluster.broker: the value is not allowed", "must be redis://HOST:PORT"],
    ),
    (
        "cluster: { broker: 'redis://' }",
        &["cluster.broker: the value is not allowed", "must be redis://HOST:PORT"],
    ),
    (
        "cluster: { broker: 'redis://u:hunter7@h:70000' }",
        &["cluster.broker: the value is not allowed", "must be redis://HOST:PORT"],
    ),
    ("cluster: { node: 'a b' }", &["cluster.node: \"a b\" is not allowed"]),
    ("cluster: { prefix: '.' }", &["cluster.prefix: \".\" is not allowed", "must be 1 to 32"]),
    ("cluster: { tell_rooms: some }", &["cluster.tell_rooms: \"some\" is not allowed", "\"presence\""]),
    (
        "cluster: { room_tick: 1 }",
        &["cluster.room_tick: 1 is not allowed", "must be a time from 10ms to 60s"],
    ),
    (
        "cluster: { room_bytes: 1e12 }",
        &["cluster.room_bytes: 1000000000000.0 is not allowed", "to 4294967295"],
    ),
    ("cluster: { message_bytes: 9 }", &["cluster.message_bytes: 9 is not allowed", "from 1024 to 268435456"]),
    ("cluster: { heartbeat: 0s }", &["cluster.heartbeat: \"0s\" is not allowed", "from 100ms to 60s"]),
    ("cluster: { nodes: 0 }", &["cluster.nodes: 0 is not allowed", "from 1 to 100000"]),
    ("cluster: { room_byte: 1 }", &["cluster.room_byte: unknown key", "nearest is cluster.room_bytes"]),
    (
        "cluster: { message_bytes: 9000000, queue_bytes: 8000000 }",
        &["cluster.queue_bytes: 8000000 is not allowed", "at least 9000128", "`cluster.message_bytes`"],
    ),
    ("clients: { path: /healthz }", &["clients.path: \"/healthz\" is not allowed", "must be none of"]),
    ("clients: { path: /api/ws }", &["clients.path: \"/api/ws\" is not allowed", "must be none of"]),
    ("clients: { anonymous: maybe }", &["clients.anonymous: \"maybe\" is not allowed", "true or false"]),
    ("clients: { rooms: lobby }", &["clients.rooms: \"lobby\" is not allowed", "must be a list"]),
    ("clients: { rooms: [1] }", &["clients.rooms: [1] is not allowed", "item 1", "must be a text"]),
    ("clients: { rooms: [a, ''] }", &["clients.rooms: \"\" is not allowed", "1 to 255 bytes"]),
    (
        "clients: { rooms: [lobby] }\nhub: { rooms: { name_bytes: 4 } }",
        &["clients.rooms: \"lobby\" is not allowed", "1 to 4 bytes, `hub.rooms.name_bytes`"],
    ),
    (
        "clients: { rooms: [a, b] }\nhub: { rooms: { per_client: 1 } }",
        &["clients.rooms: 2 rooms are not allowed", "at most 1, `hub.rooms.per_client`"],
    ),
    ("api: { keys: [hush, ''] }", &["api.keys: ", "item 2", "must not be empty"]),
    ("api: { body_bytes: 0 }", &["api.body_bytes: 0 is not allowed", "from 1 to 268435456"]),
    (
        "clients: { anonymous: true }\nauth: { first_message: true }",
        &["auth.first_message: true is not allowed", "clients.anonymous"],
    ),
    ("clients: { subprotocols: ['a b'] }", &["clients.subprotocols: ", "item 1", "letters, digits"]),
    ("clients: { subprotocols: [throng.token.x] }", &["clients.subprotocols: ", "must not begin with"]),
    ("auth: { algorithm: RS256 }", &["auth.algorithm: \"RS256\" is not allowed", "\"HS256\""]),
    (
        "auth: { public_keys: [nowhere.pem] }",
        &["auth.public_keys: ", "item 1", "nowhere.pem cannot be opened"],
    ),
    (
        concat!(
            "auth: { public_keys: [&k ",
            env!("CARGO_MANIFEST_DIR"),
            "/tests/keys/rsa.pub.pem, *k, *k, *k, *k, *k, *k, *k, *k] }"
        ),
        &["auth.public_keys: 9 keys are not allowed", "at most 8"],
    ),
    ("auth: { jwks: nowhere.json }", &["auth.jwks: \"nowhere.json\" is not allowed", "cannot be opened"]),
    ("auth: { jwks: 'ftp://a/b' }", &["auth.jwks: \"ftp://a/b\" is not allowed", "http or https"]),
    ("auth: { jwks_refresh: 1 }", &["auth.jwks_refresh: 1 is not allowed", "from 10 to 86400"]),
    ("proxies: { trusted: [10.0.0.1/8] }", &["proxies.trusted: ", "\"10.0.0.0/8\""]),
    ("proxies: { header: via }", &["proxies.header: \"via\" is not allowed", "\"forwarded\""]),
    ("proxies: { protocol: true }", &["proxies.protocol: true is not allowed", "proxies.trusted is empty"]),
    ("tls: { certificate: a.pem }", &["tls.key is missing"]),
    ("tls: { key: a.pem }", &["tls.certificate is missing"]),
    ("tls: { min_version: 1.1 }", &["tls.min_version: 1.1 is not allowed", "\"1.2\" \"1.3\""]),
    ("log: { format: xml }", &["log.format: \"xml\" is not allowed", "\"text\" \"json\""]),
    ("log: { filter: loud }", &["log.filter: \"loud\" is not allowed", "must be a level"]),
    (
        "wshub: { redis: { address: redis } }",
        &["wshub.redis.address: \"redis\" is not allowed", "localhost:6379"],
    ),
    (
        "wshub: { redis: { adress: 'r:1' } }",
        &["wshub.redis.adress: unknown key", "nearest is wshub.redis.address"],
    ),
    ("wshub: { webSocket: { pongWait: 0 } }", &["wshub.webSocket.pongWait: 0 is not allowed", "from 1 to"]),
    ("wshub: { serverUrl: '' }", &["wshub.serverUrl: \"\" is not allowed"]),
    ("clients: { path: /admin }", &["clients.path: \"/admin\" is not allowed", "not in /api, /admin"]),
    ("clients: { path: /demo/ws }", &["clients.path: \"/demo/ws\" is not allowed", "not in /api, /admin"]),
    ("admin: { key: hunter2 }", &["admin.key: the value is not allowed", "at least 12 characters"]),
    ("admin: { enabled: maybe }", &["admin.enabled: \"maybe\" is not allowed", "true, false or \"auto\""]),
    (
        "listen: :8080\nadmin: { enabled: true }",
        &["admin.enabled: true is not allowed without `admin.key`", ":8080 is no loopback address"],
    ),
    (
        "demo: { enabled: true }\nwshub: { enabled: true }",
        &["demo.enabled: true is not allowed in WS-HUB mode"],
    ),
    ("serverUrl: /status", &["wshub.serverUrl: \"/status\" is not allowed", "must be none of"]),
    ("listen: :1\nlisten: :2", &["duplicate mapping key: listen\n"]),
    ("listen: :1\n---\nlisten: :2", &["multiple YAML documents", "a config is one document"]),
    ("[1, 2]", &["[1,2] is not allowed", "must be a table"]),
    ("a: [", &["throng.yaml"]),
];

#[test]
fn a_bad_file_is_refused_by_an_error_that_names_it_the_path_the_value_and_what_is_allowed() {
    for (text, parts) in BAD {
        let errors = of_file("throng.yaml", text).expect_err(text);
        assert_eq!(errors.len(), 1, "{text}: {errors:?}");
        assert!(errors[0].contains("throng.yaml: "), "{text}: {errors:?}");
        for part in *parts {
            assert!(errors[0].contains(part), "{text}: {part:?} is not in {errors:?}");
        }
        assert!(!errors[0].contains("hunter"), "{text}: {errors:?}");
    }
}

#[test]
fn all_errors_of_a_file_are_told_at_once() {
    let text = "listn: 1\napi: { keys: 1 }\nhub: { rooms: { members: x, totl: 2 } }\nlog: { format: 1 }";
    let errors = of_file("throng.yaml", text).unwrap_err();
    for part in ["listn", "api.keys", "hub.rooms.members", "hub.rooms.totl", "log.format"] {
        assert!(errors.iter().any(|error| error.contains(part)), "{part}: {errors:?}");
    }
    assert_eq!(errors.len(), 5, "{errors:?}");
}

#[test]
fn a_secret_that_is_wrong_is_not_shown() {
    for text in [
        "api: { keys: hunter2 }",
        "pages: { key: [hunter2] }",
        "wshub: { redis: { password: [hunter2] } }",
        "auth: { secret: [hunter2] }",
    ] {
        let errors = of_file("throng.yaml", text).unwrap_err();
        assert!(
            !errors[0].contains("hunter2") && errors[0].contains("the value is not allowed"),
            "{errors:?}"
        );
    }
}

#[test]
fn files_that_are_none_are_refused() {
    let folder = Folder::new();
    let of = |path: PathBuf| load(&Origin { file: Some(path), ..Origin::default() }).unwrap_err();
    let expect = |path: PathBuf, part: &str| {
        let errors = of(path);
        assert!(errors.len() == 1 && errors[0].contains(part), "{part}: {errors:?}");
    };
    expect(folder.0.join("missing.yaml"), "cannot be opened");
    expect(folder.write("throng.ini", "a=1"), "the extension \"ini\" is not allowed");
    expect(folder.write("throng", "a: 1"), "the extension \"\" is not allowed");
    expect(folder.write("long.yaml", &"# long\n".repeat(200_000)), "longer than 1 MiB");
    let path = folder.0.join("latin1.toml");
    fs::write(&path, b"listen = \"\xe9\"").unwrap();
    expect(path, "is not UTF-8 from byte 10 on");
    expect(folder.write("twice.json", r#"{"log":{"format":"json","format":"text"}}"#), "twice");
    expect(folder.write("date.toml", "listen = 2026-01-01"), "listen: ");
}

#[test]
fn rules_of_channels_say_what_is_wrong_with_them() {
    for (text, says) in [
        (
            "namespaces: { chat: { subscribe: subscribers } }",
            "\"chat\" must be a table with any of subscribe",
        ),
        ("namespaces: { chat: { publish: maybe } }", "publish must be one of \"nobody\" \"subscribers\""),
        ("namespaces: { chat: { recover: yes please } }", "recover must be true or false"),
        ("namespaces: { chat: { presense: users } }", "there is no key \"presense\""),
        ("namespaces: { 'a:b': {} }", "the namespace \"a:b\" must have letters"),
        ("namespaces: [chat]", "must be a table of namespaces"),
        ("channels: users", "must be a table with any of subscribe"),
        ("path: /ws", "protocol.path: \"/ws\" is not allowed: must be none of"),
        ("path: /demo/ws", "protocol.path: \"/demo/ws\" is not allowed: must be none of"),
        ("path: /assets", "and not in /api, /admin, /demo, /assets"),
        ("path: /metrics", "protocol.path: \"/metrics\" is not allowed: must be none of"),
        ("subscriptions: 0", "must be a whole number from 1"),
    ] {
        let errors = of_file("throng.yaml", &format!("protocol: {{ {text} }}")).unwrap_err();
        assert!(errors.len() == 1 && errors[0].contains("protocol."), "{errors:?}");
        assert!(errors[0].contains(says), "{text}: {errors:?}");
    }
    let path = "protocol: { enabled: false, path: /ws }";
    assert!(of_file("throng.yaml", path).is_ok(), "a path that is not served may be any");
}
