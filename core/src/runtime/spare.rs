//! What a thread uses again and again.

use core::cell::Cell;
use core::mem;
use core::ops::{Deref, DerefMut};
use std::thread::LocalKey;

/// Something of which a thread needs one at a time: taken from its place there, and put back in the end.
pub(super) struct Spare<T: Default + 'static> {
    value: T,
    place: &'static LocalKey<Cell<Option<T>>>,
}

impl<T: Default> Spare<T> {
    /// Takes what is in its place. Nothing is there the first time, while somebody further up the stack has it, and when
    /// the thread ends: then it is made.
    pub(super) fn take(place: &'static LocalKey<Cell<Option<T>>>, make: impl FnOnce() -> T) -> Self {
        let value = place.try_with(Cell::take).ok().flatten();
        Self { value: value.unwrap_or_else(make), place }
    }
}

impl<T: Default> Drop for Spare<T> {
    fn drop(&mut self) {
        let value = mem::take(&mut self.value);
        let _ = self.place.try_with(|place| place.set(Some(value)));
    }
}

impl<T: Default> Deref for Spare<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Default> DerefMut for Spare<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}
