//! What is measured while the hub works, and who is told.

use crate::panic::caught;
use alloc::boxed::Box;
use core::cell::Cell;
use core::num::NonZeroU32;
use core::time::Duration;

/// Is told what a hub measures of its own work: [`Builder::observe`](crate::Builder::observe).
///
/// Called outside of every lock, by whichever thread has measured something; so it should return soon. A panic in it is
/// caught and forgotten. There are two: [`Summary`](crate::observe::Summary), for people, and `Histograms` (feature `metrics`). For
/// both at once: `(summary, histograms)`.
pub trait Observer: Send + Sync + 'static {
    /// The hub's lock was held for so long.
    fn held(&self, time: Duration) {
        let _ = time;
    }

    /// A message of so many bytes was queued for so many clients, which took so long; waiting for the lock is in it, and
    /// encoding is not.
    fn published(&self, bytes: usize, clients: u32, time: Duration) {
        let _ = (bytes, clients, time);
    }

    /// A message was handed to the transports of so many clients, whole, so long after it was published.
    fn written(&self, clients: u32, after: Duration) {
        let _ = (clients, after);
    }

    /// So many clients were written to in one go of a lane.
    fn flushed(&self, clients: u32) {
        let _ = clients;
    }

    /// A message of so many bytes was received.
    fn received(&self, bytes: usize) {
        let _ = bytes;
    }
}

impl<A: Observer, B: Observer> Observer for (A, B) {
    fn held(&self, time: Duration) {
        self.0.held(time);
        self.1.held(time);
    }

    fn published(&self, bytes: usize, clients: u32, time: Duration) {
        self.0.published(bytes, clients, time);
        self.1.published(bytes, clients, time);
    }

    fn written(&self, clients: u32, after: Duration) {
        self.0.written(clients, after);
        self.1.written(clients, after);
    }

    fn flushed(&self, clients: u32) {
        self.0.flushed(clients);
        self.1.flushed(clients);
    }

    fn received(&self, bytes: usize) {
        self.0.received(bytes);
        self.1.received(bytes);
    }
}

/// What is measured once in so many times, each counted by itself.
#[derive(Clone, Copy)]
pub(crate) enum What {
    Hold,
    Publish,
    Flush,
    Message,
}

std::thread_local! {
    /// How many more are passed over. A thread's own: no two threads contend for a count.
    static PASSED_OVER: [Cell<u32>; 4] = const { [const { Cell::new(0) }; 4] };
}

/// An observer, and how often something is measured for it.
pub(crate) struct Observing {
    observer: Box<dyn Observer>,
    one_in: NonZeroU32,
}

/// A prime, so that nothing which comes in turns is passed over for ever.
const ONE_IN: NonZeroU32 = NonZeroU32::new(61).expect("it is not zero");

impl Observing {
    pub(crate) fn by(observer: impl Observer, one_in: Option<NonZeroU32>) -> Self {
        Self { observer: Box::new(observer), one_in: one_in.unwrap_or(ONE_IN) }
    }

    /// Whether this one is measured: the first of a thread, and then one in so many.
    pub(crate) fn is_measured(&self, what: What) -> bool {
        let turn = PASSED_OVER.try_with(|passed_over| {
            let left = &passed_over[what as usize];
            match left.get() {
                0 => left.replace(self.one_in.get() - 1) == 0,
                more => {
                    left.set((more - 1).min(self.one_in.get() - 1));
                    false
                }
            }
        });
        turn.unwrap_or_default()
    }

    /// Tells the observer, whose panic is its own.
    pub(crate) fn tell(&self, tell: impl FnOnce(&dyn Observer)) {
        let _ = caught(|| tell(&*self.observer));
    }
}
