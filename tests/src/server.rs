//! A hub served in this process, with an application that does what its peers ask for.

use socket2::{Domain, Socket, Type};
use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use throng_core::hub::Config;
use throng_core::trace::replay;
use throng_core::websocket::Message;
use throng_core::websocket::handshake::Refusal;
use throng_core::{ClientId, CloseCode, CloseFrame, Name};
use throng_runtime::{
    Authenticating, Builder, Client, Connecting, Disconnected, DropNotice, Handler, Hub, Left, Record,
};
use throng_tokio::{ServeOptions, Stop};

use crate::raw::{Connect, Raw};
use crate::wait::eventually;
use crate::witness::Witness;

/// A hub on a port of its own, served by two threads and recorded. Dropped, it is shut down, and what was recorded is
/// replayed.
#[derive(Debug)]
pub struct Server {
    /// The hub.
    pub hub: Hub,
    /// Where it listens.
    pub address: SocketAddr,
    /// What the application was told.
    pub told: Arc<Told>,
    thread: Option<JoinHandle<()>>,
}

/// What the application was told, as it came.
#[derive(Debug, Default)]
pub struct Told {
    dropped: Mutex<Vec<(ClientId, DropNotice)>>,
    ended: Mutex<Vec<(ClientId, Disconnected)>>,
    over_rate: AtomicU64,
    messages: AtomicU64,
    asked: AtomicU64,
    left: AtomicU64,
}

/// The application. What becomes of a client's messages says the path:
///
/// - `/echo` and `/user/NAME`: each goes back; the latter sets the user
/// - `/ws` and `/room/NAME`: each goes to the whole room
/// - `/close`: `CODE REASON` closes the client
/// - `/panic`: each panics
/// - `/hang`: each is handled for ever
/// - `/sink`: nothing
/// - `/ask`: the application is asked about the request for ever
/// - `/name`: the first message is the name of the user, which it must say before its client opens; then each goes back
#[derive(Debug)]
struct Application {
    told: Arc<Told>,
}

/// A request about which the application is asked.
struct Asked<'a>(&'a Told);

impl<'a> Asked<'a> {
    fn begin(told: &'a Told) -> Self {
        told.asked.fetch_add(1, Ordering::Relaxed);
        Self(told)
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.0.asked.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Clone, Debug)]
enum Route {
    Echo,
    Room(Name),
    Close,
    Panic,
    Hang,
    Sink,
}

impl Handler for Application {
    async fn before_connect(&self, connecting: &mut Connecting) -> Result<(), Refusal> {
        let path = connecting.path().to_owned();
        let route = match path.trim_start_matches('/').split_once('/') {
            Some(("room", name)) => Route::Room(name.into()),
            Some(("user", name)) => {
                connecting.set_user(name);
                Route::Echo
            }
            _ => match &*path {
                "/ws" => Route::Room("ws".into()),
                "/echo" => Route::Echo,
                "/ask" => {
                    let _asked = Asked::begin(&self.told);
                    return pending().await;
                }
                "/name" => {
                    connecting.authenticate();
                    Route::Echo
                }
                "/close" => Route::Close,
                "/panic" => Route::Panic,
                "/hang" => Route::Hang,
                "/sink" => Route::Sink,
                _ => return Err(Refusal::NotFound),
            },
        };
        if let Route::Room(room) = &route {
            connecting.join(Name::clone(room));
        }
        connecting.insert(route);
        Ok(())
    }

    async fn authenticate(&self, session: &mut Authenticating<'_>) -> Result<(), CloseFrame> {
        let name = session.receive().await?;
        let name = str::from_utf8(name.as_bytes()).map_err(|_| CloseFrame::default())?;
        session.set_user(name).map_err(|_| CloseFrame::default())
    }

    async fn message(&self, client: &Client, message: Message) {
        self.told.messages.fetch_add(1, Ordering::Relaxed);
        match client.get::<Route>().expect("each client has a route") {
            // A client that has gone meanwhile is no failure.
            Route::Echo => {
                let _ = client.send_wait(message).await;
            }
            Route::Room(room) => {
                let _ = client.hub().send_to_room(&room, message);
            }
            Route::Close => {
                let text = str::from_utf8(message.as_bytes()).expect("a text");
                let (code, reason) = text.split_once(' ').expect("a code and a reason");
                let code = CloseCode(code.parse().expect("a number"));
                let _ = client.close(code, reason);
            }
            Route::Panic => panic!("as asked for by a test"),
            Route::Hang => pending().await,
            Route::Sink => {}
        }
    }

    async fn dropped(&self, client: &Client, dropped: DropNotice) {
        lock(&self.told.dropped).push((client.id(), dropped));
    }

    async fn over_rate(&self, _: &Client, messages: u32) {
        self.told.over_rate.fetch_add(messages.into(), Ordering::Relaxed);
    }

    async fn left(&self, _: &Client, _: &str, left: Left) {
        if left != Left::Ended {
            return;
        }
        self.told.left.fetch_add(1, Ordering::Relaxed);
    }

    async fn disconnected(&self, client: &Client, disconnected: Disconnected) {
        lock(&self.told.ended).push((client.id(), disconnected));
    }
}

impl Told {
    /// Requests to `/ask` about which the application is being asked.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// The drops of a client, each notice by itself.
    #[must_use]
    pub fn dropped(&self, client: ClientId) -> Vec<DropNotice> {
        lock(&self.dropped)
            .iter()
            .filter(|(id, _)| *id == client)
            .map(|(_, dropped)| dropped.clone())
            .collect()
    }

    /// Frames that were dropped for anybody.
    #[must_use]
    pub fn dropped_in_all(&self) -> u64 {
        lock(&self.dropped).iter().map(|(_, dropped)| u64::from(dropped.frames)).sum()
    }

    /// Who ended, and how, in this order.
    #[must_use]
    pub fn ended(&self) -> Vec<(ClientId, Disconnected)> {
        lock(&self.ended).clone()
    }

    /// Messages that were dropped for being over a rate.
    #[must_use]
    pub fn over_rate(&self) -> u64 {
        self.over_rate.load(Ordering::Relaxed)
    }

    /// Messages that arrived.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.messages.load(Ordering::Relaxed)
    }

    /// Rooms that were left because a client ended.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A listener on a free port. With `send_buffer`, the system holds about so many bytes for each connection that does
/// not read.
///
/// # Panics
/// There is no port.
#[must_use]
pub fn listener(send_buffer: Option<usize>) -> TcpListener {
    let listening = (|| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        if let Some(bytes) = send_buffer {
            socket.set_send_buffer_size(bytes)?;
        }
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        socket.listen(1024)?;
        Ok::<_, io::Error>(TcpListener::from(socket))
    })();
    listening.expect("a port is free")
}

impl Server {
    /// Starts a hub on tokio with the defaults, but for what is changed.
    #[must_use]
    pub fn start(change: impl FnOnce(&mut Config)) -> Self {
        Self::with(listener(None), change, |builder| builder)
    }

    /// Starts a hub on tokio, on a listener.
    ///
    /// # Panics
    /// The config cannot stand, or the system has no threads left.
    #[must_use]
    pub fn with(
        listener: TcpListener,
        change: impl FnOnce(&mut Config),
        build: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        Self::served_by(serve_on_tokio, listener, change, build)
    }

    /// Starts a hub that is served in some way, until it has stopped.
    ///
    /// # Panics
    /// The config cannot stand, or the system has no threads left.
    #[must_use]
    pub fn served_by(
        serve: fn(TcpListener, Hub),
        listener: TcpListener,
        change: impl FnOnce(&mut Config),
        build: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let told = Arc::new(Told::default());
        let mut config = Config::default();
        change(&mut config);
        let application = Application { told: Arc::clone(&told) };
        // What is to be handled for ever is.
        let builder = Hub::builder().config(config).handler(application).message_limit(None);
        let builder = build(builder.record(Record::Events));
        let hub = builder.build().expect("the config stands");
        let address = listener.local_addr().expect("it listens");
        let serving = hub.clone();
        let thread = thread::spawn(move || serve(listener, serving));
        Self { hub, address, told, thread: Some(thread) }
    }

    /// A WebSocket whose client is open: after the 101 alone the hub may not have got so far.
    #[must_use]
    pub fn open(&self, path: &str) -> Raw {
        self.open_by(Connect::default(), path)
    }

    /// [`open`](Self::open) by a connection of some kind.
    #[must_use]
    pub fn open_by(&self, connect: Connect, path: &str) -> Raw {
        let raw = connect.open(self.address, path);
        self.has_opened();
        raw
    }

    /// Waits until everybody who has been given a 101 is a client.
    pub fn has_opened(&self) {
        eventually("all that were admitted are open", || self.hub.stats().reserved == 0);
    }

    /// A witness of its own.
    #[must_use]
    pub fn witness(&self) -> Witness {
        let witness = Witness::open(self.address, "/echo");
        self.has_opened();
        witness
    }

    /// Waits until so many connections are left, closing ones and open handshakes included.
    pub fn returns_to(&self, connections: usize) {
        eventually(&format!("{connections} connections are left"), || {
            self.hub.connection_count() == connections
        });
    }

    /// Whether serving has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl Drop for Server {
    /// Ends it, and replays all that has happened in the bare core: what a test has seen was the core's doing.
    fn drop(&mut self) {
        self.hub.shutdown();
        let Some(thread) = self.thread.take() else { return };
        let served = thread.join();
        if !thread::panicking() {
            served.expect("serving does not panic");
            replays(&self.hub);
        }
    }
}

/// With what a log begins: unless a test has taken that, and replays it by itself.
const MAGIC: &[u8] = b"throngtr";

/// # Panics
/// The log does not lead to the same actions and numbers.
fn replays(hub: &Hub) {
    let recording = hub.take_recording().expect("it is recorded");
    if recording.log.starts_with(MAGIC) {
        let replayed = replay(&recording.log, [0x5ca1_ab1e, 0xdead_beef]).expect("the log is whole");
        assert_eq!((replayed.events, replayed.hash), (recording.events, recording.hash));
        assert_eq!((replayed.stats, replayed.cut), (hub.stats(), 0));
    }
}

/// Serves a hub on a tokio runtime of its own until it has stopped.
///
/// # Panics
/// The runtime does not start.
pub fn serve_on_tokio(listener: TcpListener, hub: Hub) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().expect("a runtime starts");
    let mut options = ServeOptions::default();
    options.stop = Stop::OnHub;
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("a socket");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        throng_tokio::serve_with(listener, hub, options).await;
    });
}
