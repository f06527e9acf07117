//! Somebody who chats over a WebSocket that is not ours.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async, connect_async};

use super::chat::Chat;

/// Longer than anything takes that goes well.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody who chats.
pub(crate) struct Guest {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) id: String,
    /// Empty if the server has none.
    pub(crate) session: String,
}

impl Guest {
    pub(crate) async fn connect(chat: &Chat) -> Self {
        Self::connect_by(chat.address).await
    }

    /// By way of a network.
    pub(crate) async fn connect_by(address: SocketAddr) -> Self {
        let (socket, _) = connect_async(format!("ws://{address}/ws")).await.expect("the chat takes a guest");
        Self { socket, id: String::new(), session: String::new() }
    }

    /// Whose computer holds back next to nothing.
    pub(crate) async fn connect_narrowly(chat: &Chat) -> Self {
        let socket = TcpSocket::new_v4().expect("there are sockets");
        socket.set_recv_buffer_size(4096).expect("of any size");
        let stream = socket.connect(chat.address).await.expect("the chat takes a guest");
        let url = format!("ws://{}/ws", chat.address);
        let (socket, _) = client_async(url, MaybeTlsStream::Plain(stream)).await.expect("and opens");
        Self { socket, id: String::new(), session: String::new() }
    }

    pub(crate) async fn enter(chat: &Chat, name: &str) -> Self {
        Self::connect(chat).await.named(name).await
    }

    pub(crate) async fn named(self, name: &str) -> Self {
        self.named_with(name, None).await
    }

    /// With the session of somebody who was here.
    pub(crate) async fn named_with(self, name: &str, session: Option<&str>) -> Self {
        let mut guest = self;
        guest.say(json!({"type": "name", "name": name, "session": session})).await;
        let welcome = guest.hear("welcome").await;
        assert_eq!(welcome["name"], name);
        guest.id = welcome["id"].as_str().expect("an id is text").to_owned();
        guest.session = welcome["session"].as_str().unwrap_or_default().to_owned();
        guest
    }

    pub(crate) async fn say(&mut self, message: Value) {
        self.socket.send(Message::text(message.to_string())).await.expect("the chat listens");
    }

    pub(crate) async fn join(&mut self, room: &str) -> Value {
        self.say(json!({"type": "join", "room": room})).await;
        self.hear("members").await
    }

    pub(crate) async fn next(&mut self) -> Message {
        let message = timeout(PATIENCE, self.socket.next()).await.expect("the chat says something");
        message.expect("the connection is there").expect("and whole")
    }

    /// The next message of a type; others are passed over.
    pub(crate) async fn hear(&mut self, of_type: &str) -> Value {
        loop {
            let message = self.hear_any().await;
            if message["type"] == of_type {
                return message;
            }
        }
    }

    /// The next message. What was said in a room has its number there.
    pub(crate) async fn hear_any(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.next().await {
                return parsed(&text);
            }
        }
    }

    pub(crate) async fn is_refused(&mut self, message: Value, code: &str) {
        self.say(message).await;
        let refused = self.hear("refused").await;
        assert_eq!(refused["code"], code, "{refused}");
        assert!(refused["text"].as_str().is_some_and(|text| text.ends_with('.')), "{refused}");
    }

    /// The close code that the chat ends this with.
    pub(crate) async fn closed(&mut self) -> Option<CloseCode> {
        loop {
            if let Message::Close(frame) = self.next().await {
                return frame.map(|frame| frame.code);
            }
        }
    }
}

fn parsed(text: &str) -> Value {
    let mut message: Value = serde_json::from_str(text).expect("the chat speaks JSON");
    let Some(mut inner) = message.get_mut("message").map(Value::take) else { return message };
    for field in ["room", "offset"] {
        inner[field] = message[field].take();
    }
    inner
}
