//! Waiting for a client to end.

use crate::state::member::Member;
use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// Ready once a client has ended: [`Client::ended`](crate::Client::ended).
#[must_use = "a future does nothing unless it is polled"]
pub(crate) struct Ended {
    member: Arc<Member>,
    ticket: Option<u32>,
}

impl Ended {
    pub(crate) fn new(member: Arc<Member>) -> Self {
        Self { member, ticket: None }
    }
}

impl Future for Ended {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { member, ticket } = self.get_mut();
        let (polled, old) = member.shared.with(|inner, _| {
            if !inner.hub.is_open(member.id) {
                return (Poll::Ready(()), None);
            }
            match inner.client_state(member.id) {
                Some(entry) => (Poll::Pending, entry.waiters().wait(ticket, cx.waker())),
                None => (Poll::Ready(()), None),
            }
        });
        drop(old);
        polled
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let member = &self.member;
            let old = member.shared.with(|inner, _| inner.client_state(member.id)?.stop_waiting(ticket));
            drop(old);
        }
    }
}
