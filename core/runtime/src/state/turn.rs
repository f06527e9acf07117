//! Who sees to what is queued for a client while its hook runs.

use crate::state::sync::AtomicU8;
use core::sync::atomic::Ordering;

/// Whose turn it is to see to what is queued for a client.
#[derive(Debug, Default)]
pub(crate) struct Turn(AtomicU8);

/// The client's lane is woken.
const LANE: u8 = 0;

/// The client's task runs. If it is given something to write, it will.
const TASK: u8 = 1;

/// It was.
const ANSWERED: u8 = 2;

impl Turn {
    /// The client's task runs until [`end`](Self::end), and sees to answers by itself.
    pub(crate) fn begin(&self) {
        self.0.store(TASK, Ordering::Relaxed);
    }

    /// Whether there are answers.
    pub(crate) fn end(&self) -> bool {
        self.0.load(Ordering::Relaxed) != LANE && self.0.swap(LANE, Ordering::AcqRel) == ANSWERED
    }

    /// Something was queued for the client under the lock, which is still held. True: its task takes the lock once more
    /// before it sleeps, so nobody needs to be woken.
    pub(crate) fn is_answer(&self) -> bool {
        self.0.load(Ordering::Relaxed) != LANE
            && self.0.compare_exchange(TASK, ANSWERED, Ordering::AcqRel, Ordering::Acquire) != Err(LANE)
    }
}
