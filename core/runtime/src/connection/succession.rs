//! Makes a newcomer wait for the last hooks of the clients that it has evicted.

use crate::handler::limit::Alarm;
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
    /// Notes that no more hooks follow for this client, and wakes the newcomer that waits for it.
    pub(crate) fn set_told(&self) {
        let heir = {
            let mut heirs = self.shared.heirs.lock();
            self.is_told.store(true, Ordering::Relaxed);
            heirs.remove(&self.id)
        };
        if let Some(heir) = heir {
            heir.wake();
        }
    }

    fn poll_told(&self, waker: &Waker) -> Poll<()> {
        let old = {
            let mut heirs = self.shared.heirs.lock();
            if self.is_told.load(Ordering::Relaxed) {
                return Poll::Ready(());
            }
            heirs.insert(self.id, waker.clone())
        };
        // Dropped outside the lock, because dropping a waker may end a task.
        drop(old);
        Poll::Pending
    }
}

/// Ready when the last hooks of all evicted clients have returned, or when a hook's time limit has passed.
pub(crate) async fn outlast(shared: &Shared, evicted: Vec<Arc<Member>>) {
    let mut evicted = Evicted(evicted);
    let mut alarm = Alarm::new(Some(shared.settings.limit_of(Hook::Disconnected).unwrap_or(LIMIT)));
    poll_fn(|cx| {
        evicted.0.retain(|member| member.poll_told(cx.waker()).is_pending());
        if evicted.0.is_empty() { Poll::Ready(()) } else { alarm.poll(shared, cx) }
    })
    .await;
}

/// The evicted clients that still have hooks to call.
struct Evicted(Vec<Arc<Member>>);

impl Drop for Evicted {
    /// Removes the wakers of the newcomer.
    fn drop(&mut self) {
        for member in &self.0 {
            let heir = member.shared.heirs.lock().remove(&member.id);
            drop(heir);
        }
    }
}
