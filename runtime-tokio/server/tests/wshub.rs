//! WS-HUB mode with a real redis-server: each line of what WS-HUB does, and what is better here.

mod support;

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use std::collections::BTreeMap;
use support::gateway::Bench;
use support::redis_server::A_WHILE;
use support::{Socket, closed, next, refusal, request, soon, text};
use tokio_tungstenite::tungstenite::Message;

async fn hears_nothing(socket: &mut Socket) {
    let heard = tokio::time::timeout(A_WHILE, socket.next()).await;
    assert!(heard.is_err(), "{heard:?}");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_client_is_announced_gets_groups_and_hears_them() {
    let mut bench = Bench::start().await;
    let mut ann = bench.client("ann", "1,2,all,news").await;
    let mut bob = bench.client("bob", "2,all").await;
    bench.until("/groups", |groups| groups["2"] == json!(["ann", "bob"])).await;
    bench.back_end.publish("ws-hub:group-data:all", "для всех".as_bytes());
    assert_eq!(next(&mut ann).await, text("для всех"));
    assert_eq!(next(&mut bob).await, text("для всех"));
    bench.back_end.publish("ws-hub:group-data:1", b"for one");
    bench.back_end.publish("ws-hub:group-data:nobody", b"for nobody");
    assert_eq!(next(&mut ann).await, text("for one"));
    hears_nothing(&mut bob).await;
    // What clients say goes to the back end as it is, text and binary.
    bob.send(text("hello, \"all\"")).await.unwrap();
    bench.back_end.hears("ws-hub:client-data:bob", b"hello, \"all\"");
    bob.send(Message::binary(vec![0, 0xff, 0x80])).await.unwrap();
    bench.back_end.hears("ws-hub:client-data:bob", &[0, 0xff, 0x80]);
    bob.send(text("")).await.unwrap();
    bench.back_end.hears("ws-hub:client-data:bob", b"");
    // Bytes that are no text would close the readers of a text.
    bench.back_end.publish("ws-hub:group-data:2", &[0xff, 0]);
    assert_eq!(next(&mut bob).await, Message::binary(vec![0xff, 0]));
    // Groups are additive.
    bench.back_end.publish("ws-hub:groups-new:bob", b"more");
    bench.until("/clients", |clients| clients["bob"] == json!(["2", "all", "more"])).await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn the_pages_are_those_of_wshub() {
    let mut bench = Bench::start().await;
    let get = |path: &str| bench.program.get(path);
    for (path, body) in [("/status", "0\n"), ("/clients", "{}"), ("/groups", "{}"), ("/sessions", "[]")] {
        assert_eq!((get(path).status, get(path).body.as_str()), (200, body), "{path}");
    }
    let _ann = bench.client("ann", "b,a").await;
    let _eve = bench.program.connect("/ws/?x=1&session_key=%3Ceve%3E&session_key=bob").await;
    bench.back_end.hears("ws-hub:client-new", b"<eve>");
    bench.until("/clients", |clients| clients["ann"] == json!(["a", "b"])).await;
    let pages = [
        ("/status", "2\n", "text/plain"),
        ("/clients", r#"{"<eve>":[],"ann":["a","b"]}"#, "application/json"),
        ("/groups", r#"{"a":["ann"],"b":["ann"]}"#, "application/json"),
        ("/sessions", r#"["<eve>","ann"]"#, "application/json"),
    ];
    for (path, body, kind) in pages {
        for method in ["GET", "POST", "PUT"] {
            for path in [path.to_owned(), format!("{path}/"), format!("{path}?x=1")] {
                let answer = request(bench.program.address, method, &path, &[], b"");
                assert_eq!((answer.status, answer.body.as_str()), (200, body), "{method} {path}");
                assert!(
                    answer.head.to_lowercase().contains(&format!("content-type: {kind}")),
                    "{}",
                    answer.head
                );
            }
        }
        // Guarded: a page of the web, and a request that a proxy has passed on.
        for header in [("Host", "evil.example"), ("X-Forwarded-For", "127.0.0.1")] {
            assert_eq!(request(bench.program.address, "GET", path, &[header], b"").status, 403, "{path}");
        }
    }
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn requests_that_are_no_clients_are_answered_before_the_101() {
    let bench = Bench::start().await;
    let long = format!("/ws?session_key={}", "x".repeat(256));
    let bad = [
        ("/ws", "The query has no key: connect with ?session_key=KEY."),
        ("/ws?other=1", "The query has no key"),
        ("/ws?session_key=", "The key in the query is empty"),
        ("/ws?session_key", "The key in the query is empty"),
        ("/ws?session_key=%ff", "no percent-encoded UTF-8"),
        (long.as_str(), "The key in the query has 256 bytes, at most 255 are allowed"),
    ];
    for (path, part) in bad {
        let (status, body) = refusal(bench.program.try_connect(path, &[]).await);
        assert!(status == 400 && body.contains(part), "{path}: {status} {body}");
    }
    assert_eq!(bench.number("throng_wshub_keys_refused_total"), 6);
    for method in ["GET", "POST"] {
        assert_eq!(request(bench.program.address, method, "/ws?session_key=ann", &[], b"").status, 400);
    }
    // WS-HUB lets every page come.
    let any =
        bench.program.try_connect("/ws?session_key=ann", &[("Origin", "https://anywhere.example")]).await;
    assert!(any.is_ok());
    bench.back_end.hears("ws-hub:client-new", b"ann");
    bench.back_end.hears_nothing();
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_list_of_origins_keeps_other_pages_out() {
    let bench = Bench::start_with("origins: [\"https://*.example.com\"]\n").await;
    let origin = |origin| [("Origin", origin)];
    let foreign = bench.program.try_connect("/ws?session_key=ann", &origin("https://example.org")).await;
    assert_eq!(refusal(foreign).0, 403);
    assert!(bench.program.try_connect("/ws?session_key=ann", &origin("https://a.example.com")).await.is_ok());
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_second_connection_of_a_key_takes_over_and_is_registered() {
    let mut bench = Bench::start().await;
    let mut old = bench.client("ann", "a").await;
    let mut new = bench.program.connect("/ws?session_key=ann").await;
    assert_eq!(closed(&mut old).await, (1008, "another client of this user".into()));
    assert_eq!(bench.back_end.hears_gone("ann"), (1008, "another client of this user".into()));
    bench.back_end.hears("ws-hub:client-new", b"ann");
    assert_eq!(bench.program.get("/sessions").body, r#"["ann"]"#);
    bench.back_end.publish("ws-hub:groups-new:ann", b"a");
    bench.until("/groups", |groups| groups["a"] == json!(["ann"])).await;
    bench.back_end.publish("ws-hub:group-data:a", b"hello");
    assert_eq!(next(&mut new).await, text("hello"));
    new.send(text("here")).await.unwrap();
    bench.back_end.hears("ws-hub:client-data:ann", b"here");
    // A hundred in a row: the last one stays, whichever of them opened last. The back end is told of each that was open, and of its end.
    for _ in 0..100 {
        new = bench.program.connect("/ws?session_key=ann").await;
    }
    new.send(text("the last")).await.unwrap();
    let mut told: BTreeMap<String, u32> = BTreeMap::new();
    loop {
        let (channel, payload) = bench.back_end.next();
        if payload == b"the last" {
            break;
        }
        *told.entry(channel).or_default() += 1;
    }
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(
        told["ws-hub:client-new"], told["ws-hub:client-gone"],
        "of the client before them the end alone"
    );
    assert_eq!(bench.program.get("/status").body, "1\n");
    assert_eq!(bench.program.get("/sessions").body, r#"["ann"]"#);
    bench.back_end.hears_nothing();
    new.send(text("still here")).await.unwrap();
    bench.back_end.hears("ws-hub:client-data:ann", b"still here");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn the_end_of_a_client_is_told_with_its_code() {
    let mut bench = Bench::start().await;
    let mut ann = bench.client("ann", "a").await;
    ann.close(Some(tokio_tungstenite::tungstenite::protocol::CloseFrame {
        code: 4007.into(),
        reason: "\"bye\"".into(),
    }))
    .await
    .unwrap();
    assert_eq!(bench.back_end.hears_gone("ann"), (4007, "\"bye\"".into()));
    assert_eq!(bench.program.get("/groups").body, "{}", "a group ends with its last member");
    let bob = bench.client("bob", "a").await;
    drop(bob);
    assert_eq!(bench.back_end.hears_gone("bob").0, 1006);
    // Longer than maxMessageSize: 1009, as in WS-HUB. Messages to clients may be longer.
    let mut eve = bench.client("eve", "a").await;
    bench.back_end.publish("ws-hub:group-data:a", "x".repeat(10_000).as_bytes());
    assert_eq!(next(&mut eve).await.len(), 10_000);
    eve.send(text(&"x".repeat(128))).await.unwrap();
    bench.back_end.hears("ws-hub:client-data:eve", "x".repeat(128).as_bytes());
    eve.send(text(&"x".repeat(129))).await.unwrap();
    assert_eq!(closed(&mut eve).await, (1009, "message of 129 bytes, at most 128 are allowed".into()));
    assert_eq!(bench.back_end.hears_gone("eve").0, 1009);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn an_empty_list_takes_a_client_out_of_the_lists_and_leaves_it_connected() {
    let mut bench = Bench::start().await;
    let mut ann = bench.client("ann", "a,b").await;
    bench.back_end.publish("ws-hub:groups-new:ann", b"");
    bench.until("/sessions", |sessions| sessions == &json!([])).await;
    assert_eq!(
        (bench.program.get("/status").body.as_str(), bench.program.get("/groups").body.as_str()),
        ("0\n", "{}")
    );
    bench.back_end.publish("ws-hub:group-data:a", b"lost");
    hears_nothing(&mut ann).await;
    // Its messages are still published, and its end is not: the back end knows.
    ann.send(text("still here")).await.unwrap();
    bench.back_end.hears("ws-hub:client-data:ann", b"still here");
    // Somebody else may come with its key, and does not end it.
    let _other = bench.client("ann", "a").await;
    hears_nothing(&mut ann).await;
    ann.close(None).await.unwrap();
    bench.back_end.hears_nothing();
    assert_eq!(bench.program.get("/sessions").body, r#"["ann"]"#);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn an_empty_list_closes_the_connection_if_the_config_says_so() {
    let mut bench = Bench::start_with("removalCloses: true\n").await;
    let mut ann = bench.client("ann", "a").await;
    bench.back_end.publish("ws-hub:groups-new:ann", b"");
    assert_eq!(closed(&mut ann).await, (1000, "removed".into()));
    assert_eq!(bench.back_end.hears_gone("ann"), (1000, "removed".into()));
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn groups_are_left_by_a_minus_and_bad_names_are_refused_and_counted() {
    let mut bench = Bench::start().await;
    let _ann = bench.client("ann", "a,b, c ").await;
    bench.until("/clients", |clients| clients["ann"] == json!([" c ", "a", "b"])).await;
    let long = "x".repeat(256);
    let names = [b"-a,,-, d,\xff\xfe,-nowhere,".as_slice(), long.as_bytes(), b",b"].concat();
    bench.back_end.publish("ws-hub:groups-new:ann", &names);
    bench.until("/clients", |clients| clients["ann"] == json!([" c ", " d", "b"])).await;
    bench.back_end.publish_bytes(b"ws-hub:groups-new:\xff", b"a");
    bench.back_end.publish_bytes(b"ws-hub:group-data:\xff", b"a");
    let refused =
        |reason: &str| bench.number(&format!("throng_wshub_names_refused_total{{reason=\"{reason}\"}}"));
    soon("all are counted", || (refused("group_not_utf8") == 1).then_some(())).await;
    assert_eq!((refused("empty_name"), refused("not_utf8"), refused("name_too_long")), (2, 1, 1));
    assert_eq!(refused("key_not_utf8"), 1);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_minus_is_a_part_of_the_name_if_the_config_says_so() {
    let mut bench = Bench::start_with("removeGroups: false\n").await;
    let _ann = bench.client("ann", "a,-a").await;
    bench.until("/clients", |clients| clients["ann"] == json!(["-a", "a"])).await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn groups_that_come_before_their_client_are_kept() {
    let mut bench = Bench::start().await;
    bench.back_end.publish("ws-hub:groups-new:ann", b"a,b");
    bench.back_end.publish("ws-hub:groups-new:ann", b"-a,c");
    bench.back_end.publish("ws-hub:groups-new:bob", b"a");
    bench.back_end.publish("ws-hub:groups-new:bob", b"");
    soon("both are heard", || {
        (bench.number("throng_wshub_received_total{channel=\"groups-new\"}") == 4).then_some(())
    })
    .await;
    let mut ann = bench.client("ann", "").await;
    let _bob = bench.client("bob", "").await;
    // Before `client-new` is sent.
    assert_eq!(bench.program.get("/clients").body, r#"{"ann":["b","c"],"bob":[]}"#);
    bench.back_end.publish("ws-hub:group-data:c", b"hello");
    assert_eq!(next(&mut ann).await, text("hello"));
}
