//! Puts messages into the [backlog](crate::state::backlog) of the hub's event stream, and the futures that wait for that backlog.

use crate::handler::limit::TimeLimit;
use crate::handles::client::Client;
use crate::host::running::Running;
use crate::state::backlog::Queued;
use crate::state::member::Member;
use crate::state::shared::Shared;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use throng_core::ClientId;
use throng_core::hub::{Cause, Flush};
use throng_core::websocket::Message;

/// Puts a message into the backlog. A hub with an event stream calls this instead of the message hook. If a future is returned,
/// the client must not be read until the future is ready.
pub(crate) fn take_in(client: &Client, message: Message) -> Option<Running> {
    let (shared, id) = (&client.member.shared, client.id());
    match shared.with(|inner, _| inner.note_message(&client.member, message)) {
        Queued::Done => None,
        Queued::Full => Some(Box::pin(BacklogRoom::for_client(&client.member))),
        Queued::Refused => {
            let rejection = shared.close_frame(Cause::Lagging);
            // The client may be closing already; that error is ignored.
            let _ = shared.with(|inner, now| inner.close_by_hub(now, id, &rejection, Flush::First));
            None
        }
    }
}

/// Ready when the backlog has room again, or when the client for which it waits has ended.
#[must_use = "a future does nothing unless it is polled"]
pub(crate) struct BacklogRoom {
    shared: Arc<Shared>,
    /// `None` for a handshake, which has no client yet.
    client: Option<ClientId>,
    ticket: Option<u32>,
}

impl BacklogRoom {
    /// Waits on behalf of a handshake.
    pub(crate) fn for_newcomer(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), client: None, ticket: None }
    }

    fn for_client(member: &Member) -> Self {
        Self { shared: Arc::clone(&member.shared), client: Some(member.id), ticket: None }
    }
}

impl Future for BacklogRoom {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { shared, client, ticket } = self.get_mut();
        let (polled, old) = shared.with(|inner, _| {
            if client.is_some_and(|client| !inner.hub.is_open(client)) {
                return (Poll::Ready(()), None);
            }
            match &mut inner.backlog {
                Some(backlog) if backlog.is_full() => {
                    (Poll::Pending, backlog.waiting.wait(ticket, cx.waker()))
                }
                _ => (Poll::Ready(()), None),
            }
        });
        drop(old);
        polled
    }
}

impl Drop for BacklogRoom {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let old = self.shared.with(|inner, _| inner.backlog.as_mut()?.waiting.leave(ticket));
            drop(old);
        }
    }
}

/// Waits until the application has finished with every event up to a given one, so that its answers have been sent: it asks for
/// an event after them. A closing client stays open until then, but at most for `deadlines.close`.
pub(crate) struct EventsTaken {
    shared: Arc<Shared>,
    client: ClientId,
    /// The number of the last event to wait for.
    number: u64,
    time_limit: TimeLimit,
}

impl EventsTaken {
    /// Waits for the events that are in the backlog now. `None` if the application has finished with all of them, or the hub has
    /// no event stream.
    pub(crate) fn of(member: &Member) -> Option<Self> {
        let shared = &member.shared;
        shared.settings.events?;
        let (number, limit) = shared.look(|inner| {
            let backlog = inner.backlog.as_ref()?;
            let number = backlog.last();
            (!backlog.is_told(number)).then(|| (number, inner.hub.config().deadlines.close))
        })?;
        Some(Self {
            shared: Arc::clone(shared),
            client: member.id,
            number,
            time_limit: TimeLimit::new(Some(limit)),
        })
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self { shared, client, number, time_limit } = self;
        let (is_told, old) = shared.with(|inner, _| {
            let is_open = inner.hub.is_open(*client);
            match &mut inner.backlog {
                Some(backlog) if is_open && !backlog.is_told(*number) => {
                    (false, backlog.wait(*number, *client, cx.waker()))
                }
                _ => (true, None),
            }
        });
        drop(old);
        if is_told { Poll::Ready(()) } else { time_limit.poll(shared, cx) }
    }
}

impl Drop for EventsTaken {
    fn drop(&mut self) {
        let (number, client) = (self.number, self.client);
        let old = self.shared.with(|inner, _| inner.backlog.as_mut()?.leave(number, client));
        drop(old);
    }
}
