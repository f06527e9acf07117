//! What a back end is told, over real HTTP: signed, in order, tried again, bounded.

#![allow(clippy::needless_pass_by_value, reason = "`json!` makes values")]

mod support;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::SinkExt;
use hmac::{Hmac, KeyInit, Mac};
use rustix::process::Signal;
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use support::back_end::{Answering, Asked, BackEnd};
use support::{Program, Socket, closed, soon};
use tokio_tungstenite::tungstenite::Message;

/// The program tells the back end what the lines of the section `notices` say.
fn start(back_end: &BackEnd, notices: &str) -> Program {
    Program::start(&format!(
        "listen: 127.0.0.1:0\napi: {{ keys: [key] }}\nlog: {{ filter: warn }}\n\
         hub:\n  sessions: {{ grace: 30s }}\n  drain: {{ spread: 0s, idle: 0s }}\n\
         hooks:\n  secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, the other secret]\n\n\
         \x20 connect: {{ url: '{}' }}\n  notices:\n    timeout: 400ms\n    url: '{}'\n{notices}",
        back_end.url("connect"),
        back_end.url("notices")
    ))
}

fn call(program: &Program, method: &str, parameters: Value) {
    let answer = program.post(&format!("/api/{method}"), &[("X-API-Key", "key")], &parameters.to_string());
    assert!(answer.status == 200 && answer.json()["error"].is_null(), "{method}: {answer:?}");
}

fn count(program: &Program, name: &str) -> u64 {
    let page = program.get("/metrics").body;
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0, |number| number.parse().expect("a number"))
}

/// All notices that were delivered, each once.
fn notices(asked: &[Asked]) -> Vec<Value> {
    asked.iter().flat_map(|one| one.body["notices"].as_array().expect("a list").clone()).collect()
}

/// Waits until there are so many notices.
async fn told(back_end: &BackEnd, number: usize) -> Vec<Value> {
    soon(&format!("{number} notices are told"), || {
        Some(notices(&back_end.asked("notices"))).filter(|notices| notices.len() >= number)
    })
    .await
}

/// `event`, and the fields that are not the same in each run.
fn words(notices: &[Value], fields: &[&str]) -> Vec<String> {
    let word = |notice: &Value| {
        let word = |field: &&str| match &notice[*field] {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        fields.iter().filter_map(word).collect::<Vec<_>>().join(" ")
    };
    notices.iter().map(word).collect()
}

fn signature(key: &[u8], asked: &Asked) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
    mac.update(format!("{}.{}.", asked.header("webhook-id"), asked.header("webhook-timestamp")).as_bytes());
    mac.update(&asked.bytes);
    format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

fn is_signed(asked: &Asked) {
    let first = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
    let both = format!("{} {}", signature(&first, asked), signature(b"the other secret", asked));
    assert_eq!(asked.header("webhook-signature"), both);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let then: u64 = asked.header("webhook-timestamp").parse().expect("seconds");
    assert!(now - then < 60);
}

#[tokio::test]
async fn what_happens_is_told_signed_and_in_order() {
    let back_end = BackEnd::start();
    let program = start(&back_end, "");
    back_end.answer("notices", Answering::Status(204));
    let connected =
        json!({ "user": "ann", "session": "secret name", "channels": ["a", "b"], "meta": {"plan": 1} });
    back_end.result("connect", connected);
    let ann = program.connect("/ws").await;
    let first = told(&back_end, 2).await;
    assert_eq!(words(&first, &["event", "channel"]), ["occupied a", "occupied b"]);
    call(&program, "unsubscribe", json!({ "user": "ann", "channel": "a" }));
    told(&back_end, 4).await;
    // Its TCP connection breaks: the client is away, and returns on another one.
    drop(ann);
    told(&back_end, 5).await;
    let mut ann = program.connect("/ws").await;
    told(&back_end, 6).await;
    call(&program, "disconnect", json!({ "user": "ann", "disconnect": { "code": 4100, "reason": "bye" } }));
    assert_eq!(closed(&mut ann).await, (4100, "bye".into()));
    let all = told(&back_end, 9).await;
    let of_client: Vec<_> = all.iter().filter(|notice| !notice["client"].is_null()).cloned().collect();
    assert_eq!(
        words(&of_client, &["event", "user", "channel", "why", "code", "reason", "by"]),
        [
            "unsubscribe ann a removed",
            "away ann 1006  transport",
            "resumed ann",
            "unsubscribe ann b ended",
            "disconnect ann 4100 bye application",
        ]
    );
    let client = of_client[0]["client"].as_str().expect("a text");
    assert!(
        of_client.iter().all(|notice| notice["client"] == client && notice["meta"] == json!({"plan": 1}))
    );
    assert!(of_client[2]["away_ms"].is_u64() && of_client[4]["open_ms"].is_u64());
    let of_rooms: Vec<_> = all.iter().filter(|notice| notice["client"].is_null()).cloned().collect();
    assert_eq!(
        words(&of_rooms, &["event", "channel"]),
        ["occupied a", "occupied b", "vacated a", "vacated b"]
    );
    let asked = back_end.asked("notices");
    for one in &asked {
        is_signed(one);
        assert_eq!(one.body["id"], one.header("webhook-id"));
        assert_eq!((&one.body["lost"], one.body["node"].as_str().map(str::len)), (&json!(0), Some(32)));
    }
    let ids: BTreeSet<_> = asked.iter().map(|one| one.header("webhook-id")).collect();
    assert_eq!(ids.len(), asked.len(), "an id for each delivery");
    back_end.asked("connect").iter().for_each(is_signed);
}

#[tokio::test]
async fn only_what_the_config_names_is_told() {
    let back_end = BackEnd::start();
    let program = start(&back_end, "    events: [disconnect]\n");
    // What the answer says is nothing to the program, nor how long it is.
    back_end.answer("notices", Answering::Endless);
    back_end.result("connect", json!({ "channels": ["a"] }));
    for _ in 0..3 {
        let mut socket = program.connect("/ws").await;
        socket.close(None).await.expect("it listens");
    }
    let all = told(&back_end, 3).await;
    assert_eq!(words(&all, &["event", "code", "by"]), ["disconnect 1005 peer"; 3]);
    soon("all are taken", || (count(&program, "throng_hooks_queue_bytes") == 0).then_some(())).await;
    assert_eq!(notices(&back_end.asked("notices")).len(), 3, "none is told twice");
}

#[tokio::test]
async fn a_delivery_is_tried_again_with_the_same_id_until_it_is_taken() {
    let mut back_end = BackEnd::start();
    let program = start(&back_end, "");
    let answers = vec![
        Answering::Status(500),
        Answering::Never,
        Answering::Status(302),
        Answering::Status(404),
        Answering::Status(200),
    ];
    back_end.answer_each("notices", answers);
    back_end.result("connect", json!({ "channels": ["a"] }));
    let _ann = program.connect("/ws").await;
    let asked = back_end.was_asked("notices", 5).await;
    for again in &asked {
        assert_eq!(
            (again.header("webhook-id"), &again.bytes),
            (asked[0].header("webhook-id"), &asked[0].bytes)
        );
        is_signed(again);
    }
    soon("the delivery is taken", || (count(&program, "throng_hooks_queue_bytes") == 0).then_some(())).await;
    // A back end that is restarted misses nothing.
    back_end.stop();
    let _bob = program.connect("/ws").await;
    back_end.begin();
    let _cleo = program.connect("/ws").await;
    call(&program, "subscribe", json!({ "user": "", "client": client_of(&back_end, 0), "channel": "later" }));
    let all = told(&back_end, 6).await;
    assert_eq!(words(&all[5..], &["event", "channel"]), ["occupied later"]);
    let failed = ["status", "timed_out", "delivered"]
        .map(|outcome| count(&program, &format!(r#"throng_hooks_deliveries_total{{outcome="{outcome}"}}"#)));
    assert_eq!(failed, [3, 1, 2]);
}

/// The id of the client about whom the back end was asked first, second, ….
fn client_of(back_end: &BackEnd, number: usize) -> String {
    back_end.asked("connect")[number].body["client"].as_str().expect("a text").to_owned()
}

/// A client that is open: the API knows it by the id that the back end was told.
async fn come(program: &Program, back_end: &BackEnd) -> (Socket, String) {
    let socket = program.connect("/ws").await;
    let client = client_of(back_end, back_end.was_asked("connect", 1).await.len() - 1);
    soon("the client is open", || {
        let info = program.post("/api/info", &[("X-API-Key", "key")], "{}").json();
        (info["result"]["nodes"][0]["num_clients"] == 1).then_some(())
    })
    .await;
    (socket, client)
}

/// Makes so many notices: a room for each.
fn occupy(program: &Program, client: &str, rooms: std::ops::Range<u32>) {
    for room in rooms {
        call(program, "subscribe", json!({ "client": client, "channel": format!("room {room}") }));
    }
}

#[tokio::test]
async fn what_does_not_fit_is_counted_and_told_as_lost() {
    let back_end = BackEnd::start();
    let program = start(&back_end, "    queue_bytes: 1024\n");
    back_end.answer("notices", Answering::Never);
    back_end.result("connect", json!({}));
    let (_ann, client) = come(&program, &back_end).await;
    occupy(&program, &client, 0..100);
    let noted = || count(&program, r#"throng_hooks_notices_total{event="occupied"}"#);
    let lost = || count(&program, r#"throng_hooks_notices_lost_total{reason="queue_full"}"#);
    let is_over = || (noted() + lost() == 100).then(|| (noted(), lost()));
    let (noted, lost) = soon("each is noted or lost", is_over).await;
    assert!(lost > 0);
    assert!(count(&program, "throng_hooks_queue_bytes") <= 1024);
    program.logs("hooks.notices.queue_bytes");
    back_end.answer("notices", Answering::Status(200));
    soon("all are delivered", || (count(&program, "throng_hooks_queue_bytes") == 0).then_some(())).await;
    occupy(&program, &client, 100..101);
    let last = soon("the next one is told", || {
        let asked = back_end.asked("notices");
        asked.last().filter(|last| last.body["notices"][0]["channel"] == "room 100").cloned()
    })
    .await;
    let mut taken = back_end.asked("notices");
    taken.dedup_by(|later, earlier| later.header("webhook-id") == earlier.header("webhook-id"));
    let told: u64 = taken.iter().map(|one| one.body["lost"].as_u64().expect("a number")).sum();
    assert_eq!(told, lost, "each loss is told once: {last:?}");
    assert_eq!(notices(&taken).len() as u64, noted + 1);
}

#[tokio::test]
async fn what_is_too_late_or_refused_is_dropped_and_counted_and_the_next_is_told() {
    let back_end = BackEnd::start();
    let program = start(&back_end, "    keep: 1s\n");
    back_end.result("connect", json!({}));
    let (_ann, client) = come(&program, &back_end).await;
    let lost =
        |reason: &str| count(&program, &format!(r#"throng_hooks_notices_lost_total{{reason="{reason}"}}"#));
    back_end.answer("notices", Answering::Status(503));
    occupy(&program, &client, 0..1);
    soon("it is too late", || (lost("expired") == 1).then_some(())).await;
    back_end.answer("notices", Answering::Status(422));
    occupy(&program, &client, 1..2);
    soon("it is refused", || (lost("refused") == 1).then_some(())).await;
    back_end.answer("notices", Answering::Status(200));
    occupy(&program, &client, 2..3);
    let last = soon("the next one is told", || {
        let asked = back_end.asked("notices");
        asked.last().filter(|last| last.body["notices"][0]["channel"] == "room 2").cloned()
    })
    .await;
    assert_eq!(last.body["lost"], 2);
}

#[tokio::test]
async fn a_program_that_ends_tells_the_last_notices() {
    let back_end = BackEnd::start();
    let mut program = start(&back_end, "");
    back_end.answer("notices", Answering::Slowly(Duration::from_millis(100), json!({})));
    back_end.result("connect", json!({ "channels": ["a"] }));
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.push(program.connect("/ws").await);
    }
    program.signal(Signal::TERM);
    for mut socket in sockets {
        while !matches!(support::next(&mut socket).await, Message::Close(_)) {}
    }
    assert!(program.end().success());
    let mut asked = back_end.asked("notices");
    // A delivery whose answer came too late, as on a busy machine, is sent again.
    asked.dedup_by_key(|one| one.body["id"].to_string());
    let all = notices(&asked);
    let number = |event: &str| all.iter().filter(|notice| notice["event"] == event).count();
    assert_eq!((number("unsubscribe"), number("disconnect")), (20, 20));
    assert_eq!((number("occupied"), number("vacated")), (1, 1));
}

/// Waits for a message with this part.
async fn hears(socket: &mut Socket, part: &str) {
    loop {
        if let Message::Text(text) = support::next(socket).await
            && text.contains(part)
        {
            return;
        }
    }
}

#[tokio::test]
async fn notices_take_nothing_from_clients_of_the_protocol_and_guests_of_the_demo() {
    let back_end = BackEnd::start();
    back_end.answer("notices", Answering::Status(204));
    let program = Program::start(&format!(
        "listen: 127.0.0.1:0\napi: {{ keys: [key] }}\ndemo: {{ enabled: true }}\n\
         protocol: {{ anonymous: true, channels: {{ subscribe: everybody, join_leave: true }} }}\n\
         hub: {{ presence: {{ by_prefix: {{ chat: {{}} }} }} }}\n\
         hooks: {{ notices: {{ url: '{}', events: [disconnect, away, resumed] }} }}\n",
        back_end.url("notices")
    ));
    let subscribe =
        "{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"chat\",\"join_leave\":true}}";
    let mut watching = program.connect("/connection/websocket").await;
    watching.send(support::text(subscribe)).await.expect("it is open");
    hears(&mut watching, "\"id\":2").await;
    // That of its own.
    hears(&mut watching, "\"join\"").await;
    let mut other = program.connect("/connection/websocket").await;
    other.send(support::text(subscribe)).await.expect("it is open");
    hears(&mut watching, "\"join\"").await;
    drop(other);
    hears(&mut watching, "\"leave\"").await;
    assert_eq!(words(&told(&back_end, 1).await, &["event", "code"]), ["disconnect 1006"]);

    let bob = "/demo/ws?room=lobby&name=Bob&session=0123456789abcdef0123456789abcdef";
    let mut ann = program.connect("/demo/ws?room=lobby&name=Ann").await;
    // Before that she is told of nobody.
    hears(&mut ann, "\"room\"").await;
    let guest = program.connect(bob).await;
    hears(&mut ann, "\"joined\"").await;
    drop(guest);
    hears(&mut ann, "\"away\",").await;
    let _guest = program.connect(bob).await;
    hears(&mut ann, "\"back\"").await;
    call(&program, "disconnect", json!({ "session": "demo:0123456789abcdef0123456789abcdef" }));
    hears(&mut ann, "\"left\"").await;
    let all = words(&told(&back_end, 4).await, &["event", "by"]);
    assert_eq!(all[1..], ["away transport", "resumed", "disconnect application"]);
}
