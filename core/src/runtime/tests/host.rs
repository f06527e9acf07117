//! A host without threads, sockets or time of its own: tasks are polled one by one, transports are queues of bytes.

use crate::Instant;
use crate::runtime::{Builder, Connection, Host, Hub, Reader, Report, Sleep, Task, Writer};
use crate::websocket::Message;
use crate::websocket::encode::encode_client_message;
use crate::websocket::{Decoder, Item, Limits};
use std::collections::VecDeque;
use std::io;
use std::num::NonZeroU16;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, SystemTime};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The host and its hub.
pub(super) struct World {
    pub(super) hub: Hub,
    clock: Arc<Clock>,
    tasks: Vec<Spawned>,
}

#[derive(Default)]
struct Clock {
    nanos: AtomicU64,
    sleepers: Mutex<Vec<Waker>>,
    spawned: Mutex<Vec<Task>>,
    yielded: Mutex<Vec<Waker>>,
    reports: Mutex<Vec<Report>>,
}

struct Spawned {
    task: Option<Task>,
    flag: Arc<Flag>,
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct TestHost(Arc<Clock>);

struct TestSleep(Arc<Clock>);

impl Host for TestHost {
    fn now(&self) -> Instant {
        Instant::from_nanos(self.0.nanos.load(Ordering::Relaxed))
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(self.0.nanos.load(Ordering::Relaxed))
    }

    fn spawn(&self, task: Task) {
        lock(&self.0.spawned).push(task);
    }

    fn sleep(&self) -> Box<dyn Sleep> {
        Box::new(TestSleep(Arc::clone(&self.0)))
    }

    fn yield_now(&self, cx: &mut Context<'_>) {
        lock(&self.0.yielded).push(cx.waker().clone());
    }

    fn report(&self, report: Report) {
        lock(&self.0.reports).push(report);
    }
}

impl Sleep for TestSleep {
    fn poll_until(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        if until.as_nanos() <= self.0.nanos.load(Ordering::Relaxed) {
            return Poll::Ready(());
        }
        lock(&self.0.sleepers).push(cx.waker().clone());
        Poll::Pending
    }
}

impl World {
    pub(super) fn new(builder: Builder) -> Self {
        let hub = builder.lanes(NonZeroU16::MIN).build().expect("the config can stand");
        let clock = Arc::new(Clock::default());
        let host = Arc::clone(&clock);
        hub.start(|| Arc::new(TestHost(host)));
        let mut world = Self { hub, clock, tasks: Vec::new() };
        world.run();
        world
    }

    /// Opens a WebSocket.
    pub(super) fn connect(&mut self) -> Peer {
        let peer = self.accept();
        peer.push(
            b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
              Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        );
        self.run();
        let answer = peer.take();
        assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
        peer
    }

    /// A transport on which nothing has come yet.
    pub(super) fn accept(&mut self) -> Peer {
        let peer = Peer::default();
        let connection: Connection<Peer> = self.hub.connect(peer.clone(), Arc::new(peer.clone()), None);
        *lock(&peer.task) = Some(self.tasks.len());
        self.spawn(Box::pin(connection));
        self.run();
        peer
    }

    fn spawn(&mut self, task: Task) {
        self.tasks.push(Spawned { task: Some(task), flag: Arc::new(Flag(AtomicBool::new(true))) });
    }

    /// Polls whoever is awake until nobody is.
    pub(super) fn run(&mut self) {
        loop {
            let spawned: Vec<Task> = lock(&self.clock.spawned).drain(..).collect();
            let mut is_busy = !spawned.is_empty();
            spawned.into_iter().for_each(|task| self.spawn(task));
            for spawned in &mut self.tasks {
                if !spawned.flag.0.swap(false, Ordering::Relaxed) {
                    continue;
                }
                let Some(task) = &mut spawned.task else { continue };
                is_busy = true;
                let waker = Waker::from(Arc::clone(&spawned.flag));
                if task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                    spawned.task = None;
                }
            }
            // Who gave way goes on when all others had their turn.
            let yielded: Vec<Waker> = lock(&self.clock.yielded).drain(..).collect();
            is_busy |= !yielded.is_empty();
            yielded.into_iter().for_each(Waker::wake);
            if !is_busy {
                return;
            }
        }
    }

    /// Time passes.
    pub(super) fn pass(&mut self, time: Duration) {
        self.clock.nanos.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
        let sleepers: Vec<Waker> = lock(&self.clock.sleepers).drain(..).collect();
        sleepers.into_iter().for_each(Waker::wake);
        self.run();
    }

    /// The host drops a connection's task.
    pub(super) fn cancel(&mut self, peer: &Peer) {
        let task = lock(&peer.task).expect("it was accepted");
        self.tasks[task].task = None;
        self.run();
    }

    pub(super) fn is_over(&self, peer: &Peer) -> bool {
        let task = lock(&peer.task).expect("it was accepted");
        self.tasks[task].task.is_none()
    }

    pub(super) fn reports(&self) -> Vec<Report> {
        lock(&self.clock.reports).clone()
    }
}

/// The other end of a transport, and both halves of this end.
#[derive(Clone, Default)]
pub(super) struct Peer {
    pipe: Arc<Mutex<Pipe>>,
    task: Arc<Mutex<Option<usize>>>,
}

#[derive(Default)]
struct Pipe {
    inbound: VecDeque<u8>,
    has_ended: bool,
    reads: usize,
    reader: Option<Waker>,
    /// What each call of a write took.
    writes: Vec<Vec<u8>>,
    /// How many bytes are still taken; `None` for any number.
    room: Option<usize>,
    writer: Option<Waker>,
    is_broken: bool,
    is_shut: bool,
    flushes: usize,
    /// Whether the reading half can write, and how often it did.
    can_answer: bool,
    answers: usize,
}

impl Peer {
    fn pipe(&self) -> MutexGuard<'_, Pipe> {
        lock(&self.pipe)
    }

    /// Bytes arrive.
    pub(super) fn push(&self, bytes: &[u8]) {
        let mut pipe = self.pipe();
        pipe.inbound.extend(bytes);
        if let Some(reader) = pipe.reader.take() {
            reader.wake();
        }
    }

    /// The peer sends a text.
    pub(super) fn send(&self, text: &str) {
        self.push(&masked(text));
    }

    /// The peer ends its sending direction.
    pub(super) fn end(&self) {
        self.pipe().has_ended = true;
        self.push(&[]);
    }

    /// The transport breaks.
    pub(super) fn break_off(&self) {
        let mut pipe = self.pipe();
        pipe.is_broken = true;
        if let Some(writer) = pipe.writer.take() {
            writer.wake();
        }
    }

    /// From now on so many bytes are taken.
    pub(super) fn set_room(&self, room: Option<usize>) {
        let mut pipe = self.pipe();
        pipe.room = room;
        if let Some(writer) = pipe.writer.take() {
            writer.wake();
        }
    }

    /// What each write since the last time took.
    pub(super) fn writes(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.pipe().writes)
    }

    /// All bytes written since the last time.
    pub(super) fn take(&self) -> Vec<u8> {
        self.writes().concat()
    }

    /// The texts written since the last time; what else there is must be a close frame, and is shown as its code.
    pub(super) fn texts(&self) -> Vec<String> {
        let mut bytes = self.take();
        let mut input = &mut bytes[..];
        let mut decoder = Decoder::client(Limits::default());
        let mut texts = Vec::new();
        while let Some(item) = decoder.decode(&mut input).expect("frames") {
            texts.push(match item {
                Item::Message(Message::Text(text)) => text.to_string(),
                Item::Close { code, .. } => format!("closed {code:?}"),
                other => format!("{other:?}"),
            });
        }
        texts
    }

    pub(super) fn unread(&self) -> usize {
        self.pipe().inbound.len()
    }

    pub(super) fn reads(&self) -> usize {
        self.pipe().reads
    }

    pub(super) fn is_shut(&self) -> bool {
        self.pipe().is_shut
    }

    /// From now on what a hook sends to its own client may be written by the client's task.
    pub(super) fn let_answer(&self) {
        self.pipe().can_answer = true;
    }

    /// How many writes were the client's own task's.
    pub(super) fn answers(&self) -> usize {
        self.pipe().answers
    }

    pub(super) fn flushes(&self) -> usize {
        self.pipe().flushes
    }
}

pub(super) fn masked(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_client_message(crate::MessageKind::Text, text.as_bytes(), [1, 2, 3, 4], &mut bytes);
    bytes
}

impl Reader for Peer {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut pipe = self.pipe();
        if pipe.inbound.is_empty() && !pipe.has_ended {
            pipe.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        pipe.reads += 1;
        let count = into.len().min(pipe.inbound.len());
        for (byte, place) in pipe.inbound.drain(..count).zip(into) {
            *place = byte;
        }
        Poll::Ready(Ok(count))
    }

    fn can_write(&self) -> bool {
        self.pipe().can_answer
    }

    fn try_write(&self, bytes: &[u8]) -> Option<usize> {
        let Poll::Ready(Ok(count)) = self.poll_write(&mut Context::from_waker(Waker::noop()), bytes) else {
            return None;
        };
        self.pipe().answers += 1;
        Some(count)
    }
}

impl Writer for Peer {
    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut pipe = self.pipe();
        if pipe.is_broken {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let count = bytes.len().min(pipe.room.unwrap_or(usize::MAX));
        if count == 0 {
            pipe.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        pipe.room = pipe.room.map(|room| room - count);
        pipe.writes.push(bytes[..count].to_vec());
        Poll::Ready(Ok(count))
    }

    fn poll_flush(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pipe().flushes += 1;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.pipe().is_shut = true;
        Poll::Ready(Ok(()))
    }
}
