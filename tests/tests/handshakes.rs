//! Connections that do not say what they want: what each costs, on every host.

#![allow(clippy::print_stdout)]

use std::alloc::System;
use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ::axum::Router;
use ::axum::routing::get;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use throng_async_std::{ServeOptions, Stop};
use throng_core::hub::Config;
use throng_runtime::{Builder, Hub};
use throng_tests::http::{self, upgrade};
use throng_tests::process::allow_open_files;
use throng_tests::server::{listener, serve_on_tokio};
use throng_tests::wait::{eventually, within};
use throng_tokio::axum;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Whoever measures is alone.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A power of two, at which lists that grow by doubling are full.
const PEERS: usize = 1 << 11;

/// Serves until the hub ends.
type Serve = fn(TcpListener, Hub);

/// Those that read requests themselves.
const BARE: [(&str, Serve); 3] = [("tokio", serve_on_tokio), ("async-std", on_async_std), ("smol", on_smol)];
const AXUM: (&str, Serve) = ("tokio + axum", by_axum);
const HOSTS: [(&str, Serve); 4] = [BARE[0], BARE[1], BARE[2], AXUM];

fn on_async_std(listener: TcpListener, hub: Hub) {
    let serving = throng_async_std::serve_with(listener, hub, until_the_hub_ends());
    ::async_std::task::block_on(serving).expect("the listener can be watched");
}

fn on_smol(listener: TcpListener, hub: Hub) {
    let serving = throng_async_std::smol::serve_with(listener, hub, until_the_hub_ends());
    ::smol::block_on(serving).expect("the listener can be watched");
}

fn until_the_hub_ends() -> ServeOptions {
    let mut options = ServeOptions::default();
    options.stop = Stop::OnHub;
    options
}

fn by_axum(listener: TcpListener, hub: Hub) {
    on_two_threads(async {
        let listener = for_tokio(listener);
        axum::serve_with(listener, application(hub.clone()), hub, until_the_hub_ends()).await;
    });
}

fn application(hub: Hub) -> Router {
    Router::new()
        .route("/healthz", get(axum::healthz))
        .route("/readyz", get(axum::readyz))
        .route("/ws", get(axum::connect))
        .with_state(hub)
}

fn on_two_threads(serving: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().expect("a runtime starts");
    runtime.block_on(serving);
}

fn for_tokio(listener: TcpListener) -> tokio::net::TcpListener {
    listener.set_nonblocking(true).expect("a socket");
    tokio::net::TcpListener::from_std(listener).expect("a listener")
}

struct Served {
    hub: Hub,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    fn start(serve: fn(TcpListener, Hub), builder: Builder, change: impl FnOnce(&mut Config)) -> Self {
        allow_open_files(3 * PEERS);
        let mut config = Config::default();
        config.deadlines.handshake = Duration::from_secs(600);
        change(&mut config);
        let hub = builder.config(config).hook_limit(None).build().expect("the config stands");
        let listener = listener(None);
        let address = listener.local_addr().expect("it listens");
        let serving = hub.clone();
        let thread = Some(thread::spawn(move || serve(listener, serving)));
        Self { hub, address, thread }
    }

    fn connect(&self, count: usize, say: &[u8]) -> Vec<TcpStream> {
        let mut peers = Vec::with_capacity(count);
        for _ in 0..count {
            let mut peer = TcpStream::connect(self.address).expect("the server takes the connection");
            peer.write_all(say).expect("it is taken");
            peers.push(peer);
        }
        peers
    }

    fn returns_to(&self, connections: usize) {
        eventually("they are gone", || self.hub.connection_count() == connections);
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.hub.shutdown();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the process has allocated and not given back for each peer of a crowd that says this, once `is_there` says that it has
/// come so far.
fn bytes_each(served: &Served, say: &[u8], is_there: impl Fn(usize) -> bool) -> isize {
    let region = Region::new(ALLOCATOR);
    let crowd = served.connect(PEERS, say);
    eventually("they are there", || is_there(PEERS));
    // They have been read.
    thread::sleep(Duration::from_millis(200));
    let change = region.change();
    drop(crowd);
    (change.bytes_allocated as isize - change.bytes_deallocated as isize) / PEERS as isize
}

#[test]
fn an_open_handshake_takes_at_most_four_kib_and_what_has_come_of_its_head() {
    let _alone = alone();
    let head = format!("GET / HTTP/1.1\r\nCookie: {}", "a".repeat(1_000));
    for (name, serve) in HOSTS {
        let served = Served::start(serve, Hub::builder(), |_| {});
        let handshakes = |count| served.hub.stats().handshakes as usize == count;
        // What there is once, and the lists that grow.
        drop(served.connect(PEERS, b""));
        let [silent, begun, half] = ["", "GET /ws HTTP/1.1\r\nHost: throng.test\r\n", &head].map(|say| {
            served.returns_to(0);
            bytes_each(&served, say.as_bytes(), handshakes)
        });
        println!("{name}: {silent} bytes silent, {begun} begun, {half} with a head of {} bytes", head.len());
        assert!(silent <= 4 << 10 && begun <= 4 << 10, "{name}: {silent}, {begun}");
        assert!(half <= (4 << 10) + head.len() as isize, "{name}: {half}");
    }
}

/// Serves an application by axum, without what the hub's own [`axum::serve`] adds to that.
fn by_plain_axum(listener: TcpListener, hub: Hub) {
    on_two_threads(async {
        let drained = throng_tokio::drained(hub.clone(), until_the_hub_ends());
        let serving = ::axum::serve(for_tokio(listener), application(hub));
        serving.with_graceful_shutdown(drained).await.expect("the listener stands");
    });
}

/// hyper has a buffer for what it reads and one for what it writes of each connection, of 8 KiB each. The most in KiB that a
/// connection takes: silent, with half a head, kept after an answer, and while the application thinks about its request. The
/// guide says the same in its chapter on production; what is measured is 1 to 5 % less, silence apart.
#[test]
fn a_connection_that_hyper_has_takes_at_most_what_the_guide_says() {
    let _alone = alone();
    let page = "GET /healthz HTTP/1.1\r\nHost: throng.test\r\n\r\n";
    let half = "GET /ws HTTP/1.1\r\nHost: throng.test\r\n";
    let ours = (AXUM, [4, 4, 25, 25]);
    let plain = (("plain axum", by_plain_axum as Serve), [5, 30, 34, 34]);
    for ((name, serve), most) in [ours, plain] {
        let served = Served::start(serve, Hub::builder().handler(Thinks), |_| {});
        assert_eq!(http::get(served.address, "/healthz").status, 200);
        let before = descriptors();
        // Each peer has one of its own in this process.
        let are_open = |count: usize| descriptors() + 10 >= before + 2 * count;
        // What there is once, and the lists that grow.
        let _ = bytes_each(&served, b"", are_open);
        let bytes = ["", half, page, &upgrade("/ws")].map(|say| {
            eventually("they are gone", || descriptors() <= before + 10);
            bytes_each(&served, say.as_bytes(), are_open)
        });
        let [silent, half, kept, asked] = bytes;
        println!(
            "{name}: {silent} bytes silent, {half} half a head, {kept} answered and kept, {asked} asked"
        );
        assert!(
            bytes.iter().zip(most).all(|(bytes, most)| *bytes <= most << 10),
            "{name}: {bytes:?}, {most:?} KiB"
        );
    }
}

#[test]
fn a_request_that_the_application_thinks_about_takes_at_most_four_kib() {
    let _alone = alone();
    for (name, serve) in BARE {
        let builder = Hub::builder().handler(Thinks);
        let served = Served::start(serve, builder, |_| {});
        let handshakes = |count| served.hub.stats().handshakes as usize == count;
        let asked = bytes_each(&served, upgrade("/ws").as_bytes(), handshakes);
        println!("{name}: {asked} bytes");
        assert!(asked <= 4 << 10, "{name}: {asked}");
    }
}

#[test]
fn a_websocket_that_has_not_said_who_it_is_takes_at_most_six_and_a_half_kib() {
    let _alone = alone();
    for (name, serve) in HOSTS {
        let builder = Hub::builder()
            .before_connect(|connecting| {
                connecting.authenticate();
                Ok(())
            })
            .authenticate(|session| {
                Box::pin(async move { session.receive().await.map(drop).map_err(Into::into) })
            });
        let served = Served::start(serve, builder, |config| {
            config.hooks.authentication = Duration::from_secs(600);
        });
        let reserved = |count| served.hub.stats().reserved as usize == count;
        let waits = bytes_each(&served, upgrade("/ws").as_bytes(), reserved);
        println!("{name}: {waits} bytes");
        assert!(waits <= 13 << 9, "{name}: {waits}");
    }
}

struct Thinks;

impl throng_runtime::Handler for Thinks {
    async fn before_connect(
        &self,
        _: &mut throng_runtime::Connecting,
    ) -> Result<(), throng_core::websocket::handshake::Refusal> {
        std::future::pending().await
    }
}

#[test]
fn refused_connections_take_no_more_descriptors_than_the_config_says() {
    const HANDSHAKES: u32 = 100;
    const PLACES: u32 = 50;
    let _alone = alone();
    for (name, serve) in HOSTS {
        let served = Served::start(serve, Hub::builder(), |config| {
            config.admission.handshakes = Some(HANDSHAKES);
            (config.admission.probes, config.admission.lingering) = (PLACES, PLACES);
        });
        let before = descriptors();
        let crowd = served.connect(PEERS, b"");
        eventually("all of them are seen to", || {
            let now = served.hub.numbers().refused_connections;
            u64::from(HANDSHAKES) + now.unread + u64::from(now.reading) == PEERS as u64
        });
        // Each peer has one of its own in this process; tasks that have ended close theirs in a moment.
        let most = (HANDSHAKES + 2 * PLACES) as usize + 10;
        let theirs = || descriptors().saturating_sub(before + crowd.len());
        let is_bounded = within(Duration::from_millis(500), || theirs() <= most);
        assert!(is_bounded, "{name}: {} descriptors, and {most} are allowed", theirs());
        assert_eq!(http::get(served.address, "/healthz").status, 200, "{name}");
        drop(crowd);
        served.returns_to(0);
    }
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").expect("Linux").count()
}
