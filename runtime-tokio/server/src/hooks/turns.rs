//! How many requests are on their way.

use tokio::sync::Semaphore;

/// Each question has turns of its own, so that no other one waits while its back end stands still.
#[derive(Debug)]
pub(super) struct Turns {
    pub(super) connect: Semaphore,
    pub(super) refresh: Semaphore,
    pub(super) message: Semaphore,
    pub(super) subscribe: Semaphore,
    pub(super) publish: Semaphore,
    pub(super) sub_refresh: Semaphore,
    pub(super) rpc: Semaphore,
}

impl Turns {
    /// So many at a time for each question.
    pub(super) fn new(most: usize) -> Self {
        let of_one = || Semaphore::new(most);
        Self {
            connect: of_one(),
            refresh: of_one(),
            message: of_one(),
            subscribe: of_one(),
            publish: of_one(),
            sub_refresh: of_one(),
            rpc: of_one(),
        }
    }
}

/// Counts a request while it is on its way.
pub(super) struct InFlight(&'static str);

impl InFlight {
    pub(super) fn new(hook: &'static str) -> Self {
        metrics::gauge!("throng_hooks_in_flight", "hook" => hook).increment(1);
        Self(hook)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        metrics::gauge!("throng_hooks_in_flight", "hook" => self.0).decrement(1);
    }
}
