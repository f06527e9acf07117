//! What few clients have: a hub whose clients have none of it keeps nothing for any of them.

use crate::outbox::NONE;
use alloc::vec::Vec;
use slab::Slab;

/// Values of clients, found by the index of the client. The order of their slots shows nowhere.
#[derive(Clone, Debug)]
pub(super) struct PerClient<T> {
    slots: Slab<T>,
    /// The slot by the index of the client; `NONE`, or beyond the end, if the client has no value.
    of: Vec<u32>,
}

impl<T> PerClient<T> {
    pub(super) const fn new() -> Self {
        Self { slots: Slab::new(), of: Vec::new() }
    }

    /// The number of values.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn get(&self, index: u32) -> Option<&T> {
        let slot = *self.of.get(index as usize)?;
        self.slots.get(slot as usize)
    }

    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        let slot = *self.of.get(index as usize)?;
        self.slots.get_mut(slot as usize)
    }

    /// Stores the value of a client that has none.
    pub(super) fn put(&mut self, index: u32, value: T) {
        let at = index as usize;
        if self.of.len() <= at {
            self.of.resize(at + 1, NONE);
        }
        // There are no more values than clients.
        self.of[at] = self.slots.insert(value) as u32;
    }

    pub(super) fn take(&mut self, index: u32) -> Option<T> {
        let slot = core::mem::replace(self.of.get_mut(index as usize)?, NONE);
        self.slots.try_remove(slot as usize)
    }
}
