//! Makes a newcomer wait for the last hooks of the clients that it has evicted.

use crate::handler::limit::TimeLimit;
use crate::notice::hook::Hook;
use crate::state::member::Member;
use crate::state::shared::Shared;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::sync::atomic::Ordering;
use core::task::{Poll, Waker};
use core::time::Duration;

/// How long a newcomer waits if hooks have no time limit.
const LIMIT: Duration = Duration::from_secs(5);

impl Member {
    fn poll_last_hook(&self, waker: &Waker) -> Poll<()> {
        let old = {
            let mut waiters = self.shared.eviction_waiters.lock();
            if self.last_hook_has_returned.load(Ordering::Relaxed) {
                return Poll::Ready(());
            }
            waiters.insert(self.id, waker.clone())
        };
        // Dropped outside the lock, because dropping a waker may end a task.
        drop(old);
        Poll::Pending
    }
}

/// Ready when the last hooks of all evicted clients have returned, or when a hook's time limit has passed.
pub(crate) async fn wait_for_evicted(shared: &Shared, evicted: Vec<Arc<Member>>) {
    let mut evicted = Evicted(evicted);
    let mut time_limit = TimeLimit::new(Some(shared.settings.limit_of(Hook::Disconnected).unwrap_or(LIMIT)));
    poll_fn(|cx| {
        evicted.0.retain(|member| member.poll_last_hook(cx.waker()).is_pending());
        if evicted.0.is_empty() { Poll::Ready(()) } else { time_limit.poll(shared, cx) }
    })
    .await;
}

/// The evicted clients that still have hooks to call.
struct Evicted(Vec<Arc<Member>>);

impl Drop for Evicted {
    /// Removes the wakers of the newcomer.
    fn drop(&mut self) {
        for member in &self.0 {
            let newcomer = member.shared.eviction_waiters.lock().remove(&member.id);
            drop(newcomer);
        }
    }
}
