//! Passes a client that has a session from the task of one connection to that of the next.
//!
//! One task at a time holds the client's [service], the right to call the client's hooks. While the client has a connection, the
//! task of that connection holds it. When the connection has ended and the client is away, the hub spawns a task, the
//! *attendant*, which takes the service. When the client returns, the task of the new connection waits until the earlier task
//! hands over the service. So hooks of one client never run at the same time.
//!
//! [service]: crate::connection::service

use crate::state::inner::{ClientState, Inner, replace};
use crate::state::mailbox::{Away, End, Mailbox, Notice, Resumed};
use crate::state::member::Member;
pub(crate) use crate::state::types::{Handover, Service};
use alloc::sync::Arc;
use alloc::task::Wake;
use core::sync::atomic::Ordering;
use core::task::Waker;
use std::sync::Mutex;
use throng_core::hub::{Event, Flush};
use throng_core::{ClientId, CloseFrame, ClosedBy, ConnectionId, Instant, hub};

/// The answer to a task that asks for the service of its client.
pub(crate) enum Handed {
    Service(Service),
    /// Another task still holds the service, and wakes the caller when it hands the service over.
    NotYet,
    /// The client has a later connection, whose task gets it, or has ended.
    Elsewhere,
}

/// The state of a client that has lost a connection.
pub(crate) enum Attended {
    /// The client is still away, or it has ended and the lost connection has not.
    Away,
    /// The client has a later connection.
    Elsewhere,
    /// The client and its connections have ended. Holds the notices that remain.
    Over(Mailbox, ClientState),
}

impl Inner {
    /// Notes that a client has lost its connection and is away.
    #[cold]
    pub(crate) fn tell_away(&mut self, client: ClientId, end: End) {
        let now = self.hub.now();
        let Some(handover) = self.handover(client) else { return };
        handover.away_since = Some(now);
        let End { code, reason, by } = end;
        let away = Away { code, reason, by };
        if let Some(member) = self.member(client) {
            member.is_lost.store(true, Ordering::Relaxed);
        }
        self.note_away(client, &away);
        self.notify(client, Notice::Away(away));
    }

    /// Notes that a client has another connection.
    #[cold]
    pub(crate) fn tell_resumed(&mut self, client: ClientId, connection: ConnectionId) {
        let now = self.hub.now();
        let Some(handover) = self.handover(client) else { return };
        handover.latest = Some(connection);
        (handover.is_detached, handover.is_unserved, handover.is_waited_for) = (false, false, true);
        let resumed = Resumed { away: handover.away_since.take().map(|since| now.since(since)) };
        let attendant = handover.task.take();
        if let Some(attendant) = attendant {
            self.wakes.push(attendant);
        }
        if let Some(member) = self.member(client) {
            member.is_lost.store(false, Ordering::Relaxed);
        }
        self.note_resumed(client, &resumed);
        self.notify(client, Notice::Resumed(resumed));
    }

    /// Wakes the task that calls the hooks of a client without a connection.
    #[cold]
    pub(crate) fn wake_attendant(&mut self, client: ClientId) {
        let Some(state) = self.clients.get(client.index()) else { return };
        let handover = state.rare.as_ref().and_then(|rare| rare.handover.as_ref());
        self.wakes.more_from(handover.and_then(|handover| handover.task.as_ref()));
    }

    /// Notes that a client without a connection has ended. If its attendant calls its last hooks, a drain waits for that.
    #[cold]
    pub(crate) fn end_detached(&mut self, client: ClientId) {
        let now = self.hub.now();
        let Some(Handover { is_detached: true, is_unserved, .. }) = self.known_handover(client) else {
            return;
        };
        if *is_unserved {
            if let Some((_, state)) = self.remove_client(client) {
                self.wakes.push(Waker::from(Arc::new(Unserved(Mutex::new(state)))));
            }
            return;
        }
        self.ending += 1;
        if let Some(member) = self.member(client) {
            member.set_closed(now);
        }
    }

    /// Closes a client on the hub's behalf, because of its hook that runs now. Does nothing if the client has a new connection
    /// whose task still waits for the service: the hook then belongs to an earlier connection.
    pub(crate) fn close_by_hub(
        &mut self,
        now: Instant,
        client: ClientId,
        frame: &CloseFrame,
        flush: Flush,
    ) -> Result<(), hub::Error> {
        let (code, reason) = (frame.code, &*frame.reason);
        let event = match self.hub.connection_of(client) {
            Some(_) if self.known_handover(client).is_some_and(|handover| handover.is_waited_for) => {
                return Err(hub::Error::NotOpen);
            }
            Some(connection) => Event::CloseConnection { connection, code, reason, flush },
            None => Event::Close { client, code, reason, flush, by: ClosedBy::Hub },
        };
        self.handle(now, event).map(drop)
    }

    /// Whether a client has a later connection than this one.
    pub(crate) fn is_elsewhere(&mut self, client: ClientId, connection: ConnectionId) -> bool {
        let latest = self.known_handover(client).and_then(|handover| handover.latest);
        latest.is_some_and(|latest| latest != connection)
    }

    /// Notes that the attendant must take over the client, because its connection has ended, and the client stays or the
    /// connection's task has not got the service.
    pub(crate) fn detach(&mut self, client: ClientId) {
        let has_ended = !self.hub.is_open(client);
        let now = self.hub.now();
        let Some(handover) = self.handover(client) else { return };
        handover.is_detached = true;
        if has_ended {
            self.ending += 1;
            if let Some(member) = self.member(client) {
                member.set_closed(now);
            }
        }
    }

    /// Hands over the service of a client, and wakes the task that takes it. Returns the service if the hub does not know the
    /// client any more.
    pub(crate) fn deposit(&mut self, client: ClientId, service: Service) -> Option<Service> {
        let Some(handover) = self.handover(client) else { return Some(service) };
        let (latest, task) = (handover.latest, handover.task.clone());
        let old = handover.service.replace(service);
        self.wakes.more_from(task.as_ref());
        if let Some(latest) = latest {
            self.set_and_wake(latest, |_| ());
        }
        old
    }

    /// Takes the service of a client, for the task of this connection or for the attendant that follows that task. Drop the
    /// returned waker after the lock is released.
    pub(crate) fn take_service(
        &mut self,
        client: ClientId,
        connection: ConnectionId,
        waker: &Waker,
    ) -> (Handed, Option<Waker>) {
        if self.is_elsewhere(client, connection) {
            return (Handed::Elsewhere, None);
        }
        let Some(handover) = self.handover(client) else { return (Handed::Elsewhere, None) };
        match handover.service.take() {
            Some(service) => {
                handover.is_waited_for = false;
                (Handed::Service(service), None)
            }
            None => {
                let old = if handover.is_detached { replace(&mut handover.task, waker) } else { None };
                (Handed::NotYet, old)
            }
        }
    }

    /// The state of a client that has lost this connection. `waker` is woken when that state changes. Drop the returned waker
    /// after the lock is released.
    pub(crate) fn attend(
        &mut self,
        client: ClientId,
        connection: ConnectionId,
        waker: &Waker,
    ) -> (Attended, Option<Waker>) {
        if self.is_elsewhere(client, connection) {
            return (Attended::Elsewhere, None);
        }
        let is_open = self.hub.is_open(client);
        let Some(handover) = self.handover(client) else { return (Attended::Elsewhere, None) };
        if handover.is_detached && !is_open {
            let (mailbox, state) = self.remove_client(client).unwrap_or_default();
            return (Attended::Over(mailbox, state), None);
        }
        (Attended::Away, replace(&mut handover.task, waker))
    }

    /// Notes that the host has dropped the attendant of a client: no hook is called from now on, unless the client returns. If
    /// the client has ended, removes it and returns its state.
    pub(crate) fn unserve(
        &mut self,
        client: ClientId,
        connection: ConnectionId,
    ) -> Option<(Mailbox, ClientState)> {
        if self.is_elsewhere(client, connection) {
            return None;
        }
        let is_open = self.hub.is_open(client);
        let handover = self.handover(client)?;
        handover.is_unserved = true;
        let task = handover.task.take();
        if let Some(task) = task {
            self.wakes.push(task);
        }
        if is_open {
            return None;
        }
        self.has_ended();
        self.remove_client(client)
    }

    /// The handover state of a client; `None` if the client never lost a connection.
    fn known_handover(&mut self, client: ClientId) -> Option<&mut Handover> {
        self.client_state(client)?.rare.as_mut()?.handover.as_mut()
    }

    fn handover(&mut self, client: ClientId) -> Option<&mut Handover> {
        let rare = self.client_state(client)?.rare.get_or_insert_default();
        Some(rare.handover.get_or_insert_default())
    }
}

/// The state of a client that has ended and whose last hooks no task can call. It holds values of the application, which must be
/// dropped outside of the lock. As a waker it is: all wakers are woken and dropped after the lock is released.
struct Unserved(Mutex<ClientState>);

impl Wake for Unserved {
    fn wake(self: Arc<Self>) {
        let member: Option<Arc<Member>> =
            self.0.lock().ok().and_then(|state| state.member.as_ref().map(Arc::clone));
        if let Some(member) = member {
            member.set_last_hook_returned();
        }
    }
}
