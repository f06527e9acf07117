//! A connection's task that is given messages, without sockets: for measuring what a message costs on its way to the
//! application.

use std::future::{Future, ready};
use std::io;
use std::num::NonZeroU16;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;
use throng_core::Instant;
use throng_runtime::Builder;
use throng_runtime::hosting::{Connection, Host, HostedHub, Reader, Report, Sleep, Task, Transport, Writer};

use crate::rig::client_stream;

/// One client, which has something to say whenever it is asked.
pub struct Heard {
    connection: Connection<Talking>,
    has_said: Arc<AtomicBool>,
}

impl Heard {
    /// A client of the hub that `builder` makes. All that it says at one time is so many messages of so many bytes.
    ///
    /// # Panics
    /// The hub does not take it.
    #[must_use]
    pub fn by(builder: Builder, messages: usize, bytes: usize) -> Self {
        let hub = builder.lanes(NonZeroU16::MIN).build().expect("the config stands");
        let hub = HostedHub::start(hub, |_| Arc::new(Still::default()));
        let request = http::Request::get("/")
            .header("host", "example.com")
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .body(())
            .expect("the request is whole");
        let accepted = hub.accept(None).expect("nobody is refused");
        let connecting = accepted.check(request.into()).expect("it opens a WebSocket");
        let Ok(reserved) = accepted.reserve(connecting) else { unreachable!("nobody is refused") };
        let has_said = Arc::new(AtomicBool::new(true));
        let reader = Talking { stream: client_stream(messages, bytes), has_said: Arc::clone(&has_said) };
        let transport = Transport { reader, writer: Arc::new(Hungry), rest: Vec::new() };
        let mut heard = Self { connection: reserved.open(ready(Some(transport))), has_said };
        heard.poll();
        heard
    }

    /// It says all of it once, and is heard.
    pub fn hear(&mut self) {
        self.has_said.store(false, Ordering::Relaxed);
        self.poll();
    }

    fn poll(&mut self) {
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut self.connection).poll(cx).is_pending(), "it does not end");
    }
}

/// What a client says, whole in one read.
struct Talking {
    stream: Vec<u8>,
    has_said: Arc<AtomicBool>,
}

impl Reader for Talking {
    fn poll_read(&mut self, _: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.has_said.swap(true, Ordering::Relaxed) {
            return Poll::Pending;
        }
        into[..self.stream.len()].copy_from_slice(&self.stream);
        Poll::Ready(Ok(self.stream.len()))
    }
}

/// Takes everything.
struct Hungry;

impl Writer for Hungry {
    fn poll_write(&self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_shutdown(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A host on which no time passes. It keeps the hub's own tasks, and never polls them: without them the hub would be without
/// its host.
#[derive(Default)]
struct Still {
    tasks: Mutex<Vec<Task>>,
}

/// A timer of that host.
struct Silent;

impl Host for Still {
    fn now(&self) -> Instant {
        Instant::ORIGIN
    }

    fn spawn(&self, task: Task) {
        self.tasks.lock().expect("no task is polled").push(task);
    }

    fn sleep(&self) -> Box<dyn Sleep> {
        Box::new(Silent)
    }

    fn yield_now(&self, cx: &mut Context<'_>) {
        cx.waker().wake_by_ref();
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn report(&self, _: Report) {}
}

impl Sleep for Silent {
    fn poll_until(&mut self, _: &mut Context<'_>, _: Instant) -> Poll<()> {
        Poll::Pending
    }
}
