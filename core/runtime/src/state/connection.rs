//! The state that the driver, the lane and the wakers of one connection share.

use crate::state::mailbox::Mailbox;
use crate::state::shared::Shared;
use crate::state::sync::AtomicBool;
pub(crate) use crate::state::types::ConnectionShared;
use crate::state::types::{ClientState, ConnectionState, LaneNotice, Member};
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

    /// The deflated frames that the peer accepts.
    pub(crate) fn window(&self) -> Window {
        Window::of_bits(self.window.load(Ordering::Relaxed)).unwrap_or(Window::NONE)
    }

    /// Stores what compression was agreed: the deflated frames that the peer accepts, and whether messages to it
    /// refer back. Called once, before the client opens.
    pub(crate) fn set_compression(&self, window: Window, keeps_context: bool) {
        self.window.store(window.bits(), Ordering::Relaxed);
        let keeps = if keeps_context { KEEPS_CONTEXT } else { 0 };
        self.flags.fetch_or(INFLATES | keeps, Ordering::Relaxed);
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

    /// Ends the connection, and with it its client, if it has one: the hub forgets both, and the lane drops its writer.
    pub(crate) fn end(&self, member: Option<&Member>) -> Ending {
        let (mailbox, states) = self.shared.with(|inner, now| {
            inner.ending += 1;
            if let Some(member) = member {
                member.set_closed(now);
            }
            // The connection is there: only this function ends it.
            let _ = inner.handle(now, Event::Gone { connection: self.id });
            if member.is_some_and(|member| member.opened().is_some()) {
                self.shared.deflating.ended(self.window());
                inner.tell_lane(self.lane, LaneNotice::Detach(self.id));
            }
            let (mailbox, client) =
                member.and_then(|member| inner.remove_client(member.id)).unwrap_or_default();
            (mailbox, (client, inner.remove_connection(self.id)))
        });
        Ending { mailbox, _states: states, shared: Arc::clone(&self.shared) }
    }
}

/// A connection that the hub has forgotten but whose client's last hooks may still run; a drain waits for it.
pub(crate) struct Ending {
    /// Notices that remain to be told.
    pub(crate) mailbox: Mailbox,
    /// Dropped outside every lock, as their wakers may end a task.
    _states: (ClientState, ConnectionState),
    shared: Arc<Shared>,
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
