//! The protocol of Centrifugo's SDKs over WebSockets, byte by byte: what no SDK sends, and clients with and without the protocol in one
//! room.

#![allow(clippy::needless_pass_by_value, reason = "`json!` makes values")]

mod support;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures_util::SinkExt;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use support::redis_server::RedisServer;
use support::{Program, Socket, closed, next, soon, text};
use tokio_tungstenite::tungstenite::Message;

const CONFIG: &str = "
listen: 127.0.0.1:0
api: { keys: [key] }
auth: { secret: hush, leeway: 0 }
clients: { anonymous: true, rooms: [news, chat] }
protocol:
  anonymous: true
  ping: 1
  pong: 1
  grace: 0
  channels: { subscribe: everybody, publish: subscribers, presence: subscribers, history: subscribers, recover: true }
hub:
  history: { by_prefix: { news: { messages: 50 } } }
  presence: { by_prefix: { chat: {} } }
log: { filter: error }
";

const PATH: &str = "/connection/websocket";

fn call(program: &Program, method: &str, parameters: Value) -> Value {
    let answer = program.post(&format!("/api/{method}"), &[("X-API-Key", "key")], &parameters.to_string());
    answer.json()
}

fn signed(claims: Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&json!({"alg": "HS256", "typ": "JWT"})), part(&claims));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"hush");
    let signature = BASE64_URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, message.as_bytes()));
    format!("{message}.{signature}")
}

fn after(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    i64::try_from(now).expect("a time") + seconds
}

async fn send(socket: &mut Socket, frame: &str) {
    socket.send(text(frame)).await.expect("the connection is open");
}

/// The next message that is no ping of the protocol, which is answered.
async fn heard(socket: &mut Socket) -> Value {
    loop {
        match next(socket).await {
            Message::Text(text) if text == "{}" => send(socket, "{}").await,
            Message::Text(text) => return serde_json::from_str(&text).expect("JSON without line breaks"),
            other => panic!("{other:?}"),
        }
    }
}

/// A client that has connected.
async fn connected(program: &Program, connect: Value) -> Socket {
    let mut socket = program.connect(PATH).await;
    send(&mut socket, &json!({ "id": 1, "connect": connect }).to_string()).await;
    let reply = heard(&mut socket).await;
    assert!(reply["connect"]["client"].is_string(), "{reply}");
    socket
}

async fn asks(socket: &mut Socket, command: Value) -> Value {
    let mut object = json!({ "id": 9 });
    object.as_object_mut().expect("an object").extend(command.as_object().expect("an object").clone());
    send(socket, &object.to_string()).await;
    heard(socket).await
}

#[tokio::test]
async fn what_breaks_the_protocol_is_closed_with_its_code() {
    let program = Program::start(CONFIG);
    let connect = r#"{"id":1,"connect":{}}"#;
    let long = format!(r#"{{"id":1,"connect":{{"name":"{}"}}}}"#, "x".repeat(70_000));
    let deep = format!(r#"{{"id":1,"connect":{{"data":{}1{}}}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let forged = json!({ "id": 1, "connect": { "token": "a.b.c" } }).to_string();
    for (frames, code, reason) in [
        (&[r#"{"id":1,"subscribe":{"channel":"a"}}"#][..], 3501, "a command before connect"),
        (&["nonsense"], 3501, "a frame is not of JSON objects, or a field has another type"),
        (&[""], 3501, "an empty frame"),
        (&["{}"], 3501, "a pong without a ping"),
        (&[&long], 3501, "a frame is too long"),
        (&[&deep], 3501, "a frame is nested too deep"),
        (&[connect, connect], 3501, "a second connect"),
        (&[connect, r#"{"publish":{"channel":"a","data":1}}"#], 3501, "a command without a number"),
        (&[&forged], 3500, "invalid token"),
    ] {
        let mut socket = program.connect(PATH).await;
        for (at, frame) in frames.iter().enumerate() {
            if at > 0 {
                heard(&mut socket).await;
            }
            send(&mut socket, frame).await;
        }
        assert_eq!(closed(&mut socket).await, (code, reason.into()), "{frames:.60?}");
    }
    let mut socket = program.connect(PATH).await;
    socket.send(Message::binary(vec![1, 2])).await.expect("it is open");
    assert_eq!(closed(&mut socket).await, (3501, "a binary message".into()));
    let page = program.get("/metrics").body;
    assert!(page.contains(r#"throng_protocol_closes_total{code="3501"} 9"#), "{page}");
    assert!(page.contains(r#"throng_protocol_closes_total{code="3500"} 1"#), "{page}");
}

#[tokio::test]
async fn a_client_that_does_not_answer_pings_is_closed() {
    let program = Program::start(CONFIG);
    let mut silent = connected(&program, json!({})).await;
    assert_eq!(next(&mut silent).await, text("{}"));
    assert_eq!(closed(&mut silent).await, (3012, "no pong".into()));
    let mut alive = connected(&program, json!({})).await;
    for _ in 0..3 {
        assert_eq!(next(&mut alive).await, text("{}"));
        send(&mut alive, "{}").await;
    }
    assert_eq!(asks(&mut alive, json!({ "ping": {} })).await, json!({ "id": 9, "ping": {} }));
}

#[tokio::test]
async fn clients_with_and_without_the_protocol_are_in_one_room_with_one_numbering() {
    let program = Program::start(CONFIG);
    let mut bare = program.connect("/ws").await;
    let mut sdk = connected(&program, json!({})).await;
    let reply = asks(&mut sdk, json!({ "subscribe": { "channel": "news" } })).await;
    assert_eq!(
        (&reply["subscribe"]["offset"], &reply["subscribe"]["recoverable"]),
        (&json!(0), &json!(true))
    );
    let epoch = reply["subscribe"]["epoch"].clone();
    let bytes = [0, 159, 146, 150];
    for (offset, parameters, bare_message, data) in [
        (1, json!({ "data": { "a": [1, 2] } }), text(r#"{"a":[1,2]}"#), json!({ "a": [1, 2] })),
        (2, json!({ "b64data": "eyJiIjoxfQ==" }), Message::binary(br#"{"b":1}"#.to_vec()), json!({ "b": 1 })),
        (3, json!({ "b64data": "AJ+Slg==" }), Message::binary(bytes.to_vec()), json!("AJ+Slg==")),
    ] {
        let mut parameters = parameters;
        parameters["channel"] = json!("news");
        let answer = call(&program, "publish", parameters);
        assert_eq!(answer["result"], json!({ "offset": offset, "epoch": epoch }), "{answer}");
        assert_eq!(next(&mut bare).await, bare_message);
        let push = heard(&mut sdk).await;
        assert_eq!(push, json!({ "push": { "channel": "news", "pub": { "offset": offset, "data": data } } }));
    }
    let history = call(&program, "history", json!({ "channel": "news", "limit": 5 }));
    assert_eq!(history["result"]["publications"][2], json!({ "offset": 3, "b64data": "AJ+Slg==" }));
    let history = asks(&mut sdk, json!({ "history": { "channel": "news", "limit": 5 } })).await;
    assert_eq!(history["history"]["publications"][2], json!({ "offset": 3, "data": "AJ+Slg==" }));
    // What the SDK publishes, the other gets bare.
    send(&mut sdk, "{\"id\":4,\"publish\":{\"channel\":\"news\",\"data\":{\"line\":\n1}}}").await;
    assert_eq!(next(&mut bare).await, text(r#"{"line":1}"#));
    let push = heard(&mut sdk).await;
    assert_eq!(
        (&push["push"]["pub"]["offset"], &push["push"]["pub"]["info"]["user"]),
        (&json!(4), &json!(""))
    );
    assert_eq!(heard(&mut sdk).await, json!({ "id": 4, "publish": {} }));
    let counts = call(&program, "presence_stats", json!({ "channel": "chat" }));
    assert_eq!(counts["result"]["num_clients"], json!(1));
}

#[tokio::test]
async fn a_position_is_recovered_only_if_its_epoch_is_there_and_right() {
    let program = Program::start(CONFIG);
    let mut socket = connected(&program, json!({})).await;
    let reply = asks(&mut socket, json!({ "subscribe": { "channel": "news" } })).await;
    let epoch = reply["subscribe"]["epoch"].clone();
    for data in 1..=3 {
        call(&program, "publish", json!({ "channel": "news", "data": data }));
        heard(&mut socket).await;
    }
    for (offset, of, recovered, reason) in [
        (1, epoch.clone(), true, Value::Null),
        (3, epoch.clone(), true, Value::Null),
        (1, json!(""), false, json!("epoch_changed")),
        (1, json!("00000000deadbeef"), false, json!("epoch_changed")),
        (4, epoch.clone(), false, json!("epoch_changed")),
    ] {
        let mut back = connected(&program, json!({})).await;
        let command = json!({ "channel": "news", "recover": true, "offset": offset, "epoch": of });
        let reply = asks(&mut back, json!({ "subscribe": command })).await["subscribe"].clone();
        assert_eq!(reply["recovered"].as_bool().unwrap_or_default(), recovered, "{reply}");
        assert_eq!((&reply["was_recovering"], &reply["epoch"]), (&json!(true), &epoch));
        assert_eq!(reply["data"]["unrecovered"]["reason"], reason, "{reply}");
        assert_eq!(reply["offset"], json!(if recovered { offset } else { 3 }));
        for missed in (offset + 1..=3).filter(|_| recovered) {
            assert_eq!(heard(&mut back).await["push"]["pub"]["offset"], json!(missed));
        }
        let mut rejecting = command;
        rejecting["flag"] = json!(2);
        let mut back = connected(&program, json!({})).await;
        let reply = asks(&mut back, json!({ "subscribe": rejecting })).await;
        assert_eq!(reply["error"]["code"].as_u64(), (!recovered).then_some(112), "{reply}");
    }
}

#[tokio::test]
async fn whoever_is_told_that_it_is_subscribed_gets_what_is_published_from_then_on() {
    let program = Program::start(CONFIG);
    let mut speaker = connected(&program, json!({})).await;
    // Without history, and with.
    for channel in ["talk", "news"] {
        for round in 0..100 {
            let subscribe = json!({ "id": 2, "subscribe": { "channel": channel } });
            let reply = asks(&mut speaker, subscribe).await;
            assert!(reply["subscribe"].is_object(), "{reply}");
            call(&program, "publish", json!({ "channel": channel, "data": round }));
            let push = heard(&mut speaker).await;
            assert_eq!(push["push"]["pub"]["data"], round, "{push}");
            let unsubscribe = json!({ "id": 3, "unsubscribe": { "channel": channel } });
            assert_eq!(asks(&mut speaker, unsubscribe).await, json!({ "id": 3, "unsubscribe": {} }));
        }
    }
}

#[tokio::test]
async fn a_client_that_is_too_slow_is_closed_without_a_gap_before_that() {
    const MESSAGES: u64 = 300;
    let config = CONFIG.replace("hub:", "hub:\n  outbox: { messages: 20 }");
    let program =
        Program::start(&config.replace("ping: 1", "ping: 0").replace("rooms: [news, chat]", "rooms: []"));
    let mut socket = connected(&program, json!({})).await;
    let reply = asks(&mut socket, json!({ "subscribe": { "channel": "news" } })).await;
    assert_eq!(reply["subscribe"]["recoverable"], json!(true));
    // More than the buffers of the system take, and soon: a closed client has five seconds to read what it can.
    let long = "x".repeat(100_000);
    for _ in 0..MESSAGES {
        call(&program, "publish", json!({ "channel": "news", "data": long }));
    }
    let mut last = 0;
    let code = loop {
        match next(&mut socket).await {
            Message::Text(text) => {
                let push: Value = serde_json::from_str(&text).expect("JSON");
                last += 1;
                assert_eq!(push["push"]["pub"]["offset"], json!(last));
            }
            Message::Close(Some(frame)) => break u16::from(frame.code),
            other => panic!("{other:?}"),
        }
    };
    assert!(code == 1013 && last < MESSAGES, "{code} after {last}");
}

#[tokio::test]
async fn expired_tokens_are_renewed_or_end_the_connection() {
    let program = Program::start(CONFIG);
    let mut socket = program.connect(PATH).await;
    let expired = signed(json!({ "sub": "ann", "exp": after(-5) }));
    send(&mut socket, &json!({ "id": 1, "connect": { "token": expired } }).to_string()).await;
    assert_eq!(heard(&mut socket).await["error"]["code"], json!(109));

    let token = |seconds| signed(json!({ "sub": "ann", "exp": after(seconds) }));
    let mut socket = program.connect(PATH).await;
    send(&mut socket, &json!({ "id": 1, "connect": { "token": token(2) } }).to_string()).await;
    let reply = heard(&mut socket).await["connect"].clone();
    assert_eq!(
        (&reply["expires"], &reply["ping"], &reply["pong"]),
        (&json!(true), &json!(1), &json!(true)),
        "{reply}"
    );
    let reply = asks(&mut socket, json!({ "refresh": { "token": token(60) } })).await["refresh"].clone();
    assert!(reply["ttl"].as_u64() > Some(50), "{reply}");
    let of_channel = signed(json!({ "sub": "ann", "channel": "$private", "exp": after(2) }));
    let reply =
        asks(&mut socket, json!({ "subscribe": { "channel": "$private", "token": of_channel } })).await;
    assert_eq!(reply["subscribe"]["expires"], json!(true), "{reply}");
    // It is not renewed, so it ends; the connection does not.
    let push = heard(&mut socket).await;
    assert_eq!(push["push"]["unsubscribe"]["code"], json!(2501), "{push}");
    assert_eq!(call(&program, "channels", json!({}))["result"]["channels"].get("$private"), None);
    let forged = asks(&mut socket, json!({ "refresh": { "token": token(-5) } })).await;
    assert_eq!(forged["error"]["code"], json!(109));
    call(&program, "refresh", json!({ "user": "ann", "expire_at": after(1) }));
    loop {
        match next(&mut socket).await {
            Message::Close(Some(frame)) => break assert_eq!(u16::from(frame.code), 3005),
            _ => send(&mut socket, "{}").await,
        }
    }
    let mut socket = connected(&program, json!({ "token": token(60) })).await;
    send(
        &mut socket,
        &json!({ "id": 2, "refresh": { "token": signed(json!({ "sub": "bob" })) } }).to_string(),
    )
    .await;
    assert_eq!(closed(&mut socket).await, (3500, "the token is of another user".into()));
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn clients_of_another_node_get_each_message_as_their_protocol_has_it() {
    let redis = RedisServer::start();
    let node = |name: &str| {
        Program::start(&format!(
            "{CONFIG}cluster: {{ broker: 'redis://127.0.0.1:{}', node: {name}, prefix: test }}\n",
            redis.port
        ))
    };
    let (one, two) = (node("one"), node("two"));
    for program in [&one, &two] {
        soon("the node is ready", || (program.get("/readyz").status == 200).then_some(())).await;
    }
    let mut bare = two.connect("/ws").await;
    let mut sdk = connected(&two, json!({})).await;
    asks(&mut sdk, json!({ "subscribe": { "channel": "news" } })).await;
    for (parameters, message) in [
        (json!({ "channel": "news", "data": { "a": 1 } }), text(r#"{"a":1}"#)),
        (json!({ "channel": "news", "b64data": "AJ+Slg==" }), Message::binary(vec![0, 159, 146, 150])),
    ] {
        // Until the interest of the other node is known, nothing arrives there.
        let mut pushed = None;
        for _ in 0..100 {
            call(&one, "publish", parameters.clone());
            let wait = tokio::time::timeout(std::time::Duration::from_millis(300), heard(&mut sdk));
            if let Ok(push) = wait.await {
                pushed = Some(push);
                break;
            }
        }
        let push = pushed.expect("the other node hears it");
        assert!(push["push"]["pub"]["offset"].as_u64() > Some(0), "{push}");
        assert_eq!(next(&mut bare).await, message);
    }
}

#[tokio::test]
async fn a_client_whose_token_is_its_first_message_gets_no_envelopes() {
    let config = CONFIG
        .replace("leeway: 0", "leeway: 0, first_message: true")
        .replace("clients: { anonymous: true,", "clients: {");
    let program = Program::start(&config);
    let mut ann = program.connect("/ws").await;
    send(&mut ann, &signed(json!({ "sub": "ann" }))).await;
    soon("ann is there", || {
        let found = call(&program, "presence_stats", json!({ "channel": "chat" }));
        (found["result"]["num_clients"] == 1).then_some(())
    })
    .await;
    call(&program, "publish", json!({ "channel": "news", "data": { "a": 1 } }));
    assert_eq!(next(&mut ann).await, text("{\"a\":1}"));
}
