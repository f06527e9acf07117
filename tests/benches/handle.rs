//! What a call on a handle costs: `cargo bench -p throng-tests --bench handle`. Uncontended, and with two threads
//! that do the same.
//!
//! The host is one that has no sockets: its readers never have anything, its writers take all, and the lane
//! runs between what is measured.

#[path = "support/still.rs"]
mod still;

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box};
use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use still::{CLIENTS, Rig, user};
use throng_core::websocket::{Message, Utf8Bytes};
use throng_runtime::Client;
use throng_tests::rig::{ROOM, frame};
use tower::layer::layer_fn;
use tower::util::service_fn;
use tower::{Service, ServiceBuilder};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const THREADS: [usize; 2] = [1, 2];

fn main() {
    divan::main();
}

#[divan::bench(threads = THREADS, sample_size = 10_000, sample_count = 100)]
fn send(bencher: Bencher<'_, '_>) {
    let rig = Rig::new();
    let frame = frame(128);
    rig.bench(bencher, |client| rig.hub.send_to(client.id(), frame.clone()));
}

#[divan::bench(threads = THREADS, sample_size = 10_000, sample_count = 100)]
fn send_by_client(bencher: Bencher<'_, '_>) {
    let rig = Rig::new();
    let frame = frame(128);
    rig.bench(bencher, |client| client.send(frame.clone()));
}

#[divan::bench(threads = THREADS, sample_size = 10_000, sample_count = 100)]
fn send_to_user(bencher: Bencher<'_, '_>) {
    let rig = Rig::new();
    let users: Vec<String> = (0..CLIENTS).map(user).collect();
    let frame = frame(128);
    rig.bench(bencher, |client| rig.hub.send_to_user(&users[client.id().index()], frame.clone()));
}

#[divan::bench(threads = THREADS, sample_size = 10_000, sample_count = 100)]
fn client(bencher: Bencher<'_, '_>) {
    let rig = Rig::new();
    rig.bench(bencher, |client| rig.hub.client(client.id()));
}

#[divan::bench(threads = THREADS, sample_size = 10_000, sample_count = 100)]
fn client_count(bencher: Bencher<'_, '_>) {
    let rig = Rig::new();
    rig.bench(bencher, |_| rig.hub.client_count());
}

#[divan::bench(threads = THREADS, sample_size = 10_000, sample_count = 100)]
fn member_count(bencher: Bencher<'_, '_>) {
    let rig = Rig::new();
    rig.bench(bencher, |_| rig.hub.member_count(ROOM));
}

#[divan::bench(threads = THREADS, sample_size = 10_000, sample_count = 100)]
fn get_metadata(bencher: Bencher<'_, '_>) {
    let rig = Rig::new();
    rig.bench(bencher, Client::get::<u64>);
}

#[divan::bench(threads = THREADS, sample_size = 10_000, sample_count = 100)]
fn set_metadata(bencher: Bencher<'_, '_>) {
    let rig = Rig::new();
    rig.bench(bencher, |client| client.insert(7_u64));
}

/// A handler of messages as a tower service.
#[divan::bench(sample_size = 10_000, sample_count = 100)]
fn tower_handler(bencher: Bencher<'_, '_>) {
    call(bencher, service_fn(heard));
}

/// The same within three layers, each of which counts its calls: what middleware costs a message is the difference.
#[divan::bench(sample_size = 10_000, sample_count = 100)]
fn tower_handler_in_three_layers(bencher: Bencher<'_, '_>) {
    let layers = ServiceBuilder::new().layer(layer_fn(Counted::new)).layer(layer_fn(Counted::new));
    call(bencher, layers.layer(layer_fn(Counted::new)).service(service_fn(heard)));
}

type Heard = (Client, Message);

fn heard((client, message): Heard) -> Ready<Result<(), Infallible>> {
    black_box((client.id(), message.len()));
    ready(Ok(()))
}

fn call(bencher: Bencher<'_, '_>, service: impl Service<Heard, Error = Infallible>) {
    let rig = Rig::new();
    let service = RefCell::new(service);
    let message = Message::Text(Utf8Bytes::from_static("hello"));
    bencher
        .counter(ItemsCount::new(1_u32))
        .with_inputs(|| (rig.clients[0].clone(), message.clone()))
        .bench_local_values(|heard| {
            let mut service = service.borrow_mut();
            let cx = &mut Context::from_waker(Waker::noop());
            let _ = black_box(service.poll_ready(cx));
            black_box(pin!(service.call(heard)).poll(cx).is_ready())
        });
}

struct Counted<S> {
    inner: S,
    calls: u64,
}

impl<S> Counted<S> {
    fn new(inner: S) -> Self {
        Self { inner, calls: 0 }
    }
}

impl<S: Service<Heard>> Service<Heard> for Counted<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, heard: Heard) -> S::Future {
        self.calls = black_box(self.calls + 1);
        self.inner.call(heard)
    }
}
