//! Lets other tasks run between two calls of a hook of the hub.

use crate::state::shared::Shared;
use core::future::poll_fn;
use core::task::Poll;

/// Many rooms may have changed at once, and a hook that does not wait would hold up everybody else.
pub(crate) async fn yield_once(shared: &Shared) {
    let mut has_yielded = false;
    poll_fn(|cx| {
        if core::mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        match shared.host() {
            Some(host) => host.yield_now(cx),
            None => cx.waker().wake_by_ref(),
        }
        Poll::Pending
    })
    .await;
}
