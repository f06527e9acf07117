//! The state that the tasks, handles and wakers of one connection share.

use crate::state::mailbox::Mailbox;
use crate::state::sent::Sent;
use crate::state::shared::Shared;
use crate::state::sync::AtomicBool;
use crate::state::turn::Turn;
pub(crate) use crate::state::types::Member;
use crate::state::types::{ConnectionState, Details, LaneNotice};
use alloc::sync::Arc;
use alloc::task::Wake;
use core::sync::atomic::{AtomicBool as Hint, AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use throng_core::frame::Window;
use throng_core::hub::Event;
use throng_core::id::{ClientId, Name};
use throng_core::time::Instant;
use throng_core::websocket::{Decoder, ReservedBits};

const NOT_YET: u64 = u64::MAX;

const INFLATES: u8 = 1;
const KEEPS_CONTEXT: u8 = 2;
const HAS_FAILED: u8 = 4;

impl Member {
    pub(crate) fn new(id: ClientId, lane: u8, shared: Arc<Shared>) -> Self {
        Self {
            id,
            lane,
            has_notices: AtomicBool::new(false),
            has_urgent_notice: Hint::new(false),
            writable: AtomicBool::new(false),
            last_hook_has_returned: Hint::new(false),
            turn: Turn::default(),
            window: AtomicU8::new(0),
            flags: AtomicU8::new(0),
            opened: AtomicU64::new(NOT_YET),
            closed: AtomicU64::new(NOT_YET),
            sent: Sent::default(),
            details: Mutex::default(),
            user: Mutex::default(),
            shared,
        }
    }

    pub(crate) fn details(&self) -> MutexGuard<'_, Details> {
        self.details.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client's user, or its last user after its end.
    pub(crate) fn user(&self) -> Option<Name> {
        self.user.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stores the user that the hub has set.
    pub(crate) fn set_user(&self, user: Option<Name>) {
        *self.user.lock().unwrap_or_else(PoisonError::into_inner) = user;
    }

    /// Whether a notice waits that must come before the next message, usually one caused by a hook. Added-up notices do
    /// not count.
    pub(crate) fn is_urgent_notice_waiting(&self) -> bool {
        self.has_urgent_notice.load(Ordering::Relaxed) && self.has_notices.load(Ordering::Relaxed)
    }

    /// The deflated frames that the client accepts.
    pub(crate) fn window(&self) -> Window {
        Window::of_bits(self.window.load(Ordering::Relaxed)).unwrap_or(Window::NONE)
    }

    /// Stores what compression was agreed: the deflated frames that the client accepts, and whether messages to it
    /// refer back. Called once, before the client opens.
    pub(crate) fn set_compression(&self, window: Window, keeps_context: bool) {
        self.window.store(window.bits(), Ordering::Relaxed);
        let keeps = if keeps_context { KEEPS_CONTEXT } else { 0 };
        self.flags.store(INFLATES | keeps, Ordering::Relaxed);
    }

    /// A write to its transport has failed.
    #[cold]
    pub(crate) fn set_failed(&self) {
        self.flags.fetch_or(HAS_FAILED, Ordering::Relaxed);
    }

    /// Whether a write to its transport has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & HAS_FAILED != 0
    }

    /// Whether the client may send compressed messages.
    pub(crate) fn inflates(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & INFLATES != 0
    }

    /// A decoder for what the client sends.
    pub(crate) fn decoder(&self) -> Decoder {
        let decoder = Decoder::server(self.shared.settings.config.decoder());
        if self.inflates() { decoder.allow(ReservedBits::COMPRESSED) } else { decoder }
    }

    /// Whether the client's lane deflates its messages in a kept context.
    pub(crate) fn keeps_context(&self) -> bool {
        self.flags.load(Ordering::Relaxed) & KEEPS_CONTEXT != 0
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

    /// Ends the connection: the hub forgets it, and the lane drops its writer.
    pub(crate) fn end(self: &Arc<Self>) -> Ending {
        let removed = self.shared.with(|inner, now| {
            self.closed.store(now.as_nanos(), Ordering::Relaxed);
            inner.ending += 1;
            // The entry is there: only this function removes entries.
            let _ = inner.handle(now, Event::Gone { client: self.id });
            if self.opened().is_some() {
                self.shared.deflating.ended(self.window());
                inner.tell_lane(self.lane, LaneNotice::Detach(self.id));
            }
            inner.remove(self.id)
        });
        let (mailbox, entry) = removed.unwrap_or_default();
        Ending { mailbox, _entry: entry, member: Arc::clone(self) }
    }
}

/// A connection that the hub has forgotten but whose last hooks may still run; a drain waits for it.
pub(crate) struct Ending {
    /// Notices that remain to be told.
    pub(crate) mailbox: Mailbox,
    /// Dropped outside every lock, as its wakers may end a task.
    _entry: ConnectionState,
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
            self.shared.with(|inner, _| inner.tell_lane(self.lane, LaneNotice::Writable(Arc::clone(self))));
        }
    }
}
