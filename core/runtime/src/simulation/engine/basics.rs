//! What all parts of the engine use.

use fastrand::Rng;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks; what a panic left behind is looked at all the same.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether something happens that happens so often in 1,000 times.
pub fn chance(rng: &mut Rng, of_thousand: u32) -> bool {
    of_thousand > 0 && rng.u32(..1000) < of_thousand
}
