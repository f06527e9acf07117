//! What the admin page asks the API for, over real sockets.

mod support;

use futures_util::SinkExt;
use serde_json::{Value, json};
use support::{Program, closed, output_of, request, soon, text};

const KEY: (&str, &str) = ("X-API-Key", "correct horse");
const CONFIG: &str = "listen: 127.0.0.1:0\nadmin: { key: correct horse }\nauth: { secret: hush-hush }\n\
    clients: { anonymous: true, rooms: [lobby] }\n\
    hub: { outbox: { message_bytes: 1000 }, history: { by_prefix: { kept: { messages: 3 } } } }\n";

fn ask(program: &Program, method: &str, parameters: &Value) -> Value {
    let answer = program.post(&format!("/api/{method}"), &[KEY], &parameters.to_string());
    assert_eq!(answer.status, 200, "{method} {parameters}: {answer:?}");
    answer.json()
}

fn result(program: &Program, method: &str, parameters: &Value) -> Value {
    let mut answer = ask(program, method, parameters);
    assert!(answer["error"].is_null(), "{method} {parameters}: {answer}");
    answer["result"].take()
}

async fn connect_as(program: &Program, user: &str, rooms: &str) -> support::Socket {
    let file = program.folder.0.join("throng.yaml");
    let made = output_of(&["token", user, "--channels", rooms, "--config", file.to_str().expect("UTF-8")]);
    assert!(made.status.success(), "{made:?}");
    let token = String::from_utf8(made.stdout).expect("a token is ASCII");
    program.connect(&format!("/ws?token={}", token.trim())).await
}

#[test]
fn the_key_of_the_config_opens_the_api_from_everywhere_and_no_other_does() {
    let program = Program::start(CONFIG);
    assert!(!program.said.lock().unwrap().contains("correct horse"));
    let elsewhere = ("Host", "throng.example");
    assert_eq!(request(program.address, "POST", "/api/info", &[KEY, elsewhere], b"").status, 200);
    assert_eq!(request(program.address, "GET", "/admin", &[elsewhere], b"").status, 200);
    for wrong in ["", "correct horsf", "correct hors", "correct horse ", "hush-hush"] {
        let answer = program.post("/api/stats", &[("X-API-Key", wrong)], "");
        // Spaces around a value are no part of it.
        assert_eq!(answer.status, if wrong == "correct horse " { 200 } else { 401 }, "{wrong:?}: {answer:?}");
    }
    let none = program.post("/api/stats", &[], "");
    assert!(none.status == 401 && none.body.contains("the key of the admin page"), "{none:?}");
    // A cookie or a query is no key, so another site can use none.
    assert_eq!(
        program.post("/api/stats?key=correct+horse", &[("Cookie", "X-API-Key=correct horse")], "").status,
        401
    );
    let preflight =
        request(program.address, "OPTIONS", "/api/stats", &[("Origin", "https://evil.example")], b"");
    assert!(!preflight.head.to_lowercase().contains("access-control"), "{preflight:?}");
}

#[tokio::test]
async fn clients_users_and_rooms_can_be_listed_and_searched() {
    let program = Program::start(CONFIG);
    let _anonymous = program.connect("/ws?secret-of-the-query=1").await;
    let _ann = [connect_as(&program, "Ann", "tea,kept:1").await, connect_as(&program, "Ann", "tea").await];
    let _bob = connect_as(&program, "Bob", "tea").await;

    let listed = result(&program, "clients", &json!({}));
    assert_eq!((&listed["found"], &listed["complete"]), (&4.into(), &true.into()));
    let shown = listed.to_string();
    for secret in ["token", "secret-of-the-query", "session"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    let ann = result(&program, "clients", &json!({"user": "Ann", "limit": 1}));
    assert_eq!((&ann["found"], ann["clients"].as_array().unwrap().len()), (&2.into(), 1));
    let of_kept = result(&program, "clients", &json!({"channel": "kept:1"}));
    let client = &of_kept["clients"][0];
    assert_eq!(client["channels"].as_array().unwrap().len(), 3);
    assert_eq!((&client["user"], &client["away"]), (&"Ann".into(), &false.into()));
    assert_eq!((&client["queued_messages"], &client["queued_bytes"]), (&0.into(), &0.into()));
    assert!(
        client["address"].as_str().unwrap().starts_with("127.0.0.1:")
            && client["since"].as_u64() > Some(1_000_000_000)
    );
    let one = result(&program, "clients", &json!({"client": client["client"]}));
    assert_eq!(one["clients"][0], *client);
    assert_eq!(result(&program, "clients", &json!({"search": "BO"}))["clients"][0]["user"], "Bob");
    assert_eq!(result(&program, "clients", &json!({"channel": "tea", "user": "Bob"}))["found"], 1);
    assert_eq!(result(&program, "clients", &json!({"channel": "nowhere"}))["found"], 0);

    let users = result(&program, "users", &json!({}));
    let expected = json!([{"user": "Ann", "num_clients": 2, "num_away": 0}, {"user": "Bob", "num_clients": 1, "num_away": 0}]);
    assert_eq!((&users["users"], &users["found"]), (&expected, &2.into()));
    assert_eq!(result(&program, "users", &json!({"search": "bob"}))["found"], 1);

    let rooms = result(&program, "rooms", &json!({}));
    assert_eq!(
        (&rooms["rooms"][0]["channel"], &rooms["rooms"][0]["num_clients"]),
        (&"lobby".into(), &4.into())
    );
    let kept = result(&program, "rooms", &json!({"search": "KEPT"}));
    let expected = json!({"channel": "kept:1", "num_clients": 1, "history": true, "presence": false});
    assert_eq!((&kept["rooms"][0], &kept["found"]), (&expected, &1.into()));

    for (method, bad) in [
        ("clients", json!({"limit": 1001})),
        ("rooms", json!({"limit": -1})),
        ("clients", json!({"client": "x"})),
        ("users", json!({"search": 1})),
    ] {
        assert_eq!(ask(&program, method, &bad)["error"]["code"], 107, "{method} {bad}");
    }
}

#[tokio::test]
async fn refusals_drops_and_ends_by_the_hub_are_in_the_log_and_in_the_samples() {
    let program = Program::start(CONFIG);
    for _ in 0..3 {
        assert!(program.try_connect("/ws?token=wrong", &[]).await.is_err());
    }
    assert_eq!(program.post("/api/info", &[("X-API-Key", "wrong")], "").status, 401);
    // No handshake: the hub's own counter.
    assert_eq!(program.get("/ws").status, 426);
    let mut ann = connect_as(&program, "Ann", "tea").await;
    ann.send(text(&"x".repeat(1_001))).await.unwrap();
    assert_eq!(closed(&mut ann).await.0, 1009);
    let events = soon("the events are there", || {
        let events = result(&program, "events", &json!({}))["events"].take();
        let has = |kind: &str| events.as_array().unwrap().iter().any(|event| event["kind"] == kind);
        (has("bad_input") && has("closed")).then_some(events)
    })
    .await;
    let of = |kind: &str, part: &str| {
        let is_it = |event: &&Value| event["kind"] == kind && event["what"].as_str().unwrap().contains(part);
        events.as_array().unwrap().iter().find(is_it).unwrap_or_else(|| panic!("{kind} {part}: {events}"))
    };
    assert_eq!(of("refused", "a client at /ws: the token is not valid")["count"], 3);
    assert_eq!(of("refused", "a request for the API from 127.0.0.1: 401")["count"], 1);
    assert_eq!(of("refused", "requests: ")["count"], 1);
    assert_eq!(of("closed", "1009 message too big")["user"], "Ann");
    assert!(!events.to_string().contains("wrong"), "{events}");

    let stats = result(&program, "stats", &json!({}));
    let columns = stats["samples"].as_object().unwrap();
    let lengths: Vec<_> = columns.values().map(|column| column.as_array().unwrap().len() as u64).collect();
    assert!(lengths.iter().all(|length| *length == lengths[0]) && stats["next"] == lengths[0], "{stats}");
    let refused: f64 = columns["refused"].as_array().unwrap().iter().filter_map(Value::as_f64).sum();
    assert!(refused > 0.0, "{stats}");
    assert_eq!(
        (&stats["every"], &stats["state"], &stats["ready"]),
        (&5.into(), &"running".into(), &true.into())
    );
    let later = result(&program, "stats", &json!({"since": stats["next"]}));
    assert!(later["samples"]["time"].as_array().unwrap().len() <= 1, "{later}");
}

#[test]
fn the_config_in_force_has_no_secret() {
    let program = Program::start(CONFIG);
    let config = result(&program, "config", &json!({}));
    let shown = config.to_string();
    assert!(!shown.contains("correct horse") && !shown.contains("hush-hush"), "{shown}");
    let keys = config["keys"].as_array().unwrap();
    let of = |path: &str| keys.iter().find(|key| key["key"] == path).unwrap();
    assert_eq!(
        (&of("admin.key")["value"], &of("hub.outbox.message_bytes")["value"]),
        (&"***".into(), &1000.into())
    );
    assert_eq!((&of("listen")["restart"], &of("listen")["is_default"]), (&true.into(), &false.into()));
}
