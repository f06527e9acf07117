//! Makes a newcomer wait for the last hooks of earlier clients: those that it has evicted, and the participant whose place it takes.

use crate::handler::limit::TimeLimit;
use crate::notice::hook::Hook;
use crate::state::member::Member;
use crate::state::shared::Shared;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::Poll;
use core::time::Duration;

/// How long a newcomer waits if hooks have no time limit.
const LIMIT: Duration = Duration::from_secs(5);

/// Ready when the last hooks of all these clients have returned, or when a hook's time limit has passed.
pub(crate) async fn wait_for(shared: &Shared, earlier: Vec<Arc<Member>>) {
    let mut earlier = Predecessors(earlier);
    let mut time_limit = TimeLimit::new(Some(shared.settings.limit_of(Hook::Disconnected).unwrap_or(LIMIT)));
    poll_fn(|cx| {
        earlier.0.retain(|member| member.poll_last_hook(cx.waker()).is_pending());
        if earlier.0.is_empty() { Poll::Ready(()) } else { time_limit.poll(shared, cx) }
    })
    .await;
}

/// The earlier clients that still have hooks to call.
struct Predecessors(Vec<Arc<Member>>);

impl Drop for Predecessors {
    /// Removes the wakers of the newcomer.
    fn drop(&mut self) {
        for member in &self.0 {
            member.shared.last_hooks.wake(member.id);
        }
    }
}
