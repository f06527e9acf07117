//! Decides whether a lane or the client's own task writes what is queued while a hook runs.

use crate::state::sync::AtomicU8;
use core::sync::atomic::Ordering;

/// Which task writes what is queued for a client.
#[derive(Debug, Default)]
pub(crate) struct Turn(AtomicU8);

/// The client's lane: it is woken.
const LANE: u8 = 0;

/// The client's task: it runs, and will write what is queued.
const TASK: u8 = 1;

/// The client's task, and something was queued.
const ANSWERED: u8 = 2;

impl Turn {
    /// The client's task runs until [`end`](Self::end), and writes answers itself.
    pub(crate) fn begin(&self) {
        self.0.store(TASK, Ordering::Relaxed);
    }

    /// Ends the turn; returns whether something was queued.
    pub(crate) fn end(&self) -> bool {
        self.0.load(Ordering::Relaxed) != LANE && self.0.swap(LANE, Ordering::AcqRel) == ANSWERED
    }

    /// Called under the lock after something was queued for the client. True if its task takes the lock once more
    /// before it sleeps, so that nothing need be woken.
    pub(crate) fn is_answer(&self) -> bool {
        self.0.load(Ordering::Relaxed) != LANE
            && self.0.compare_exchange(TASK, ANSWERED, Ordering::AcqRel, Ordering::Acquire) != Err(LANE)
    }
}
