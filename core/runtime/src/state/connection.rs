//! The state that the driver, the lane and the wakers of one connection share.

use crate::state::mailbox::Mailbox;
use crate::state::shared::Shared;
use crate::state::sync::AtomicBool;
pub(crate) use crate::state::types::ConnectionShared;
use crate::state::types::{ClientState, LaneNotice, Member};
use alloc::sync::Arc;
use alloc::task::Wake;
use core::sync::atomic::{AtomicBool as Hint, AtomicU8, Ordering};
use core::task::Waker;
use throng_core::hub::Event;
use throng_core::websocket::{Decoder, ReservedBits};
use throng_core::{ConnectionId, Window};

const INFLATES: u8 = 1;
const KEEPS_CONTEXT: u8 = 2;
const HAS_FAILED: u8 = 4;
const ABORT: u8 = 8;
const RESUME: u8 = 16;
const IS_OPEN: u8 = 32;
const REPLACED: u8 = 64;

impl ConnectionShared {
    pub(crate) fn new(id: ConnectionId, lane: u8, shared: Arc<Shared>) -> Self {
        Self {
            id,
            lane,
            has_notices: AtomicBool::new(false),
            has_urgent_notice: Hint::new(false),
            writable: AtomicBool::new(false),
            window: AtomicU8::new(0),
            flags: AtomicU8::new(0),
            shared,
        }
    }

    /// Whether a notice waits that must come before the next message, usually one caused by a hook. Added-up notices do
    /// not count.
    pub(crate) fn is_urgent_notice_waiting(&self) -> bool {
        self.has_urgent_notice.load(Ordering::Relaxed) && self.has_notices.load(Ordering::Relaxed)
    }

    /// The variants of frames that the peer gets.
    pub(crate) fn window(&self) -> Window {
        Window::of_byte(self.window.load(Ordering::Relaxed))
    }

    /// Stores what compression was agreed: the deflated frames that the peer accepts, and whether messages to it
    /// refer back. Called once, before the client opens.
    pub(crate) fn set_compression(&self, window: Window, keeps_context: bool) {
        self.window.store(window.to_byte(), Ordering::Relaxed);
        let keeps = if keeps_context { KEEPS_CONTEXT } else { 0 };
        self.flags.fetch_or(INFLATES | keeps, Ordering::Relaxed);
    }

    /// The peer gets messages without an envelope. Called once, before the client opens.
    pub(crate) fn set_bare(&self) {
        self.window.store(self.window().bare().to_byte(), Ordering::Relaxed);
    }

    /// A write to the transport has failed.
    #[cold]
    pub(crate) fn set_failed(&self) {
        self.flags.fetch_or(HAS_FAILED, Ordering::Relaxed);
    }

    /// Whether a write to the transport has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & HAS_FAILED != 0
    }

    /// A client is served on the connection from now on.
    pub(crate) fn set_open(&self) {
        self.flags.fetch_or(IS_OPEN, Ordering::Relaxed);
    }

    /// Whether a client was ever served on the connection.
    fn was_open(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & IS_OPEN != 0
    }

    /// Another connection has taken over the client. Called under the lock; `has_notices` publishes it.
    pub(crate) fn set_replaced(&self) {
        self.flags.fetch_or(REPLACED, Ordering::Relaxed);
    }

    /// Whether another connection has taken over the client.
    pub(crate) fn is_replaced(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & REPLACED != 0
    }

    /// The hub wants the transport ended now. Called under the lock; `has_notices` publishes it.
    pub(crate) fn set_aborted(&self) {
        self.flags.fetch_or(ABORT, Ordering::Relaxed);
    }

    /// Whether the hub wants the transport ended; if not, the task is woken when it does. A connection that the hub no
    /// longer knows is none of its concern.
    pub(crate) fn poll_aborted(&self, waker: &Waker) -> bool {
        let (is_aborted, old) = self.shared.with(|inner, _| {
            let old = inner.connection_state(self.id).and_then(|state| state.set_task(waker));
            (self.is_aborted(), old)
        });
        drop(old);
        is_aborted
    }

    /// Whether the hub wants the transport ended.
    pub(crate) fn is_aborted(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & ABORT != 0
    }

    /// The hub allows reading again. Called under the lock; `has_notices` publishes it.
    pub(crate) fn set_resumed(&self) {
        self.flags.fetch_or(RESUME, Ordering::Relaxed);
    }

    /// Whether reading was allowed again since the last call.
    pub(crate) fn take_resumed(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & RESUME != 0
            && self.flags.fetch_and(!RESUME, Ordering::Relaxed) & RESUME != 0
    }

    /// Whether the peer may send compressed messages.
    pub(crate) fn inflates(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & INFLATES != 0
    }

    /// A decoder for what the peer sends.
    pub(crate) fn decoder(&self) -> Decoder {
        let decoder = Decoder::server(self.shared.settings.config.decoder());
        if self.inflates() { decoder.allow(ReservedBits::COMPRESSED) } else { decoder }
    }

    /// Whether the lane deflates messages to this peer in a kept context.
    pub(crate) fn keeps_context(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & KEEPS_CONTEXT != 0
    }

    /// Ends the connection: the hub forgets it, and the lane drops its writer. Its client ends with it, unless it is away. `member` is the
    /// client whose hooks the connection's task calls, or is to call; none if the connection has no client, or has lost it before.
    pub(crate) fn end(&self, member: Option<(&Member, IsServed)>) -> AfterEnd {
        let (left, states) = self.shared.with(|inner, now| {
            // The connection is there: only this function ends it.
            let _ = inner.handle(now, Event::Gone { connection: self.id });
            if self.was_open() {
                self.shared.deflating.ended(self.window());
                inner.tell_lane(self.lane, LaneNotice::Detach(self.id));
            }
            let connection = inner.remove_connection(self.id);
            let Some((member, is_served)) = member else { return (AfterEnd::Elsewhere, connection) };
            if inner.is_elsewhere(member.id, self.id) {
                return (AfterEnd::Elsewhere, connection);
            }
            if is_served == IsServed::NotYet || inner.hub.is_open(member.id) {
                inner.detach(member.id);
                return (AfterEnd::Away, connection);
            }
            member.set_closed(now);
            inner.ending += 1;
            let (mailbox, state) = inner.remove_client(member.id).unwrap_or_default();
            (AfterEnd::Over(Ending::new(mailbox, state, &self.shared)), connection)
        });
        // Dropped outside the lock, as its waker may end a task.
        drop(states);
        left
    }
}

/// Whether the task of a connection has its client's service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IsServed {
    Here,
    NotYet,
}

/// What is left of a connection's client when the connection has ended.
pub(crate) enum AfterEnd {
    /// The client has ended.
    Over(Ending),
    /// The client is away, or another task must call its last hooks: a task of the hub's own takes over.
    Away,
    /// The client has another connection, or there is none.
    Elsewhere,
}

/// A client that the hub has forgotten but whose last hooks may still run; a drain waits for it.
pub(crate) struct Ending {
    /// Notices that remain to be told.
    pub(crate) mailbox: Mailbox,
    /// Dropped outside every lock, as its wakers may end a task.
    _state: ClientState,
    shared: Arc<Shared>,
}

impl Ending {
    /// The end of a client that is counted as [ending](crate::state::inner::Inner).
    pub(crate) fn new(mailbox: Mailbox, state: ClientState, shared: &Arc<Shared>) -> Self {
        Self { mailbox, _state: state, shared: Arc::clone(shared) }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.shared.with(|inner, _| inner.has_ended());
    }
}

impl Wake for ConnectionShared {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.writable.swap(true, Ordering::AcqRel) {
            self.shared.with(|inner, _| inner.tell_lane(self.lane, LaneNotice::Writable(Arc::clone(self))));
        }
    }
}
