//! A hub on a host: the longest time that an honest client waits for an echo over loopback while something happens to many.
//!
//! The many have no sockets, so that there can be very many: their readers say nothing, and their writers take everything, or
//! nothing. A machine that has other work to do makes every wait longer. So the same wait is measured right before, when nothing
//! happens, and what happened during an echo is counted: how many of the many were polled, and for how long the hub's lock was
//! held at a time.

use std::future::ready;
use std::io;
use std::net::TcpListener;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};
use throng_core::CloseCode;
use throng_core::hub::{Config, Members, Policy};
use throng_core::websocket::Message;
use throng_runtime::hosting::{Connection, HostedHub, Reader, Transport, Writer};
use throng_runtime::observe::Observer;
use throng_runtime::{Client, Handler, Hub};
use throng_tests::raw::Raw;
use throng_tests::rig::frame;
use throng_tests::server::listener;
use tokio::runtime::{Builder, Runtime};

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
    /// Whether the hub ends; then the honest client is one of another hub on the same host.
    ends_hub: bool,
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
        ends_hub: false,
    },
    Scenario {
        name: "disconnect 50,000 that are slow",
        clients: 50_000,
        rooms: 1,
        takes: Takes::Nothing,
        begin: one_too_many,
        is_over: are_gone,
        ends_hub: false,
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
        ends_hub: false,
    },
    Scenario {
        name: "pong deadline of 1,000 in 1,024 rooms each",
        clients: 1_000,
        rooms: ROOMS,
        takes: Takes::Everything,
        begin: |hub| reconfigure(hub, |config| config.deadlines.pong = Some(SOON)),
        is_over: are_gone,
        ends_hub: false,
    },
    Scenario {
        name: "ping 50,000 clients on a tick",
        clients: 50_000,
        rooms: 1,
        takes: Takes::Everything,
        begin: |hub| reconfigure(hub, |config| config.deadlines.ping = Some(SOON)),
        is_over: |hub, clients| hub.stats().pings >= u64::from(clients),
        ends_hub: false,
    },
    Scenario {
        name: "shut down 1,000 clients in 1,024 rooms each",
        clients: 1_000,
        rooms: ROOMS,
        takes: Takes::Everything,
        begin: Hub::shutdown,
        is_over: |hub, _| hub.client_count() == 0,
        ends_hub: true,
    },
];

/// Where the hub runs.
#[derive(Clone, Copy, Debug)]
enum Host {
    Tokio,
    TokioOneThread,
    AsyncStd,
}

impl Host {
    const ALL: [Self; 3] = [Self::Tokio, Self::TokioOneThread, Self::AsyncStd];

    const fn name(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::TokioOneThread => "tokio, one thread",
            Self::AsyncStd => "async-std",
        }
    }

    /// The runtime; `None` for the one that the process has.
    fn start(self) -> Option<Runtime> {
        let mut builder = match self {
            Self::Tokio => Builder::new_multi_thread(),
            Self::TokioOneThread => {
                let mut builder = Builder::new_multi_thread();
                builder.worker_threads(1);
                builder
            }
            Self::AsyncStd => return None,
        };
        Some(builder.enable_all().build().expect("a runtime starts"))
    }

    fn serve(runtime: Option<&Runtime>, socket: TcpListener, hub: Hub) {
        socket.set_nonblocking(true).expect("a socket");
        match runtime {
            Some(runtime) => {
                runtime.spawn(async move {
                    let mut options = throng_tokio::ServeOptions::default();
                    options.stop = throng_tokio::Stop::OnHub;
                    let listener = tokio::net::TcpListener::from_std(socket).expect("a listener");
                    throng_tokio::serve_with(listener, hub, options).await;
                });
            }
            None => {
                async_std::task::spawn(async move {
                    let mut options = throng_async_std::ServeOptions::default();
                    options.stop = throng_async_std::Stop::OnHub;
                    throng_async_std::serve_with(socket, hub, options).await.expect("a listener");
                });
            }
        }
    }

    fn spawn(runtime: Option<&Runtime>, connection: Connection<Silent>) {
        match runtime {
            Some(runtime) => drop(runtime.spawn(connection)),
            None => drop(async_std::task::spawn(connection)),
        }
    }
}

pub(crate) fn run(filter: &str) {
    println!(
        "\n| event | host | longest echo before | longest echo meanwhile | connections polled during one | longest hold | it takes |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for scenario in SCENARIOS.iter().filter(|scenario| scenario.name.contains(filter)) {
        for host in Host::ALL {
            scenario.run(host);
        }
    }
}

impl Scenario {
    fn run(&self, host: Host) {
        let runtime = host.start();
        let runtime = runtime.as_ref();
        let mut config = Config::default();
        (config.deadlines.ping, config.deadlines.pong) = (None, None);
        (config.admission.connections, config.admission.handshakes) = (None, None);
        (config.outbox.messages, config.outbox.policy) = (4, Policy::Disconnect);
        // Those who take nothing are not to be late with it.
        config.deadlines.write = PATIENCE;
        let builder = || Hub::builder().handler(Echo).observe(Holds).observe_one_in(NonZeroU32::MIN);
        let hub = builder().config(config).build().expect("the config stands");
        let other = builder().build().expect("the config stands");
        let [address, elsewhere] = [&hub, &other].map(|hub| {
            let socket = listener(None);
            let address = socket.local_addr().expect("it listens");
            Host::serve(runtime, socket, hub.clone());
            address
        });
        // Whoever is answered knows that the hub has its host.
        Honest::start(Raw::open(address, "/echo")).end();
        let honest = Honest::start(Raw::open(if self.ends_hub { elsewhere } else { address }, "/echo"));
        let hosted = HostedHub::start(hub.clone(), |_| unreachable!("a hub keeps its first host"));
        for _ in 0..self.clients {
            self.connect(&hosted, runtime);
        }
        let others = usize::from(!self.ends_hub);
        wait_until(|| hub.client_count() == self.clients as usize + others);
        if matches!(self.takes, Takes::Nothing) {
            for _ in 0..4 {
                let _ = hub.send_to_room("room 0", frame(64));
            }
        }
        thread::sleep(Duration::from_secs(1));
        honest.longest();
        thread::sleep(Duration::from_secs(1));
        let (before, _) = honest.longest();
        HELD.store(0, Ordering::Relaxed);
        let began = Instant::now();
        (self.begin)(&hub);
        wait_until(|| (self.is_over)(&hub, self.clients));
        let took = began.elapsed();
        let (meanwhile, polled) = honest.longest();
        let held = Duration::from_nanos(HELD.load(Ordering::Relaxed));
        honest.end();
        println!(
            "| {} | {} | {before:.2?} | {meanwhile:.2?} | {polled} | {held:.2?} | {took:.2?} |",
            self.name,
            host.name()
        );
        hub.shutdown();
        other.shutdown();
        wait_until(|| hub.connection_count() == 0);
    }

    fn connect(&self, hub: &HostedHub, runtime: Option<&Runtime>) {
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
        Host::spawn(runtime, reserved.open(ready(Some(transport))));
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
    /// How often others were polled during one echo.
    polled: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl Honest {
    fn start(mut raw: Raw) -> Self {
        let (longest, polled, is_over) = <(Arc<AtomicU64>, Arc<AtomicU64>, Arc<AtomicBool>)>::default();
        let (noted, counted, ends) = (Arc::clone(&longest), Arc::clone(&polled), Arc::clone(&is_over));
        let thread = thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                let (began, polls) = (Instant::now(), POLLS.load(Ordering::Relaxed));
                raw.say("hello");
                if !matches!(raw.frame(), Ok(Some(frame)) if frame.payload == b"hello") {
                    return;
                }
                noted.fetch_max(began.elapsed().as_nanos() as u64, Ordering::Relaxed);
                counted.fetch_max(POLLS.load(Ordering::Relaxed) - polls, Ordering::Relaxed);
                thread::sleep(Duration::from_micros(200));
            }
        });
        Self { longest, polled, is_over, thread }
    }

    /// The longest echo since this was last asked, and the most polls of others during one.
    fn longest(&self) -> (Duration, u64) {
        let longest = Duration::from_nanos(self.longest.swap(0, Ordering::Relaxed));
        (longest, self.polled.swap(0, Ordering::Relaxed))
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

/// The longest time for which a lock was held, in nanoseconds.
static HELD: AtomicU64 = AtomicU64::new(0);

struct Holds;

impl Observer for Holds {
    fn held(&self, time: Duration) {
        HELD.fetch_max(time.as_nanos() as u64, Ordering::Relaxed);
    }
}

/// How often a connection of the many was polled, or its end was seen.
static POLLS: AtomicU64 = AtomicU64::new(0);

/// It says nothing.
struct Silent;

impl Drop for Silent {
    fn drop(&mut self) {
        POLLS.fetch_add(1, Ordering::Relaxed);
    }
}

impl Reader for Silent {
    fn poll_read(&mut self, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        POLLS.fetch_add(1, Ordering::Relaxed);
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
