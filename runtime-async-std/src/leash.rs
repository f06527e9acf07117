//! A task that ends with its owner. What an executor's own handles do when they are dropped differs from one to the next.

use core::future::Future;
use futures_util::future::{AbortHandle, abortable};

/// Ends a task when it is dropped.
pub(crate) struct Leash(AbortHandle);

impl Leash {
    /// A task that goes on until it is ready, or its leash is dropped.
    pub(crate) fn tie(task: impl Future<Output = ()> + Send) -> (Self, impl Future<Output = ()> + Send) {
        let (task, handle) = abortable(task);
        // Whether it was ready or is aborted is all the same to the executor.
        (Self(handle), async move { _ = task.await })
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        self.0.abort();
    }
}
