//! Counters of what one client's transport has taken.

use core::hint::black_box;
use core::sync::atomic::{AtomicU64, Ordering};
use throng_core::outbox::Item;
use throng_core::websocket::FlatRun;

/// Updated by the holder of the client's lease. There is one holder at a time, and the next one sees the previous one's
/// stores, so no atomic addition is needed.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    messages: AtomicU64,
    bytes: AtomicU64,
}

impl Sent {
    /// Counts the first `written` bytes of this run, whose items are `items`.
    #[inline]
    pub(crate) fn count(&self, flat: &FlatRun, items: &[Item], written: usize) {
        let (messages, bytes) = flat.messages(items, written);
        self.messages.store(self.messages.load(Ordering::Relaxed) + u64::from(messages), Ordering::Relaxed);
        self.bytes.store(self.bytes.load(Ordering::Relaxed) + u64::from(bytes), Ordering::Relaxed);
    }

    /// Loads the counters into the cache, shortly before they are updated.
    #[inline]
    pub(crate) fn warm(&self) {
        black_box(self.messages.load(Ordering::Relaxed));
    }

    /// Messages, and the bytes of their frames.
    pub(crate) fn get(&self) -> (u64, u64) {
        (self.messages.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}
