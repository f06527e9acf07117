//! Slots for connections that keep a context.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

/// One of the slots, which `takeover.connections` limits; dropping it frees the slot.
pub(super) struct Place(Arc<AtomicU32>);

impl Place {
    pub(super) fn take(keepers: &Arc<AtomicU32>, most: u32) -> Option<Self> {
        let more = |taken| (taken < most).then_some(taken + 1);
        keepers.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Self(Arc::clone(keepers)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
