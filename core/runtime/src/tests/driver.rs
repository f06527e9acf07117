use super::host::World;
use super::peer::masked;
use crate::hosting::Report;
use crate::{Client, Disconnected, Handler, Hub, Left};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;
use throng_core::hub::{Config, OverRate};
use throng_core::websocket::Message;
use throng_core::{CloseCode, ClosedBy, Rate};

/// Records what happens; a message `wait` is handled only once the gate is open.
#[derive(Clone, Default)]
struct Noting {
    lines: Arc<Mutex<Vec<String>>>,
    door: Arc<AtomicBool>,
}

impl Noting {
    fn note(&self, line: impl Into<String>) {
        self.lines.lock().unwrap().push(line.into());
    }

    fn lines(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }
}

impl Handler for Noting {
    async fn connected(&self, _: &Client) {
        self.note("connected");
    }

    async fn message(&self, _: &Client, message: Message) {
        let text = String::from_utf8_lossy(message.as_bytes()).into_owned();
        self.note(format!("{text}?"));
        if text == "wait" {
            std::future::poll_fn(|cx| {
                cx.waker().wake_by_ref();
                if self.door.load(Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
        self.note(text);
    }

    async fn over_rate(&self, _: &Client, messages: u32) {
        self.note(format!("over rate {messages}"));
    }

    async fn left(&self, _: &Client, room: &str, left: Left) {
        self.note(format!("left {room}, {left:?}"));
    }

    async fn disconnected(&self, _: &Client, end: Disconnected) {
        self.note(format!("disconnected {} by {:?}", end.code, end.by));
    }
}

fn noting() -> (World, Noting) {
    noting_with(Config::default())
}

fn noting_with(config: Config) -> (World, Noting) {
    let noting = Noting::default();
    (World::new(Hub::builder().config(config).handler(noting.clone())), noting)
}

/// Never blocks the test: a waiting hook keeps waking itself.
fn hanging() -> (World, Arc<Mutex<Vec<Disconnected>>>) {
    let ends = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ends);
    let builder = Hub::builder()
        .hook_limit(None)
        .on_message_async(|_: Client, _: Message| std::future::pending())
        .on_disconnect(move |_, end| seen.lock().unwrap().push(end));
    (World::new(builder), ends)
}

#[test]
fn messages_are_handled_in_order_after_connected() {
    let (mut world, noting) = noting();
    let peer = world.connect();
    peer.send("a");
    peer.send("b");
    world.run();
    assert_eq!(noting.lines(), ["connected", "a?", "a", "b?", "b"]);
}

#[test]
fn a_message_cut_anywhere_is_the_same() {
    let (mut world, noting) = noting();
    let peer = world.connect();
    for byte in masked("hello") {
        peer.push(&[byte]);
        world.run();
    }
    assert_eq!(noting.lines(), ["connected", "hello?", "hello"]);
}

#[test]
fn while_a_hook_waits_nothing_is_read() {
    let (mut world, _) = hanging();
    let peer = world.connect();
    let reads = peer.reads();
    peer.send("first");
    world.run();
    assert_eq!(peer.reads(), reads + 1);
    peer.send("second");
    world.run();
    assert_eq!(peer.reads(), reads + 1);
    assert!(peer.unread() > 0);
}

#[test]
fn a_hook_that_waits_is_dropped_with_its_transport() {
    let (mut world, ends) = hanging();
    let peer = world.connect();
    peer.send("hang");
    world.run();
    // The pong deadline passes while a hook runs, so the application is late; then the close deadline passes, because
    // nothing is read.
    world.pass(Duration::from_secs(30));
    world.pass(Duration::from_secs(31));
    world.pass(Duration::from_secs(6));
    assert!(world.is_over(&peer));
    assert_eq!(world.hub.connection_count(), 0);
    let ends = ends.lock().unwrap();
    assert_eq!(ends.len(), 1);
    assert_eq!((ends[0].by, ends[0].code), (ClosedBy::Hub, CloseCode::INTERNAL_ERROR));
}

#[test]
fn a_panic_is_contained() {
    let mut world = World::new(Hub::builder().on_message(|_: &Client, _: Message| panic!("on purpose")));
    let (peer, other) = (world.connect(), world.connect());
    peer.send("x");
    world.run();
    assert_eq!(peer.texts(), ["closed Some(1011)"]);
    assert!(other.take().is_empty());
    assert!(matches!(world.reports()[..], [Report::Panicked { client: Some(_), hook: "message" }]));
    peer.end();
    world.run();
    assert_eq!(world.hub.connection_count(), 1);
}

#[test]
fn over_the_rate_reading_pauses_and_goes_on() {
    let mut config = Config::default();
    config.inbound.messages = Some(Rate::per_second(1));
    config.inbound.over_rate = OverRate::Pause;
    let (mut world, noting) = noting_with(config);
    let peer = world.connect();
    for text in ["a", "b", "c"] {
        peer.send(text);
    }
    world.run();
    assert_eq!(noting.lines(), ["connected", "a?", "a", "b?", "b"]);
    world.pass(Duration::from_secs(2));
    assert_eq!(noting.lines(), ["c?", "c"]);
}

#[test]
fn over_the_rate_messages_are_dropped_and_added_up() {
    let mut config = Config::default();
    config.inbound.messages = Some(Rate::per_second(1));
    config.inbound.over_rate = OverRate::Drop;
    let (mut world, noting) = noting_with(config);
    let peer = world.connect();
    for text in ["a", "b", "c", "d"] {
        peer.send(text);
    }
    world.run();
    assert_eq!(noting.lines(), ["connected", "a?", "a", "over rate 3"]);
}

#[test]
fn the_end_of_the_transport_is_the_end_of_the_client() {
    let (mut world, noting) = noting();
    let peer = world.connect();
    world.hub.join(world.hub.clients()[0], "room").unwrap();
    peer.send("last");
    peer.end();
    world.run();
    assert_eq!(
        noting.lines(),
        ["connected", "last?", "last", "left room, Ended", "disconnected 1006 by Transport"]
    );
    assert!(world.is_over(&peer));
    assert_eq!(world.hub.connection_count(), 0);
}

#[test]
fn a_task_that_is_dropped_takes_its_client_along() {
    let (mut world, _) = noting();
    let (peer, early) = (world.connect(), world.accept());
    assert_eq!(world.hub.connection_count(), 2);
    world.cancel(&peer);
    world.cancel(&early);
    assert_eq!(world.hub.connection_count(), 0);
    assert!(world.connect().take().is_empty());
}

#[test]
fn what_comes_after_a_close_is_not_handled() {
    let (mut world, noting) = noting();
    let peer = world.connect();
    noting.lines();
    world.hub.close(world.hub.clients()[0], CloseCode::NORMAL, "enough").unwrap();
    peer.send("too late");
    world.run();
    assert_eq!(noting.lines(), ["disconnected 1000 by Application"]);
    assert_eq!(peer.unread(), 0);
}

#[test]
fn a_peer_that_breaks_the_protocol_is_read_on_until_the_deadline() {
    let (mut world, noting) = noting();
    let peer = world.connect();
    peer.push(&[0xff; 1000]);
    world.run();
    assert_eq!(peer.texts(), ["closed Some(1002)"]);
    assert!(peer.is_shut());
    peer.push(&[0xff; 1000]);
    world.run();
    assert_eq!(peer.unread(), 0);
    assert!(!world.is_over(&peer));
    world.pass(Duration::from_secs(6));
    assert!(world.is_over(&peer));
    assert_eq!(noting.lines(), ["connected", "disconnected 1002 by Hub"]);
}

#[test]
fn what_was_right_is_answered_before_what_is_wrong() {
    let echo = |client: &Client, message: Message| client.send(message).unwrap();
    let mut world = World::new(Hub::builder().on_message(echo));
    let peer = world.connect();
    let mut bytes = masked("right");
    bytes.extend([0xff; 10]);
    peer.push(&bytes);
    world.run();
    assert_eq!(peer.texts(), ["right", "closed Some(1002)"]);
    // A client that does not read its answers holds nothing for longer than the deadline.
    let peer = world.connect();
    peer.set_room(Some(0));
    peer.push(&bytes);
    world.run();
    world.pass(Duration::from_secs(6));
    assert!(world.is_over(&peer));
}

#[test]
fn a_handshake_that_dawdles_is_given_up() {
    let (mut world, _) = noting();
    let peer = world.accept();
    peer.push(b"GET / HTTP/1.1\r\n");
    world.run();
    assert_eq!(world.hub.connection_count(), 1);
    world.pass(Duration::from_secs(11));
    assert!(world.is_over(&peer));
    assert_eq!(world.hub.connection_count(), 0);
    assert!(peer.take().is_empty());
}

#[test]
fn frames_behind_the_request_are_not_lost() {
    let (mut world, noting) = noting();
    let peer = world.accept();
    let mut bytes = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
          Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        .to_vec();
    bytes.extend(masked("eager"));
    peer.push(&bytes);
    world.run();
    assert_eq!(noting.lines(), ["connected", "eager?", "eager"]);
}
