//! Wakers collected under the lock and woken after it is released.

use alloc::vec::Vec;
use core::task::Waker;
use core::time::Duration;

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

pub(crate) fn replace(place: &mut Option<Waker>, waker: &Waker) -> Option<Waker> {
    match place {
        Some(old) if old.will_wake(waker) => None,
        _ => place.replace(waker.clone()),
    }
}
