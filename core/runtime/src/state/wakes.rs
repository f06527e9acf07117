//! Wakers collected under the lock and woken after it is released.
//!
//! One event may concern the tasks of thousands of connections: a publish that closes all slow clients, a room that is
//! closed, a deadline that all share. If all these tasks were woken together, everybody else would wait until the last of
//! them had run, since an executor runs ready tasks in turn and looks for input only now and then. So an event wakes at most
//! [`AT_ONCE`] tasks. The others are [deferred](DeferredWakes): the hub's [timer](crate::lane::timer) wakes as many of them
//! per turn, and yields in between.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::task::Waker;
use core::time::Duration;

/// Tasks of connections that are woken in one turn: some tenths of a millisecond of work. A turn costs the host a look at
/// its transports, which is little beside so many tasks.
///
/// The model checker has scenarios with two connections, one of which is deferred.
pub(crate) const AT_ONCE: usize = if cfg!(all(loom, test)) { 1 } else { 32 };

/// Nearly always no waker or one; this case allocates nothing.
#[derive(Debug, Default)]
#[must_use = "tasks whose wakers are dropped would sleep forever"]
pub(crate) struct Wakes {
    first: Option<Waker>,
    more: Vec<Waker>,
    /// How long the host stood still; to be reported.
    pub(crate) stood_still: Option<Duration>,
}

impl Wakes {
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none() && self.stood_still.is_none()
    }

    /// The number of wakers.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.more.len()
    }

    pub(crate) fn push(&mut self, waker: Waker) {
        match self.first {
            None => self.first = Some(waker),
            Some(_) => self.more.push(waker),
        }
    }

    pub(crate) fn more_from(&mut self, waker: Option<&Waker>) {
        if let Some(waker) = waker {
            self.push(waker.clone());
        }
    }

    pub(crate) fn wake(self) {
        if let Some(first) = self.first {
            first.wake();
        }
        for waker in self.more {
            waker.wake();
        }
    }
}

/// Wakers of tasks that are to be woken in a later turn, those that waited longest first.
#[derive(Debug, Default)]
pub(crate) struct DeferredWakes(VecDeque<Waker>);

/// The capacity that the queue keeps when it is empty.
const KEPT: usize = 1024;

impl DeferredWakes {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the wakers that are too many for one turn.
    pub(crate) fn defer(&mut self, wakes: &mut Wakes) {
        // One is in `first`.
        let begin = wakes.more.len().min(AT_ONCE - 1);
        self.0.extend(wakes.more.drain(begin..));
    }

    /// Hands on the wakers of the next turn.
    pub(crate) fn next_turn(&mut self, wakes: &mut Wakes) {
        let count = self.0.len().min(AT_ONCE);
        self.0.drain(..count).for_each(|waker| wakes.push(waker));
        if self.0.is_empty() {
            self.0.shrink_to(KEPT);
        }
    }

    /// Hands on all wakers.
    pub(crate) fn all(&mut self, wakes: &mut Wakes) {
        self.0.drain(..).for_each(|waker| wakes.push(waker));
    }
}

pub(crate) fn replace(place: &mut Option<Waker>, waker: &Waker) -> Option<Waker> {
    match place {
        Some(old) if old.will_wake(waker) => None,
        _ => place.replace(waker.clone()),
    }
}
