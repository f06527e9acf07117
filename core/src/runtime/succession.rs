//! A newcomer and those that it has evicted: their last hook comes before its first.

use super::limit::Alarm;
use super::member::Member;
use super::shared::Shared;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::{Poll, Waker};
use core::time::Duration;

/// How long a newcomer waits where hooks may take as long as they like.
const LIMIT: Duration = Duration::from_secs(5);

/// Whether a client's last hook has returned, and who waits for that: whoever has evicted it, and nobody else.
#[derive(Debug, Default)]
pub(super) struct LastHook {
    has_returned: bool,
    heir: Option<Waker>,
}

impl Member {
    /// Nothing more is told of this client.
    pub(super) fn is_told(&self) {
        let heir = {
            let last = &mut self.details().last_hook;
            last.has_returned = true;
            last.heir.take()
        };
        if let Some(heir) = heir {
            heir.wake();
        }
    }

    fn poll_told(&self, waker: &Waker) -> Poll<()> {
        let old = {
            let last = &mut self.details().last_hook;
            if last.has_returned {
                return Poll::Ready(());
            }
            last.heir.replace(waker.clone())
        };
        // Outside the lock, as a waker may end a task.
        drop(old);
        Poll::Pending
    }
}

/// Ready when the last hooks of all that were evicted have returned, or when a hook has had its time.
pub(super) async fn outlast(shared: &Shared, mut evicted: Vec<Arc<Member>>) {
    let mut alarm = Alarm::new(Some(shared.settings.hook_limit.unwrap_or(LIMIT)));
    poll_fn(|cx| {
        evicted.retain(|member| member.poll_told(cx.waker()).is_pending());
        if evicted.is_empty() { Poll::Ready(()) } else { alarm.poll(shared, cx) }
    })
    .await;
}
