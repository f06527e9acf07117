//! What the transport of one client has taken.

use core::hint::black_box;
use core::sync::atomic::{AtomicU64, Ordering};
use throng_core::outbox::Item;
use throng_core::websocket::flat::FlatRun;

/// Counted by whoever has the client's lease: there is one at a time, and who has it next has seen what the one before has
/// counted. So nothing here has to be added in one step.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    messages: AtomicU64,
    bytes: AtomicU64,
}

impl Sent {
    /// The transport has taken the first `written` bytes of this run, whose items are `items`.
    #[inline]
    pub(crate) fn count(&self, flat: &FlatRun, items: &[Item], written: usize) {
        let (messages, bytes) = flat.messages(items, written);
        self.messages.store(self.messages.load(Ordering::Relaxed) + u64::from(messages), Ordering::Relaxed);
        self.bytes.store(self.bytes.load(Ordering::Relaxed) + u64::from(bytes), Ordering::Relaxed);
    }

    /// Has the machine fetch it: soon something will be counted.
    #[inline]
    pub(crate) fn warm(&self) {
        black_box(self.messages.load(Ordering::Relaxed));
    }

    /// Messages, and the bytes of their frames.
    pub(crate) fn get(&self) -> (u64, u64) {
        (self.messages.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}
