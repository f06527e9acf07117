//! The hub on tokio: the longest time that an honest client waits for an echo over loopback while something happens to many.
//!
//! The many have no sockets, so that there can be very many: their readers say nothing, and their writers take everything, or
//! nothing.

use std::future::ready;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};
use throng_core::CloseCode;
use throng_core::hub::{Config, Members, Policy};
use throng_core::websocket::Message;
use throng_runtime::hosting::{HostedHub, Reader, Transport, Writer};
use throng_runtime::{Client, Handler, Hub};
use throng_tests::raw::Raw;
use throng_tests::rig::frame;
use throng_tests::server::listener;
use throng_tokio::{ServeOptions, Stop};
use tokio::runtime::Runtime;

const ROOMS: u32 = 1_024;
/// How long it may take until all has happened.
const PATIENCE: Duration = Duration::from_secs(60);
/// The deadline that all have at the same moment.
const SOON: Duration = Duration::from_secs(2);

struct Scenario {
    name: &'static str,
    clients: u32,
    rooms: u32,
    takes: Takes,
    begin: fn(&Hub),
    /// Whether all has happened.
    is_over: fn(&Hub, u32) -> bool,
}

/// What the transports of the many take.
#[derive(Clone, Copy)]
enum Takes {
    Everything,
    Nothing,
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "disconnect 10,000 that are slow",
        clients: 10_000,
        rooms: 1,
        takes: Takes::Nothing,
        begin: one_too_many,
        is_over: are_gone,
    },
    Scenario {
        name: "disconnect 50,000 that are slow",
        clients: 50_000,
        rooms: 1,
        takes: Takes::Nothing,
        begin: one_too_many,
        is_over: are_gone,
    },
    Scenario {
        name: "close a room of 1,000 in 1,024 rooms each, and them",
        clients: 1_000,
        rooms: ROOMS,
        takes: Takes::Everything,
        begin: |hub| {
            let _ = hub.close_room("room 0", Members::Disconnect { code: CloseCode(4000), reason: "enough" });
        },
        is_over: are_gone,
    },
    Scenario {
        name: "pong deadline of 1,000 in 1,024 rooms each",
        clients: 1_000,
        rooms: ROOMS,
        takes: Takes::Everything,
        begin: |hub| reconfigure(hub, |config| config.deadlines.pong = Some(SOON)),
        is_over: are_gone,
    },
    Scenario {
        name: "ping 50,000 clients on a tick",
        clients: 50_000,
        rooms: 1,
        takes: Takes::Everything,
        begin: |hub| reconfigure(hub, |config| config.deadlines.ping = Some(SOON)),
        is_over: |hub, clients| hub.stats().pings >= u64::from(clients),
    },
    Scenario {
        name: "shut down 1,000 clients in 1,024 rooms each",
        clients: 1_000,
        rooms: ROOMS,
        takes: Takes::Everything,
        begin: Hub::shutdown,
        is_over: |hub, _| hub.client_count() == 0,
    },
];

pub(crate) fn run(filter: &str) {
    println!("\n| event | longest echo before | longest echo meanwhile | it takes |");
    println!("| --- | --- | --- | --- |");
    for scenario in SCENARIOS.iter().filter(|scenario| scenario.name.contains(filter)) {
        scenario.run();
    }
}

impl Scenario {
    fn run(&self) {
        let runtime = Runtime::new().expect("a runtime starts");
        let mut config = Config::default();
        (config.deadlines.ping, config.deadlines.pong) = (None, None);
        (config.admission.connections, config.admission.handshakes) = (None, None);
        (config.outbox.messages, config.outbox.policy) = (4, Policy::Disconnect);
        // Those who take nothing are not to be late with it.
        config.deadlines.write = PATIENCE;
        let hub = Hub::builder().config(config).handler(Echo).build().expect("the config stands");
        let socket = listener(None);
        let address = socket.local_addr().expect("it listens");
        let served = hub.clone();
        runtime.spawn(async move {
            let mut options = ServeOptions::default();
            options.stop = Stop::OnHub;
            socket.set_nonblocking(true).expect("a socket");
            let listener = tokio::net::TcpListener::from_std(socket).expect("a listener");
            throng_tokio::serve_with(listener, served, options).await;
        });
        let honest = Honest::start(Raw::open(address, "/echo"));
        // Whoever is honest has got an answer: tokio is the hub's host.
        let hosted = HostedHub::start(hub.clone(), |_| unreachable!("a hub keeps its first host"));
        for _ in 0..self.clients {
            self.connect(&hosted, &runtime);
        }
        wait_until(|| hub.client_count() == self.clients as usize + 1);
        if matches!(self.takes, Takes::Nothing) {
            for _ in 0..4 {
                let _ = hub.send_to_room("room 0", frame(64));
            }
        }
        thread::sleep(Duration::from_secs(1));
        honest.longest();
        thread::sleep(Duration::from_secs(1));
        let before = honest.longest();
        let began = Instant::now();
        (self.begin)(&hub);
        wait_until(|| (self.is_over)(&hub, self.clients));
        let took = began.elapsed();
        let meanwhile = honest.longest();
        honest.end();
        println!("| {} | {before:.2?} | {meanwhile:.2?} | {took:.2?} |", self.name);
        hub.shutdown();
        runtime.shutdown_timeout(Duration::from_secs(5));
    }

    fn connect(&self, hub: &HostedHub, runtime: &Runtime) {
        let request = http::Request::get("/chat")
            .header("host", "example.com")
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .body(())
            .expect("the request is whole");
        let accepted = hub.accept(None).expect("nobody is refused");
        let mut connecting = accepted.check(request.into()).expect("it opens a WebSocket");
        (0..self.rooms).for_each(|room| connecting.join(format!("room {room}")));
        let Ok(reserved) = accepted.reserve(connecting) else { panic!("nobody is refused") };
        let transport = Transport { reader: Silent, writer: Arc::new(self.takes), rest: Vec::new() };
        runtime.spawn(reserved.open(ready(Some(transport))));
    }
}

/// One more message for those whose outbox is full.
fn one_too_many(hub: &Hub) {
    let _ = hub.send_to_room("room 0", frame(64));
}

/// Only the honest one is left.
fn are_gone(hub: &Hub, _: u32) -> bool {
    hub.client_count() <= 1
}

fn reconfigure(hub: &Hub, change: impl FnOnce(&mut Config)) {
    let mut config = hub.config();
    change(&mut config);
    hub.reconfigure(&config).expect("the config stands");
}

fn wait_until(is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "it does not come to an end");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A client that says something, waits for the echo, and says the next thing.
struct Honest {
    /// Nanoseconds.
    longest: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl Honest {
    fn start(mut raw: Raw) -> Self {
        let (longest, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (noted, ends) = (Arc::clone(&longest), Arc::clone(&is_over));
        let thread = thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                let began = Instant::now();
                raw.say("hello");
                // A shutdown ends this one, too.
                if !matches!(raw.frame(), Ok(Some(frame)) if frame.payload == b"hello") {
                    return;
                }
                noted.fetch_max(began.elapsed().as_nanos() as u64, Ordering::Relaxed);
                thread::sleep(Duration::from_micros(200));
            }
        });
        Self { longest, is_over, thread }
    }

    /// The longest echo since this was last asked.
    fn longest(&self) -> Duration {
        Duration::from_nanos(self.longest.swap(0, Ordering::Relaxed))
    }

    fn end(self) {
        self.is_over.store(true, Ordering::Relaxed);
        let _ = self.thread.join();
    }
}

struct Echo;

impl Handler for Echo {
    async fn message(&self, client: &Client, message: Message) {
        let _ = client.send(message);
    }
}

/// It says nothing.
struct Silent;

impl Reader for Silent {
    fn poll_read(&mut self, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }
}

impl Writer for Takes {
    fn poll_write(&self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Everything => Poll::Ready(Ok(bytes.len())),
            Self::Nothing => Poll::Pending,
        }
    }

    fn poll_shutdown(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
