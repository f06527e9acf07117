//! How things get into the backlog: under the hub's lock, where they happen.

use super::HubEvent;
use super::backlog::{Backlog, Queued};
use crate::handler::hooks::Running;
use crate::handles::client::Client;
use crate::notice::hook::Cause;
use crate::state::inner::{Inner, replace};
use crate::state::mailbox::End;
use crate::state::member::Member;
use crate::state::shared::Shared;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use throng_core::close::ClosedBy;
use throng_core::hub::{Dropped, Error, Event, Flush, Outcome};
use throng_core::id::ClientId;
use throng_core::time::Instant;
use throng_core::websocket::Message;

impl Inner {
    pub(crate) fn note_connected(&mut self, client: ClientId) {
        if self.backlog.is_none() {
            return;
        }
        let user = self.hub.user_of(client);
        let Some(member) = self.member(client).map(Arc::clone) else { return };
        self.note(|backlog| backlog.connected(Client::new(member), user));
    }

    pub(crate) fn note_dropped(&mut self, client: ClientId, dropped: &Dropped) {
        if let Some(backlog) = &mut self.backlog {
            backlog.dropped(client, dropped);
        }
    }

    pub(crate) fn note_disconnected(&mut self, client: ClientId, end: &End) {
        if self.backlog.is_none() {
            return;
        }
        let Some(member) = self.member(client).map(Arc::clone) else { return };
        let duration = member.opened().map(|opened| self.hub.now().since(opened)).unwrap_or_default();
        self.note(|backlog| backlog.disconnected(Client::new(member), end.clone(), duration));
    }

    /// The hub has stopped: nothing more will happen.
    pub(crate) fn note_stopped(&mut self) {
        self.note(|_| ());
    }

    /// [`handle`](Self::handle) of a message that arrived, which is counted.
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        client: ClientId,
        event: Event<'_>,
    ) -> Result<Outcome, Error> {
        if let (Some(backlog), Event::Received { bytes, .. }) = (&mut self.backlog, &event)
            && self.hub.is_open(client)
        {
            backlog.received(client, *bytes);
        }
        self.handle(now, event)
    }

    /// What happened after a client has ended is none of its events.
    fn note_message(&mut self, client: Client, message: Message) -> Queued {
        if !self.hub.is_open(client.id()) {
            return Queued::Done;
        }
        self.note(|backlog| backlog.message(client, message)).unwrap_or(Queued::Done)
    }

    /// Something happens; the stream is woken if it waits.
    fn note<T>(&mut self, note: impl FnOnce(&mut Backlog) -> T) -> Option<T> {
        let backlog = self.backlog.as_mut()?;
        let noted = note(backlog);
        if let Some(waker) = backlog.waker.take() {
            self.wakes.push(waker);
        }
        Some(noted)
    }

    /// Gives the stream what is next. Says whether nothing more will come; the waker is to be dropped after the lock.
    pub(super) fn take_events(
        &mut self,
        into: &mut VecDeque<HubEvent>,
        waker: &Waker,
    ) -> (bool, Option<Waker>) {
        let Some(backlog) = &mut self.backlog else { return (true, None) };
        if backlog.take(into) {
            backlog.waiting.wake_all(&mut self.wakes);
        }
        let old = if into.is_empty() { replace(&mut backlog.waker, waker) } else { None };
        (self.stopped, old)
    }

    /// Nobody will be told any more; whoever waits for room goes on.
    pub(super) fn drop_events(&mut self) -> Option<Box<Backlog>> {
        let mut backlog = self.backlog.take()?;
        backlog.waiting.wake_all(&mut self.wakes);
        Some(backlog)
    }
}

/// A message for the application: in place of a hook.
pub(crate) fn take_in(client: &Client, message: Message) -> Option<Running> {
    let (shared, id) = (&client.member.shared, client.id());
    match shared.with(|inner, _| inner.note_message(client.clone(), message)) {
        Queued::Done => None,
        Queued::Full => Some(Box::pin(Room::for_client(&client.member))),
        Queued::Refused => {
            let rejection = shared.settings.rejection(Cause::Lagging);
            let (code, reason) = (rejection.code(), rejection.reason());
            let (flush, by) = (Flush::First, ClosedBy::Hub);
            // It may be closing already.
            let _ = shared.handle(Event::Close { client: id, code, reason, flush, by });
            None
        }
    }
}

/// Ready when the application does not lag, or whoever waits for that has ended.
#[must_use = "a future does nothing unless it is polled"]
pub(crate) struct Room {
    shared: Arc<Shared>,
    client: Option<ClientId>,
    ticket: Option<u32>,
}

impl Room {
    /// For a handshake.
    pub(crate) fn for_newcomer(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), client: None, ticket: None }
    }

    fn for_client(member: &Member) -> Self {
        Self { shared: Arc::clone(&member.shared), client: Some(member.id), ticket: None }
    }
}

impl Future for Room {
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

impl Drop for Room {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let old = self.shared.with(|inner, _| inner.backlog.as_mut()?.waiting.leave(ticket));
            drop(old);
        }
    }
}
