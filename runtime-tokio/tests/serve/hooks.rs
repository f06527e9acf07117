//! The application's hooks.

use crate::common::Server;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use throng_tokio::{
    Client, Connecting, Denied, Disconnected, Handler, Hub, JoinError, Left, Message, Refusal, SendError,
};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn push(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }
}

impl Handler for Log {
    async fn before_connect(&self, connecting: &mut Connecting) -> Result<(), Refusal> {
        self.push(format!("before {}", connecting.path()));
        connecting.join("lobby");
        Ok(())
    }

    async fn connected(&self, client: &Client) {
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.push(format!("connected {}", client.request().unwrap().path()));
    }

    async fn message(&self, client: &Client, message: Message) {
        assert!(client.request().is_none());
        tokio::task::yield_now().await;
        self.push(String::from_utf8_lossy(message.as_bytes()));
        let result = client.join(&String::from_utf8_lossy(message.as_bytes())).await;
        client.send(format!("{result:?}")).unwrap();
    }

    async fn before_join(&self, _: &Client, room: &str) -> Result<(), Denied> {
        if room == "secret" { Err(Denied) } else { Ok(()) }
    }

    async fn left(&self, _: &Client, room: &str, _: Left) {
        self.push(format!("left {room}"));
    }

    async fn disconnected(&self, client: &Client, end: Disconnected) {
        assert!(client.closed_at().is_none() || client.connected_at() <= client.closed_at());
        self.push(format!("disconnected {}", end.code));
    }
}

#[tokio::test]
async fn hooks_run_one_after_another_in_order() {
    let log = Log::default();
    let server = Server::start(Hub::builder().handler(log.clone())).await;
    let mut client = server.connect("/here").await;
    client.send("secret").await;
    client.send("open").await;
    assert_eq!(client.text().await, format!("{:?}", Err::<(), _>(JoinError::Denied)));
    assert_eq!(client.text().await, "Ok(Joined { members: 1 })");
    client.0.close(None).await.unwrap();
    server.until(|hub| hub.connection_count() == 0).await;
    server.until(|_| log.0.lock().unwrap().len() == 7).await;
    let log = log.0.lock().unwrap();
    assert_eq!(log[..4], ["before /here", "connected /here", "secret", "open"]);
    assert_eq!(log[6], "disconnected 1005");
    let mut left = [log[4].as_str(), log[5].as_str()];
    left.sort_unstable();
    assert_eq!(left, ["left lobby", "left open"]);
}

#[tokio::test]
async fn a_panic_closes_its_own_client_only() {
    let builder = Hub::builder().on_message(|client, message| {
        assert_ne!(message.as_bytes(), b"panic");
        client.send(message).unwrap();
    });
    let server = Server::start(builder).await;
    let (mut one, mut other) = (server.connect("/").await, server.connect("/").await);
    one.send("panic").await;
    assert_eq!(one.closed().await, (1011, "internal error".into()));
    other.send("still here").await;
    assert_eq!(other.text().await, "still here");
}

#[tokio::test]
async fn a_hook_that_never_returns_stalls_its_own_client_only() {
    let builder = Hub::builder().on_message_async(|client: Client, message: Message| async move {
        if message.as_bytes() == b"hang" {
            std::future::pending::<()>().await;
        }
        client.send(message).unwrap();
    });
    let server = Server::start(builder).await;
    let (mut one, mut other) = (server.connect("/").await, server.connect("/").await);
    one.send("hang").await;
    other.send("still here").await;
    assert_eq!(other.text().await, "still here");
    let client = server.hub.clients()[0];
    server.hub.shutdown();
    assert_eq!(one.closed().await.0, 1001);
    let _ = client;
}

#[tokio::test]
async fn an_echo_that_waits_loses_nothing() {
    let builder = Hub::builder().on_message_async(|client: Client, message: Message| async move {
        client.send_wait(message).await.unwrap();
    });
    let server = Server::start(builder).await;
    let client = server.connect("/").await;
    let (mut sink, mut stream) = futures_util::StreamExt::split(client.0);
    let long = "y".repeat(32 << 10);
    let text = long.clone();
    let sending = tokio::spawn(async move {
        for _ in 0..1000 {
            let message = tokio_tungstenite::tungstenite::Message::text(text.clone());
            futures_util::SinkExt::send(&mut sink, message).await.unwrap();
        }
        sink
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    for _ in 0..1000 {
        let message = futures_util::StreamExt::next(&mut stream).await.unwrap().unwrap();
        assert_eq!(message.into_text().unwrap().len(), long.len());
    }
    drop(sending.await.unwrap());
    assert_eq!(server.hub.stats().dropped(), 0);
}

#[tokio::test]
async fn a_send_that_waits_ends_with_its_client() {
    let server = Server::start(Hub::builder()).await;
    let client = server.connect("/").await;
    server.until(|hub| hub.client_count() == 1).await;
    let handle = server.hub.client(server.hub.clients()[0]).unwrap();
    let flood = tokio::spawn(async move {
        loop {
            if let Err(error) = handle.send_wait("z".repeat(64 << 10)).await {
                return error;
            }
        }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!flood.is_finished());
    drop(client);
    let error = tokio::time::timeout(crate::common::PATIENCE, flood).await.unwrap().unwrap();
    assert!(matches!(error, SendError::Hub(_)), "{error:?}");
}
