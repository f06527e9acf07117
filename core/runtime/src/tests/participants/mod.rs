//! Participants of rooms: what their hooks are told, what is refused, and who gets what.

mod commands;
mod joining;
mod leaving;
mod races;
#[cfg(feature = "router")]
mod routed;

use super::host::World;
use super::peer::Peer;
use crate::participants::{Failure, Hooks, Identity, JoinContext, LeaveReason, Participant, Route};
use crate::{Builder, ClientError, Hub};
use std::fmt::Display;
use std::future::poll_fn;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;
use throng_core::hub::Config;
use throng_core::websocket::Message;
use throng_core::websocket::handshake::Refusal;
use throng_core::{CloseCode, CloseFrame};

const GRACE: Duration = Duration::from_secs(30);

/// The hooks of a test. What they are told is noted, in order.
#[derive(Clone, Default)]
struct Table {
    lines: Arc<Mutex<Vec<String>>>,
    /// How many hooks may go on, and those that wait.
    door: Arc<Mutex<(u32, Vec<Waker>)>>,
    losses: Arc<Mutex<u32>>,
}

impl Table {
    fn note(&self, line: impl Display) {
        self.lines.lock().unwrap().push(line.to_string());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }

    /// Lets so many hooks go on.
    fn open(&self, times: u32) {
        let mut door = self.door.lock().unwrap();
        door.0 += times;
        door.1.drain(..).for_each(Waker::wake);
    }

    async fn pass(&self) {
        poll_fn(|cx| {
            let mut door = self.door.lock().unwrap();
            match door.0.checked_sub(1) {
                Some(left) => door.0 = left,
                None => {
                    door.1.push(cx.waker().clone());
                    return Poll::Pending;
                }
            }
            Poll::Ready(())
        })
        .await;
    }
}

impl Hooks for Table {
    /// The user is the participant. The session says what the resolver does.
    async fn resolve(&self, _: &str, identity: &Identity) -> Result<String, Refusal> {
        match identity.session.as_deref() {
            Some("refused") => return Err(Refusal::custom(403, "Not at this table.\n")),
            Some("nameless") => return Ok(String::new()),
            Some("slow") => self.pass().await,
            _ => {}
        }
        Ok(identity.user.clone().unwrap_or_else(|| "guest".into()))
    }

    /// The id says what the hook does.
    async fn join(&self, participant: &Participant, context: &JoinContext) -> Result<(), CloseFrame> {
        let JoinContext { room, participant: id, identity, reconnect, .. } = context;
        assert_eq!((&**room, &**id), (participant.room(), participant.id()));
        let how = if *reconnect { "again" } else { "anew" };
        let session = identity.session.as_deref().unwrap_or("-");
        self.note(format_args!("join {room} {id} {how} by {session}"));
        if id.starts_with("slow") {
            self.pass().await;
            self.note(format_args!("joined {id}"));
        }
        assert_ne!(&**id, "panics");
        match (&**id, session) {
            ("full", _) | (_, "unwanted") => Err(CloseFrame::new(CloseCode(4003), "the table is full")),
            _ => Ok(()),
        }
    }

    async fn message(&self, from: &Participant, message: Message) -> Result<(), Failure> {
        let text = String::from_utf8_lossy(message.as_bytes()).into_owned();
        self.note(format_args!("message {} {text}", from.id()));
        match &*text {
            "fail" => Err("no such move".into()),
            "wait" => {
                self.pass().await;
                Ok(())
            }
            _ => {
                from.client().hub().participants().broadcast(from.room(), &[from.id()], text)?;
                Ok(())
            }
        }
    }

    async fn leave(&self, participant: &Participant, reason: &LeaveReason) {
        let why = match reason {
            LeaveReason::Ended(end) => format!("{} {:?}", end.code, end.by),
            other => format!("{other:?}"),
        };
        self.note(format_args!("leave {} {why}", participant.id()));
        if participant.id() == "slowly" {
            self.pass().await;
            self.note("left slowly");
        }
    }

    async fn error(&self, participant: &Participant, failure: &Failure) {
        if let Some(ClientError::Transport(_)) = failure.downcast_ref() {
            // Of each connection that a test loses.
            *self.losses.lock().unwrap() += 1;
            return;
        }
        self.note(format_args!("error {} {failure}", participant.id()));
    }
}

fn config() -> Config {
    let mut config = Config::default();
    config.sessions.grace = Some(GRACE);
    // The tests say how long hooks wait.
    (config.hooks.limit, config.hooks.message) = (None, None);
    config
}

/// A hub whose path names the room, and whose query names user and session. Peers under `/late/` say their user when the WebSocket is open.
fn hub(config: Config, route: Route) -> Builder {
    let late = route.clone();
    Hub::builder()
        .config(config)
        .before_connect_async(move |connecting| {
            let route = route.clone();
            Box::pin(async move {
                if connecting.path().starts_with("/late/") {
                    connecting.authenticate();
                    return Ok(());
                }
                let room = connecting.path().trim_start_matches('/').to_owned();
                let query = |key| connecting.request().query(key);
                let identity = Identity { user: query("user"), session: query("session") };
                Ok(route.enter(connecting, &room, identity).await?)
            })
        })
        .authenticate(move |session| {
            let route = late.clone();
            Box::pin(async move {
                let user = session.receive().await?;
                let user = Some(String::from_utf8_lossy(user.as_bytes()).into_owned());
                let room = session.request().path().trim_start_matches("/late/").to_owned();
                let identity = Identity { user, session: session.request().query("session") };
                route.enter_authenticated(session, &room, identity).await
            })
        })
}

fn world() -> (World, Table) {
    world_with(config())
}

fn world_with(config: Config) -> (World, Table) {
    let table = Table::default();
    (World::new(hub(config, Route::new(table.clone()))), table)
}

fn ask(world: &mut World, path: &str) -> Peer {
    let peer = world.accept();
    peer.ask_for(path, &[]);
    world.run();
    peer
}

/// Opens a WebSocket; what was written after the answer stays to be read.
fn connect(world: &mut World, path: &str) -> (Peer, Vec<String>) {
    let peer = ask(world, path);
    let (head, texts) = peer.answer();
    assert!(head.starts_with("HTTP/1.1 101"), "{path}: {head}");
    (peer, texts)
}

fn refused(world: &mut World, path: &str, status: u16) -> String {
    let (head, body) = ask(world, path).answer();
    assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {head}");
    body.concat()
}

fn lose(world: &mut World, peer: &Peer) {
    peer.fail(ErrorKind::ConnectionReset);
    world.run();
    assert!(world.is_over(peer) && !peer.is_held(), "the connection has ended, and nothing holds it");
}

/// The peer takes nothing more, until the hub gives up its connection. It is noticed while a hook runs, and nothing is read, too.
fn stall(world: &mut World, peer: &Peer, id: &str) {
    peer.set_room(Some(0));
    participant(world, "7", id).send("stalled").unwrap();
    world.run();
    world.pass(Duration::from_secs(11));
}

fn participant(world: &World, room: &str, id: &str) -> Participant {
    world.hub.participants().get(room, id).expect("it is there")
}

fn assert_clean(world: &World) {
    world.hub.shared().with(|inner, _| {
        assert_eq!(inner.ending, 0, "no last hook is missing");
        let known = inner.clients.iter().filter(|state| state.member.is_some()).count();
        assert_eq!(known, inner.hub.client_count(), "the runtime knows the clients of the hub");
        assert_eq!(inner.hub.check().err(), None);
    });
}
