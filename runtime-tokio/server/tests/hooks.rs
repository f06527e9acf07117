//! What the program asks a back end, over real HTTP, and what becomes of the answers, also of those that are none.

#![allow(clippy::needless_pass_by_value, reason = "`json!` makes values")]

mod support;

use futures_util::SinkExt;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use support::back_end::{Answering, BackEnd};
use support::{Program, Socket, closed, next, output_of, refusal, soon, text};
use tokio_tungstenite::tungstenite::Message;

/// Asks about each client, and for what the lines of the section `hooks` say.
fn start(back_end: &BackEnd, hooks: &str) -> Program {
    Program::start(&config(back_end, hooks))
}

fn config(back_end: &BackEnd, hooks: &str) -> String {
    format!(
        "listen: 127.0.0.1:0\napi: {{ keys: [key] }}\nclients: {{ rooms: [lobby] }}\nlog: {{ filter: warn }}\n\
         hub: {{ presence: {{ by_prefix: {{ chat: {{}} }} }} }}\n\
         hooks:\n  connect: {{ url: '{}', fail: FAIL }}\n{hooks}",
        back_end.url("connect")
    )
    .replace("FAIL", if hooks.contains("# connect fails open") { "open" } else { "closed" })
}

fn call(program: &Program, method: &str, parameters: Value) -> Value {
    let answer = program.post(&format!("/api/{method}"), &[("X-API-Key", "key")], &parameters.to_string());
    assert_eq!(answer.status, 200, "{method}: {answer:?}");
    answer.json()["result"].clone()
}

fn counts(program: &Program, line: &str) -> bool {
    program.get("/metrics").body.lines().any(|counted| counted == line)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

fn clients(program: &Program) -> u64 {
    call(program, "info", json!({}))["nodes"][0]["num_clients"].as_u64().expect("a number")
}

/// A client that may come: the back end has been asked about it when this is ready.
async fn come(program: &Program) -> Socket {
    come_with(program, "/ws", &[]).await
}

/// Ready when no client is left.
async fn none_is_left(program: &Program) {
    soon("no client is left", || (clients(program) == 0).then_some(())).await;
}

async fn come_with(program: &Program, path: &str, headers: &[(&'static str, &str)]) -> Socket {
    let before = clients(program);
    let socket = program.try_connect(path, headers).await.expect("a WebSocket opens");
    soon("the client is there", || (clients(program) > before).then_some(())).await;
    socket
}

async fn say(socket: &mut Socket, message: &str) {
    socket.send(text(message)).await.expect("it listens");
}

#[tokio::test]
async fn a_back_end_says_who_a_client_is_and_what_it_gets() {
    let back_end = BackEnd::start();
    let hooks =
        format!("  headers: [Cookie, X-Tenant]\n  message: {{ url: '{}' }}\n", back_end.url("message"));
    let program = start(&back_end, &hooks);
    back_end.result(
        "connect",
        json!({ "user": "ann", "channels": ["chat:1", "news"], "info": {"name": "Ann"}, "data": {"hello": 1},
            "meta": {"plan": "free"}, "expire_at": now() + 600 }),
    );
    back_end.result("message", json!({}));
    let headers = [("cookie", "sid=1"), ("x-tenant", "acme"), ("x-other", "no")];
    let mut ann = come_with(&program, "/ws?ticket=a%20b&ticket=2&room=7", &headers).await;
    assert_eq!(next(&mut ann).await, text(r#"{"hello":1}"#));
    let asked = back_end.asked("connect").remove(0);
    let client = asked.body["client"].as_str().expect("a text").to_owned();
    let expected = json!({ "client": client, "transport": "websocket", "protocol": "none",
        "data": { "ticket": "a b", "room": "7" } });
    assert_eq!(asked.body, expected);
    let header = |name| asked.header(name);
    assert_eq!((header("cookie"), header("x-tenant"), header("x-other")), ("sid=1", "acme", ""));
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("webhook-signature"), "", "the config has no secret");
    let presence = call(&program, "presence", json!({ "channel": "chat:1" }));
    let expected = json!({ "client": client, "user": "ann", "chan_info": {"name": "Ann"} });
    assert_eq!(presence["presence"][&client], expected);
    for channel in ["news", "lobby"] {
        call(&program, "publish", json!({ "channel": channel, "data": channel }));
        assert_eq!(next(&mut ann).await, text(&format!("\"{channel}\"")));
    }
    say(&mut ann, "hi").await;
    let asked = back_end.was_asked("message", 1).await.remove(0);
    let expected = json!({ "client": client, "transport": "websocket", "protocol": "none", "user": "ann",
        "meta": {"plan": "free"}, "text": "hi" });
    assert_eq!(asked.body, expected);
    assert!(counts(&program, r#"throng_hooks_questions_total{hook="connect",outcome="result"} 1"#));
}

#[tokio::test]
async fn a_back_end_refuses_clients_with_a_code_and_a_reason_that_they_see() {
    let back_end = BackEnd::start();
    let program = start(&back_end, "");
    for (answer, close) in [
        (json!({ "disconnect": { "code": 4500, "reason": "who are you?" } }), (4500, "who are you?")),
        (json!({ "error": { "code": 1000, "message": "not today" } }), (1008, "not today (1000)")),
    ] {
        back_end.answer("connect", Answering::Json(answer));
        let mut socket = program.connect("/ws").await;
        assert_eq!(closed(&mut socket).await, (close.0, close.1.to_owned()));
    }
    let info = call(&program, "info", json!({}));
    assert_eq!(info["nodes"][0]["num_clients"], 0);
}

/// Answers that are none, and their names in metrics.
fn bad_answers() -> Vec<(Answering, &'static str)> {
    let result = json!({ "result": { "user": "ann" } });
    vec![
        (Answering::Status(500), "status"),
        (Answering::Status(302), "status"),
        (Answering::Status(204), "status"),
        (Answering::Text("<html>"), "malformed"),
        (Answering::Text(""), "malformed"),
        (Answering::Text("{}"), "malformed"),
        (Answering::Json(json!({ "result": { "user": 7, "publish": 7 } })), "malformed"),
        (Answering::Json(json!({ "disconnect": { "code": 1005 } })), "malformed"),
        (Answering::Json(json!({ "result": { "user": "x".repeat(70_000) } })), "too_big"),
        (Answering::Endless, "too_big"),
        (Answering::Never, "timed_out"),
        (Answering::HalfOf(r#"{"result""#), "timed_out"),
        (Answering::Slowly(Duration::from_millis(600), result), "timed_out"),
    ]
}

#[tokio::test]
async fn without_a_valid_answer_a_client_is_refused_or_comes_as_nobody_as_the_config_says() {
    for (hooks, is_open) in
        [("  timeout: 300ms\n", false), ("  timeout: 300ms\n  # connect fails open\n", true)]
    {
        let mut back_end = BackEnd::start();
        let program = start(&back_end, hooks);
        let come = || async {
            if is_open {
                none_is_left(&program).await;
                let mut socket = come(&program).await;
                call(&program, "publish", json!({ "channel": "lobby", "data": 1 }));
                assert_eq!(next(&mut socket).await, text("1"));
            } else {
                let mut socket = program.connect("/ws").await;
                let (code, reason) = closed(&mut socket).await;
                assert_eq!((code, &*reason), (1013, "the back end does not answer, try again later"));
            }
        };
        let mut expected = std::collections::BTreeMap::new();
        for (answering, outcome) in bad_answers() {
            back_end.answer("connect", answering);
            come().await;
            *expected.entry(outcome).or_insert(0) += 1;
        }
        back_end.stop();
        come().await;
        expected.insert("unreachable", 1);
        for (outcome, count) in expected {
            let line =
                format!(r#"throng_hooks_questions_total{{hook="connect",outcome="{outcome}"}} {count}"#);
            assert!(counts(&program, &line), "{line}: {}", program.get("/metrics").body);
        }
        let lines = program.log.lock().expect("log").matches("the back end of hooks.connect").count();
        assert!((1..=3).contains(&lines), "one line in ten seconds, not one for each: {lines}");
        // It comes back, and nothing has to be done.
        back_end.begin();
        back_end.result("connect", json!({ "user": "ann", "data": "back" }));
        let mut socket = program.connect("/ws").await;
        assert_eq!(next(&mut socket).await, text("\"back\""));
    }
}

#[tokio::test]
async fn a_result_that_cannot_be_followed_is_none_as_a_whole() {
    let back_end = BackEnd::start();
    let program = start(&back_end, "");
    let results = [
        json!({ "user": "ann", "subs": { "news": {} } }),
        json!({ "channels": ["news", "x".repeat(300)] }),
        json!({ "channels": [""] }),
        json!({ "info": 1, "b64info": "AA==" }),
        json!({ "info": "x".repeat(2_000), "channels": ["chat:1"] }),
        json!({ "b64info": "no base64!" }),
        json!({ "b64data": "no base64!" }),
    ];
    for (at, result) in (1..).zip(results) {
        back_end.result("connect", result.clone());
        let mut socket = program.connect("/ws").await;
        assert_eq!(closed(&mut socket).await.0, 1013, "{result}");
        let line = format!(r#"throng_hooks_unusable_total{{hook="connect"}} {at}"#);
        assert!(counts(&program, &line), "{result}");
    }
    // What the hub refuses has the hub's close codes.
    back_end.result("connect", json!({ "user": "u".repeat(300) }));
    let mut socket = program.connect("/ws").await;
    assert_ne!(closed(&mut socket).await.0, 1013);
}

#[tokio::test]
async fn messages_go_to_the_back_end_and_its_answers_to_the_client_and_to_rooms() {
    let back_end = BackEnd::start();
    let hooks = format!("  message: {{ url: '{}' }}\n", back_end.url("message"));
    let program = start(&back_end, &hooks);
    back_end.result("connect", json!({ "user": "ann" }));
    let (mut ann, mut bob) = (come(&program).await, come(&program).await);
    back_end.result(
        "message",
        json!({ "data": {"ok": true}, "publish": [
            { "channel": "lobby", "data": {"said": 1} },
            { "channel": "nobody is here", "data": 2 },
            { "channel": "lobby", "b64data": "AAE=" },
            { "channel": "lobby", "text": "plain" } ] }),
    );
    say(&mut ann, r#" {"a": [1, "\u00e4"]} "#).await;
    for message in [text(r#"{"said":1}"#), Message::binary(vec![0, 1]), text("plain")] {
        assert_eq!(next(&mut bob).await, message);
        assert_eq!(next(&mut ann).await, message);
    }
    assert_eq!(next(&mut ann).await, text(r#"{"ok":true}"#));
    let asked = back_end.asked("message").remove(0);
    let written = String::from_utf8_lossy(&asked.bytes);
    assert!(written.contains(r#""data":{"a": [1, "\u00e4"]}"#), "letter for letter: {written}");
    for (answer, reply) in [
        (json!({ "result": { "text": "pong" } }), text("pong")),
        (json!({ "result": { "b64data": "AA==" } }), Message::binary(vec![0])),
        (json!({ "error": { "code": 7, "message": "no" } }), text(r#"{"error":{"code":7,"message":"no"}}"#)),
    ] {
        back_end.answer("message", Answering::Json(answer));
        ann.send(Message::binary(vec![1, 2])).await.expect("it listens");
        assert_eq!(next(&mut ann).await, reply);
    }
    assert_eq!(back_end.asked("message").last().expect("asked").body["b64data"], "AQI=");
    back_end.answer("message", Answering::Json(json!({ "disconnect": { "code": 4001, "reason": "bye" } })));
    say(&mut ann, "x").await;
    assert_eq!(closed(&mut ann).await, (4001, "bye".into()));
}

#[tokio::test]
async fn the_messages_of_a_client_stay_in_order_and_requests_are_bounded() {
    let back_end = BackEnd::start();
    let hooks = format!(
        "  concurrency: 2\n  timeout: 4s\n  message: {{ url: '{}', fail: open }}\n",
        back_end.url("message")
    );
    let program = start(&back_end, &hooks);
    back_end.result("connect", json!({}));
    back_end.answer("message", Answering::Slowly(Duration::from_millis(20), json!({ "result": {} })));
    let mut clients = Vec::new();
    for _ in 0..6 {
        clients.push(come(&program).await);
    }
    for number in 0..10 {
        for client in &mut clients {
            say(client, &number.to_string()).await;
        }
    }
    let asked = back_end.was_asked("message", 60).await;
    let mut last = std::collections::BTreeMap::new();
    for one in asked {
        let (client, number) = (one.body["client"].to_string(), one.body["data"].as_u64().expect("a number"));
        let expected = last.entry(client).or_insert(0);
        assert_eq!(number, *expected);
        *expected += 1;
    }
    assert_eq!(last.len(), 6);
    assert!(back_end.most_at_once() <= 2, "{}", back_end.most_at_once());
    assert!(back_end.connections() <= 12, "{} connections for 66 questions", back_end.connections());
}

#[tokio::test]
async fn a_message_without_a_valid_answer_closes_its_client_or_is_lost_as_the_config_says() {
    for (fail, is_open) in [("closed", false), ("open", true)] {
        let back_end = BackEnd::start();
        let hooks =
            format!("  timeout: 300ms\n  message: {{ url: '{}', fail: {fail} }}\n", back_end.url("message"));
        let program = start(&back_end, &hooks);
        back_end.result("connect", json!({}));
        let unusable = [
            Answering::Json(json!({ "result": { "publish": [{ "channel": "lobby" }] } })),
            Answering::Json(json!({ "result": { "publish": [{ "channel": "", "data": 1 }] } })),
            Answering::Json(json!({ "result": { "data": 1, "text": "a" } })),
            Answering::Json(json!({ "result": { "b64data": "!" } })),
            Answering::Json(
                json!({ "result": { "publish": vec![json!({ "channel": "a", "data": 1 }); 1_001] } }),
            ),
        ];
        let mut socket = come(&program).await;
        let all = bad_answers().into_iter().map(|(answering, _)| answering).chain(unusable);
        for (at, answering) in (1..).zip(all) {
            back_end.answer("message", answering.clone());
            say(&mut socket, "lost").await;
            if is_open {
                back_end.was_asked("message", 2 * at - 1).await;
                back_end.answer("message", Answering::Json(json!({ "result": { "text": "here" } })));
                say(&mut socket, "last").await;
                while next(&mut socket).await != text("here") {}
                continue;
            }
            assert_eq!(closed(&mut socket).await.0, 1013, "{answering:?}");
            none_is_left(&program).await;
            socket = come(&program).await;
        }
    }
}

#[tokio::test]
async fn a_client_stays_as_long_as_the_back_end_says() {
    let mut back_end = BackEnd::start();
    let hooks = format!("  timeout: 300ms\n  refresh: {{ url: '{}' }}\n", back_end.url("refresh"));
    let program = start(&back_end, &hooks);
    let come = async |back_end: &BackEnd, seconds: u64| {
        back_end.result("connect", json!({ "user": "ann", "expire_at": now() + seconds }));
        come(&program).await
    };
    // Before half of its time is over it is asked, and the first answers are none.
    let answers = vec![
        Answering::Status(500),
        Answering::Json(json!({ "result": {} })),
        Answering::Json(json!({ "result": { "expire_at": now() + 600 } })),
    ];
    back_end.answer_each("refresh", answers);
    let mut ann = come(&back_end, 4).await;
    let asked = back_end.was_asked("refresh", 3).await;
    assert_eq!(asked[0].body["user"], "ann");
    tokio::time::sleep(Duration::from_secs(4)).await;
    call(&program, "publish", json!({ "channel": "lobby", "data": 1 }));
    assert_eq!(next(&mut ann).await, text("1"), "it has more time");
    for answer in [
        json!({ "result": { "expired": true } }),
        json!({ "result": { "expire_at": 1 } }),
        json!({ "disconnect": { "code": 4002, "reason": "" } }),
    ] {
        back_end.answer("refresh", Answering::Json(answer.clone()));
        let mut ann = come(&back_end, 4).await;
        let begun = Instant::now();
        let expected = if answer.get("disconnect").is_some() { 4002 } else { 1008 };
        assert_eq!(closed(&mut ann).await.0, expected, "{answer}");
        assert!(begun.elapsed() < Duration::from_secs(4), "at once: {:?}", begun.elapsed());
    }
    // Without a back end the time is over when it is over.
    let mut ann = come(&back_end, 3).await;
    back_end.stop();
    assert_eq!(closed(&mut ann).await.0, 1008);
}

#[tokio::test]
async fn a_refresh_that_fails_open_gives_more_time() {
    let back_end = BackEnd::start();
    let hooks =
        format!("  timeout: 300ms\n  refresh: {{ url: '{}', fail: open }}\n", back_end.url("refresh"));
    let program = start(&back_end, &hooks);
    back_end.answer("refresh", Answering::Status(503));
    back_end.result("connect", json!({ "expire_at": now() + 3 }));
    let mut ann = come(&program).await;
    back_end.was_asked("refresh", 1).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    call(&program, "publish", json!({ "channel": "lobby", "data": 1 }));
    assert_eq!(next(&mut ann).await, text("1"));
}

#[tokio::test]
async fn while_a_back_end_stands_still_only_its_own_clients_wait() {
    let back_end = BackEnd::start();
    let hooks = format!(
        "  concurrency: 4\n  timeout: 40s\n  message: {{ url: '{}' }}\nauth: {{ secret: secret }}\n",
        back_end.url("message")
    );
    let limits = "hub: { hooks: { message: 60s, authentication: 60s }, deadlines: { handshake: 60s },";
    let program = Program::start(&config(&back_end, &hooks).replace("hub: {", limits));
    let file = program.folder.0.join("throng.yaml");
    let made = output_of(&["token", "bob", "--config", file.to_str().expect("UTF-8")]);
    let token = String::from_utf8(made.stdout).expect("UTF-8");
    back_end.result("connect", json!({}));
    back_end.answer("message", Answering::Never);
    let mut others = Vec::new();
    for _ in 0..100 {
        others.push(come(&program).await);
    }
    // That all turns of messages are taken is nothing to the question about a client.
    let mut stalled = Vec::new();
    for _ in 0..10 {
        let mut socket = come(&program).await;
        say(&mut socket, "hello?").await;
        stalled.push(socket);
    }
    back_end.was_asked("message", 4).await;
    back_end.answer("connect", Answering::Never);
    let _waiting = program.connect("/ws").await;
    back_end.was_asked("connect", 111).await;
    for number in 0..10 {
        call(&program, "publish", json!({ "channel": "lobby", "data": number }));
        for socket in others.iter_mut().chain(&mut stalled) {
            assert_eq!(next(socket).await, text(&number.to_string()));
        }
    }
    // With a token nobody is asked.
    let mut bob = come_with(&program, &format!("/ws?token={}", token.trim()), &[]).await;
    call(&program, "publish", json!({ "channel": "lobby", "data": "bob" }));
    assert_eq!(next(&mut bob).await, text("\"bob\""));
    assert_eq!(program.get("/healthz").status, 200);
    // All the while they have waited.
    assert!(counts(&program, r#"throng_hooks_in_flight{hook="message"} 4"#));
    assert!(counts(&program, r#"throng_hooks_in_flight{hook="connect"} 1"#));
    assert!(!program.get("/metrics").body.contains(r#"throng_hooks_questions_total{hook="message""#));
    assert_eq!(back_end.asked("message").len(), 4);
}

#[tokio::test]
async fn a_reload_changes_where_the_back_end_is() {
    let (old, new) = (BackEnd::start(), BackEnd::start());
    let program = start(&old, "");
    for back_end in [&old, &new] {
        back_end.result("connect", json!({ "data": back_end.port }));
    }
    let mut socket = program.connect("/ws").await;
    assert_eq!(next(&mut socket).await, text(&old.port.to_string()));
    program.rewrite(&config(&new, "  concurrency: 5\n"));
    program.signal(Signal::HUP);
    program.logs("hooks.concurrency cannot change while the program runs");
    program.rewrite(&config(&new, ""));
    program.signal(Signal::HUP);
    for _ in 0..200 {
        let mut socket = program.connect("/ws").await;
        if next(&mut socket).await == text(&new.port.to_string()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the new back end is never asked");
}

#[tokio::test]
async fn a_config_without_hooks_asks_nobody() {
    let program = Program::start("listen: 127.0.0.1:0\n");
    assert_eq!(refusal(program.try_connect("/ws", &[]).await).0, 401);
    assert!(!program.get("/metrics").body.contains("throng_hooks"));
}
