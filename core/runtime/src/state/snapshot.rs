//! Counters of the hub that can be read without its lock.

use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
#[cfg(feature = "tower")]
use core::time::Duration;
#[cfg(feature = "tower")]
use throng_core::Instant;
use throng_core::hub::Hub;

/// Counters copied at unlock. Two reads may come from different snapshots.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    is_pressed: AtomicBool,
    clients: AtomicUsize,
    connections: AtomicUsize,
    rooms: AtomicUsize,
    /// [`Hub::unread`] in nanoseconds, as it was after the last standstill.
    unread_until: AtomicU64,
    unread: AtomicU64,
}

impl Snapshot {
    /// Copies the counters under the lock. Stores only changed values, so that readers on other cores keep their cache
    /// line.
    #[inline]
    pub(crate) fn update(&self, hub: &Hub) {
        let is_pressed = hub.is_pressed();
        if self.is_pressed() != is_pressed {
            self.is_pressed.store(is_pressed, Ordering::Relaxed);
        }
        set(&self.clients, hub.client_count());
        set(&self.connections, hub.connection_count());
        set(&self.rooms, hub.room_count());
    }

    /// Notes that the process stood still.
    #[cold]
    pub(crate) fn update_standstill(&self, hub: &Hub) {
        let (until, unread) = hub.unread();
        self.unread.store(unread.as_nanos() as u64, Ordering::Relaxed);
        self.unread_until.store(until.as_nanos(), Ordering::Relaxed);
    }

    /// The earliest moment at which something that was read at `now` may have arrived: earlier than `now` only shortly after
    /// the process stood still.
    #[cfg(feature = "tower")]
    pub(crate) fn arrived_since(&self, now: Instant) -> Instant {
        if now.as_nanos() >= self.unread_until.load(Ordering::Relaxed) {
            return now;
        }
        now - Duration::from_nanos(self.unread.load(Ordering::Relaxed))
    }

    /// Whether writing should come before more reading.
    pub(crate) fn is_pressed(&self) -> bool {
        self.is_pressed.load(Ordering::Relaxed)
    }

    pub(crate) fn clients(&self) -> usize {
        self.clients.load(Ordering::Relaxed)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn rooms(&self) -> usize {
        self.rooms.load(Ordering::Relaxed)
    }
}

#[inline]
fn set(place: &AtomicUsize, count: usize) {
    if place.load(Ordering::Relaxed) != count {
        place.store(count, Ordering::Relaxed);
    }
}
