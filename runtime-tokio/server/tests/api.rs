//! The HTTP API over real HTTP: each method, what it answers, and what becomes of the clients.

#![allow(clippy::needless_pass_by_value, reason = "`json!` makes values")]

mod support;

use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use support::{Answer, Program, Socket, closed, next, soon, text};
use tokio_tungstenite::tungstenite::Message;

/// Clients that are users by their key; the Redis of their back end is away, which is nothing to the API.
const CONFIG: &str = "
listen: 127.0.0.1:0
api: { keys: [first, second], body_bytes: 2000, channels: 3 }
wshub: { enabled: true, clientKey: user, redis: { address: '127.0.0.1:1' } }
hub:
  history: { by_prefix: { news: { messages: 3 } }, page: 2 }
  presence: { by_prefix: { chat: {} }, page: 1 }
  rooms: { members: 2 }
  drain: { spread: 0s, idle: 0s }
log: { filter: error }
";

fn start() -> Program {
    Program::start(CONFIG)
}

fn post(program: &Program, method: &str, body: &str) -> Answer {
    program.post(&format!("/api/{method}"), &[("X-API-Key", "second")], body)
}

/// Carries out a command: the whole answer.
fn call(program: &Program, method: &str, parameters: Value) -> Value {
    let answer = post(program, method, &parameters.to_string());
    assert_eq!(answer.status, 200, "{method}: {answer:?}");
    answer.json()
}

/// The result of a command that is carried out.
fn result(program: &Program, method: &str, parameters: Value) -> Value {
    let answer = call(program, method, parameters);
    assert!(answer.get("error").is_none(), "{method}: {answer}");
    answer["result"].clone()
}

/// The code and the message of a command that is not.
fn error(program: &Program, method: &str, parameters: Value) -> (u64, String) {
    let answer = call(program, method, parameters);
    let error = &answer["error"];
    let code = error["code"].as_u64().unwrap_or_else(|| panic!("{method}: {answer}"));
    (code, error["message"].as_str().expect("a message").into())
}

async fn come(program: &Program, user: &str) -> Socket {
    let before = result(program, "info", json!({}))["nodes"][0]["num_clients"].clone();
    let socket = program.connect(&format!("/ws?user={user}")).await;
    soon("the client is there", || {
        (result(program, "info", json!({}))["nodes"][0]["num_clients"] != before).then_some(())
    })
    .await;
    socket
}

#[test]
fn a_request_needs_a_key_a_method_and_a_body() {
    let program = start();
    let at = |path: &str, headers: &[(&str, &str)], body: &str| program.post(path, headers, body);
    assert_eq!(at("/api/info", &[], "{}").status, 401);
    for (headers, status) in [
        (&[("X-API-Key", "third")][..], 401),
        (&[("X-API-Key", "firs")], 401),
        (&[("X-API-Key", "")], 401),
        (&[("Authorization", "Bearer first")], 401),
        (&[("X-API-Key", "first")], 200),
        (&[("X-API-Key", "second")], 200),
        (&[("Authorization", "apikey first")], 200),
    ] {
        assert_eq!(at("/api/info", headers, "{}").status, status, "{headers:?}");
    }
    let key = [("X-API-Key", "first")];
    let unknown = at("/api/publsh", &key, "{}");
    assert!(unknown.status == 404 && unknown.body.contains("publish, broadcast"), "{unknown:?}");
    let get = program.get("/api/info");
    assert!(get.status == 405 && get.head.to_lowercase().contains("allow: post"), "{get:?}");
    let no_json = at("/api/publish", &key, "{\"channel\":");
    assert!(no_json.status == 400 && no_json.body.contains("no JSON"), "{no_json:?}");
    assert_eq!(at("/api/info", &key, "").status, 200);
    let long = at("/api/publish", &key, &"x".repeat(2001));
    assert!(long.status == 413 && long.body.contains("2000 bytes at most"), "{long:?}");
    let metrics = program.get("/metrics").body;
    assert!(
        metrics.contains("throng_api_requests_total{method=\"unauthorized\",code=\"401\"} 5"),
        "{metrics}"
    );
}

#[test]
fn a_body_that_does_not_come_is_given_up() {
    let program = start();
    let answer = program.post("/api/info", &[("X-API-Key", "first"), ("Transfer-Encoding", "chunked")], "");
    assert!(answer.status == 408 && answer.body.contains("longer than 10 s"), "{answer:?}");
}

#[test]
fn without_keys_the_api_is_off() {
    let program = Program::start("listen: 127.0.0.1:0\n");
    let answer = program.post("/api/info", &[("X-API-Key", "")], "{}");
    assert!(answer.status == 401 && answer.body.contains("The API is off"), "{answer:?}");
}

#[test]
fn a_body_whose_chunks_are_broken_is_not_called_too_long() {
    let program = start();
    let broken = |body: &str| {
        // The server gets no length, but chunks.
        let head = "POST /api/info HTTP/1.1\r\nHost: localhost\r\nX-API-Key: first\r\nConnection: close\r\nTransfer-Encoding: chunked";
        support::exchange(program.address, format!("{head}\r\n\r\n{body}").as_bytes())
    };
    let answer = broken("zz\r\n");
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("The body cannot be read: "), "{answer}");
    let answer = broken(&format!("7d1\r\n{}\r\n0\r\n\r\n", " ".repeat(2001)));
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

/// Commands that are refused: the code, and what the message says.
fn refused() -> Vec<(&'static str, Value, u64, &'static str)> {
    let long = "x".repeat(256);
    vec![
        ("publish", json!({}), 107, "data is missing"),
        ("publish", json!({"channel": "a"}), 107, "data is missing"),
        ("publish", json!({"channel": "a", "data": null}), 107, "data is missing"),
        ("publish", json!({"data": 1}), 107, "channel is missing or empty"),
        ("publish", json!({"channel": long, "data": 1}), 107, "channel has 256 bytes, at most 255"),
        ("publish", json!({"channel": 7, "data": 1}), 107, "invalid type"),
        ("publish", json!([]), 107, "must be an object"),
        ("publish", json!({"channel": "news", "data": 1, "idempotency_key": "k".repeat(1000)}), 107, "key"),
        ("publish", json!({"channel": "a", "b64data": "*"}), 107, "b64data is no base64"),
        ("publish", json!({"channel": "a", "data": 1, "b64data": ""}), 107, "exclude each other"),
        ("publish", json!({"channel": "a", "data": 1, "delta": true}), 108, "delta is not supported"),
        ("publish", json!({"channel": "a", "data": 1, "tags": {"a": "b"}}), 108, "tags is not supported"),
        ("publish", json!({"channel": "a", "data": 1, "version_epoch": "x"}), 108, "version_epoch"),
        ("publish", json!({"channel": "news", "data": 1, "skip_history": true}), 108, "skip_history"),
        ("publish", json!({"channel": "a", "data": 1, "idempotency_key": "k"}), 108, "history"),
        ("broadcast", json!({"data": 1}), 107, "channels is missing"),
        ("channels", json!({"pattern": "*".repeat(1025)}), 107, "pattern has 1025 bytes, at most 1024"),
        ("broadcast", json!({"channels": ["a", "b", "c", "d"], "data": 1}), 107, "4 channels, at most 3"),
        ("subscribe", json!({"channel": "a"}), 107, "user, client or session is missing"),
        ("subscribe", json!({"user": "ann"}), 107, "channel is missing"),
        ("subscribe", json!({"user": "ann", "channel": "a", "expire_at": 1}), 108, "expire_at"),
        ("subscribe", json!({"client": "x", "channel": "a"}), 107, "client \"x\""),
        ("subscribe", json!({"user": "ann", "channel": "a", "b64info": "*"}), 107, "b64info is no base64"),
        (
            "subscribe",
            json!({"user": "ann", "channel": "news", "recover_since": {"offset": 1}}),
            107,
            "epoch",
        ),
        ("unsubscribe", json!({}), 107, "user, client or session is missing"),
        ("disconnect", json!({"user": ""}), 107, "user, client or session is missing"),
        ("disconnect", json!({"user": "ann", "disconnect": {"code": 1006}}), 107, "disconnect.code is 1006"),
        ("disconnect", json!({"user": "ann", "whitelist": ["x"]}), 107, "client \"x\""),
        ("refresh", json!({"user": "ann", "info": {}}), 108, "info of a connection"),
        ("presence", json!({"channel": "a"}), 108, "no presence"),
        ("presence_stats", json!({"channel": "a"}), 108, "no presence"),
        ("history", json!({"channel": "a"}), 108, "no history"),
        ("history", json!({"channel": "news", "since": {"offset": 1, "epoch": "zz"}}), 107, "epoch \"zz\""),
        ("history_remove", json!({"channel": "a"}), 108, "no history"),
        ("send", json!({"data": 1}), 107, "user, client or session is missing"),
        ("send", json!({"user": "ann"}), 107, "data is missing"),
        ("batch", json!({"commands": [{}, {}, {}, {}]}), 107, "4 commands, at most 3"),
    ]
}

#[test]
fn what_is_refused_is_refused_by_centrifugos_codes() {
    let program = start();
    for (method, parameters, code, part) in refused() {
        let (given, message) = error(&program, method, parameters.clone());
        assert!(given == code && message.contains(part), "{method} {parameters}: {given} {message}");
        // The same as an error of HTTP, if the caller wants it.
        let transport = [("X-API-Key", "first"), ("X-Centrifugo-Error-Mode", "transport")];
        let answer = program.post(&format!("/api/{method}"), &transport, &parameters.to_string());
        assert_eq!(
            (answer.status, answer.json()["code"].as_u64()),
            (400, Some(code)),
            "{method} {parameters}"
        );
    }
}

#[tokio::test]
async fn publish_and_broadcast_reach_the_members() {
    let program = start();
    let (mut ann, mut bob) = (come(&program, "ann").await, come(&program, "bob").await);
    for (user, channel) in [("ann", "a"), ("bob", "a"), ("bob", "b")] {
        assert_eq!(result(&program, "subscribe", json!({"user": user, "channel": channel})), json!({}));
    }
    // Again, and for somebody who is not there: what is wanted is so.
    assert_eq!(result(&program, "subscribe", json!({"user": "ann", "channel": "a"})), json!({}));
    assert_eq!(result(&program, "subscribe", json!({"user": "eve", "channel": "a"})), json!({}));
    let body = r#"{"channel": "a", "data": {"text":  "hallo", "n": 1.0, "big": 12345678901234567890123}, "tags": null}"#;
    assert_eq!(post(&program, "publish", body).json(), json!({"result": {}}));
    // The JSON is not read and written again.
    let exactly = text(r#"{"text":  "hallo", "n": 1.0, "big": 12345678901234567890123}"#);
    assert_eq!((next(&mut ann).await, next(&mut bob).await), (exactly.clone(), exactly));
    assert_eq!(result(&program, "publish", json!({"channel": "a", "b64data": "AP8="})), json!({}));
    assert_eq!(
        (next(&mut ann).await, next(&mut bob).await),
        (Message::binary(vec![0, 255]), Message::binary(vec![0, 255]))
    );
    assert_eq!(result(&program, "publish", json!({"channel": "nobody", "data": 1})), json!({}));
    let answer = result(&program, "broadcast", json!({"channels": ["a", "b", ""], "data": "x"}));
    assert_eq!(answer["responses"][0], json!({"result": {}}));
    assert_eq!(answer["responses"][1], json!({"result": {}}));
    assert_eq!(answer["responses"][2]["error"]["code"], 107);
    assert_eq!(next(&mut ann).await, text("\"x\""));
    assert_eq!((next(&mut bob).await, next(&mut bob).await), (text("\"x\""), text("\"x\"")));
    // Beyond Centrifugo's: to a user.
    assert_eq!(
        result(&program, "send", json!({"user": "ann", "data": "you"})),
        json!({"queued": 1, "dropped": 0})
    );
    assert_eq!(
        result(&program, "send", json!({"user": "eve", "data": "you"})),
        json!({"queued": 0, "dropped": 0})
    );
    assert_eq!(next(&mut ann).await, text("\"you\""));
    // A limit of the hub.
    let _eve = come(&program, "eve").await;
    let (code, message) = error(&program, "subscribe", json!({"user": "eve", "channel": "a"}));
    assert!(code == 106 && message.contains("limit exceeded"), "{message}");
    let transport = [("X-API-Key", "first"), ("X-Centrifugo-Error-Mode", "transport")];
    assert_eq!(program.post("/api/subscribe", &transport, r#"{"user":"eve","channel":"a"}"#).status, 429);
    // Out of one, out of all.
    assert_eq!(
        result(&program, "channels", json!({}))["channels"],
        json!({"a": {"num_clients": 2}, "b": {"num_clients": 1}})
    );
    assert_eq!(
        result(&program, "channels", json!({"pattern": "b*"}))["channels"],
        json!({"b": {"num_clients": 1}})
    );
    assert_eq!(result(&program, "unsubscribe", json!({"user": "ann", "channel": "a"})), json!({}));
    assert_eq!(result(&program, "unsubscribe", json!({"user": "ann", "channel": "a"})), json!({}));
    assert_eq!(result(&program, "unsubscribe", json!({"user": "bob", "channel": null})), json!({}));
    assert_eq!(result(&program, "channels", json!({}))["channels"], json!({}));
}

#[tokio::test]
async fn disconnect_closes_with_the_code_and_spares_the_whitelist() {
    let program = start();
    let (mut ann, mut bob, mut eve) =
        (come(&program, "ann").await, come(&program, "bob").await, come(&program, "eve").await);
    for user in ["ann", "bob"] {
        result(&program, "subscribe", json!({"user": user, "channel": "chat"}));
    }
    let members = result(&program, "presence", json!({"channel": "chat"}));
    let of = |user: &str| -> String {
        let members = members["presence"].as_object().expect("a table");
        members.iter().find(|(_, member)| member["user"] == user).expect("a member").0.clone()
    };
    let spared = json!({"user": "ann", "whitelist": [of("ann")]});
    assert_eq!(result(&program, "disconnect", spared), json!({}));
    assert_eq!(
        result(&program, "disconnect", json!({"user": "eve", "client": of("ann")})),
        json!({}),
        "not hers"
    );
    assert_eq!(result(&program, "disconnect", json!({"user": "nobody"})), json!({}));
    let with = json!({"client": of("ann"), "disconnect": {"code": 4100, "reason": "out"}});
    assert_eq!(result(&program, "disconnect", with), json!({}));
    assert_eq!(closed(&mut ann).await, (4100, "out".into()));
    assert_eq!(result(&program, "disconnect", json!({"user": "bob"})), json!({}));
    assert_eq!(closed(&mut bob).await, (3503, "force disconnect".into()));
    // Its id is nobody's now.
    assert_eq!(result(&program, "send", json!({"client": of("ann"), "data": 1}))["queued"], 0);
    // An expiry in the past ends a client, one in the future does not, and none takes it back.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs();
    assert_eq!(result(&program, "refresh", json!({"user": "eve", "expire_at": now + 3600})), json!({}));
    assert_eq!(result(&program, "refresh", json!({"user": "eve"})), json!({}));
    assert_eq!(result(&program, "send", json!({"user": "eve", "data": 1}))["queued"], 1);
    assert_eq!(next(&mut eve).await, text("1"));
    assert_eq!(result(&program, "refresh", json!({"user": "eve", "expire_at": now - 1})), json!({}));
    assert_eq!(closed(&mut eve).await, (3005, "connection expired".into()));
    let mut eve = come(&program, "eve").await;
    assert_eq!(result(&program, "refresh", json!({"user": "eve", "expired": true})), json!({}));
    assert_eq!(closed(&mut eve).await, (3005, "connection expired".into()));
}

#[tokio::test]
async fn presence_lists_members_with_what_is_said_of_them() {
    let program = start();
    assert_eq!(result(&program, "presence", json!({"channel": "chat"})), json!({"presence": {}}));
    assert_eq!(
        result(&program, "presence_stats", json!({"channel": "chat"})),
        json!({"num_clients": 0, "num_users": 0})
    );
    let _sockets = (come(&program, "ann").await, come(&program, "bob").await);
    result(&program, "subscribe", json!({"user": "ann", "channel": "chat", "info": {"name": "Ann"}}));
    result(&program, "subscribe", json!({"user": "bob", "channel": "chat", "b64info": "AP8="}));
    // More than one page.
    let members = result(&program, "presence", json!({"channel": "chat"}));
    let members: Vec<&Value> = members["presence"].as_object().expect("a table").values().collect();
    assert_eq!(members.len(), 2);
    assert_eq!((&members[0]["user"], &members[0]["chan_info"]), (&json!("ann"), &json!({"name": "Ann"})));
    assert_eq!((&members[1]["user"], &members[1]["b64chan_info"]), (&json!("bob"), &json!("AP8=")));
    assert_eq!(
        result(&program, "presence_stats", json!({"channel": "chat"})),
        json!({"num_clients": 2, "num_users": 2})
    );
    let (code, _) = error(&program, "subscribe", json!({"user": "ann", "channel": "plain", "info": 1}));
    assert_eq!(code, 108, "a channel without presence");
}

#[tokio::test]
async fn history_has_what_was_published() {
    let program = start();
    assert_eq!(
        result(&program, "history", json!({"channel": "news"})),
        json!({"publications": [], "offset": 0, "epoch": ""})
    );
    assert_eq!(result(&program, "history_remove", json!({"channel": "news"})), json!({}));
    let mut epoch = Value::Null;
    for number in 1..=4 {
        let published = result(&program, "publish", json!({"channel": "news", "data": {"n": number}}));
        assert_eq!(published["offset"], number);
        epoch = published["epoch"].clone();
    }
    // Three are kept, two are a page.
    let history = |parameters: Value| {
        let mut all = json!({"channel": "news"});
        all.as_object_mut().expect("a table").extend(parameters.as_object().expect("a table").clone());
        result(&program, "history", all)
    };
    let of = |numbers: &[u64]| -> Value {
        numbers.iter().map(|number| json!({"offset": number, "data": {"n": number}})).collect()
    };
    let position = |publications: Value| json!({"publications": publications, "offset": 4, "epoch": epoch});
    assert_eq!(history(json!({})), position(json!([])));
    assert_eq!(history(json!({"limit": 1})), position(of(&[2])));
    assert_eq!(history(json!({"limit": -1})), position(of(&[2, 3])));
    assert_eq!(history(json!({"limit": 1000, "reverse": true})), position(of(&[4, 3])));
    assert_eq!(history(json!({"limit": -1, "since": {"offset": 2, "epoch": epoch}})), position(of(&[3, 4])));
    assert_eq!(history(json!({"limit": 2, "since": {"offset": 0, "epoch": ""}})), position(of(&[2, 3])));
    let lost = json!({"channel": "news", "limit": -1, "since": {"offset": 2, "epoch": "feed"}});
    assert_eq!(error(&program, "history", lost.clone()).0, 112);
    let transport = [("X-API-Key", "first"), ("X-Centrifugo-Error-Mode", "transport")];
    assert_eq!(program.post("/api/history", &transport, &lost.to_string()).status, 416);
    // Once for a key, and none that is older.
    let keyed = json!({"channel": "news", "data": 5, "idempotency_key": "k"});
    assert_eq!(result(&program, "publish", keyed.clone())["offset"], 5);
    assert_eq!(result(&program, "publish", keyed)["offset"], 5);
    assert_eq!(result(&program, "publish", json!({"channel": "news", "data": 6, "version": 7}))["offset"], 6);
    assert_eq!(result(&program, "publish", json!({"channel": "news", "data": 6, "version": 7}))["offset"], 6);
    result(&program, "publish", json!({"channel": "news", "b64data": "AP8="}));
    let last = result(&program, "history", json!({"channel": "news", "limit": 1, "reverse": true}));
    assert_eq!(last["publications"][0], json!({"offset": 7, "b64data": "AP8="}));
    // A client that joins from a position gets what it missed.
    let mut ann = come(&program, "ann").await;
    let since = json!({"user": "ann", "channel": "news", "recover_since": {"offset": 5, "epoch": epoch}});
    result(&program, "subscribe", since);
    assert_eq!((next(&mut ann).await, next(&mut ann).await), (text("6"), Message::binary(vec![0, 255])));
    // It begins anew.
    assert_eq!(result(&program, "history_remove", json!({"channel": "news"})), json!({}));
    let history = result(&program, "history", json!({"channel": "news", "limit": -1}));
    assert!(history["publications"] == json!([]) && history["epoch"] != epoch, "{history}");
}

#[tokio::test]
async fn a_batch_carries_out_its_commands_in_order() {
    let program = start();
    let mut ann = come(&program, "ann").await;
    let commands = json!({"commands": [
        {"subscribe": {"user": "ann", "channel": "a"}},
        {"publish": {"channel": "a", "data": 1}},
        {"info": {}},
    ], "parallel": false});
    let answer = call(&program, "batch", commands);
    assert_eq!(
        (&answer["replies"][0], &answer["replies"][1]),
        (&json!({"subscribe": {}}), &json!({"publish": {}}))
    );
    let node = &answer["replies"][2]["info"]["nodes"][0];
    assert_eq!(
        (&node["num_clients"], &node["num_channels"], &node["num_users"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(
        (&node["version"], node["uid"].as_str().map(str::len)),
        (&json!(env!("CARGO_PKG_VERSION")), Some(32))
    );
    assert_eq!(next(&mut ann).await, text("1"));
    let commands = json!({"commands": [{"publish": {"channel": "a"}}, {"batch": {}}, {"nothing": {}}]});
    let answer = call(&program, "batch", commands);
    let codes: Vec<_> = answer["replies"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|reply| reply["error"]["code"].as_u64())
        .collect();
    assert_eq!(codes, [Some(107), Some(107), Some(104)]);
    let answer = call(&program, "batch", json!({"commands": [{"info": {}, "channels": {}}, {}]}));
    assert!(
        answer["replies"].as_array().expect("a list").iter().all(|reply| reply["error"]["code"] == 107),
        "{answer}"
    );
}

#[tokio::test]
async fn a_drain_closes_the_clients_and_ends_the_program() {
    let mut program = start();
    let mut ann = come(&program, "ann").await;
    assert_eq!(result(&program, "drain", json!({})), json!({}));
    assert_eq!(closed(&mut ann).await, (1001, "going away".into()));
    drop(ann);
    assert!(program.end().success());
}
