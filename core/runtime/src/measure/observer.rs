//! Measurements while the hub works, and the observer that receives them.

use crate::panic::caught;
use alloc::boxed::Box;
use core::cell::Cell;
use core::num::NonZeroU32;
use core::time::Duration;

/// Receives measurements of a hub's own work: [`Builder::observe`](crate::Builder::observe).
///
/// The methods are called without a lock held, by the thread that measured, so they should return soon. A panic in an
/// observer is caught and ignored. Two observers exist: [`Summary`](crate::observe::Summary), for people, and
/// `Histograms` (feature `metrics`). Use both with `(summary, histograms)`.
pub trait Observer: Send + Sync + 'static {
    /// The hub's lock was held for `time`.
    fn held(&self, time: Duration) {
        let _ = time;
    }

    /// A message of `bytes` bytes was queued for `clients` clients within `time`, which includes waiting for the lock
    /// but not encoding.
    fn published(&self, bytes: usize, clients: u32, time: Duration) {
        let _ = (bytes, clients, time);
    }

    /// The transports of `clients` clients have taken a whole message, `after` its publish.
    fn written(&self, clients: u32, after: Duration) {
        let _ = (clients, after);
    }

    /// A lane wrote to `clients` clients in one flush.
    fn flushed(&self, clients: u32) {
        let _ = clients;
    }

    /// A message of `bytes` bytes was received.
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

/// Kinds of measurements, each sampled by a counter of its own.
#[derive(Clone, Copy)]
pub(crate) enum What {
    Hold,
    Publish,
    Flush,
    Message,
}

std::thread_local! {
    /// How many more events to skip. Per thread, so that threads do not contend for a counter.
    static PASSED_OVER: [Cell<u32>; 4] = const { [const { Cell::new(0) }; 4] };
}

/// An observer and its sampling rate.
pub(crate) struct Observing {
    observer: Box<dyn Observer>,
    one_in: NonZeroU32,
}

/// A prime, so that events which recur in a cycle are not skipped forever.
const ONE_IN: NonZeroU32 = NonZeroU32::new(61).expect("it is not zero");

impl Observing {
    pub(crate) fn by(observer: impl Observer, one_in: Option<NonZeroU32>) -> Self {
        Self { observer: Box::new(observer), one_in: one_in.unwrap_or(ONE_IN) }
    }

    /// Whether to measure this event: the first of a thread, then one in `one_in`.
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

    /// Calls the observer; a panic in it goes no further.
    pub(crate) fn tell(&self, tell: impl FnOnce(&dyn Observer)) {
        let _ = caught(|| tell(&*self.observer));
    }
}
