//! The order of hooks, with 200 connections that join, leave and die at random over real sockets.

#![allow(clippy::unwrap_used)]

use futures_util::{SinkExt, StreamExt};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use throng_tokio::{
    Authenticating, Client, ClientError, CloseCode, CloseFrame, Connecting, Denied, Disconnected, Handled,
    Handler, Hook, Hub, Joined, Left, Message, Refusal, Ruling, ServeOptions, Stop,
};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::yield_now;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const CONNECTIONS: u64 = 200;
const ROOMS: u64 = 5;
const PATIENCE: Duration = Duration::from_secs(60);

/// A small generator: what a connection does follows from its number, the order of things between them does not.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Where a client is in the order of its hooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    New,
    Asked,
    Authenticated,
    Open,
    /// A message has been before `before_message`, and not been handled.
    Asking,
    /// It has been handled, and `after_message` is to come.
    Handling,
    Leaving,
    Over,
}

#[derive(Debug, Default)]
struct Account {
    stage: Stage,
    is_busy: bool,
    authenticates: bool,
    rooms: BTreeSet<String>,
    messages: u64,
}

/// Checks that the hooks of each client are a path through the automaton that the docs show.
#[derive(Clone, Default)]
struct Checking {
    accounts: Arc<Mutex<BTreeMap<u64, Account>>>,
    wrongs: Arc<Mutex<Vec<String>>>,
    joined: Arc<AtomicU64>,
    left: Arc<AtomicU64>,
    received: Arc<AtomicU64>,
}

/// The number of a connection, kept with its client.
#[derive(Clone, Copy)]
struct Serial(u64);

fn serial(client: &Client) -> u64 {
    client.get::<Serial>().unwrap().0
}

impl Checking {
    /// A hook that takes its time: no other of this client may begin meanwhile.
    async fn tell(&self, serial: u64, hook: Hook, step: impl FnOnce(&mut Account) -> bool) {
        {
            let mut accounts = self.accounts.lock().unwrap();
            let account = accounts.entry(serial).or_default();
            let was = account.stage;
            if std::mem::replace(&mut account.is_busy, true) {
                self.wrongs.lock().unwrap().push(format!("{serial}: {hook} beside another"));
            }
            if !step(account) {
                self.wrongs.lock().unwrap().push(format!("{serial}: {hook} while {was:?}, {account:?}"));
            }
        }
        let _busy = Busy { accounts: &self.accounts, serial };
        for _ in 0..serial % 3 {
            yield_now().await;
        }
    }
}

/// The hook of a client runs until this is dropped.
struct Busy<'a> {
    accounts: &'a Mutex<BTreeMap<u64, Account>>,
    serial: u64,
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.accounts.lock().unwrap().get_mut(&self.serial).unwrap().is_busy = false;
    }
}

impl Account {
    fn goes(&mut self, from: &[Stage], to: Stage) -> bool {
        let may = from.contains(&self.stage);
        self.stage = to;
        may
    }
}

impl Handler for Checking {
    async fn before_connect(&self, connecting: &mut Connecting) -> Result<(), Refusal> {
        let number = connecting.request().query("serial").unwrap().parse().unwrap();
        connecting.insert(Serial(number));
        connecting.join("lobby");
        let authenticates = number % 4 == 0;
        if authenticates {
            connecting.authenticate();
        }
        self.tell(number, Hook::BeforeConnect, |account| {
            account.authenticates = authenticates;
            account.goes(&[Stage::New], Stage::Asked)
        })
        .await;
        if number % 20 == 19 { Err(Refusal::NotFound) } else { Ok(()) }
    }

    async fn authenticate(&self, session: &mut Authenticating<'_>) -> Result<(), CloseFrame> {
        let number = session.get::<Serial>().unwrap().0;
        self.tell(number, Hook::Authenticate, |account| {
            account.authenticates && account.goes(&[Stage::Asked], Stage::Authenticated)
        })
        .await;
        let word = session.receive().await?;
        session.join("known");
        if word.as_bytes() == b"let me in" { Ok(()) } else { Err(CloseFrame::default()) }
    }

    async fn connected(&self, client: &Client) {
        self.tell(serial(client), Hook::Connected, |account| {
            let before = if account.authenticates { Stage::Authenticated } else { Stage::Asked };
            account.goes(&[before], Stage::Open)
        })
        .await;
    }

    async fn before_message(&self, client: &Client, message: &Message) -> Ruling {
        self.tell(serial(client), Hook::BeforeMessage, |account| {
            account.messages += 1;
            account.goes(&[Stage::Open], Stage::Asking)
        })
        .await;
        if message.as_bytes() == b"refuse" { Ruling::Refuse } else { Ruling::Pass }
    }

    async fn message(&self, client: &Client, message: Message) {
        self.tell(serial(client), Hook::Message, |account| account.goes(&[Stage::Asking], Stage::Handling))
            .await;
        let text = String::from_utf8_lossy(message.as_bytes()).into_owned();
        // Whatever comes of it, the hooks must be told.
        match text.split_once(' ') {
            Some(("join", room)) => drop(client.join(room).await),
            Some(("leave", room)) => drop(client.leave(room).await),
            _ => match &*text {
                "leave" => drop(client.leave_all().await),
                "close" => drop(client.close(CloseCode::NORMAL, "")),
                "panic" => std::panic::resume_unwind(Box::new("as asked")),
                "say" => drop(client.hub().send_to_room("lobby", "said")),
                _ => drop(client.send(text)),
            },
        }
    }

    async fn after_message(&self, client: &Client, _: &Handled) {
        let from = [Stage::Asking, Stage::Handling];
        self.tell(serial(client), Hook::AfterMessage, |account| account.goes(&from, Stage::Open)).await;
    }

    async fn before_join(&self, _: &Client, room: &str) -> Result<(), Denied> {
        yield_now().await;
        if room == "room 0" { Err(Denied) } else { Ok(()) }
    }

    async fn before_leave(&self, _: &Client, _: &str) {
        yield_now().await;
    }

    async fn joined(&self, client: &Client, room: &str, _: Joined) {
        self.joined.fetch_add(1, Ordering::Relaxed);
        self.tell(serial(client), Hook::Joined, |account| {
            account.rooms.insert(room.into()) && account.goes(&[Stage::Open], Stage::Open)
        })
        .await;
    }

    async fn left(&self, client: &Client, room: &str, left: Left) {
        self.left.fetch_add(1, Ordering::Relaxed);
        self.tell(serial(client), Hook::Left, |account| {
            let was_in = account.rooms.remove(room);
            was_in
                && match left {
                    Left::Ended => account.goes(&[Stage::Open, Stage::Leaving], Stage::Leaving),
                    _ => account.goes(&[Stage::Open], Stage::Open),
                }
        })
        .await;
    }

    async fn error(&self, client: &Client, _: &ClientError) {
        self.tell(serial(client), Hook::Error, |account| account.goes(&[Stage::Open], Stage::Open)).await;
    }

    async fn disconnected(&self, client: &Client, end: Disconnected) {
        self.received.fetch_add(end.received, Ordering::Relaxed);
        self.tell(serial(client), Hook::Disconnected, |account| {
            let is_final = account.rooms.is_empty() && end.received == account.messages;
            is_final && account.goes(&[Stage::Open, Stage::Leaving], Stage::Over)
        })
        .await;
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The life of one connection.
async fn live(address: SocketAddr, number: u64) {
    let mut dice = Dice(number);
    let url = format!("ws://{address}/?serial={number}");
    let Ok((mut socket, _)) = connect_async(url).await else { return };
    if number.is_multiple_of(4) {
        let word = if number.is_multiple_of(24) { "who, me?" } else { "let me in" };
        let _ = socket.send(tungstenite::Message::text(word)).await;
    }
    for _ in 0..dice.below(40) {
        let room = dice.below(ROOMS);
        let text = match dice.below(20) {
            0..6 => format!("join room {room}"),
            6..10 => format!("leave room {room}"),
            10 => "leave".into(),
            11 => "refuse".into(),
            12 if dice.below(10) == 0 => "panic".into(),
            13 if dice.below(10) == 0 => "close".into(),
            14 => "say".into(),
            _ => "echo".into(),
        };
        if socket.send(tungstenite::Message::text(text)).await.is_err() {
            break;
        }
        if dice.below(3) == 0 {
            let _ = tokio::time::timeout(Duration::from_millis(dice.below(20)), socket.next()).await;
        }
    }
    die(socket, dice.below(4)).await;
}

async fn die(mut socket: Socket, how: u64) {
    match how {
        0 => {
            let _ = socket.close(None).await;
            while let Some(Ok(_)) = socket.next().await {}
        }
        1 => {
            if let MaybeTlsStream::Plain(stream) = socket.get_mut() {
                let _ = stream.write_all(&[0xff; 20]).await;
            }
            while let Some(Ok(_)) = socket.next().await {}
        }
        2 => {
            if let MaybeTlsStream::Plain(stream) = socket.get_mut() {
                let _ = stream.shutdown().await;
            }
        }
        // With what it has not read: its transport is reset.
        _ => drop(socket),
    }
}

/// The application's own word: joins, leaves and closes from elsewhere.
async fn interfere(hub: Hub) {
    let mut dice = Dice(7);
    loop {
        let clients = hub.clients();
        for client in clients {
            let room = format!("room {}", dice.below(ROOMS));
            match dice.below(12) {
                0..4 => drop(hub.join(client, &room)),
                4..8 => drop(hub.leave(client, &room)),
                8 => drop(hub.leave_all(client)),
                9 if dice.below(20) == 0 => drop(hub.close(client, CloseCode(4000), "out")),
                _ => {}
            }
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn hooks_come_in_order_whatever_two_hundred_connections_do() {
    let checking = Checking::default();
    let hub = Hub::builder().handler(checking.clone()).build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut options = ServeOptions::default();
    options.stop = Stop::OnHub;
    tokio::spawn(throng_tokio::serve_with(listener, hub.clone(), options));
    let interfering = tokio::spawn(interfere(hub.clone()));
    let lives: Vec<_> = (0..CONNECTIONS).map(|number| tokio::spawn(live(address, number))).collect();
    let all = async {
        for life in lives {
            life.await.unwrap();
        }
        // Who is still there is told to go, and all last hooks have returned.
        hub.shutdown();
        hub.stopped().await;
    };
    tokio::time::timeout(PATIENCE, all).await.unwrap();
    interfering.abort();

    let wrongs = checking.wrongs.lock().unwrap();
    assert!(wrongs.is_empty(), "{} wrongs, the first: {:#?}", wrongs.len(), &wrongs[..wrongs.len().min(5)]);
    let stats = hub.stats();
    let told =
        [&checking.joined, &checking.left, &checking.received].map(|told| told.load(Ordering::Relaxed));
    assert_eq!(told, [stats.joins, stats.leaves, stats.received]);
    assert!(stats.opened > CONNECTIONS / 2 && stats.joins > stats.opened, "{stats:?}");
    for (number, account) in checking.accounts.lock().unwrap().iter() {
        let ends = [Stage::Over, Stage::Asked, Stage::Authenticated];
        assert!(ends.contains(&account.stage) && !account.is_busy, "{number}: {account:?}");
    }
}
