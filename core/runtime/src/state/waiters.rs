//! Futures that wait for the same thing.
//!
//! They wait for something in the hub's state. A future looks at it and puts its waker here under the hub's lock, so that no wake
//! can come between the two, and the wakers are woken after that lock with all others. `event-listener` would do the same by a
//! lock of its own for each event and an allocation for each waiter, and the hub would have to keep the events to notify, in
//! place of the wakers.

use crate::state::wakes::Wakes;
use alloc::collections::BTreeMap;
use core::mem;
use core::task::Waker;

/// The wakers of futures that wait for the same thing, each under a ticket with which it can leave.
#[derive(Default)]
pub(crate) struct Waiters {
    next: u32,
    /// Not a list: each connection may have one, and all may leave at once.
    waiting: BTreeMap<u32, Waker>,
}

impl Waiters {
    /// Waits under a new ticket, or continues under the present one. Drop the returned waker after the lock is
    /// released.
    pub(crate) fn wait(&mut self, ticket: &mut Option<u32>, waker: &Waker) -> Option<Waker> {
        match ticket.and_then(|ticket| self.waiting.get_mut(&ticket)) {
            Some(old) => (!old.will_wake(waker)).then(|| mem::replace(old, waker.clone())),
            None => {
                let id = self.next;
                self.next = self.next.wrapping_add(1);
                *ticket = Some(id);
                self.waiting.insert(id, waker.clone())
            }
        }
    }

    pub(crate) fn leave(&mut self, ticket: u32) -> Option<Waker> {
        self.waiting.remove(&ticket)
    }

    pub(crate) fn has(&self, ticket: Option<u32>) -> bool {
        ticket.is_some_and(|ticket| self.waiting.contains_key(&ticket))
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn wake_all(&mut self, wakes: &mut Wakes) {
        for waker in mem::take(&mut self.waiting).into_values() {
            wakes.push(waker);
        }
    }
}
