//! What the tasks, handles and wakers of one connection share.

use crate::connection::answer::Turn;
use crate::handshake::request::Request;
use crate::state::inner::{Entry, ToLane};
use crate::state::mailbox::Mailbox;
use crate::state::metadata::Metadata;
use crate::state::sent::Sent;
use crate::state::shared::Shared;
use crate::state::sync::AtomicBool;
use alloc::sync::Arc;
use alloc::task::Wake;
use core::sync::atomic::{AtomicBool as Hint, AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use throng_core::frame::Window;
use throng_core::hub::Event;
use throng_core::id::ClientId;
use throng_core::time::Instant;
#[cfg(feature = "deflate")]
use throng_core::websocket::deflate::{Agreement, Context};
use throng_core::websocket::{Decoder, ReservedBits};

/// One connection, from accept on. As a waker it is the transport's: waking it says that the transport takes bytes
/// again.
pub(crate) struct Member {
    pub(crate) id: ClientId,
    pub(crate) lane: u8,
    /// There is something in the mailbox.
    pub(crate) attention: AtomicBool,
    /// What is in the mailbox is to be told before the next message, though that may have come in the same read. Together
    /// with `attention`, which is the one that hands over.
    pub(crate) news: Hint,
    /// The lane has been told that the transport takes bytes again, and has not looked yet.
    pub(crate) writable: AtomicBool,
    /// Its last hook has returned. Read and written together with those who wait for that.
    pub(crate) is_told: Hint,
    pub(crate) turn: Turn,
    window: AtomicU8,
    compression: AtomicU8,
    opened: AtomicU64,
    closed: AtomicU64,
    pub(crate) sent: Sent,
    details: Mutex<Details>,
    pub(crate) shared: Arc<Shared>,
}

/// What the application knows of a client. A lock of its own, held for a look and never with the hub's.
#[derive(Default)]
pub(crate) struct Details {
    pub(crate) metadata: Metadata,
    pub(crate) request: Option<Arc<Request>>,
}

const NOT_YET: u64 = u64::MAX;

const INFLATES: u8 = 1;
const KEEPS_CONTEXT: u8 = 2;

impl Member {
    pub(crate) fn new(id: ClientId, lane: u8, shared: Arc<Shared>) -> Self {
        Self {
            id,
            lane,
            attention: AtomicBool::new(false),
            news: Hint::new(false),
            writable: AtomicBool::new(false),
            is_told: Hint::new(false),
            turn: Turn::default(),
            window: AtomicU8::new(0),
            compression: AtomicU8::new(0),
            opened: AtomicU64::new(NOT_YET),
            closed: AtomicU64::new(NOT_YET),
            sent: Sent::default(),
            details: Mutex::default(),
            shared,
        }
    }

    pub(crate) fn details(&self) -> MutexGuard<'_, Details> {
        self.details.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a hook, most likely, has led to something that no message may overtake. What adds up is not of that kind.
    pub(crate) fn has_news(&self) -> bool {
        self.news.load(Ordering::Relaxed) && self.attention.load(Ordering::Relaxed)
    }

    /// Which deflated frames the client takes.
    pub(crate) fn window(&self) -> Window {
        Window::of_bits(self.window.load(Ordering::Relaxed)).unwrap_or(Window::NONE)
    }

    /// Compression was agreed on. Once, before it is opened.
    #[cfg(feature = "deflate")]
    pub(crate) fn set_compression(&self, agreement: &Agreement) {
        self.window.store(agreement.window().bits(), Ordering::Relaxed);
        let keeps = if agreement.server.context == Context::Kept { KEEPS_CONTEXT } else { 0 };
        self.compression.store(INFLATES | keeps, Ordering::Relaxed);
    }

    /// Whether it may send what is compressed.
    pub(crate) fn inflates(&self) -> bool {
        self.compression.load(Ordering::Relaxed) & INFLATES != 0
    }

    /// What reads from it.
    pub(crate) fn decoder(&self) -> Decoder {
        let decoder = Decoder::server(self.shared.settings.config.decoder());
        if self.inflates() { decoder.allow(ReservedBits::COMPRESSED) } else { decoder }
    }

    /// Whether what is written to it is deflated on the way, by its lane.
    pub(crate) fn keeps_context(&self) -> bool {
        self.compression.load(Ordering::Relaxed) & KEEPS_CONTEXT != 0
    }

    pub(crate) fn opened(&self) -> Option<Instant> {
        moment(&self.opened)
    }

    pub(crate) fn closed(&self) -> Option<Instant> {
        moment(&self.closed)
    }

    pub(crate) fn set_opened(&self, now: Instant) {
        self.opened.store(now.as_nanos(), Ordering::Relaxed);
    }

    /// The transport has ended: the hub forgets the connection, and the lane its writer.
    pub(crate) fn end(self: &Arc<Self>) -> Ending {
        let removed = self.shared.with(|inner, now| {
            self.closed.store(now.as_nanos(), Ordering::Relaxed);
            inner.ending += 1;
            // It is there: an entry is removed here only.
            let _ = inner.handle(now, Event::Gone { client: self.id });
            if self.opened().is_some() {
                self.shared.deflating.ended(self.window());
                inner.tell_lane(self.lane, ToLane::Detach(self.id));
            }
            inner.remove(self.id)
        });
        let (mailbox, entry) = removed.unwrap_or_default();
        Ending { mailbox, _entry: entry, member: Arc::clone(self) }
    }
}

/// A connection that the hub has forgotten and whose last hooks may still run: a drain waits for it.
pub(crate) struct Ending {
    /// What remains to be told.
    pub(crate) mailbox: Mailbox,
    /// To be dropped outside every lock, as its wakers may end a task.
    _entry: Entry,
    member: Arc<Member>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.member.shared.with(|inner, _| inner.has_ended());
    }
}

fn moment(nanos: &AtomicU64) -> Option<Instant> {
    Some(nanos.load(Ordering::Relaxed)).filter(|nanos| *nanos != NOT_YET).map(Instant::from_nanos)
}

impl Wake for Member {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.writable.swap(true, Ordering::AcqRel) {
            self.shared.with(|inner, _| inner.tell_lane(self.lane, ToLane::Writable(Arc::clone(self))));
        }
    }
}
