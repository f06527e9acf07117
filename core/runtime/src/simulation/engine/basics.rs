//! Functions that all parts of the engine use.

use fastrand::Rng;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex, also one that a panic has poisoned.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// True with a probability of `of_thousand` in 1,000.
pub fn chance(rng: &mut Rng, of_thousand: u32) -> bool {
    of_thousand > 0 && rng.u32(..1000) < of_thousand
}
