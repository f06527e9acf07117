//! What the chat says over the wire, to a client that is not ours.

mod support;

use std::io;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rustix::process::Signal;
use serde_json::{Value, json};
use support::chat::Chat;
use support::http;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longer than anything takes that goes well.
const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody who chats.
struct Guest {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    id: String,
}

impl Guest {
    async fn connect(chat: &Chat) -> Self {
        let (socket, _) =
            connect_async(format!("ws://{}/ws", chat.address)).await.expect("the chat takes a guest");
        Self { socket, id: String::new() }
    }

    async fn enter(chat: &Chat, name: &str) -> Self {
        let mut guest = Self::connect(chat).await;
        guest.say(json!({"type": "name", "name": name})).await;
        let welcome = guest.hear("welcome").await;
        assert_eq!(welcome["name"], name);
        guest.id = welcome["id"].as_str().expect("an id is text").to_owned();
        guest
    }

    async fn say(&mut self, message: Value) {
        self.socket.send(Message::text(message.to_string())).await.expect("the chat listens");
    }

    async fn join(&mut self, room: &str) -> Value {
        self.say(json!({"type": "join", "room": room})).await;
        self.hear("members").await
    }

    async fn next(&mut self) -> Message {
        let message = timeout(PATIENCE, self.socket.next()).await.expect("the chat says something");
        message.expect("the connection is there").expect("and whole")
    }

    /// The next message of a type; others are passed over.
    async fn hear(&mut self, of_type: &str) -> Value {
        loop {
            let Message::Text(text) = self.next().await else { continue };
            let message: Value = serde_json::from_str(&text).expect("the chat speaks JSON");
            if message["type"] == of_type {
                return message;
            }
        }
    }

    async fn is_refused(&mut self, message: Value, code: &str) {
        self.say(message).await;
        let refused = self.hear("refused").await;
        assert_eq!(refused["code"], code, "{refused}");
        assert!(refused["text"].as_str().is_some_and(|text| text.ends_with('.')), "{refused}");
    }

    /// The close code that the chat ends this with.
    async fn closed(&mut self) -> Option<CloseCode> {
        loop {
            if let Message::Close(frame) = self.next().await {
                return frame.map(|frame| frame.code);
            }
        }
    }
}

fn names(members: &Value) -> Vec<&str> {
    let members = members["members"].as_array().expect("members are a list");
    let mut names: Vec<&str> = members.iter().filter_map(|member| member["name"].as_str()).collect();
    names.sort_unstable();
    names
}

async fn get(address: SocketAddr, path: &'static str) -> io::Result<http::Answer> {
    tokio::task::spawn_blocking(move || http::get(address, path)).await.expect("it does not panic")
}

#[tokio::test]
async fn who_comes_speaks_and_goes_is_told_to_the_room() {
    let chat = Chat::start();
    let mut ada = Guest::enter(&chat, "Ada").await;
    assert_eq!(names(&ada.join("tea").await), ["Ada"]);
    let mut bo = Guest::enter(&chat, "Bo").await;
    assert_eq!(bo.hear("rooms").await["rooms"], json!([{"room": "tea", "members": 1}]));
    assert_eq!(names(&bo.join("tea").await), ["Ada", "Bo"]);
    assert_eq!(ada.hear("joined").await, json!({"type": "joined", "room": "tea", "id": bo.id, "name": "Bo"}));

    bo.say(json!({"type": "say", "room": "tea", "text": "Hello"})).await;
    let said = json!({"type": "said", "room": "tea", "id": bo.id, "name": "Bo", "text": "Hello"});
    assert_eq!(ada.hear("said").await, said);
    assert_eq!(bo.hear("said").await, said);

    bo.say(json!({"type": "leave", "room": "tea"})).await;
    let left = json!({"type": "left", "room": "tea", "id": bo.id, "name": "Bo"});
    assert_eq!(ada.hear("left").await, left);
    assert_eq!(bo.hear("left").await, left);
    assert_eq!(ada.hear("room").await, json!({"type": "room", "room": "tea", "members": 1}));
    ada.say(json!({"type": "leave", "room": "tea"})).await;
    ada.hear("left").await;
    assert_eq!(ada.hear("room").await["members"], 0);
}

#[tokio::test]
async fn a_room_hears_of_a_member_that_vanishes() {
    let chat = Chat::start();
    let mut ada = Guest::enter(&chat, "Ada").await;
    ada.join("tea").await;
    for says_goodbye in [true, false] {
        let mut bo = Guest::enter(&chat, "Bo").await;
        bo.join("tea").await;
        ada.hear("joined").await;
        if says_goodbye {
            bo.socket.close(None).await.expect("the chat listens");
        }
        let id = bo.id.clone();
        drop(bo);
        assert_eq!(ada.hear("left").await["id"], *id);
    }
    assert_eq!(names(&Guest::enter(&chat, "Cy").await.join("tea").await), ["Ada", "Cy"]);
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_in_words() {
    let chat = Chat::start();
    let mut guest = Guest::connect(&chat).await;
    let long = "x".repeat(33);
    guest.is_refused(json!({"type": "join", "room": "tea"}), "name_first").await;
    guest.is_refused(json!({"type": "name", "name": "  "}), "not_a_name").await;
    guest.is_refused(json!({"type": "name", "name": long}), "name_too_long").await;
    guest.is_refused(json!({"type": "sing"}), "not_understood").await;
    let mut ada = Guest::enter(&chat, "Ada").await;
    ada.is_refused(json!({"type": "name", "name": "Bo"}), "named_already").await;
    ada.is_refused(json!({"type": "join", "room": long}), "name_too_long").await;
    ada.is_refused(json!({"type": "say", "room": "tea", "text": "Hello"}), "not_in_room").await;
    ada.is_refused(json!({"type": "leave", "room": "tea"}), "no_such_room").await;
    ada.join("tea").await;
    ada.is_refused(json!({"type": "join", "room": " tea "}), "already_in_room").await;
    ada.is_refused(json!({"type": "say", "room": "tea", "text": " \n"}), "empty_text").await;
    ada.is_refused(json!({"type": "say", "room": "tea", "text": "x".repeat(2001)}), "text_too_long").await;
    // Somebody else, who has not said that much yet.
    let mut bo = Guest::enter(&chat, "Bo").await;
    for room in 0..10 {
        bo.join(&format!("room {room}")).await;
    }
    bo.is_refused(json!({"type": "join", "room": "one more"}), "too_many_rooms_of_client").await;
}

#[tokio::test]
async fn a_name_may_be_in_use_five_times() {
    let chat = Chat::start();
    let mut guests = Vec::new();
    for _ in 0..5 {
        guests.push(Guest::enter(&chat, "Ada").await);
    }
    let mut one_more = Guest::connect(&chat).await;
    one_more.is_refused(json!({"type": "name", "name": "Ada"}), "too_many_of_user").await;
    one_more.say(json!({"type": "name", "name": "Bo"})).await;
    one_more.hear("welcome").await;
}

#[tokio::test]
async fn who_talks_too_fast_is_told_how_much_was_dropped() {
    const SAID: u64 = 60;
    let chat = Chat::start();
    let mut ada = Guest::enter(&chat, "Ada").await;
    ada.join("tea").await;
    for count in 0..SAID {
        ada.say(json!({"type": "say", "room": "tea", "text": count.to_string()})).await;
    }
    let (mut heard, mut dropped) = (0, 0);
    while heard + dropped < SAID {
        let Message::Text(text) = ada.next().await else { continue };
        let message: Value = serde_json::from_str(&text).expect("the chat speaks JSON");
        match message["type"].as_str() {
            Some("said") => heard += 1,
            Some("over_rate") => dropped += message["messages"].as_u64().expect("a number"),
            _ => {}
        }
    }
    assert_eq!(heard + dropped, SAID);
    assert!((18..SAID).contains(&heard), "{heard} were heard");
}

#[tokio::test]
async fn health_and_readiness_are_told_as_json() {
    let chat = Chat::start();
    let _ada = Guest::enter(&chat, "Ada").await;
    for path in ["/healthz", "/readyz"] {
        let answer = get(chat.address, path).await.expect("the chat answers");
        assert_eq!(answer.status, 200);
        assert!(
            answer.head.to_ascii_lowercase().contains("content-type: application/json"),
            "{}",
            answer.head
        );
        let health: Value = serde_json::from_str(&answer.body).expect("in JSON");
        assert_eq!((&health["alive"], &health["ready"]), (&json!(true), &json!(true)), "{health}");
        assert_eq!(health["state"], "running");
        assert!(health["connections"].as_u64() >= Some(1) && health["uptime"].is_number(), "{health}");
    }
    let page = get(chat.address, "/").await.expect("the chat answers");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<title>throng chat</title>"));
}

#[tokio::test]
async fn ctrl_c_drains_and_every_guest_is_told_1001() {
    let mut chat = Chat::start();
    let mut guests = Vec::new();
    for count in 0..20 {
        guests.push(Guest::enter(&chat, &format!("guest {count}")).await);
    }
    chat.signal(Signal::INT);
    let draining = loop {
        let answer = get(chat.address, "/readyz").await.expect("the chat still answers");
        if answer.status != 200 {
            break answer;
        }
    };
    assert_eq!(draining.status, 503);
    let health: Value = serde_json::from_str(&draining.body).expect("in JSON");
    assert_eq!((&health["alive"], &health["ready"]), (&json!(true), &json!(false)), "{health}");
    assert_eq!(health["state"], "draining");
    assert!(connect_async(format!("ws://{}/ws", chat.address)).await.is_err(), "newcomers are refused");
    for guest in &mut guests {
        assert_eq!(guest.closed().await, Some(CloseCode::Away));
    }
    drop(guests);
    assert!(chat.exit_within(PATIENCE).success());
}

#[tokio::test]
async fn a_second_ctrl_c_ends_at_once() {
    let mut chat = Chat::start();
    let mut guests = Vec::new();
    for count in 0..20 {
        guests.push(Guest::enter(&chat, &format!("guest {count}")).await);
    }
    chat.signal(Signal::INT);
    while get(chat.address, "/readyz").await.is_ok_and(|answer| answer.status == 200) {}
    chat.signal(Signal::INT);
    for guest in &mut guests {
        assert_eq!(guest.closed().await, Some(CloseCode::Away));
    }
    assert!(chat.exit_within(Duration::from_secs(10)).success());
}

#[test]
fn an_address_that_is_taken_is_an_error() {
    let chat = Chat::start();
    let mut second = Command::new(support::chat::binary());
    let output = second.args(["--address", &chat.address.to_string()]).output().expect("it starts");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("in use"), "{output:?}");
}
