//! The program in WS-HUB mode between a redis-server and a back end.

use super::redis_server::{A_WHILE, RedisServer};
use super::{PATIENCE, Program, Socket, soon};
use redis::{Commands, Connection};
use serde_json::Value;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// WS-HUB's example, on ports of its own.
pub(crate) fn config(redis: &RedisServer, more: &str) -> String {
    format!(
        "address: \"127.0.0.1:0\"\nclientKey: session_key\nserverUrl: /ws\nfromHeader: Session\n\
         redis:\n  address: \"127.0.0.1:{}\"\n  timeout: 120\n  idleConn: 4\n  channelPrefix: \"ws-hub:\"\n  db: 0\n\
         webSocket:\n  writeWait: 10\n  pongWait: 60\n  maxMessageSize: 128\n{more}",
        redis.port
    )
}

/// The program beside a redis-server, and a back end that hears everything.
pub(crate) struct Bench {
    pub(crate) program: Program,
    pub(crate) redis: RedisServer,
    pub(crate) back_end: BackEnd,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    pub(crate) async fn start_with(more: &str) -> Self {
        let redis = RedisServer::start();
        let program = Program::start_with("config.yaml", &config(&redis, more), &[]);
        ready(&program).await;
        let back_end = BackEnd::on(&redis);
        Self { program, redis, back_end }
    }

    /// A client that the back end knows, in these groups.
    pub(crate) async fn client(&mut self, key: &str, groups: &str) -> Socket {
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
    pub(crate) async fn until(&self, page: &str, is_so: impl Fn(&Value) -> bool) {
        soon(page, || is_so(&self.program.get(page).json()).then_some(())).await;
    }

    pub(crate) fn number(&self, name: &str) -> u64 {
        let page = self.program.get("/metrics").body;
        let line =
            page.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
    }
}

pub(crate) async fn ready(program: &Program) {
    soon("it is ready", || (program.get("/readyz").status == 200).then_some(())).await;
}

/// A stranger's listener: it knows Redis and the channels, and nothing of the program.
pub(crate) struct BackEnd {
    publisher: Connection,
    /// The ids of its two connections.
    own: Vec<i64>,
    pub(crate) heard: Receiver<(String, Vec<u8>)>,
}

impl BackEnd {
    pub(crate) fn on(redis: &RedisServer) -> Self {
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
    pub(crate) fn break_others(&mut self) {
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

    pub(crate) fn publish(&mut self, channel: &str, payload: &[u8]) {
        self.publish_bytes(channel.as_bytes(), payload);
    }

    pub(crate) fn publish_bytes(&mut self, channel: &[u8], payload: &[u8]) {
        let receivers: i64 = self.publisher.publish(channel, payload).expect("redis-server answers");
        assert!(receivers > 0, "the hub listens");
    }

    pub(crate) fn next(&self) -> (String, Vec<u8>) {
        self.heard.recv_timeout(PATIENCE).expect("the hub says something")
    }

    /// The next that it hears is this.
    pub(crate) fn hears(&self, channel: &str, payload: &[u8]) {
        let (heard, with) = self.next();
        assert_eq!(
            (heard.as_str(), String::from_utf8_lossy(&with)),
            (channel, String::from_utf8_lossy(payload))
        );
    }

    pub(crate) fn hears_gone(&self, key: &str) -> (u64, String) {
        let (channel, payload) = self.next();
        assert_eq!(channel, "ws-hub:client-gone", "{}", String::from_utf8_lossy(&payload));
        let gone: Value = serde_json::from_slice(&payload).expect("it is JSON");
        assert_eq!(gone["key"], key);
        (gone["code"].as_u64().expect("a code"), gone["reason"].as_str().expect("a reason").into())
    }

    pub(crate) fn hears_nothing(&self) {
        let heard = self.heard.recv_timeout(A_WHILE);
        assert!(heard.is_err(), "{heard:?}");
    }
}
