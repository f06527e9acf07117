//! What a call on a handle costs: `cargo bench -p throng-tests --bench handle`. Uncontended, and with two threads
//! that do the same.
//!
//! The host is one that has no sockets: its readers never have anything, its writers take all, and the lane
//! runs between what is measured.

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box};
use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::io;
use std::num::NonZeroU16;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;
use throng_core::Instant;
use throng_core::runtime::{Client, Connection, Host, Hub, Reader, Report, Sleep, Task, Transport, Writer};
use throng_core::websocket::{Message, Utf8Bytes};
use throng_tests::rig::{ROOM, frame};
use tower::layer::layer_fn;
use tower::util::service_fn;
use tower::{Service, ServiceBuilder};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const CLIENTS: usize = 100;
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

/// A hub with clients, each of a user of its own and in the room, with a number as its metadata.
struct Rig {
    hub: Hub,
    clients: Vec<Client>,
    host: Arc<Still>,
    /// Kept, as dropping a connection ends its client.
    _connections: Mutex<Vec<Connection<Silent>>>,
}

fn user(at: usize) -> String {
    format!("user-{at}")
}

impl Rig {
    fn new() -> Self {
        let hub = Hub::builder().lanes(NonZeroU16::MIN).build().expect("the config stands");
        let host = Arc::new(Still { tasks: Mutex::default(), start: std::time::Instant::now() });
        hub.start(|| Arc::clone(&host) as Arc<dyn Host>);
        let connections = (0..CLIENTS).map(|at| connect(&hub, user(at))).collect();
        let clients: Vec<Client> =
            hub.clients().into_iter().filter_map(|client| hub.client(client)).collect();
        assert_eq!(clients.len(), CLIENTS);
        Self { hub, clients, host, _connections: Mutex::new(connections) }
    }

    /// Measures a call for one client after the other; before a sample the lane writes what waits.
    fn bench<T>(&self, bencher: Bencher<'_, '_>, call: impl Fn(&Client) -> T + Sync) {
        let next = AtomicUsize::new(0);
        bencher
            .counter(ItemsCount::new(1_u32))
            .with_inputs(|| {
                let at = next.fetch_add(1, Ordering::Relaxed) % CLIENTS;
                if at == 0 {
                    self.host.run();
                }
                &self.clients[at]
            })
            .bench_values(|client| black_box(call(client)));
    }
}

fn connect(hub: &Hub, user: String) -> Connection<Silent> {
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
    connecting.set_user(user);
    connecting.join(ROOM);
    connecting.insert(0_u64);
    let Ok(reserved) = accepted.reserve(connecting) else { panic!("nobody is refused") };
    let transport = Transport { reader: Silent, writer: Arc::new(Hungry), rest: Vec::new() };
    let mut connection = reserved.open(ready(Some(transport)));
    poll_once(&mut connection);
    connection
}

fn poll_once(future: &mut (impl Future + Unpin)) {
    let _ = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
}

/// A host that does nothing of itself.
struct Still {
    tasks: Mutex<Vec<Task>>,
    start: std::time::Instant,
}

impl Still {
    /// Lets each task go on until what waits is written: a lane gives way before and after it writes a slice.
    fn run(&self) {
        const POLLS: usize = 8;
        for task in &mut *self.tasks.lock().expect("no task panics") {
            (0..POLLS).for_each(|_| poll_once(task));
        }
    }
}

impl Host for Still {
    fn now(&self) -> Instant {
        Instant::from_nanos(self.start.elapsed().as_nanos() as u64)
    }

    fn spawn(&self, task: Task) {
        self.tasks.lock().expect("no task panics").push(task);
    }

    fn sleep(&self) -> Box<dyn Sleep> {
        Box::new(Silent)
    }

    fn yield_now(&self, cx: &mut Context<'_>) {
        cx.waker().wake_by_ref();
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn report(&self, _: Report) {}
}

/// A transport that says nothing, and a timer that never rings.
struct Silent;

impl Reader for Silent {
    fn poll_read(&mut self, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }
}

impl Sleep for Silent {
    fn poll_until(&mut self, _: &mut Context<'_>, _: Instant) -> Poll<()> {
        Poll::Pending
    }
}

/// A transport that takes everything.
struct Hungry;

impl Writer for Hungry {
    fn poll_write(&self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_shutdown(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
