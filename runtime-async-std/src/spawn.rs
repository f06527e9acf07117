//! The executor that runs a hub's tasks.

use core::future::Future;

/// An executor that runs tasks.
pub trait Spawn: Clone + Send + Sync + 'static {
    /// Runs a task to its end, detached.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);
}
