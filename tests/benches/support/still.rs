//! Clients of a host that has no sockets: its readers never have anything, its writers take all, and its tasks run when they
//! are told to.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use std::future::{Future, ready};
use std::io;
use std::num::NonZeroU16;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;
use throng_core::Instant;
use throng_runtime::hosting::{Connection, Host, HostedHub, Reader, Report, Sleep, Task, Transport, Writer};
use throng_runtime::{Builder, Client, Hub};
use throng_tests::rig::ROOM;

/// In a hub.
pub(crate) const CLIENTS: usize = 100;

/// A hub with clients, each of a user of its own and in the room, with a number as its metadata.
pub(crate) struct Rig {
    pub(crate) hub: Hub,
    pub(crate) clients: Vec<Client>,
    host: Arc<Still>,
    /// Kept, as dropping a connection ends its client.
    _connections: Mutex<Vec<Connection<Silent>>>,
}

pub(crate) fn user(at: usize) -> String {
    format!("user-{at}")
}

impl Rig {
    pub(crate) fn new() -> Self {
        let (hosted, host) = start(Hub::builder());
        let connections = (0..CLIENTS).map(|at| connect(&hosted, user(at), Silent)).collect();
        let hub = hosted.hub().clone();
        let clients: Vec<Client> =
            hub.clients().into_iter().filter_map(|client| hub.client(client)).collect();
        assert_eq!(clients.len(), CLIENTS);
        Self { hub, clients, host, _connections: Mutex::new(connections) }
    }

    /// Measures a call for one client after the other; before a sample the lane writes what waits.
    pub(crate) fn bench<T>(&self, bencher: Bencher<'_, '_>, call: impl Fn(&Client) -> T + Sync) {
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

/// A hub that runs, with one lane.
pub(crate) fn start(builder: Builder) -> (HostedHub, Arc<Still>) {
    let hub = builder.lanes(NonZeroU16::MIN).build().expect("the config stands");
    let host = Arc::new(Still { tasks: Mutex::default(), start: std::time::Instant::now() });
    let hosted = HostedHub::start(hub, |_| Arc::clone(&host) as Arc<dyn Host>);
    (hosted, host)
}

/// A client of this user, whose messages come from the reader.
pub(crate) fn connect<R: Reader>(hub: &HostedHub, user: String, reader: R) -> Connection<R> {
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
    let transport = Transport { reader, writer: Arc::new(Hungry), rest: Vec::new() };
    let mut connection = reserved.open(ready(Some(transport)));
    poll_once(&mut connection);
    connection
}

pub(crate) fn poll_once(future: &mut (impl Future + Unpin)) {
    let _ = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
}

/// A host that does nothing of itself.
pub(crate) struct Still {
    tasks: Mutex<Vec<Task>>,
    start: std::time::Instant,
}

impl Still {
    /// Lets each task go on until what waits is written: a lane gives way before and after it writes a slice.
    pub(crate) fn run(&self) {
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
