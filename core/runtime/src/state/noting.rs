//! Enters events into the backlog, under the lock, at the moment they happen.

use crate::notice::expiry::Expiring;
use crate::state::backlog::{Backlog, Happened, Queued};
use crate::state::mailbox::{Away, End, Notice, Resumed};
use crate::state::types::{Inner, Member};
use crate::state::wakes::replace;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::task::Waker;
use throng_core::hub::{Dropped, Error, Event, Outcome, PresenceChange};
use throng_core::websocket::Message;
use throng_core::{ClientId, Instant, Name};

impl Inner {
    pub(crate) fn note_connected(&mut self, client: ClientId) {
        if self.backlog.is_none() {
            return;
        }
        let user = self.hub.user_of(client);
        let Some(member) = self.member(client).map(Arc::clone) else { return };
        self.note(|backlog| backlog.connected(client, member, user));
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
        let sent = member.sent.get();
        self.note(|backlog| backlog.disconnected(client, member, end.clone(), duration, sent));
    }

    pub(crate) fn note_away(&mut self, client: ClientId, away: &Away) {
        if self.backlog.is_none() {
            return;
        }
        let Some(member) = self.member(client).map(Arc::clone) else { return };
        self.note(|backlog| backlog.push(Happened::Away { client: member, away: away.clone() }));
    }

    pub(crate) fn note_resumed(&mut self, client: ClientId, resumed: &Resumed) {
        if self.backlog.is_none() {
            return;
        }
        let Some(member) = self.member(client).map(Arc::clone) else { return };
        self.note(|backlog| backlog.push(Happened::Resumed { client: member, resumed: *resumed }));
    }

    /// Tells the application that a client's authorisation ends soon.
    #[cold]
    pub(crate) fn tell_expiring(&mut self, client: ClientId, at: Instant) {
        let expiring = Expiring { left: at.since(self.hub.now()) };
        if self.backlog.is_some()
            && let Some(member) = self.member(client).map(Arc::clone)
        {
            self.note(|backlog| backlog.push(Happened::Expiring { client: member, expiring }));
        }
        self.notify(client, Notice::Expiring(expiring));
    }

    pub(crate) fn note_presence(&mut self, room: Name, change: Box<PresenceChange>, most: u32) {
        self.note(|backlog| backlog.presence_changed(room, change, most));
    }

    /// The hub has stopped, and no more events follow.
    pub(crate) fn note_stopped(&mut self) {
        self.note(|_| ());
    }

    /// Counts an arrived message, then calls [`handle`](Self::handle).
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        client: ClientId,
        event: Event<'_>,
    ) -> Result<Outcome, Error> {
        if let (Some(backlog), Event::Received { connection, bytes, .. }) = (&mut self.backlog, &event)
            && self.hub.is_open(client)
            && self.hub.client_of(*connection) == Some(client)
        {
            backlog.received(client, *bytes);
        }
        self.handle(now, event)
    }

    /// Enters a message; messages that arrive after the client's end are left out.
    pub(crate) fn note_message(&mut self, client: &Arc<Member>, message: Message) -> Queued {
        if !self.hub.is_open(client.id) {
            return Queued::Done;
        }
        self.note(|backlog| backlog.message(Arc::clone(client), message)).unwrap_or(Queued::Done)
    }

    /// Changes the backlog and wakes the stream if it waits.
    fn note<T>(&mut self, note: impl FnOnce(&mut Backlog<Arc<Member>>) -> T) -> Option<T> {
        let backlog = self.backlog.as_mut()?;
        let noted = note(backlog);
        if let Some(waker) = backlog.waker.take() {
            self.wakes.push(waker);
        }
        Some(noted)
    }

    /// Moves the next events to the stream; returns whether no more will come. Drop the returned waker after the lock
    /// is released.
    pub(crate) fn take_events(
        &mut self,
        into: &mut VecDeque<Happened<Arc<Member>>>,
        waker: &Waker,
    ) -> (bool, Option<Waker>) {
        let Some(backlog) = &mut self.backlog else { return (true, None) };
        if backlog.take(into) {
            backlog.waiting.wake_all(&mut self.wakes);
        }
        backlog.take_ending(false).into_values().for_each(|waker| self.wakes.push(waker));
        let old = if into.is_empty() { replace(&mut backlog.waker, waker) } else { None };
        (self.stopped, old)
    }

    /// Drops the backlog: no event is delivered from now on, and whatever waits for room goes on.
    pub(crate) fn drop_events(&mut self) -> Option<Box<Backlog<Arc<Member>>>> {
        let mut backlog = self.backlog.take()?;
        backlog.waiting.wake_all(&mut self.wakes);
        backlog.take_ending(true).into_values().for_each(|waker| self.wakes.push(waker));
        Some(backlog)
    }
}
