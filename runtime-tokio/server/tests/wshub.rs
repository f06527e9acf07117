//! WS-HUB mode with a real redis-server: each line of what WS-HUB does, and what is better here.

mod support;

use futures_util::{SinkExt, StreamExt};
use redis::{Commands, Connection};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};
use support::redis_server::{A_WHILE, RedisServer};
use support::{PATIENCE, Program, Socket, closed, next, refusal, request, soon, text};
use tokio_tungstenite::tungstenite::Message;

/// WS-HUB's example, on ports of its own.
fn config(redis: &RedisServer, more: &str) -> String {
    format!(
        "address: \"127.0.0.1:0\"\nclientKey: session_key\nserverUrl: /ws\nfromHeader: Session\n\
         redis:\n  address: \"127.0.0.1:{}\"\n  timeout: 120\n  idleConn: 4\n  channelPrefix: \"ws-hub:\"\n  db: 0\n\
         webSocket:\n  writeWait: 10\n  pongWait: 60\n  maxMessageSize: 128\n{more}",
        redis.port
    )
}

/// The program beside a redis-server, and a back end that hears everything.
struct Bench {
    program: Program,
    redis: RedisServer,
    back_end: BackEnd,
}

impl Bench {
    async fn start() -> Self {
        Self::start_with("").await
    }

    async fn start_with(more: &str) -> Self {
        let redis = RedisServer::start();
        let program = Program::start_with("config.yaml", &config(&redis, more), &[]);
        ready(&program).await;
        let back_end = BackEnd::on(&redis);
        Self { program, redis, back_end }
    }

    /// A client that the back end knows, in these groups.
    async fn client(&mut self, key: &str, groups: &str) -> Socket {
        let socket = self.program.connect(&format!("/ws?session_key={key}")).await;
        self.back_end.hears("ws-hub:client-new", key.as_bytes());
        if !groups.is_empty() {
            self.back_end.publish(&format!("ws-hub:groups-new:{key}"), groups.as_bytes());
            let first = groups.split(',').next().unwrap_or_default();
            self.until("/clients", |clients| {
                clients[key].as_array().is_some_and(|of| of.contains(&first.into()))
            })
            .await;
        }
        socket
    }

    /// Waits until a page says this.
    async fn until(&self, page: &str, is_so: impl Fn(&Value) -> bool) {
        soon(page, || is_so(&self.program.get(page).json()).then_some(())).await;
    }

    fn number(&self, name: &str) -> u64 {
        let page = self.program.get("/metrics").body;
        let line =
            page.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
    }
}

async fn ready(program: &Program) {
    soon("it is ready", || (program.get("/readyz").status == 200).then_some(())).await;
}

/// A stranger's listener: it knows Redis and the channels, and nothing of the program.
struct BackEnd {
    publisher: Connection,
    /// The ids of its two connections.
    own: Vec<i64>,
    heard: Receiver<(String, Vec<u8>)>,
}

impl BackEnd {
    fn on(redis: &RedisServer) -> Self {
        let client = redis::Client::open(("127.0.0.1", redis.port)).expect("an address");
        let mut connection = client.get_connection().expect("redis-server answers");
        let mut publisher = client.get_connection().expect("redis-server answers");
        let own = [&mut connection, &mut publisher]
            .map(|of| redis::cmd("CLIENT").arg("ID").query(of).expect("redis-server answers"));
        let (tell, heard) = channel();
        let (subscribed, is_subscribed) = channel();
        thread::spawn(move || {
            let mut listening = connection.as_pubsub();
            listening.psubscribe("ws-hub:client-*").expect("redis-server answers");
            subscribed.send(()).expect("the test waits");
            while let Ok(message) = listening.get_message() {
                let channel = message.get_channel_name().to_owned();
                if tell.send((channel, message.get_payload_bytes().to_vec())).is_err() {
                    return;
                }
            }
        });
        is_subscribed.recv_timeout(PATIENCE).expect("it subscribes");
        Self { publisher, own: own.to_vec(), heard }
    }

    /// Breaks every connection to Redis but its own.
    fn break_others(&mut self) {
        let clients: String =
            redis::cmd("CLIENT").arg("LIST").query(&mut self.publisher).expect("redis-server answers");
        for client in clients.lines() {
            let id =
                client.split(' ').next().and_then(|id| id.strip_prefix("id=")?.parse().ok()).expect("an id");
            if !self.own.contains(&id) {
                // It may have ended by itself.
                let _: i64 = redis::cmd("CLIENT")
                    .arg("KILL")
                    .arg("ID")
                    .arg(id)
                    .query(&mut self.publisher)
                    .unwrap_or(0);
            }
        }
    }

    fn publish(&mut self, channel: &str, payload: &[u8]) {
        self.publish_bytes(channel.as_bytes(), payload);
    }

    fn publish_bytes(&mut self, channel: &[u8], payload: &[u8]) {
        let receivers: i64 = self.publisher.publish(channel, payload).expect("redis-server answers");
        assert!(receivers > 0, "the hub listens");
    }

    fn next(&self) -> (String, Vec<u8>) {
        self.heard.recv_timeout(PATIENCE).expect("the hub says something")
    }

    /// The next that it hears is this.
    fn hears(&self, channel: &str, payload: &[u8]) {
        let (heard, with) = self.next();
        assert_eq!(
            (heard.as_str(), String::from_utf8_lossy(&with)),
            (channel, String::from_utf8_lossy(payload))
        );
    }

    fn hears_gone(&self, key: &str) -> (u64, String) {
        let (channel, payload) = self.next();
        assert_eq!(channel, "ws-hub:client-gone", "{}", String::from_utf8_lossy(&payload));
        let gone: Value = serde_json::from_slice(&payload).expect("it is JSON");
        assert_eq!(gone["key"], key);
        (gone["code"].as_u64().expect("a code"), gone["reason"].as_str().expect("a reason").into())
    }

    fn hears_nothing(&self) {
        let heard = self.heard.recv_timeout(A_WHILE);
        assert!(heard.is_err(), "{heard:?}");
    }
}

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

#[tokio::test]
#[ignore = "needs redis-server"]
async fn redis_is_killed_and_comes_back_and_so_does_everything() {
    let mut bench = Bench::start().await;
    let mut ann = bench.client("ann", "a").await;
    for round in 0..3 {
        bench.redis.kill();
        soon("it is not ready", || (bench.program.get("/readyz").status == 503).then_some(())).await;
        let health = bench.program.get("/readyz").json();
        assert!(
            health["ready"] == false && health["reason"].as_str().is_some_and(|why| why.contains("Redis")),
            "{health}"
        );
        assert_eq!(bench.program.get("/healthz").status, 200);
        // Nobody is lost, and newcomers are taken: what they say waits.
        ann.send(text(&format!("meanwhile {round}"))).await.unwrap();
        let newcomer = format!("newcomer-{round}");
        let _newcomer = bench.program.connect(&format!("/ws?session_key={newcomer}")).await;
        soon("it waits", || (bench.number("throng_wshub_queue_bytes") > 0).then_some(())).await;
        bench.redis.begin();
        bench.back_end = BackEnd::on(&bench.redis);
        ready(&bench.program).await;
        soon("nothing waits", || (bench.number("throng_wshub_queue_bytes") == 0).then_some(())).await;
        bench.back_end.publish("ws-hub:group-data:a", b"back");
        assert_eq!(next(&mut ann).await, text("back"));
        ann.send(text("here")).await.unwrap();
        while bench.back_end.next() != ("ws-hub:client-data:ann".into(), b"here".to_vec()) {}
    }
    assert!(bench.number("throng_wshub_redis_lost_total") >= 3);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn what_waits_for_redis_is_published_in_order_and_bounded() {
    let mut bench = Bench::start_with("# no more\n").await;
    let mut ann = bench.client("ann", "").await;
    // Redis stands still, and everything that is published waits: nothing is lost, nothing is told twice.
    bench.redis.stop(Signal::STOP);
    for number in 0..1_000 {
        ann.send(text(&number.to_string())).await.unwrap();
    }
    soon("it waits", || (bench.number("throng_wshub_queue_bytes") > 0).then_some(())).await;
    bench.redis.stop(Signal::CONT);
    for number in 0..1_000 {
        bench.back_end.hears("ws-hub:client-data:ann", number.to_string().as_bytes());
    }
    assert_eq!(bench.number("throng_wshub_published_total{channel=\"client-data\"}"), 1_000);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn connections_to_redis_that_break_lose_nothing_on_the_way_to_the_back_end() {
    let mut bench = Bench::start().await;
    let mut ann = bench.client("ann", "").await;
    for number in 0..3_000 {
        ann.send(text(&number.to_string())).await.unwrap();
        if number % 1_000 == 500 {
            bench.back_end.break_others();
        }
    }
    let mut next = 0;
    while next < 3_000 {
        let (channel, payload) = bench.back_end.next();
        assert_eq!(channel, "ws-hub:client-data:ann");
        let number: u32 = std::str::from_utf8(&payload).unwrap().parse().unwrap();
        // None is left out. The last ones, for which there was no answer, may come again.
        assert!(number <= next && next - number <= 256, "{number} after {next}");
        next = next.max(number + 1);
    }
    assert!(bench.number("throng_wshub_redis_lost_total") >= 1);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_redis_that_hangs_is_noticed() {
    let bench = Bench::start().await;
    bench.redis.stop(Signal::STOP);
    let begun = Instant::now();
    soon("it is not ready", || (bench.program.get("/readyz").status == 503).then_some(())).await;
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    bench.redis.stop(Signal::CONT);
    ready(&bench.program).await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_full_queue_drops_and_counts() {
    let redis = RedisServer::start();
    let config = config(&redis, "").replace("  db: 0\n", "  db: 0\n  queueBytes: 1024\n");
    let program = Program::start_with("config.yaml", &config, &[]);
    ready(&program).await;
    let bench = Bench { back_end: BackEnd::on(&redis), program, redis };
    let mut ann = bench.program.connect("/ws?session_key=ann").await;
    bench.back_end.hears("ws-hub:client-new", b"ann");
    bench.redis.stop(Signal::STOP);
    for _ in 0..20 {
        ann.send(text(&"x".repeat(100))).await.unwrap();
    }
    let dropped = || bench.number("throng_wshub_publish_dropped_total{channel=\"client-data\"}");
    // 1,024 bytes hold four messages of 100 bytes with their channel.
    soon("sixteen are dropped", || (dropped() == 16).then_some(())).await;
    bench.redis.stop(Signal::CONT);
    for _ in 0..4 {
        bench.back_end.hears("ws-hub:client-data:ann", "x".repeat(100).as_bytes());
    }
    bench.back_end.hears_nothing();
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn without_redis_it_starts_and_waits_for_it() {
    let mut redis = RedisServer::start();
    redis.kill();
    let program = Program::start_with("config.yaml", &config(&redis, ""), &[]);
    program.logs("no Redis");
    assert_eq!(program.get("/readyz").status, 503);
    redis.begin();
    ready(&program).await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn the_last_words_reach_the_back_end() {
    let mut bench = Bench::start().await;
    let mut ann = bench.client("ann", "").await;
    bench.program.signal(Signal::TERM);
    bench.program.signal(Signal::TERM);
    let (code, _) = closed(&mut ann).await;
    assert_eq!(code, 1001);
    drop(ann);
    assert_eq!(bench.back_end.hears_gone("ann").0, 1001);
    assert!(bench.program.end().code().is_some());
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn several_hubs_share_one_redis_and_a_prefix_is_no_pattern() {
    let mut bench = Bench::start().await;
    let mut ann = bench.client("ann", "all").await;
    let other = Program::start_with("config.yaml", &config(&bench.redis, ""), &[]);
    ready(&other).await;
    let mut bob = other.connect("/ws?session_key=bob").await;
    bench.back_end.hears("ws-hub:client-new", b"bob");
    bench.back_end.publish("ws-hub:groups-new:bob", b"all");
    soon("he is in it", || other.get("/clients").body.contains("all").then_some(())).await;
    bench.back_end.publish("ws-hub:group-data:all", b"both");
    assert_eq!((next(&mut ann).await, next(&mut bob).await), (text("both"), text("both")));
    assert_eq!(
        (bench.program.get("/sessions").body.as_str(), other.get("/sessions").body.as_str()),
        (r#"["ann"]"#, r#"["bob"]"#)
    );
    // As a pattern, `ws*hub:` is also the prefix `ws-hub:`.
    let strange = config(&bench.redis, "").replace("\"ws-hub:\"", "\"ws*hub:\"");
    let strange = Program::start_with("config.yaml", &strange, &[]);
    ready(&strange).await;
    let mut eve = strange.connect("/ws?session_key=eve").await;
    bench.back_end.publish("ws-hub:groups-new:eve", b"all");
    bench.back_end.publish("ws*hub:groups-new:eve", b"mine");
    soon("she is in hers alone", || {
        strange.get("/clients").body.contains(r#"{"eve":["mine"]}"#).then_some(())
    })
    .await;
    bench.back_end.publish("ws*hub:group-data:mine", b"hers");
    assert_eq!(next(&mut eve).await, text("hers"));
}
