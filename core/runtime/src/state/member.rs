//! The state that the handles of one client and its driver share.

use crate::state::metadata::Metadata;
use crate::state::sent::Sent;
use crate::state::shared::Shared;
use crate::state::turn::Turn;
pub(crate) use crate::state::types::Member;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool as Hint, AtomicU8, AtomicU64, Ordering};
use core::task::{Poll, Waker};
use std::sync::{Mutex, MutexGuard, PoisonError};
use throng_core::{ClientId, Instant, Name, Window};

const NOT_YET: u64 = u64::MAX;

impl Member {
    pub(crate) fn new(id: ClientId, user: Option<Name>, shared: Arc<Shared>) -> Self {
        Self {
            id,
            last_hook_has_returned: Hint::new(false),
            is_lost: Hint::new(false),
            turn: Turn::default(),
            window: AtomicU8::new(0),
            opened: AtomicU64::new(NOT_YET),
            closed: AtomicU64::new(NOT_YET),
            sent: Sent::default(),
            details: Mutex::default(),
            user: Mutex::new(user),
            shared,
        }
    }

    pub(crate) fn details(&self) -> MutexGuard<'_, Metadata> {
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

    /// The deflated frames that the client's connection accepts: a hint of which variant a message to it needs.
    pub(crate) fn window(&self) -> Window {
        Window::of_byte(self.window.load(Ordering::Relaxed))
    }

    /// Ready when no more hooks follow for this client; before that, `waker` is woken when it is so.
    pub(crate) fn poll_last_hook(&self, waker: &Waker) -> Poll<()> {
        self.shared.last_hooks.poll(self.id, &self.last_hook_has_returned, waker)
    }

    /// Notes that no more hooks follow for this client, and wakes the newcomers that wait for it.
    pub(crate) fn set_last_hook_returned(&self) {
        self.shared.last_hooks.end(self.id, &self.last_hook_has_returned);
    }

    pub(crate) fn opened(&self) -> Option<Instant> {
        moment(&self.opened)
    }

    pub(crate) fn closed(&self) -> Option<Instant> {
        moment(&self.closed)
    }

    /// The client opens on a connection that accepts such deflated frames.
    pub(crate) fn set_opened(&self, now: Instant, window: Window) {
        self.window.store(window.to_byte(), Ordering::Relaxed);
        self.opened.store(now.as_nanos(), Ordering::Relaxed);
    }

    /// The client continues on a connection that accepts such deflated frames.
    pub(crate) fn set_resumed(&self, window: Window) {
        self.window.store(window.to_byte(), Ordering::Relaxed);
    }

    pub(crate) fn set_closed(&self, now: Instant) {
        self.closed.store(now.as_nanos(), Ordering::Relaxed);
    }
}

fn moment(nanos: &AtomicU64) -> Option<Instant> {
    Some(nanos.load(Ordering::Relaxed)).filter(|nanos| *nanos != NOT_YET).map(Instant::from_nanos)
}
