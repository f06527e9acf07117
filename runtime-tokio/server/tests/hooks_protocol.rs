//! Hooks and clients of the protocol of Centrifugo's SDKs: a back end over real HTTP decides about connections, subscriptions, messages and calls.

#![allow(clippy::needless_pass_by_value, reason = "`json!` makes values")]

mod support;

use futures_util::SinkExt;
use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use support::back_end::{Answering, BackEnd};
use support::{PATIENCE, Program, Socket, closed, next, text};
use tokio_tungstenite::tungstenite::Message;

const PATH: &str = "/connection/websocket";

/// Asks about all that there is; `more` has further lines of the section `hooks`.
fn start(back_end: &BackEnd, more: &str) -> Program {
    let questions = ["connect", "refresh", "message", "subscribe", "publish", "sub_refresh", "rpc"];
    let fails = |name: &str| {
        let key = format!("{name} fails open");
        if more.contains(&key) { ", fail: open" } else { "" }
    };
    let urls: String = questions
        .iter()
        .map(|name| format!("  {name}: {{ url: '{}'{} }}\n", back_end.url(name), fails(name)))
        .collect();
    let ping = if more.contains("pings are quick") { 1 } else { 25 };
    Program::start(&format!(
        "listen: 127.0.0.1:0\napi: {{ keys: [key] }}\nlog: {{ filter: error }}\n\
         protocol:\n  ping: {ping}\n  pong: 1\n  grace: 2\n  channels: {{ subscribe: everybody, presence: everybody }}\n  \
         namespaces:\n    ask: {{ subscribe: hook, publish: hook }}\n    \
         kept: {{ subscribe: everybody, publish: hook, history: everybody }}\n\
         hub: {{ presence: {{ by_prefix: {{ '': {{}} }} }}, history: {{ by_prefix: {{ 'kept:': {{ messages: 5 }} }} }} }}\n\
         hooks:\n  headers: [Cookie]\n{urls}{more}"
    ))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}

async fn send(socket: &mut Socket, command: Value) {
    socket.send(text(&command.to_string())).await.expect("the connection is open");
}

/// The next message that is no ping of the protocol, which is answered.
async fn heard(socket: &mut Socket) -> Value {
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < PATIENCE, "nothing comes but pings");
        match next(socket).await {
            Message::Text(text) if text == "{}" => send(socket, json!({})).await,
            Message::Text(text) => return serde_json::from_str(&text).expect("JSON without line breaks"),
            other => panic!("{other:?}"),
        }
    }
}

async fn ask(socket: &mut Socket, command: Value) -> Value {
    send(socket, command).await;
    heard(socket).await
}

/// A client that has connected as the back end says.
async fn connected(program: &Program, back_end: &BackEnd, result: Value) -> Socket {
    back_end.result("connect", result);
    let mut socket = program.connect(PATH).await;
    let reply = ask(&mut socket, json!({ "id": 1, "connect": {} })).await;
    assert!(reply["connect"].is_object(), "{reply}");
    socket
}

fn publish(program: &Program, channel: &str, data: Value) {
    let body = json!({ "channel": channel, "data": data }).to_string();
    let answer = program.post("/api/publish", &[("X-API-Key", "key")], &body);
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn the_back_end_says_who_a_client_is_and_what_it_is_subscribed_to() {
    let back_end = BackEnd::start();
    let program = start(&back_end, "");
    back_end.result(
        "connect",
        json!({
            "user": "ann", "info": { "name": "Ann" }, "data": { "hello": 1 }, "meta": { "row": 7 },
            "channels": ["news"], "subs": { "chat": { "info": { "color": "red" }, "b64data": "eyJhIjoxfQ==" } }
        }),
    );
    let mut ann = program.try_connect(PATH, &[("Cookie", "a=b"), ("X-Other", "c")]).await.expect("it opens");
    let command = json!({ "id": 1, "connect": { "name": "js", "version": "5", "data": { "key": "k" },
        "subs": { "news": { "recover": true, "epoch": "x", "offset": 1 } } } });
    let reply = ask(&mut ann, command).await;
    let connect = &reply["connect"];
    assert_eq!(connect["data"], json!({ "hello": 1 }));
    assert_eq!(connect["subs"]["chat"], json!({ "data": { "a": 1 } }));
    assert!(connect["subs"]["news"].is_object() && connect.get("expires").is_none(), "{reply}");
    let asked = back_end.asked("connect").remove(0);
    assert_eq!((asked.header("cookie"), asked.header("x-other")), ("a=b", ""));
    let expected = json!({ "client": connect["client"], "transport": "websocket", "protocol": "json",
        "encoding": "json", "user": "", "name": "js", "version": "5", "data": { "key": "k" }, "channels": ["news"] });
    assert_eq!(asked.body, expected);
    publish(&program, "news", json!("n"));
    assert_eq!(heard(&mut ann).await["push"]["pub"]["data"], "n");
    let presence = ask(&mut ann, json!({ "id": 2, "presence": { "channel": "chat" } })).await;
    let of_ann = &presence["presence"]["presence"][connect["client"].as_str().expect("a text")];
    assert_eq!(of_ann["conn_info"], json!({ "name": "Ann" }), "{presence}");
    assert_eq!(of_ann["chan_info"], json!({ "color": "red" }), "{presence}");
    // What the back end gave with the client comes back.
    back_end.result("rpc", json!({ "data": { "sum": 3 } }));
    let answer = ask(&mut ann, json!({ "id": 3, "rpc": { "method": "add", "data": [1, 2] } })).await;
    assert_eq!(answer, json!({ "id": 3, "rpc": { "data": { "sum": 3 } } }));
    let asked = back_end.asked("rpc").remove(0).body;
    assert_eq!(
        (&asked["user"], &asked["meta"], &asked["method"], &asked["data"]),
        (&json!("ann"), &json!({ "row": 7 }), &json!("add"), &json!([1, 2]))
    );
}

#[tokio::test]
async fn the_back_end_refuses_a_client_with_its_own_code_or_ends_it() {
    let back_end = BackEnd::start();
    let program = start(&back_end, "  timeout: 300ms\n");
    let internal = "internal server error: the back end does not answer";
    let unusable = json!({ "code": 100, "message": internal, "temporary": true });
    for (answering, error) in [
        (
            Answering::Json(json!({ "error": { "code": 1000, "message": "no", "temporary": true } })),
            json!({ "code": 1000, "message": "no", "temporary": true }),
        ),
        (
            Answering::Json(json!({ "error": { "code": 4, "message": "never" } })),
            json!({ "code": 4, "message": "never" }),
        ),
        (Answering::Status(500), unusable.clone()),
        (Answering::Never, unusable.clone()),
        (Answering::Text("<html>"), unusable.clone()),
        (Answering::Json(json!({ "result": { "session": "s" } })), unusable.clone()),
        (Answering::Json(json!({ "result": { "info": 1, "b64info": "MQ==" } })), unusable.clone()),
        (Answering::Json(json!({ "result": { "b64info": "no base64" } })), unusable.clone()),
        (Answering::Json(json!({ "result": { "b64data": "/w==" } })), unusable.clone()),
        (Answering::Json(json!({ "result": { "subs": { "a": [] } } })), unusable.clone()),
        (
            Answering::Json(json!({ "result": { "subs": { "a": { "override": { "presence": {} } } } } })),
            unusable,
        ),
    ] {
        back_end.answer("connect", answering.clone());
        let mut socket = program.connect(PATH).await;
        let reply = ask(&mut socket, json!({ "id": 1, "connect": {} })).await;
        assert_eq!(reply, json!({ "id": 1, "error": error }), "{answering:?}");
    }
    back_end
        .answer("connect", Answering::Json(json!({ "disconnect": { "code": 4501, "reason": "banned" } })));
    let mut socket = program.connect(PATH).await;
    send(&mut socket, json!({ "id": 1, "connect": {} })).await;
    assert_eq!(closed(&mut socket).await, (4501, "banned".into()));
    // A user that is no valid name.
    back_end.result("connect", json!({ "user": "u".repeat(300) }));
    let mut socket = program.connect(PATH).await;
    send(&mut socket, json!({ "id": 1, "connect": {} })).await;
    assert_eq!(closed(&mut socket).await.0, 3500);
    let page = program.get("/metrics").body;
    assert!(page.contains(r#"throng_protocol_errors_total{code="application"} 2"#), "{page}");
}

#[tokio::test]
async fn questions_that_fail_open_let_clients_do_it() {
    let back_end = BackEnd::start();
    let program = start(&back_end, "  # connect fails open, subscribe fails open, publish fails open\n");
    let mut socket = program.connect(PATH).await;
    let reply = ask(&mut socket, json!({ "id": 1, "connect": {} })).await;
    assert!(reply["connect"].is_object(), "{reply}");
    let reply = ask(&mut socket, json!({ "id": 2, "subscribe": { "channel": "ask:a" } })).await;
    assert!(reply["subscribe"].is_object(), "{reply}");
    send(&mut socket, json!({ "id": 3, "publish": { "channel": "ask:a", "data": 1 } })).await;
    let both = [heard(&mut socket).await, heard(&mut socket).await];
    assert!(both.iter().any(|message| message["push"]["pub"]["data"] == 1), "{both:?}");
    assert!(both.contains(&json!({ "id": 3, "publish": {} })), "{both:?}");
    for hook in ["connect", "subscribe", "publish"] {
        assert_eq!(back_end.asked(hook).len(), 1, "{hook}");
    }
}

#[tokio::test]
async fn the_back_end_decides_who_subscribes() {
    let back_end = BackEnd::start();
    let program = start(&back_end, "");
    let mut ann = connected(&program, &back_end, json!({ "user": "ann" })).await;
    back_end.result("subscribe", json!({ "data": { "topic": "tea" }, "info": { "role": "host" } }));
    let command =
        json!({ "id": 2, "subscribe": { "channel": "ask:tea", "data": { "key": 1 }, "token": "t" } });
    let reply = ask(&mut ann, command).await;
    assert_eq!(reply, json!({ "id": 2, "subscribe": { "data": { "topic": "tea" } } }));
    let asked = back_end.asked("subscribe").remove(0).body;
    assert_eq!(
        (&asked["user"], &asked["channel"], &asked["data"], &asked["token"], &asked["protocol"]),
        (&json!("ann"), &json!("ask:tea"), &json!({ "key": 1 }), &json!("t"), &json!("json"))
    );
    publish(&program, "ask:tea", json!(1));
    assert_eq!(heard(&mut ann).await["push"]["pub"]["data"], 1);
    let members = json!({ "channel": "ask:tea" }).to_string();
    let members = program.post("/api/presence", &[("X-API-Key", "key")], &members).body;
    assert!(members.contains(r#""chan_info":{"role":"host"}"#), "{members}");
    let refused = json!({ "error": { "code": 403, "message": "not you" } });
    back_end.answer("subscribe", Answering::Json(refused));
    let reply = ask(&mut ann, json!({ "id": 3, "subscribe": { "channel": "ask:coffee" } })).await;
    assert_eq!(reply, json!({ "id": 3, "error": { "code": 403, "message": "not you" } }));
    back_end.answer("subscribe", Answering::Status(503));
    let reply = ask(&mut ann, json!({ "id": 4, "subscribe": { "channel": "ask:coffee" } })).await;
    assert_eq!(
        (&reply["error"]["code"], &reply["error"]["temporary"]),
        (&json!(100), &json!(true)),
        "{reply}"
    );
    // Names say who may subscribe, and others are not asked about.
    let before = back_end.asked("subscribe").len();
    for (id, channel, code) in [(5, "$ask:tea", 103), (6, "ask:tea#bob", 103), (7, "other:tea", 102)] {
        let reply = ask(&mut ann, json!({ "id": id, "subscribe": { "channel": channel } })).await;
        assert_eq!(reply["error"]["code"], code, "{channel}");
    }
    for (id, channel) in [(8, "ask:tea#ann"), (9, "plain")] {
        let reply = ask(&mut ann, json!({ "id": id, "subscribe": { "channel": channel } })).await;
        assert!(reply["subscribe"].is_object(), "{channel}: {reply}");
    }
    assert_eq!(back_end.asked("subscribe").len(), before);
    back_end
        .answer("subscribe", Answering::Json(json!({ "disconnect": { "code": 4001, "reason": "again" } })));
    send(&mut ann, json!({ "id": 10, "subscribe": { "channel": "ask:coffee" } })).await;
    assert_eq!(closed(&mut ann).await, (4001, "again".into()));
}

#[tokio::test]
async fn the_back_end_decides_what_is_published_and_may_change_it() {
    let back_end = BackEnd::start();
    let program = start(&back_end, "");
    let mut ann = connected(&program, &back_end, json!({ "user": "ann", "channels": ["ask:a"] })).await;
    let mut plain = connected(&program, &back_end, json!({ "channels": ["ask:a"] })).await;
    let mut said = async |id: u64, answering: Answering| {
        back_end.answer("publish", answering);
        send(&mut ann, json!({ "id": id, "publish": { "channel": "ask:a", "data": { "text": "hi" } } }))
            .await;
        loop {
            let reply = heard(&mut ann).await;
            if reply["id"] == id {
                return reply;
            }
        }
    };
    let reply = said(2, Answering::Json(json!({ "result": {} }))).await;
    assert_eq!(reply, json!({ "id": 2, "publish": {} }));
    let push = heard(&mut plain).await;
    assert_eq!(push["push"]["pub"]["data"], json!({ "text": "hi" }));
    assert_eq!(push["push"]["pub"]["info"]["user"], "ann");
    said(3, Answering::Json(json!({ "result": { "data": { "text": "**" } } }))).await;
    assert_eq!(heard(&mut plain).await["push"]["pub"]["data"], json!({ "text": "**" }));
    let reply = said(4, Answering::Json(json!({ "error": { "code": 1001, "message": "rude" } }))).await;
    assert_eq!(reply["error"], json!({ "code": 1001, "message": "rude" }));
    let reply = said(5, Answering::Json(json!({ "result": [] }))).await;
    assert_eq!(reply["error"]["code"], 100);
    let asked = back_end.asked("publish").remove(0).body;
    assert_eq!((&asked["channel"], &asked["data"]), (&json!("ask:a"), &json!({ "text": "hi" })));
    // Nothing but what was allowed has been published.
    publish(&program, "ask:a", json!("last"));
    assert_eq!(heard(&mut plain).await["push"]["pub"]["data"], "last");
    // What is not kept cannot be left out of a history.
    back_end.result("publish", json!({ "skip_history": true }));
    let reply = ask(&mut plain, json!({ "id": 9, "publish": { "channel": "ask:b", "data": 1 } })).await;
    assert_eq!(reply, json!({ "id": 9, "publish": {} }));
    let reply = ask(&mut plain, json!({ "id": 10, "publish": { "channel": "kept:b", "data": 1 } })).await;
    assert_eq!(reply["error"]["code"], 100, "{reply}");
}

#[tokio::test]
async fn while_the_back_end_takes_its_time_pongs_are_heard_and_answers_stay_in_order() {
    let back_end = BackEnd::start();
    let program = start(&back_end, "  timeout: 4s # pings are quick\n");
    let mut ann = connected(&program, &back_end, json!({ "user": "ann" })).await;
    let slow = Duration::from_secs(3);
    let answers = vec![
        Answering::Slowly(slow, json!({ "result": { "data": "slow" } })),
        Answering::Json(json!({ "result": { "data": "fast" } })),
    ];
    back_end.answer_each("rpc", answers);
    let begun = Instant::now();
    for id in 2..=3 {
        send(&mut ann, json!({ "id": id, "rpc": { "method": "m" } })).await;
    }
    send(&mut ann, json!({ "id": 4, "ping": {} })).await;
    let answers = [heard(&mut ann).await, heard(&mut ann).await, heard(&mut ann).await];
    assert!(begun.elapsed() >= slow, "{:?}", begun.elapsed());
    let expected = [
        json!({ "id": 2, "rpc": { "data": "slow" } }),
        json!({ "id": 3, "rpc": { "data": "fast" } }),
        json!({ "id": 4, "ping": {} }),
    ];
    assert_eq!(answers, expected);
    // Then commands have their turn as before.
    let reply = ask(&mut ann, json!({ "id": 5, "subscribe": { "channel": "plain" } })).await;
    assert!(reply["subscribe"].is_object(), "{reply}");
    // What waits is bounded.
    back_end.answer("rpc", Answering::Never);
    let long = json!({ "id": 6, "rpc": { "method": "m", "data": "x".repeat(60_000) } });
    for _ in 0..6 {
        send(&mut ann, long.clone()).await;
    }
    assert_eq!(closed(&mut ann).await.0, 3013);
}

#[tokio::test]
async fn what_a_client_sends_goes_to_the_back_end_and_its_answers_are_in_envelopes() {
    let back_end = BackEnd::start();
    let program = start(&back_end, "");
    let mut ann = connected(&program, &back_end, json!({ "user": "ann", "channels": ["plain"] })).await;
    back_end.result(
        "message",
        json!({ "data": { "got": 1 }, "publish": [{ "channel": "plain", "data": [1] },
        { "channel": "plain", "text": "no JSON" }, { "channel": "plain", "b64data": "AAE=" }] }),
    );
    send(&mut ann, json!({ "send": { "data": { "note": 1 } } })).await;
    for data in [json!([1]), json!("no JSON"), json!("AAE=")] {
        let push = heard(&mut ann).await;
        assert_eq!(
            (&push["push"]["channel"], &push["push"]["pub"]["data"]),
            (&json!("plain"), &data),
            "{push}"
        );
    }
    assert_eq!(heard(&mut ann).await, json!({ "push": { "message": { "data": { "got": 1 } } } }));
    let asked = back_end.asked("message").remove(0).body;
    assert_eq!((&asked["data"], &asked["user"]), (&json!({ "note": 1 }), &json!("ann")));
    back_end.answer("message", Answering::Json(json!({ "error": { "code": 7, "message": "no" } })));
    send(&mut ann, json!({ "send": { "data": 1 } })).await;
    let told = heard(&mut ann).await;
    let error = json!({ "error": { "code": 7, "message": "no" } });
    assert_eq!(told["push"]["message"]["data"], error, "{told}");
}

#[tokio::test]
async fn the_back_end_says_how_long_connections_and_subscriptions_last() {
    let back_end = BackEnd::start();
    let program = start(&back_end, "");
    // The first answers are none; then there is more time, with other info.
    let answers = vec![
        Answering::Status(500),
        Answering::Json(json!({ "result": { "expire_at": now() + 600, "info": { "name": "Anna" } } })),
    ];
    back_end.answer_each("refresh", answers);
    let mut ann = connected(&program, &back_end, json!({ "user": "ann", "expire_at": now() + 2 })).await;
    back_end.was_asked("refresh", 2).await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let reply = ask(&mut ann, json!({ "id": 2, "subscribe": { "channel": "plain" } })).await;
    assert!(reply["subscribe"].is_object(), "{reply}");
    let presence = ask(&mut ann, json!({ "id": 3, "presence": { "channel": "plain" } })).await;
    assert!(presence.to_string().contains("Anna"), "{presence}");
    // A subscription is asked about by itself, and the SDK is told of its end only.
    back_end.result("subscribe", json!({ "expire_at": now() + 1 }));
    let later = Answering::Json(json!({ "result": { "expire_at": now() + 3 } }));
    let over = Answering::Json(json!({ "result": { "expired": true } }));
    back_end.answer_each("sub_refresh", vec![later, over]);
    let reply = ask(&mut ann, json!({ "id": 4, "subscribe": { "channel": "ask:a" } })).await;
    assert_eq!(reply, json!({ "id": 4, "subscribe": {} }));
    let asked = back_end.was_asked("sub_refresh", 1).await.remove(0).body;
    assert_eq!((&asked["channel"], &asked["user"]), (&json!("ask:a"), &json!("ann")));
    let push = heard(&mut ann).await;
    assert_eq!(push["push"]["unsubscribe"]["code"], 2501, "{push}");
    assert_eq!(back_end.asked("sub_refresh").len(), 2);
    // A subscription that has ended is asked about no more.
    back_end.result("sub_refresh", json!({ "expire_at": now() + 600 }));
    back_end.result("subscribe", json!({ "expire_at": now() + 2 }));
    ask(&mut ann, json!({ "id": 5, "subscribe": { "channel": "ask:a" } })).await;
    ask(&mut ann, json!({ "id": 6, "unsubscribe": { "channel": "ask:a" } })).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(back_end.asked("sub_refresh").len(), 2);
    // The end of a connection: said by the back end, or by nobody within the grace.
    for (answering, end, least) in [
        (Answering::Json(json!({ "result": { "expired": true } })), 3005, 0),
        (Answering::Json(json!({ "disconnect": { "code": 4002, "reason": "" } })), 4002, 0),
        (Answering::Status(500), 3005, 2),
    ] {
        back_end.answer("refresh", answering.clone());
        let begun = Instant::now();
        let mut bob = connected(&program, &back_end, json!({ "expire_at": now() + 1 })).await;
        let code = loop {
            assert!(begun.elapsed() < PATIENCE, "{answering:?}");
            match next(&mut bob).await {
                Message::Text(text) if text == "{}" => send(&mut bob, json!({})).await,
                Message::Close(Some(frame)) => break u16::from(frame.code),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(code, end, "{answering:?}");
        assert!(begun.elapsed() >= Duration::from_secs(least), "{answering:?}");
    }
}

#[tokio::test]
async fn a_token_spares_the_question_and_without_hooks_nobody_is_asked() {
    let back_end = BackEnd::start();
    let config = format!(
        "listen: 127.0.0.1:0\nauth: {{ secret: hush }}\nlog: {{ filter: error }}\n\
         hooks: {{ connect: {{ url: '{}' }} }}",
        back_end.url("connect")
    );
    let program = Program::start(&config);
    let mut socket = program.connect(PATH).await;
    send(&mut socket, json!({ "id": 1, "connect": { "token": "bad" } })).await;
    assert_eq!(closed(&mut socket).await.0, 3500);
    assert_eq!(back_end.asked("connect").len(), 0);
    let mut socket = connected(&program, &back_end, json!({ "user": "ann" })).await;
    assert_eq!(back_end.asked("connect").len(), 1);
    let reply = ask(&mut socket, json!({ "id": 2, "rpc": { "method": "m" } })).await;
    assert_eq!(reply["error"]["code"], 104, "{reply}");
    send(&mut socket, json!({ "send": { "data": 1 } })).await;
    ask(&mut socket, json!({ "id": 3, "ping": {} })).await;
    let page = program.get("/metrics").body;
    assert!(page.contains("throng_server_messages_ignored_total 1"), "{page}");
}
