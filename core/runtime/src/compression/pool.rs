//! Compressors and inflaters that many connections share.
//!
//! A list under a lock, which is taken for a moment before and after microseconds of work: there is nothing that a pool without
//! locks could win.

use alloc::vec::Vec;
use core::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Objects that are expensive to make and needed only briefly. At most `most` unused ones are kept; more are made when
/// more are needed at once.
pub(crate) struct Pool<T> {
    spare: Mutex<Vec<T>>,
    most: usize,
}

impl<T> Pool<T> {
    /// A pool that keeps at most `most` unused objects.
    #[must_use]
    pub(crate) const fn new(most: usize) -> Self {
        Self { spare: Mutex::new(Vec::new()), most }
    }

    /// Calls `act` with an object of the pool, which is made if none is free. The pool is not locked during the call.
    /// An object whose `act` panics is dropped.
    pub(crate) fn with<R>(&self, make: impl FnOnce() -> T, act: impl FnOnce(&mut T) -> R) -> R {
        let spare = self.lock().pop();
        let mut taken = spare.unwrap_or_else(make);
        let result = act(&mut taken);
        let mut spare = self.lock();
        if spare.len() < self.most {
            spare.push(taken);
        } else {
            drop(spare);
            drop(taken);
        }
        result
    }

    /// The number of unused objects at present.
    #[must_use]
    pub(crate) fn spare(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<T>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Pool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("spare", &self.spare()).field("most", &self.most).finish()
    }
}
