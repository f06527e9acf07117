//! Counters of the hub that can be read without its lock.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use throng_core::hub::Hub;

/// Counters copied at unlock. Two reads may come from different snapshots.
#[derive(Debug, Default)]
pub(crate) struct Glance {
    is_pressed: AtomicBool,
    clients: AtomicUsize,
    connections: AtomicUsize,
    rooms: AtomicUsize,
}

impl Glance {
    /// Copies the counters under the lock. Stores only changed values, so that readers on other cores keep their cache
    /// line.
    #[inline]
    pub(crate) fn take(&self, hub: &Hub) {
        let is_pressed = hub.is_pressed();
        if self.is_pressed() != is_pressed {
            self.is_pressed.store(is_pressed, Ordering::Relaxed);
        }
        set(&self.clients, hub.client_count());
        set(&self.connections, hub.connection_count());
        set(&self.rooms, hub.room_count());
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
