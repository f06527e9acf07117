//! A small application, and how it is tested: over streams in memory, without a socket, a port or a thread of its own.
//!
//! In a project of your own the application is in `src`, and only the tests are in a file such as this one.

use futures_util::{SinkExt, StreamExt};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use throng_tokio::hub::Refusal;
use throng_tokio::router::{Reply, RouteError, Router};
use throng_tokio::{Builder, Client, Config, Hub, Json, serve_stream};
use tokio::io::DuplexStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

// The application: people join rooms, and talk to everybody who is there.

#[derive(Deserialize)]
struct Join {
    room: String,
}

#[derive(Serialize)]
struct Joined {
    members: u32,
}

#[derive(Deserialize, Serialize)]
struct Say {
    room: String,
    text: String,
}

async fn join(client: Client, Join { room }: Join) -> Result<Reply<Joined>, RouteError> {
    match client.join(&room).await {
        Ok(joined) => Ok(Reply::new("joined", Joined { members: joined.members })),
        Err(error) if matches!(error.refusal(), Some(Refusal::RoomFull { .. })) => {
            Err(RouteError::refused("full", "Try another room."))
        }
        Err(error) => Err(error.into()),
    }
}

async fn say(hub: Hub, say: Say) {
    let _ = hub.send_to_room(&say.room, Json(&say));
}

/// A function that makes the hub's settings is all that the tests need.
fn talk() -> Builder {
    let mut config = Config::default();
    config.rooms.members = Some(2);
    Hub::builder()
        .config(config)
        .before_connect(|connecting| match connecting.request().query("name") {
            Some(name) => {
                connecting.set_user(name);
                Ok(())
            }
            None => Err(throng_tokio::Refusal::custom(401, "Say who you are: /?name=ada\n")),
        })
        .on_leave(|client, room, _| {
            _ = client.hub().send_to_room(room, "somebody left");
        })
        .messages(Router::new().on("join", join).on("say", say))
        .request_id("id")
}

// A client: one end of a stream in memory. The hub serves the other end, as it serves a socket.

struct Peer(WebSocketStream<DuplexStream>);

impl Peer {
    async fn connect(hub: &Hub, path: &str) -> Result<Self, tungstenite::Error> {
        let (near, far) = tokio::io::duplex(16 << 10);
        let hub = hub.clone();
        tokio::spawn(async move { serve_stream(&hub, far, None).await });
        let (socket, _) = client_async(format!("ws://localhost{path}"), near).await?;
        Ok(Self(socket))
    }

    async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("the connection is open");
    }

    /// The next message. A test that waits in vain fails, and does not hang.
    async fn next(&mut self) -> Message {
        let next = tokio::time::timeout(Duration::from_secs(10), self.0.next()).await;
        next.expect("a message comes in time").expect("it comes before the end").expect("it is well-formed")
    }

    async fn hear(&mut self) -> String {
        self.next().await.into_text().expect("it is a text").to_string()
    }

    async fn ask(&mut self, text: &str) -> String {
        self.say(text).await;
        self.hear().await
    }
}

// The tests.

#[tokio::test]
async fn what_is_said_in_a_room_is_heard_by_everybody_in_it() {
    let hub = talk().build().unwrap();
    let mut ada = Peer::connect(&hub, "/?name=ada").await.unwrap();
    let mut bob = Peer::connect(&hub, "/?name=bob").await.unwrap();
    assert_eq!(ada.ask(r#"{"type":"join","room":"lobby"}"#).await, r#"{"type":"joined","members":1}"#);
    assert_eq!(bob.ask(r#"{"type":"join","room":"lobby"}"#).await, r#"{"type":"joined","members":2}"#);
    ada.say(r#"{"type":"say","room":"lobby","text":"Hello"}"#).await;
    for peer in [&mut ada, &mut bob] {
        assert_eq!(peer.hear().await, r#"{"room":"lobby","text":"Hello"}"#);
    }
    // The hub itself can be asked, and can be told to do something.
    assert_eq!((hub.member_count("lobby"), hub.client_count()), (2, 2));
    hub.send_to_user("bob", "psst").unwrap();
    assert_eq!(bob.hear().await, "psst");
}

#[tokio::test]
async fn a_room_that_is_full_says_so_and_an_answer_has_the_id_of_its_request() {
    let hub = talk().build().unwrap();
    let mut peers = Vec::new();
    for name in ["ada", "bob", "eve"] {
        peers.push(Peer::connect(&hub, &format!("/?name={name}")).await.unwrap());
    }
    for (peer, answer) in peers.iter_mut().zip([
        r#"{"type":"joined","id":7,"members":1}"#,
        r#"{"type":"joined","id":7,"members":2}"#,
        r#"{"type":"error","id":7,"code":"full","message":"Try another room."}"#,
    ]) {
        assert_eq!(peer.ask(r#"{"type":"join","id":7,"room":"lobby"}"#).await, answer);
    }
    let error = peers[0].ask(r#"{"type":"shout","id":8}"#).await;
    assert!(error.starts_with(r#"{"type":"error","id":8,"code":"unknown_type""#), "{error}");
}

#[tokio::test]
async fn without_a_name_nobody_comes_in() {
    let hub = talk().build().unwrap();
    match Peer::connect(&hub, "/").await.map(drop) {
        Err(tungstenite::Error::Http(response)) => assert_eq!(response.status(), 401),
        other => panic!("{other:?}"),
    }
    assert_eq!(hub.client_count(), 0);
}

#[tokio::test]
async fn a_room_hears_of_a_member_whose_connection_breaks() {
    let hub = talk().build().unwrap();
    let mut ada = Peer::connect(&hub, "/?name=ada").await.unwrap();
    let mut bob = Peer::connect(&hub, "/?name=bob").await.unwrap();
    for peer in [&mut ada, &mut bob] {
        peer.ask(r#"{"type":"join","room":"lobby"}"#).await;
    }
    drop(bob); // No close frame: as if the cable was cut.
    assert_eq!(ada.hear().await, "somebody left");
    assert_eq!(hub.members("lobby").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_answers_no_ping_is_gone_after_a_minute() {
    let hub = talk().build().unwrap();
    let (near, far) = tokio::io::duplex(4096);
    let server = hub.clone();
    let serving = tokio::spawn(async move { serve_stream(&server, far, None).await });
    // It holds the stream open, and never reads from it: so it sees no ping, and answers none.
    let (silent, _) = client_async("ws://localhost/?name=ada", near).await.unwrap();
    let begin = Instant::now();
    serving.await.unwrap();
    let passed = begin.elapsed();
    assert!(passed >= Duration::from_secs(60) && passed < Duration::from_secs(120), "{passed:?}");
    assert_eq!(hub.client_count(), 0);
    drop(silent);
}

#[tokio::test]
async fn a_shutdown_closes_everybody_with_1001() {
    let hub = talk().build().unwrap();
    let mut ada = Peer::connect(&hub, "/?name=ada").await.unwrap();
    hub.shutdown();
    match ada.next().await {
        Message::Close(Some(close)) => assert_eq!(u16::from(close.code), 1001),
        other => panic!("{other:?}"),
    }
}
