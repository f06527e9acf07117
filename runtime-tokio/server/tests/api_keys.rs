//! The keys of the HTTP API: what each may do, and the port of its own.

#![allow(clippy::needless_pass_by_value, reason = "`json!` makes values")]

mod support;

use serde_json::{Value, json};
use support::{Program, output_of, request, within};

const CONFIG: &str = "
listen: 127.0.0.1:0
api:
  keys:
    - root-key
    - { key: news-key, channels: ['news*', sport] }
    - { key: publish-key, methods: [publish, info] }
    - { key: narrow-key, methods: [publish, disconnect], channels: [chat] }
    - { key: watch-key, methods: [clients, stats, config] }
admin: { key: the admin key }
hub: { history: { by_prefix: { news: { messages: 3 } } }, presence: { by_prefix: { news: {} } } }
log: { filter: error }
";

/// The code of the answer's error, and 0 if there is none.
fn code(program: &Program, key: &str, method: &str, parameters: &Value) -> u64 {
    let answer =
        program.post(&format!("/api/{method}"), &[("X-API-Key", key)], &parameters.to_string()).json();
    answer["error"]["code"].as_u64().unwrap_or_default()
}

#[test]
fn a_key_is_for_its_methods_and_channels() {
    let program = Program::start(CONFIG);
    let to = |channel: &str| json!({"channel": channel, "data": 1});
    let of = |channel: &str| json!({"channel": channel});
    let many = |channels: &[&str]| json!({"channels": channels, "data": 1});
    let ann = json!({"user": "ann"});
    for (key, method, parameters, expected) in [
        ("root-key", "publish", to("chat"), 0),
        ("root-key", "disconnect", ann.clone(), 0),
        ("news-key", "publish", to("news"), 0),
        ("news-key", "publish", to("news:1"), 0),
        ("news-key", "publish", to("sport"), 0),
        ("news-key", "publish", to("sports"), 103),
        ("news-key", "publish", to("anews"), 103),
        ("news-key", "publish", json!({"data": 1}), 103),
        ("news-key", "publish", json!({"channel": null, "data": 1}), 103),
        ("news-key", "publish", json!({"channel": 7, "data": 1}), 107),
        ("news-key", "broadcast", many(&["news", "sport"]), 0),
        ("news-key", "broadcast", many(&["news", "chat"]), 103),
        ("news-key", "history", of("news"), 0),
        ("news-key", "history", of("chat"), 103),
        ("news-key", "presence", of("news"), 0),
        ("news-key", "subscribe", json!({"user": "ann", "channel": "chat"}), 103),
        ("news-key", "unsubscribe", json!({"user": "ann", "channel": "news"}), 0),
        // Without a channel: all of them.
        ("news-key", "unsubscribe", ann.clone(), 103),
        ("news-key", "disconnect", ann.clone(), 103),
        ("news-key", "send", json!({"user": "ann", "data": 1}), 103),
        ("news-key", "channels", json!({}), 103),
        ("news-key", "info", json!({}), 103),
        ("news-key", "drain", json!({}), 103),
        ("publish-key", "publish", to("chat"), 0),
        ("publish-key", "info", json!({}), 0),
        ("publish-key", "broadcast", many(&["chat"]), 103),
        ("publish-key", "drain", json!({}), 103),
        ("narrow-key", "publish", to("chat"), 0),
        ("narrow-key", "publish", to("news"), 103),
        ("narrow-key", "disconnect", ann, 0),
        ("narrow-key", "history", of("chat"), 103),
        ("watch-key", "clients", json!({}), 0),
        ("watch-key", "stats", json!({}), 0),
        ("watch-key", "config", json!({}), 0),
        ("watch-key", "events", json!({}), 103),
        ("watch-key", "publish", to("chat"), 103),
        ("publish-key", "config", json!({}), 103),
        ("news-key", "clients", of("news"), 103),
        ("news-key", "rooms", json!({}), 103),
        ("the admin key", "users", json!({}), 0),
        ("the admin key", "events", json!({}), 0),
        ("the admin key", "publish", to("chat"), 0),
    ] {
        assert_eq!(code(&program, key, method, &parameters), expected, "{key} {method} {parameters}");
    }
    let denied = program.post(
        "/api/publish",
        &[("X-API-Key", "news-key"), ("X-Centrifugo-Error-Mode", "transport")],
        &to("chat").to_string(),
    );
    assert_eq!(denied.status, 403);
    let message = "permission denied: this key is not for the channel \"chat\"";
    assert_eq!(denied.json(), json!({"code": 103, "message": message}));
    let metrics = program.get("/metrics").body;
    assert!(metrics.contains("throng_api_requests_total{method=\"drain\",code=\"103\"} 2"), "{metrics}");
}

#[test]
fn a_batch_gives_no_more_rights() {
    let program = Program::start(CONFIG);
    let commands = json!({"commands": [
        {"publish": {"channel": "news", "data": 1}},
        {"publish": {"channel": "chat", "data": 1}},
        {"drain": {}},
    ]});
    let key = [("X-API-Key", "news-key")];
    let answer = program.post("/api/batch", &key, &commands.to_string()).json();
    let codes: Vec<_> = answer["replies"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|reply| reply["error"]["code"].as_u64())
        .collect();
    assert_eq!(codes, [None, Some(103), Some(103)], "{answer}");
    let listed = json!({"commands": [{"users": {}}, {"rooms": {}}]}).to_string();
    let of_admin = program.post("/api/batch", &[("X-API-Key", "the admin key")], &listed).json();
    assert!(of_admin["replies"][1]["rooms"]["rooms"].is_array(), "{of_admin}");
}

#[test]
fn a_reload_changes_the_rights_of_a_key() {
    let program = Program::start(CONFIG);
    let to_chat = json!({"channel": "chat", "data": 1});
    assert_eq!(code(&program, "news-key", "publish", &to_chat), 103);
    program.rewrite(&CONFIG.replace("'news*', sport", "chat"));
    program.signal(rustix::process::Signal::HUP);
    within("the key is for the chat", || {
        (code(&program, "news-key", "publish", &to_chat) == 0).then_some(())
    });
    program.rewrite(&CONFIG.replace("methods: [publish, info]", "methods: [publsh]"));
    program.signal(rustix::process::Signal::HUP);
    within("the error is logged", || {
        let log = program.log.lock().expect("log").clone();
        log.contains("the method \\\"publsh\\\"")
            .then_some(())
            .or_else(|| log.contains("\"publsh\": must be some of").then_some(()))
    });
    assert!(!program.log.lock().expect("log").contains("publish-key"), "no key is in the log");
    assert_eq!(code(&program, "publish-key", "info", &json!({})), 0);
}

#[test]
fn the_api_has_a_port_of_its_own() {
    let config = CONFIG.replace("api:\n", "api:\n  listen: 127.0.0.1:0\n");
    let mut program = Program::start(&config);
    let said = within("it says where the API is", || {
        let said = program.said.lock().expect("said").clone();
        said.contains("config:").then_some(said)
    });
    let line = said.lines().find_map(|line| line.trim().strip_prefix("the API listens on http://"));
    let api = line.unwrap_or_else(|| panic!("{said}")).parse().expect("an address");
    assert_ne!(api, program.address);
    let key = [("X-API-Key", "root-key")];
    let ask = |address, path: &str, method| request(address, method, path, &key, b"").status;
    assert_eq!((ask(api, "/api/info", "POST"), ask(program.address, "/api/info", "POST")), (200, 404));
    assert_eq!(
        (ask(api, "/api/openapi.json", "GET"), ask(program.address, "/api/openapi.json", "GET")),
        (200, 404)
    );
    // The admin page asks the API of its own origin.
    assert_eq!((ask(api, "/admin", "GET"), ask(program.address, "/admin", "GET")), (200, 404));
    assert!(said.contains(&format!("http://{api}/admin ")), "{said}");
    assert_eq!((ask(api, "/healthz", "GET"), ask(program.address, "/healthz", "GET")), (200, 200));
    // One signal drains both.
    program.signal(rustix::process::Signal::TERM);
    assert!(program.end().success());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let listen = format!("api.listen={}", taken.local_addr().expect("an address"));
    let refused = output_of(&["--listen", "127.0.0.1:0", "--set", &listen]);
    let log = String::from_utf8_lossy(&refused.stderr);
    assert!(
        refused.status.code() == Some(1) && log.contains("api.listen: cannot listen on 127.0.0.1:"),
        "{log}"
    );
}
