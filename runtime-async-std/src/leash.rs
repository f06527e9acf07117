//! Ends a task when its owner is dropped. Executors' own task handles differ in what they do on drop.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Poll, Waker};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A guard: dropping it ends its task.
pub(crate) struct Leash(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    is_let_go: bool,
    task: Option<Waker>,
}

impl Leash {
    /// Wraps a task, which then ends when it is ready or when the guard is dropped.
    pub(crate) fn tie(task: impl Future<Output = ()> + Send) -> (Self, impl Future<Output = ()> + Send) {
        let state = Arc::<Mutex<State>>::default();
        let leash = Self(Arc::clone(&state));
        let tied = async move {
            let mut task = pin!(task);
            poll_fn(|cx| {
                let old = {
                    let mut state = lock(&state);
                    if state.is_let_go {
                        return Poll::Ready(());
                    }
                    state.task.replace(cx.waker().clone())
                };
                drop(old);
                task.as_mut().poll(cx)
            })
            .await;
        };
        (leash, tied)
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        let task = {
            let mut state = lock(&self.0);
            state.is_let_go = true;
            state.task.take()
        };
        if let Some(task) = task {
            task.wake();
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
