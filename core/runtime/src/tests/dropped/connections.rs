//! Connections whose task the host drops, from the first byte to the last hook.

use super::{assert_clean, at_each_point, busy, dropped_after, first, for_polls, parsed};
use crate::hosting::{Connection, Transport};
use crate::tests::host::World;
use crate::tests::peer::{Peer, masked};
use crate::{Authenticating, Client, Connecting, Denied, Disconnected, Handled, Handler, Hub, Left, Ruling};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use throng_core::hub::{Config, Drain, Joined, PerUser, State};
use throng_core::websocket::Message;
use throng_core::websocket::handshake::Refusal;
use throng_core::{ClientId, CloseFrame};

/// Hooks that are pending once before they return, and record their client.
#[derive(Clone, Default)]
struct Dawdler {
    told: Arc<Mutex<BTreeMap<ClientId, Story>>>,
    running: Arc<AtomicU32>,
}

/// The hooks' calls for a client.
#[derive(Debug, Default)]
struct Story {
    is_connected: bool,
    is_over: bool,
    rooms: BTreeSet<String>,
    messages: u32,
    wrongs: Vec<&'static str>,
}

impl Story {
    fn must(&mut self, what: &'static str, is_right: bool) {
        if !is_right || self.is_over {
            self.wrongs.push(what);
        }
    }
}

struct Running(Arc<AtomicU32>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Dawdler {
    async fn dawdle(&self) {
        self.running.fetch_add(1, Ordering::Relaxed);
        let _running = Running(Arc::clone(&self.running));
        busy(1).await;
    }

    async fn tell(&self, client: &Client, tell: impl FnOnce(&mut Story)) {
        tell(self.told.lock().unwrap().entry(client.id()).or_default());
        self.dawdle().await;
    }
}

impl Handler for Dawdler {
    async fn before_connect(&self, connecting: &mut Connecting) -> Result<(), Refusal> {
        self.dawdle().await;
        connecting.set_user("ada");
        connecting.join("lobby");
        if connecting.path() == "/late" {
            connecting.authenticate();
        }
        self.dawdle().await;
        if connecting.path() == "/refused" { Err(Refusal::NotFound) } else { Ok(()) }
    }

    async fn authenticate(&self, session: &mut Authenticating<'_>) -> Result<(), CloseFrame> {
        self.dawdle().await;
        session.receive().await?;
        session.send("hello, whoever you are").await?;
        session.join("known");
        self.dawdle().await;
        Ok(())
    }

    async fn connected(&self, client: &Client) {
        self.tell(client, |story| {
            story.must("connected twice", !story.is_connected);
            story.is_connected = true;
        })
        .await;
    }

    async fn before_message(&self, client: &Client, _: &Message) -> Ruling {
        self.tell(client, |story| story.must("a message before the connection", story.is_connected)).await;
        Ruling::Pass
    }

    async fn message(&self, client: &Client, message: Message) {
        self.tell(client, |story| story.messages += 1).await;
        let receipt = client.send_with_receipt(message);
        let _ = client.join("attic").await;
        let _ = client.leave("lobby").await;
        let _ = client.leave_all().await;
        if let Ok(receipt) = receipt {
            receipt.await;
        }
        let _ = client.send_wait("that is all").await;
    }

    async fn after_message(&self, client: &Client, _: &Handled) {
        self.tell(client, |story| story.must("nothing was handled", story.messages > 0)).await;
    }

    async fn before_join(&self, client: &Client, room: &str) -> Result<(), Denied> {
        self.tell(client, |story| story.must("it is in that room", !story.rooms.contains(room))).await;
        Ok(())
    }

    async fn joined(&self, client: &Client, room: &str, _: Joined) {
        self.tell(client, |story| {
            let is_right = story.rooms.insert(room.into()) && story.is_connected;
            story.must("joined twice", is_right);
        })
        .await;
    }

    async fn before_leave(&self, client: &Client, _: &str) {
        self.tell(client, |story| story.must("it is not there", story.is_connected)).await;
    }

    async fn left(&self, client: &Client, room: &str, _: Left) {
        self.tell(client, |story| {
            let was_in = story.rooms.remove(room);
            story.must("left without having joined", was_in);
        })
        .await;
    }

    async fn disconnected(&self, client: &Client, _: Disconnected) {
        self.tell(client, |story| {
            story.must("it has ended somewhere", story.is_connected && story.rooms.is_empty());
            story.is_over = true;
        })
        .await;
    }
}

fn world(dawdler: &Dawdler) -> World {
    let mut config = Config::default();
    config.admission.per_user = PerUser::EvictOldest(1);
    World::new(Hub::builder().config(config).handler(dawdler.clone()))
}

/// Everything a peer does, in small pieces. Its transport takes little at a time for a while.
fn live(world: &mut World, peer: &Peer, request: &[u8]) {
    peer.set_room(Some(0));
    for piece in request.chunks(request.len() / 2 + 1) {
        peer.push(piece);
        world.run();
    }
    let say = |world: &mut World, text| {
        for piece in masked(text).chunks(4) {
            peer.push(piece);
            world.run();
        }
        for _ in 0..20 {
            peer.set_room(Some(16));
            world.run();
        }
    };
    say(world, "it is me");
    say(world, "work");
    peer.set_room(None);
    world.run();
    // A close frame without a code, and the end.
    for piece in [&[0x88][..], &[0x80, 0, 0, 0, 0]] {
        peer.push(piece);
        world.run();
    }
    peer.end();
    world.run();
}

/// How far a connection gets before it is dropped, for each number of polls. Afterwards everything is as if it had
/// never existed, except for the hooks' calls.
fn dropped_at_each_point(
    request: &[u8],
    evicts: bool,
    connect: impl Fn(&mut World, Peer) -> Option<Connection<Peer>>,
) -> BTreeSet<&'static str> {
    let mut stages = BTreeSet::new();
    at_each_point(|polls| {
        let dawdler = Dawdler::default();
        let mut world = world(&dawdler);
        let (old, peer) = (world.accept(), Peer::default());
        if evicts {
            old.ask();
        }
        world.run();
        let connection = connect(&mut world, peer.clone()).expect("nobody refuses it");
        let is_done = Arc::new(AtomicU32::new(0));
        let done = Arc::clone(&is_done);
        world.spawn(async move {
            if for_polls(polls, connection).await.is_some() {
                done.store(1, Ordering::Relaxed);
            }
        });
        live(&mut world, &peer, request);
        old.end();
        world.run();

        let is_done = is_done.load(Ordering::Relaxed) == 1;
        assert!(!peer.is_held(), "{polls}");
        assert_eq!(dawdler.running.load(Ordering::Relaxed), 0, "{polls}: a hook has been left behind");
        let stats = world.hub.stats();
        let left = (stats.handshakes, stats.reserved, stats.clients, stats.closing, stats.rooms, stats.users);
        assert_eq!(left, (0, 0, 0, 0, 0, 0), "{polls}");
        let mut told = std::mem::take(&mut *dawdler.told.lock().unwrap());
        assert!(told.values().all(|story| story.wrongs.is_empty()), "{polls}: {told:?}");
        if evicts && let Some((_, old)) = told.pop_first() {
            assert!(old.is_over, "{polls}: {old:?}");
        }
        let newcomer = told.pop_first().map(|(_, story)| story);
        stages.insert(match &newcomer {
            None if stats.opened > u64::from(evicts) => "open",
            None => "opening",
            Some(story) if story.is_over => "over",
            Some(story) if story.messages > 0 => "busy",
            Some(_) => "connected",
        });
        assert!(!is_done || newcomer.is_none_or(|story| story.is_over), "{polls}");

        // The next connection finds everything in order.
        let next = world.connect();
        assert_eq!(first(&world).user().as_deref(), Some("ada"));
        next.end();
        world.run();
        assert_clean(&world, polls);
        let (hub, soon) = (world.hub.clone(), Duration::from_secs(1));
        assert_eq!(dropped_after(&mut world, 2, hub.drain(Drain::default(), soon)), Some(Ok(())), "{polls}");
        assert_eq!(hub.state(), State::Stopped);
        is_done
    });
    stages
}

fn request(path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .into_bytes()
}

const STAGES: [&str; 4] = ["busy", "connected", "opening", "over"];

#[test]
fn a_connection_that_is_dropped_after_any_poll_leaves_nothing_behind() {
    for path in ["/", "/late"] {
        let stages = dropped_at_each_point(&request(path), false, |world, peer| {
            Some(world.hosted.connect(peer.clone(), Arc::new(peer), None))
        });
        assert_eq!(stages, STAGES.into(), "{path}");
    }
}

#[test]
fn one_that_has_evicted_another_is_no_different() {
    for path in ["/", "/late"] {
        let stages = dropped_at_each_point(&request(path), true, |world, peer| {
            Some(world.hosted.connect(peer.clone(), Arc::new(peer), None))
        });
        // "open": it waits for the last hook of the other client.
        assert_eq!(stages, STAGES.into_iter().chain(["open"]).collect(), "{path}");
    }
}

/// The newcomer waits for the last hook of the other client, and no time passes.
#[test]
fn one_that_is_evicted_and_dropped_does_not_keep_the_newcomer_waiting() {
    at_each_point(|polls| {
        let dawdler = Dawdler::default();
        let mut world = world(&dawdler);
        let old = Peer::default();
        let connection = world.hosted.connect(old.clone(), Arc::new(old.clone()), None);
        let task = world.spawn(async move {
            for_polls(polls, connection).await;
        });
        old.ask();
        world.run();
        let newcomer = world.connect();
        newcomer.send("work");
        world.run();
        assert_eq!(newcomer.texts(), ["work", "that is all"], "{polls}");
        let is_done = !world.has_ended(task);
        old.end();
        newcomer.end();
        world.run();
        assert!(!old.is_held() && !newcomer.is_held(), "{polls}");
        assert_eq!(world.hub.connection_count(), 0, "{polls}");
        assert_clean(&world, polls);
        is_done
    });
}

#[test]
fn one_that_is_answered_and_not_let_in_is_no_different() {
    for request in [request("/refused"), b"GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n".into()] {
        let stages = dropped_at_each_point(&request, false, |world, peer| {
            Some(world.hosted.connect(peer.clone(), Arc::new(peer), None))
        });
        assert_eq!(stages, ["opening"].into());
    }
}

#[test]
fn one_whose_http_server_writes_the_answer_is_no_different() {
    for path in ["/", "/late"] {
        let stages = dropped_at_each_point(&[], true, |world, peer| {
            let accepted = world.hosted.accept(None).ok()?;
            let mut connecting = accepted.check(parsed(path)).ok()?;
            dropped_after(world, super::MOST, accepted.ask(&mut connecting))?.ok()?;
            let reserved = accepted.reserve(connecting).ok()?;
            Some(reserved.open(async {
                busy(3).await;
                Some(Transport { reader: peer.clone(), writer: Arc::new(peer), rest: Vec::new() })
            }))
        });
        assert_eq!(stages, STAGES.into_iter().chain(["open"]).collect(), "{path}");
    }
}

#[test]
fn an_application_that_is_not_asked_to_the_end_can_be_asked_again() {
    let needed = at_each_point(|polls| {
        let dawdler = Dawdler::default();
        let mut world = world(&dawdler);
        let accepted = world.hosted.accept(None).unwrap();
        let mut connecting = accepted.check(parsed("/")).unwrap();
        let is_done = dropped_after(&mut world, polls, accepted.ask(&mut connecting)).is_some();
        assert_eq!(dawdler.running.load(Ordering::Relaxed), 0, "{polls}");
        assert_eq!(world.hub.stats().handshakes, 1, "{polls}");
        assert!(dropped_after(&mut world, super::MOST, accepted.ask(&mut connecting)).is_some());
        let reserved = accepted.reserve(connecting).map_err(|(_, refusal)| refusal).unwrap();
        assert_eq!(world.hub.stats().reserved, 1, "{polls}");
        let peer = Peer::default();
        let transport = Transport { reader: peer.clone(), writer: Arc::new(peer.clone()), rest: Vec::new() };
        world.spawn(reserved.open(std::future::ready(Some(transport))));
        world.run();
        assert!(first(&world).in_room("lobby") && peer.texts().is_empty(), "{polls}");
        peer.end();
        world.run();
        assert_eq!(world.hub.connection_count(), 0, "{polls}");
        assert_clean(&world, polls);
        is_done
    });
    assert_eq!(needed, 3);
}
