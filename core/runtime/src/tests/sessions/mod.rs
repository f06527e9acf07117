//! Clients that outlive their connection: what their hooks are told, and what happens to what belongs to them.

mod evicting;
mod handing_over;
mod refusals;
mod returning;
mod taking_over;

use super::host::World;
use super::peer::Peer;
use crate::{Builder, Client, Hub};
use std::fmt::Display;
use std::future::poll_fn;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;
use throng_core::hub::Config;
use throng_core::websocket::Message;

pub(super) const GRACE: Duration = Duration::from_secs(30);

/// What the hooks were told, in order.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn note(&self, line: impl Display) {
        self.0.lock().unwrap().push(line.to_string());
    }

    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// What hooks wait for.
#[derive(Clone, Default)]
pub(super) struct Door(Arc<Mutex<(u32, Vec<Waker>)>>);

impl Door {
    /// Lets so many hooks go on.
    pub(super) fn open(&self, times: u32) {
        let mut door = self.0.lock().unwrap();
        door.0 += times;
        door.1.drain(..).for_each(Waker::wake);
    }

    async fn pass(&self) {
        poll_fn(|cx| {
            let mut door = self.0.lock().unwrap();
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

pub(super) fn config() -> Config {
    let mut config = Config::default();
    config.sessions.grace = Some(GRACE);
    // The tests say how long hooks wait.
    (config.hooks.limit, config.hooks.message) = (None, None);
    config
}

/// A hub whose requests name session, user and first room in the query. Its hooks are noted; that of the message "wait" waits for the
/// door.
pub(super) fn noted(config: Config, lines: &Lines, door: &Door) -> Builder {
    let [connected, joined, left, away] = [(); 4].map(|()| lines.clone());
    let [resumed, messages, disconnected] = [(); 3].map(|()| lines.clone());
    let door = door.clone();
    Hub::builder()
        .config(config)
        .before_connect(|connecting| {
            let query = |key| connecting.request().query(key);
            let (session, user, room) = (query("session"), query("user"), query("room"));
            if connecting.path() == "/late" {
                connecting.authenticate();
            } else {
                session.into_iter().for_each(|session| connecting.set_session(session));
                user.into_iter().for_each(|user| connecting.set_user(user));
            }
            room.into_iter().for_each(|room| connecting.join(room));
            Ok(())
        })
        .authenticate(|session| {
            Box::pin(async move {
                session.receive().await?;
                let name = session.request().query("session").unwrap_or_default();
                match session.request().query("user") {
                    Some(user) => session.identify(&user, &name)?,
                    None => session.set_session(&name)?,
                };
                Ok(())
            })
        })
        .on_connect(move |_| connected.note("connected"))
        .on_join(move |_, room, _| joined.note(format_args!("joined {room}")))
        .on_leave(move |_, room, why| left.note(format_args!("left {room} {why:?}")))
        .on_away(move |_, end| away.note(format_args!("away {} {:?}", end.code, end.by)))
        .on_resumed(move |_, how| resumed.note(format_args!("resumed {:?}", how.away)))
        .on_message_async(move |_: Client, message: Message| {
            let (lines, door) = (messages.clone(), door.clone());
            let text = String::from_utf8_lossy(message.as_bytes()).into_owned();
            async move {
                lines.note(format_args!("message {text}"));
                if text == "wait" {
                    door.pass().await;
                    lines.note("waited");
                }
            }
        })
        .on_disconnect(move |_, end| {
            disconnected.note(format_args!("disconnected {} {:?} {}", end.code, end.by, end.received));
        })
}

/// A world with such a hub, and what its hooks note.
fn world() -> (World, Lines, Door) {
    world_with(config())
}

fn world_with(config: Config) -> (World, Lines, Door) {
    let (lines, door) = (Lines::default(), Door::default());
    (World::new(noted(config, &lines, &door)), lines, door)
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
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    (peer, texts)
}

fn lose(world: &mut World, peer: &Peer) {
    peer.fail(ErrorKind::ConnectionReset);
    world.run();
    assert!(world.is_over(peer) && !peer.is_held(), "the connection has ended, and nothing holds it");
}

/// The peer takes nothing more, until the hub gives up its connection. It is noticed while a hook runs, and nothing is read, too.
fn stall(world: &mut World, peer: &Peer) {
    peer.set_room(Some(0));
    only(world).send("stalled").unwrap();
    world.run();
    world.pass(Duration::from_secs(11));
    let seen = (world.is_over(peer), peer.is_held(), only(world).is_away());
    assert_eq!(
        seen,
        (true, false, true),
        "the connection has ended, and nothing holds it: {:?}",
        world.hub.stats()
    );
}

/// The only client.
fn only(world: &World) -> Client {
    let clients = world.hub.clients();
    assert_eq!(clients.len(), 1);
    world.hub.client(clients[0]).expect("it is open")
}

pub(super) fn assert_clean(world: &World) {
    world.hub.shared().with(|inner, _| {
        assert_eq!(inner.ending, 0, "no last hook is missing");
        let known = inner.clients.iter().filter(|state| state.member.is_some()).count();
        assert_eq!(known, inner.hub.client_count(), "the runtime knows the clients of the hub");
        assert_eq!(inner.hub.check().err(), None);
    });
}
