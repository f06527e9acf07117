//! What runs the tasks of a hub.

use core::future::Future;

/// Runs tasks.
pub trait Spawn: Clone + Send + Sync + 'static {
    /// Runs a task to its end, although nobody holds it.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);
}
