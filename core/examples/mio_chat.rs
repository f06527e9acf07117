//! A WebSocket chat on one thread, over mio: the core in an event loop of your own.
//!
//! `cargo run --example mio_chat [ADDRESS [LOG [PONG]]]`: `/echo` echoes each message; every other path is a room, where each
//! message goes to all members. A client that does not answer its pings for PONG seconds, 60 by default, is ended. SIGTERM or Ctrl-C closes all clients within 10 s and ends the process within 15 s, whatever the
//! clients do; a second signal ends it within a second.
//!
//! The core decides about admission, rooms, queues, slow clients, pings and how a connection closes. A host has sockets, a
//! clock and a loop, and this file has nothing else. Read it from top to bottom.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, clippy::print_stderr, clippy::print_stdout)] // It is a host.

use mio::net::{TcpListener, TcpStream, UnixStream};
use mio::{Events, Interest, Poll, Token};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind, Read, Write};
use std::{collections::BTreeSet, env, error, fs::File, mem, net::Shutdown, process::ExitCode, time};
use throng_core::hub::{Action, Config, Error, Event, Flush, Outcome, Policy, Sink, State, Target, Verdict};
use throng_core::outbox::Batch;
use throng_core::trace::{RecordedHub, Recorder};
use throng_core::websocket::deflate::{Compression, Compressor, Inflater, Room};
use throng_core::websocket::handshake::{Handshake, HeadLimits, Refusal, Request};
use throng_core::websocket::{Decoder, Flat, Item, ProtocolError, ReservedBits};
use throng_core::{Address, ClientId, CloseCode, ConnectionId, Frame, Hub, Instant, Name, Window, websocket};

const ECHO: &str = "/echo";
/// The token of sockets that only wake the loop. A connection's token is the index of its id plus one; indexes are dense.
const WAKES: Token = Token(0);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mio_chat: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn error::Error>> {
    let mut config = Config::default();
    config.outbox.message_bytes = 16 << 20; // Both ways.
    config.outbox.bytes = 17 << 20;
    // The loop handles all that one read brings in before it writes: an outbox must have room for it.
    config.outbox.messages = 1024;
    config.deadlines.close = time::Duration::from_secs(60);
    config.drain.spread = time::Duration::from_secs(10);
    config.drain.deadline = time::Duration::from_secs(15); // The host's part: see `Host::end`.
    // The core has no randomness, so the host makes the hash key. With a secret key no peer can choose names that collide.
    let random = || RandomState::new().build_hasher().finish();
    config.host.hash_key = [random(), random()];
    let mut args = env::args().skip(1);
    let address = args.next().unwrap_or_else(|| "127.0.0.1:8080".into());
    let cannot = |what: &str, error: &dyn error::Error| format!("cannot {what}: {error}");
    let at = address.parse().map_err(|error| cannot(&format!("listen on {address}"), &error))?;
    // If a log is given, every event is written to it, so that the run can be replayed.
    let log = match args.next() {
        Some(file) => {
            Some(File::create(&file).map_err(|error| cannot(&format!("write the log to {file}"), &error))?)
        }
        None => None,
    };
    if let Some(pong) = args.next() {
        let seconds: u32 = pong
            .parse()
            .map_err(|error| cannot(&format!("take PONG `{pong}` as a whole number of seconds"), &error))?;
        config.deadlines.pong = Some(time::Duration::from_secs(seconds.into()));
        config.deadlines.ping = config.deadlines.pong.map(|pong| pong * 9 / 10);
    }
    let recorder = log.is_some().then(|| Recorder::new(&config));
    let hub = RecordedHub::new(Hub::new(config)?, recorder);
    let listening = TcpListener::bind(at);
    let mut listener = listening.map_err(|error| cannot(&format!("listen on {address}"), &error))?;
    let poll = Poll::new()?;
    poll.registry().register(&mut listener, WAKES, Interest::READABLE)?;
    // A signal writes a byte to this socket, so that the loop can wait for it like for other input.
    let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let mut signals = UnixStream::from_std(ours);
    poll.registry().register(&mut signals, WAKES, Interest::READABLE)?;
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::low_level::pipe::register(signal, theirs.try_clone()?)?;
    }
    // Catching SIGHUP lets the server live on when its terminal is closed.
    signal_hook::flag::register(signal_hook::consts::SIGHUP, std::sync::Arc::default())?;
    println!("chat on ws://{}", listener.local_addr()?);
    let (now, connections, unread) = (Instant::ORIGIN, vec![], BTreeSet::new());
    let compression = Compression::default();
    let (compressor, inflater) = (Compressor::new(compression.level), Inflater::new());
    let deflating = Deflating { compression, compressor, inflater, takers: 0 };
    let end = None;
    Ok(Host { hub, log, now, poll, listener, signals, end, connections, unread, deflating }.run()?)
}

struct Host {
    hub: RecordedHub,
    log: Option<File>,
    now: Instant,
    poll: Poll,
    listener: TcpListener,
    signals: UnixStream,
    /// When what is left is cut off, after a signal. The hub does not know: it would wait for peers that do not answer their close frame.
    end: Option<Instant>,
    /// Connections by the index of their id.
    connections: Vec<Option<Connection>>,
    /// Connections whose sockets may have more to read: mio reports new input only once.
    unread: BTreeSet<ConnectionId>,
    deflating: Deflating,
}

/// Compression (RFC 7692) for clients that offer it. Contexts are dropped, so one compressor serves all clients.
struct Deflating {
    compression: Compression,
    compressor: Compressor,
    inflater: Inflater,
    /// The number of connections that negotiated compression.
    takers: usize,
}

struct Connection {
    id: ConnectionId,
    socket: TcpStream,
    stage: Stage,
    /// Bytes that were read and could not be handled yet, at most those of one read.
    rest: Vec<u8>,
    /// The peer is over its rate: the host does not read until `Action::Resume`.
    is_paused: bool,
    /// The window of the peer, which decides which deflated frames it gets.
    window: Window,
    /// An echo that did not fit into the client's outbox. The host does not read until it fits.
    unsent: Option<Frame>,
}

enum Stage {
    Opening(Handshake),
    /// The connection of this client of this room, open or closing.
    Open(Decoder, ClientId, Name),
    /// Input is read and discarded; with unread input the peer might not get the last bytes written.
    Over,
}

impl Host {
    /// The loop. It handles all input before it writes, so that a burst, from any number of clients, leaves in one write
    /// for each recipient.
    fn run(mut self) -> io::Result<()> {
        let (mut events, mut buffer) = (Events::with_capacity(1024), vec![0; 64 << 10]);
        let (mut batch, mut flat) = (Batch::default(), Flat::default());
        // The core has no clock: the host passes the time since its start.
        let start = time::Instant::now();
        let time = || Instant::ORIGIN + start.elapsed();
        let mut has_stopped = false;
        while !has_stopped {
            let is_busy = !self.unread.is_empty() || self.hub.hub().has_ready(0);
            let waits_until = self.hub.poll_timeout().into_iter().chain(self.end).min();
            let until = if is_busy { Some(self.now) } else { waits_until };
            let polled = self.poll.poll(&mut events, until.map(|until| until.since(time())));
            polled
                .or_else(|error| if error.kind() == ErrorKind::Interrupted { Ok(()) } else { Err(error) })?;
            self.now = time(); // All events of one poll have the same time.
            for event in events.iter().filter(|event| event.token() != WAKES) {
                let Some(Some(connection)) = self.connections.get(event.token().0 - 1) else { continue };
                let connection = connection.id;
                self.unread.insert(connection);
                if event.is_writable() {
                    let _ = self.handle(Event::Writable { connection }); // No effect unless it was blocked.
                }
            }
            while let Ok(1..) = self.signals.read(&mut [0]) {
                self.end_sooner();
            }
            self.take_newcomers();
            for connection in mem::take(&mut self.unread) {
                self.read(connection, &mut buffer);
            }
            if self.hub.poll_timeout().is_some_and(|at| at <= self.now) {
                let _ = self.handle(Event::Timeout);
            }
            self.write(&mut batch, &mut flat);
            batch.clear();
            if self.end.is_some_and(|end| end <= self.now) {
                self.cut_off();
            }
            has_stopped = self.act();
            if let (Some(recorder), Some(log)) = (self.hub.recorder(), &mut self.log) {
                recorder.checkpoint();
                let written = log.write_all(&recorder.take());
                written.map_err(|error| {
                    io::Error::new(error.kind(), format!("cannot write the log: {error}"))
                })?;
            }
        }
        Ok(())
    }

    /// A signal came. The first one begins a drain, as the config says; after the second, close frames have a second to arrive.
    fn end_sooner(&mut self) {
        let plan = self.hub.hub().config().drain;
        let (event, time) = match self.hub.hub().state() {
            State::Running => (Event::Drain(plan.drain()), plan.deadline),
            _ => (Event::Shutdown, time::Duration::from_secs(1)),
        };
        let _ = self.handle(event);
        let end = self.now + time;
        self.end = Some(self.end.map_or(end, |earlier| earlier.min(end)));
    }

    /// Ends all connections that are left, handshakes included, so that the hub stops.
    fn cut_off(&mut self) {
        let left: Vec<_> = self.connections.iter().flatten().map(|connection| connection.id).collect();
        left.into_iter().for_each(|connection| self.forget(connection));
        let _ = self.handle(Event::Shutdown);
    }

    /// Hands an event to the hub. After an error nothing has changed; mostly the client is closing or gone.
    fn handle(&mut self, event: Event<'_>) -> Result<Outcome, Error> {
        self.hub.handle(self.now, event)
    }

    fn connection(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.connections.get_mut(id.index())?.as_mut().filter(|connection| connection.id == id)
    }

    /// Accepts connections in every turn, since mio reports them only once, and at most 256, so that others are served too.
    fn take_newcomers(&mut self) {
        for _ in 0..256 {
            let Ok((mut socket, remote)) = self.listener.accept() else { return };
            let event = Event::Accept { address: Some(Address::from(remote.ip())), lane: 0 };
            let Ok(Outcome::Accepted(id)) = self.handle(event) else {
                // The hub refused the connection, so it has no deadline: the answer is written now or never.
                // The request has not been read, so the answer has no body.
                let refusal = Refusal::Unavailable { retry_after: 5 };
                let _ = socket.write(&Handshake::new(HeadLimits::default()).refuse(&refusal));
                continue;
            };
            let _ = socket.set_nodelay(true);
            let (token, both) = (Token(id.index() + 1), Interest::READABLE | Interest::WRITABLE);
            // If this fails, the deadline of the handshake ends the connection.
            let _ = self.poll.registry().register(&mut socket, token, both);
            let (stage, rest) = (Stage::Opening(Handshake::new(HeadLimits::default())), vec![]);
            let (is_paused, window, unsent) = (false, Window::NONE, None);
            let connection = Connection { id, socket, stage, rest, is_paused, window, unsent };
            self.connections.resize_with(self.connections.len().max(id.index() + 1), || None);
            self.connections[id.index()] = Some(connection);
        }
    }

    /// Reads once, so that all connections have a turn, and handles the input.
    fn read(&mut self, id: ConnectionId, buffer: &mut [u8]) {
        let Some(connection) = self.connection(id) else { return };
        let mut rest = mem::take(&mut connection.rest);
        let mut input = &mut *rest;
        if input.is_empty() {
            match connection.socket.read(buffer) {
                Ok(bytes @ 1..) => input = &mut buffer[..bytes],
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // The peer sends nothing more, but may still read its queue: the hub sends `Abort` when that is written.
                Ok(_) if self.handle(Event::HalfClosed { connection: id }).is_ok() => return,
                _ => return self.forget(id), // The socket failed, or the peer left during the handshake.
            }
        }
        while let Some(connection) = self.connection(id) {
            if connection.is_paused || connection.unsent.is_some() {
                return connection.rest = input.to_vec();
            }
            match &mut connection.stage {
                Stage::Opening(handshake) => match handshake.receive(&mut input).transpose() {
                    Some(request) => self.open(id, request),
                    None => break,
                },
                Stage::Open(decoder, ..) => match decoder.decode(&mut input) {
                    Ok(Some(item)) => self.take(id, item),
                    Ok(None) => break,
                    Err(error) => self.fail(id, error),
                },
                Stage::Over => break,
            }
        }
        let _ = self.handle(Event::Heard { connection: id });
        self.unread.insert(id);
    }

    /// Answers a request: opens a WebSocket if the request is valid and the hub admits the client.
    fn open(&mut self, id: ConnectionId, request: Result<Request, Refusal>) {
        let (mut decoder, mut window) = (Decoder::server(self.hub.hub().config().into()), Window::NONE);
        let admitted = request.and_then(|request| {
            request.check()?;
            let mut upgrade = request.upgrade(&websocket::handshake::Policy::default())?;
            let reserved = self.hub.reserve(self.now, id, None);
            let client = reserved.map_err(|error| Refusal::unadmitted(error, self.now))?;
            let offers = upgrade.offered_extensions();
            if let Some(agreement) = self.deflating.compression.negotiate(offers, Room::UsedUp) {
                upgrade.accept_extension(agreement.answer());
                window = agreement.window();
            }
            Ok((upgrade.to_bytes(), Some((client, Name::from(request.path())))))
        });
        let Some(connection) = self.connection(id) else { return };
        let Stage::Opening(handshake) = &connection.stage else { return };
        // `refuse` answers a HEAD request without a body.
        let (answer, member) = admitted.unwrap_or_else(|refusal| (handshake.refuse(&refusal), None));
        // Nothing was written before, so the socket has room for the answer, or has failed.
        let is_written = connection.socket.write(&answer).is_ok_and(|bytes| bytes == answer.len());
        let Some((client, room)) = member.filter(|_| is_written) else {
            connection.stage = Stage::Over;
            return drop(connection.socket.shutdown(Shutdown::Write));
        };
        if window != Window::NONE {
            decoder = decoder.allow(ReservedBits::COMPRESSED);
            connection.window = window;
        }
        connection.stage = Stage::Open(decoder, client, Name::clone(&room));
        self.deflating.takers += usize::from(window != Window::NONE);
        let _ = self.handle(Event::Open { connection: id });
        if *room != *ECHO && self.handle(Event::Join { client, room: &room, recover: None }).is_err() {
            let (code, reason, flush) = (CloseCode::POLICY, "no such room", Flush::First);
            let _ = self.handle(Event::CloseConnection { connection: id, code, reason, flush });
        }
    }

    /// Handles a message or control frame. The hub answers control frames and checks rates: it gets only the size of a
    /// message and returns a verdict. The application, which is here, handles the message itself.
    fn take(&mut self, id: ConnectionId, mut item: Item) {
        if let Item::Compressed { kind, payload } = item {
            // The limit for an inflated message is that for an uncompressed one.
            let most = self.hub.hub().config().outbox.message_bytes;
            match self.deflating.inflater.inflate(kind, &payload, most) {
                Ok(message) => item = Item::Message(message),
                Err(error) => return self.fail(id, error),
            }
        }
        let result = self.handle(item.event(id));
        let (Ok(Outcome::Verdict(verdict)), Item::Message(message)) = (result, item) else { return };
        match (verdict, self.connection(id)) {
            (Verdict::Accept, _) => {}
            (Verdict::Pause { .. }, Some(connection)) => connection.is_paused = true,
            _ => return,
        }
        // Encoded once for all recipients.
        if let Ok(frame) = Frame::try_from(message) {
            let frame = self.deflating.add_variant(frame);
            self.publish(id, frame);
        }
    }

    /// Closes a client that violated the protocol, and discards what it still sends.
    fn fail(&mut self, id: ConnectionId, error: ProtocolError) {
        let Some(connection) = self.connection(id) else { return };
        if let Stage::Open(..) = mem::replace(&mut connection.stage, Stage::Over) {
            let _ = self.handle(error.event(id));
        }
    }

    fn publish(&mut self, id: ConnectionId, frame: Frame) {
        let Some(Connection { stage: Stage::Open(_, client, room), .. }) = self.connection(id) else {
            return;
        };
        let (client, room) = (*client, Name::clone(room));
        let (target, policy) = match &*room {
            ECHO => (Target::Client(client), Some(Policy::Wait)),
            room => (Target::Room(room), None),
        };
        // Published for the client: the hub refuses it if the client is no longer open.
        let event = Event::Publish {
            publisher: Some(client),
            targets: &[target],
            except: &[],
            frame: &frame,
            policy,
            dedup: None,
        };
        if let Ok(Outcome::Published(published)) = self.handle(event)
            && let Some(connection) = self.connection(id)
        {
            connection.unsent = (published.refused > 0).then_some(frame);
        }
    }

    /// Writes the queues of the next 256 ready connections, up to 64 KiB each.
    fn write(&mut self, batch: &mut Batch, flat: &mut Flat) {
        let event = Event::TransmitReady { lane: 0, connections: 256, budget: 64 << 10 };
        batch.clear();
        let leased = self.hub.handle_into(self.now, event, Sink::Batch(batch));
        let Ok(Outcome::Leased(1..)) = leased else { return };
        let (mut leases, mut results) = (flat.leases(batch), vec![]);
        while let Some(mut unwritten) = leases
            .next_lease_for(|id| self.connection(id).map_or(Window::NONE, |connection| connection.window))
        {
            let Some(connection) = self.connection(unwritten.connection()) else { continue };
            let transport = unwritten.write_to(&mut connection.socket);
            if unwritten.ends_sending() {
                let _ = connection.socket.shutdown(Shutdown::Write);
            }
            results.push(unwritten.written(transport));
        }
        let _ = self.handle(Event::Transmitted { results: &results });
    }

    /// Handles all actions; `true` if the hub has stopped.
    fn act(&mut self) -> bool {
        while let Some(action) = self.hub.poll_action() {
            match action {
                Action::Stopped => return true,
                Action::Abort { connection } => self.forget(connection),
                Action::Resume { connection } => self.read_on(connection, true),
                // These name the client, since they are about its outbox and its life.
                Action::OutboxLow { client } | Action::Disconnected { client, .. } => {
                    let Some(connection) = self.hub.hub().connection_of(client) else { continue };
                    self.read_on(connection, !matches!(action, Action::OutboxLow { .. }));
                }
                // Not `eprintln`, which panics if the terminal is gone.
                Action::StoodStill { time } => {
                    let _ = writeln!(io::stderr(), "stood still for {time:?}; no deadline counts that");
                }
                // An application with its own list of members would handle `Connected`, `Left` and `Dropped` here.
                _ => {}
            }
        }
        false
    }

    /// Reads on; after `Disconnected` only until the peer's close frame. Sends again what did not fit into the outbox.
    fn read_on(&mut self, id: ConnectionId, ends_pause: bool) {
        let Some(connection) = self.connection(id) else { return };
        connection.is_paused &= !ends_pause;
        let unsent = connection.unsent.take();
        self.unread.insert(id);
        if let Some(frame) = unsent {
            self.publish(id, frame);
        }
    }

    /// Closes the socket and makes its id, and that of its client, stale.
    fn forget(&mut self, id: ConnectionId) {
        let gone = self.connections[id.index()].take_if(|connection| connection.id == id);
        self.deflating.takers -= usize::from(gone.is_some_and(|gone| gone.window != Window::NONE));
        let _ = self.handle(Event::Gone { connection: id });
    }
}

impl Deflating {
    /// Deflates a frame once for all recipients, if any client negotiated compression and the frame gets shorter.
    fn add_variant(&mut self, frame: Frame) -> Frame {
        let is_wanted = self.takers > 0 && frame.payload().len() >= self.compression.min_bytes as usize;
        match is_wanted.then(|| self.compressor.compress_frame(&frame)).flatten() {
            Some(deflated) => frame.with_deflated(deflated),
            None => frame,
        }
    }
}
