//! Hooks: their order, what each may do, and what follows when one fails.

mod authenticate;
mod bounds;
mod messages;
mod order;
mod own;
mod own_rooms;
mod per_user;
mod rooms;
mod user_id;
mod values;
mod when_late;

use super::host::World;
use super::peer::Peer;
use crate::{
    Authenticating, Client, ClientError, Connecting, Denied, Disconnected, DropNotice, Handled, Handler,
    Hook, Hub, Left, Ruling,
};
use std::future::pending;
use std::sync::{Arc, Mutex};
use throng_core::hub::Joined;
use throng_core::websocket::Message;
use throng_core::websocket::handshake::Refusal;
use throng_core::{CloseCode, CloseFrame};

/// Records every hook. One of them may wait forever, and one may panic.
#[derive(Clone, Default)]
struct Diary {
    lines: Arc<Mutex<Vec<String>>>,
    hangs: Option<Hook>,
    panics: Option<Hook>,
}

impl Diary {
    fn hanging(hook: Hook) -> Self {
        Self { hangs: Some(hook), ..Self::default() }
    }

    fn panicking(hook: Hook) -> Self {
        Self { panics: Some(hook), ..Self::default() }
    }

    fn world(&self) -> World {
        World::new(Hub::builder().handler(self.clone()))
    }

    fn lines(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }

    async fn note(&self, hook: Hook, what: impl std::fmt::Display + Send) {
        self.lines.lock().unwrap().push(format!("{hook}{what}"));
        if self.panics == Some(hook) {
            std::panic::resume_unwind(Box::new("on purpose"));
        }
        if self.hangs == Some(hook) {
            pending::<()>().await;
        }
    }
}

/// The client's first room is the one in the query.
impl Handler for Diary {
    async fn before_connect(&self, connecting: &mut Connecting) -> Result<(), Refusal> {
        self.note(Hook::BeforeConnect, "").await;
        if let Some(room) = connecting.request().query("room") {
            connecting.join(room);
        }
        if connecting.path() == "/authenticate" {
            connecting.authenticate();
        }
        Ok(())
    }

    async fn authenticate(&self, session: &mut Authenticating<'_>) -> Result<(), CloseFrame> {
        self.note(Hook::Authenticate, "").await;
        let name = text(&session.receive().await?);
        if name == "nobody" {
            return Err(CloseFrame::new(CloseCode(4003), "who?"));
        }
        session.set_user(&name)?;
        session.insert(name.len());
        session.send(format!("hello {name}")).await?;
        Ok(())
    }

    async fn connected(&self, _: &Client) {
        self.note(Hook::Connected, "").await;
    }

    async fn before_message(&self, _: &Client, message: &Message) -> Ruling {
        self.note(Hook::BeforeMessage, "").await;
        match &*text(message) {
            "whisper" => Ruling::Change(Message::Text("WHISPER".into())),
            "spam" => Ruling::Refuse,
            "worse" => Ruling::Close(CloseFrame::new(CloseCode(4001), "enough")),
            _ => Ruling::Pass,
        }
    }

    async fn message(&self, client: &Client, message: Message) {
        let text = text(&message);
        self.note(Hook::Message, format!(" {text}")).await;
        match text.split_once(' ') {
            Some(("join", room)) => drop(client.join(room).await),
            Some(("leave", "all")) => drop(client.leave_all().await),
            Some(("leave", room)) => drop(client.leave(room).await),
            _ => {}
        }
    }

    async fn after_message(&self, _: &Client, handled: &Handled) {
        self.note(Hook::AfterMessage, format!(" {:?}", handled.result)).await;
    }

    async fn before_join(&self, _: &Client, room: &str) -> Result<(), Denied> {
        self.note(Hook::BeforeJoin, format!(" {room}")).await;
        if room == "secret" { Err(Denied) } else { Ok(()) }
    }

    async fn joined(&self, _: &Client, room: &str, joined: Joined) {
        self.note(Hook::Joined, format!(" {room} {}", joined.members)).await;
    }

    async fn before_leave(&self, _: &Client, room: &str) {
        self.note(Hook::BeforeLeave, format!(" {room}")).await;
    }

    async fn left(&self, _: &Client, room: &str, left: Left) {
        self.note(Hook::Left, format!(" {room} {left:?}")).await;
    }

    async fn dropped(&self, _: &Client, dropped: DropNotice) {
        self.note(Hook::Dropped, format!(" {}", dropped.frames)).await;
    }

    async fn over_rate(&self, _: &Client, messages: u32) {
        self.note(Hook::OverRate, format!(" {messages}")).await;
    }

    async fn error(&self, _: &Client, error: &ClientError) {
        self.note(Hook::Error, format!(" {error:?}")).await;
    }

    async fn disconnected(&self, _: &Client, end: Disconnected) {
        self.note(Hook::Disconnected, format!(" {} {:?}", end.code, end.by)).await;
    }
}

fn text(message: &Message) -> String {
    String::from_utf8_lossy(message.as_bytes()).into_owned()
}

/// A peer that has asked for a WebSocket under a path.
fn ask(world: &mut World, path: &str) -> Peer {
    let peer = world.accept();
    peer.ask_for(path, &[]);
    world.run();
    peer
}

fn only(world: &World) -> Client {
    world.hub.client(world.hub.clients()[0]).unwrap()
}
