//! A gate that handlers wait for.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

/// A gate that stays closed until it is opened.
#[derive(Clone, Default)]
pub(super) struct Door(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    is_open: bool,
    waiting: Vec<Waker>,
}

impl Door {
    /// Waits until the gate is open.
    pub(super) async fn pass(&self) {
        let pass = |waker: &Waker| {
            let mut inner = self.0.lock().unwrap();
            if !inner.is_open {
                // Like most primitives, it wakes only the last waiter.
                inner.waiting = vec![waker.clone()];
            }
            inner.is_open
        };
        poll_fn(|cx| if pass(cx.waker()) { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    pub(super) fn open(&self) {
        let mut inner = self.0.lock().unwrap();
        inner.is_open = true;
        let waiting = std::mem::take(&mut inner.waiting);
        drop(inner);
        waiting.into_iter().for_each(Waker::wake);
    }
}
