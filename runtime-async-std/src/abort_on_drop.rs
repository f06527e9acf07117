//! Ends a task when its owner is dropped. Executors' own task handles differ in what they do on drop.

use core::future::Future;
use futures_util::future::{AbortHandle, abortable};

/// A guard: dropping it ends its task.
pub(crate) struct AbortOnDrop(AbortHandle);

impl AbortOnDrop {
    /// Wraps a task, which then ends when it is ready or when the guard is dropped.
    pub(crate) fn wrap(task: impl Future<Output = ()> + Send) -> (Self, impl Future<Output = ()> + Send) {
        let (task, handle) = abortable(task);
        // Whether it was ready or is aborted is all the same to the executor.
        (Self(handle), async move { _ = task.await })
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
