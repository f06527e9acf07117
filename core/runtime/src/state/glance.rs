//! What can be seen of the hub without its lock.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use throng_core::hub::Hub;

/// As the hub was when its lock was last let go. Each by itself is true then; two that are asked for one after the other
/// may belong to two moments.
#[derive(Debug, Default)]
pub(crate) struct Glance {
    is_pressed: AtomicBool,
    clients: AtomicUsize,
    connections: AtomicUsize,
    rooms: AtomicUsize,
}

impl Glance {
    /// Looks anew, under the lock. Writes only what has changed: who reads elsewhere keeps the line in its cache.
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

    /// Whether it is better to write before more is read.
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
