//! Everything behind the lock.

use crate::measure::Marks;
use crate::notice::ask::AskError;
use crate::notice::dropped::DropNotice;
use crate::notice::hook::{ClientError, Left};
use crate::notice::occupancy::Occupancy;
use crate::notice::written_hooks::WrittenHooks;
use crate::state::asks::Asks;
use crate::state::mailbox::{End, Mailbox, Notice};
use crate::state::occupancy::OccupancyChanges;
use crate::state::presence::PresenceChanges;
use crate::state::receipts::Receipts;
use crate::state::recording::Recording;
pub(crate) use crate::state::types::{ClientState, Inner, LaneNotice};
use crate::state::types::{ConnectionShared, ConnectionState, LaneState, Member};
pub(crate) use crate::state::waiters::Waiters;
pub(crate) use crate::state::wakes::replace;
use crate::state::wakes::{AT_ONCE, DeferredWakes, Wakes};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;
use core::sync::atomic::Ordering;
use core::task::Waker;
use throng_core::cluster::Topic;
use throng_core::hub::{Action, DropReason, Error, Event, Hub, Joined, Outcome, Recover, Reserved, Sink};
use throng_core::trace::Recorder;
use throng_core::{ClientId, ConnectionId, Instant, Name};

impl Inner {
    pub(crate) fn new(hub: Hub, recorder: Option<Box<Recorder>>, written_hooks: WrittenHooks) -> Self {
        let lanes = usize::from(hub.config().host.lanes);
        Self {
            hub,
            clients: Vec::new(),
            connections: Vec::new(),
            lanes: (0..lanes).map(|_| LaneState::default()).collect(),
            asleep: 0,
            waiting: 0,
            next_lane: 0,
            armed: Instant::FAR_FUTURE,
            timer: None,
            stopped: false,
            is_shut_down: false,
            ending: 0,
            stop_waiters: Waiters::default(),
            backlog: None,
            wakes: Wakes::default(),
            deferred_wakes: DeferredWakes::default(),
            recorder,
            written_hooks,
            marks: Marks::default(),
            receipts: Receipts::default(),
            asks: Asks::default(),
            presence: PresenceChanges::default(),
            occupancy: OccupancyChanges::default(),
            node: None,
            sent_bytes: 0,
            ends: None,
        }
    }

    /// The only entry for events. Every resulting action is put where the task that it concerns finds it.
    pub(crate) fn handle(&mut self, now: Instant, event: Event<'_>) -> Result<Outcome, Error> {
        self.handle_into(now, event, Sink::Nowhere)
    }

    /// The same door, for an event that fills memory of its caller's.
    #[inline]
    pub(crate) fn handle_into(
        &mut self,
        now: Instant,
        event: Event<'_>,
        sink: Sink<'_>,
    ) -> Result<Outcome, Error> {
        if !self.receipts.is_empty()
            && let Event::Transmitted { results } = event
        {
            self.tell_written(results);
        }
        // Read before the event is handed over, which would have to be copied otherwise.
        let (renamed, gone) = match event {
            Event::SetUser { client, .. } | Event::Place { client, .. } | Event::Identify { client, .. } => {
                (Some(client), None)
            }
            // Only clients with receipts are looked up: after the event the connection no longer names its client.
            Event::Gone { connection } if !self.receipts.is_empty() => (None, self.hub.client_of(connection)),
            _ => (None, None),
        };
        let result = match &mut self.recorder {
            Some(recorder) => recorder.handle_into(&mut self.hub, now, event, sink),
            None => self.hub.handle_into(now, event, sink),
        };
        if let Some(client) = renamed
            && result.is_ok()
            && let Some(member) = self.member(client)
        {
            // After a client's end the hub has forgotten the user, but the application may still ask.
            member.set_user(self.hub.user_of(client));
        }
        while let Some(action) = self.poll_action() {
            self.deliver(action);
        }
        if self.asks.has_again() {
            self.send_again();
        }
        if let Some(client) = gone.filter(|client| !self.hub.is_open(*client)) {
            self.tell_gone(client);
        }
        result
    }

    /// Reserves a client for a connection.
    pub(crate) fn reserve(
        &mut self,
        now: Instant,
        connection: &ConnectionShared,
        user: Option<&str>,
        session: Option<&str>,
        rooms: &[Name],
    ) -> Result<Arc<Member>, Error> {
        let event = Event::Reserve { connection: connection.id, user, session, rooms };
        // The event has no other outcome.
        let Outcome::Reserved(Reserved { client, .. }) = self.handle(now, event)? else {
            return Err(Error::NotOpen);
        };
        let user = self.hub.user_of(client);
        let member = Arc::new(Member::new(client, user, Arc::clone(&connection.shared)));
        let index = client.index();
        if self.clients.len() <= index {
            self.clients.resize_with(index + 1, ClientState::default);
        }
        self.clients[index] = ClientState { member: Some(Arc::clone(&member)), ..ClientState::default() };
        Ok(member)
    }

    /// The client that continues on a connection in place of the reserved one, and what was known of that one: drop it after the lock is
    /// released.
    pub(crate) fn continued(
        &mut self,
        connection: ConnectionId,
        reserved: ClientId,
    ) -> (Option<Arc<Member>>, Option<ClientState>) {
        match self.hub.client_of(connection) {
            Some(client) if client != reserved => {
                let continued = self.member(client).map(Arc::clone);
                (continued, self.remove_client(reserved).map(|(_, state)| state))
            }
            _ => (None, None),
        }
    }

    /// Like [`handle`](Self::handle); returns the clients that the event ended.
    pub(crate) fn handle_ends(&mut self, now: Instant, event: Event<'_>) -> Result<Vec<Arc<Member>>, Error> {
        self.ends = Some(Vec::new());
        let result = self.handle(now, event);
        let ends = self.ends.take();
        result.map(|_| ends.unwrap_or_default())
    }

    /// Puts a client into a room, with what it missed there if it asks for that, and queues its notice.
    pub(crate) fn join(
        &mut self,
        now: Instant,
        client: ClientId,
        room: &str,
        recover: Option<Recover>,
        info: Option<&[u8]>,
    ) -> Result<Joined, Error> {
        let event = match info {
            Some(info) => Event::JoinWithInfo { client, room, recover, info },
            None => Event::Join { client, room, recover },
        };
        let joined = match self.handle(now, event)? {
            Outcome::Joined(joined) => joined,
            _ => Joined::new(1),
        };
        if self.written_hooks.joined {
            self.tell(client, Notice::Joined(Name::from(room), joined));
        }
        Ok(joined)
    }

    /// Takes a client out of a room, and queues its notice.
    pub(crate) fn leave(
        &mut self,
        now: Instant,
        client: ClientId,
        room: &str,
        left: Left,
    ) -> Result<(), Error> {
        self.handle(now, Event::Leave { client, room })?;
        self.tell_left(client, || Name::from(room), left);
        Ok(())
    }

    /// Takes a client out of all its rooms, and queues the notices. Returns their number.
    pub(crate) fn leave_all(&mut self, now: Instant, client: ClientId, left: Left) -> Result<u32, Error> {
        let rooms: Vec<Name> =
            if self.tells_left(client) { self.hub.rooms_of(client).collect() } else { Vec::new() };
        let Outcome::Left(count) = self.handle(now, Event::LeaveAll { client })? else { return Ok(0) };
        for room in rooms {
            self.tell_left(client, || room, left);
        }
        Ok(count)
    }

    fn tell_left(&mut self, client: ClientId, room: impl FnOnce() -> Name, left: Left) {
        if self.tells_left(client) {
            self.tell(client, Notice::Left(room(), left));
        }
    }

    /// Whether anything is to be told of a room that this client leaves.
    #[inline]
    fn tells_left(&mut self, client: ClientId) -> bool {
        let rare = |state: &mut ClientState| state.rare.as_ref().is_some_and(|rare| rare.place.is_some());
        self.written_hooks.left || self.client_state(client).is_some_and(rare)
    }

    /// Notes that a client is a participant of a room, with a session of this name.
    pub(crate) fn set_place(&mut self, client: ClientId, session: Name) {
        if let Some(state) = self.client_state(client) {
            state.rare.get_or_insert_default().place = Some(session);
        }
    }

    /// Notes that a client has ended: if it is a participant, whoever takes its place waits for its last hook.
    fn end_place(&mut self, client: ClientId) {
        let Some(state) = self.client_state(client) else { return };
        if let Some(session) = state.rare.as_mut().and_then(|rare| rare.place.clone())
            && let Some(member) = &state.member
        {
            member.shared.last_hooks.begin(session, client, member);
        }
    }

    /// Queues a notice of an error of a client.
    pub(crate) fn tell_error(&mut self, client: ClientId, error: ClientError) {
        self.tell(client, Notice::Error(error));
    }

    /// Queues a notice that the client must get before its next message.
    fn tell(&mut self, client: ClientId, notice: Notice) {
        self.notify_and_set(client, notice, |connection| {
            connection.has_urgent_notice.store(true, Ordering::Relaxed);
        });
    }

    fn poll_action(&mut self) -> Option<Action> {
        match &mut self.recorder {
            Some(recorder) => recorder.poll_action(),
            None => self.hub.poll_action(),
        }
    }

    /// What was recorded since the last call, if the hub is recorded.
    pub(crate) fn take_recording(&mut self) -> Option<Recording> {
        let recorder = self.recorder.as_mut()?;
        Some(Recording::take(recorder))
    }

    /// Collects the wakers of all tasks that events since the last call concern. Called once before the lock is
    /// released.
    #[inline]
    pub(crate) fn settle(&mut self) -> Option<Wakes> {
        if self.wakes.len() > AT_ONCE {
            self.defer_wakes();
        }
        if self.asleep > 0 {
            self.wake_lanes();
        }
        if self.waiting > 0 && self.hub.is_pressed() {
            self.hurry_lanes();
        }
        if let Some(timeout) = self.hub.poll_timeout()
            && timeout < self.armed
        {
            self.armed = timeout;
            self.wakes.more_from(self.timer.as_ref());
        }
        if self.wakes.is_empty() { None } else { Some(mem::take(&mut self.wakes)) }
    }

    /// Leaves all tasks but the first to the timer, which wakes them turn by turn. Without a timer all are woken now.
    #[cold]
    fn defer_wakes(&mut self) {
        let Some(timer) = &self.timer else { return };
        let is_timer_awake = !self.deferred_wakes.is_empty();
        self.deferred_wakes.defer(&mut self.wakes);
        if !is_timer_awake {
            self.wakes.push(timer.clone());
            // It need not be woken for a deadline as well.
            self.armed = Instant::ORIGIN;
        }
    }

    fn deliver(&mut self, action: Action) {
        match action {
            Action::Connected { client, .. } => {
                self.note_connected(client);
                self.notify(client, Notice::Connected);
            }
            Action::Left { client, room } => self.tell_left(client, || room, Left::Ended),
            Action::RoomClosed { client, room } => self.tell_left(client, || room, Left::RoomClosed),
            Action::Dropped { client, dropped } => {
                self.note_dropped(client, &dropped);
                let mut receipts = Vec::new();
                if !self.receipts.is_empty() {
                    receipts = self.tell_dropped(client, dropped.reason);
                    if !self.written_hooks.dropped {
                        receipts.clear();
                    }
                }
                self.tell_more_dropped(client, DropNotice::new(dropped, receipts));
            }
            Action::OverRate { client, messages } => {
                self.notify(client, Notice::OverRate(messages));
            }
            Action::Disconnected { client, code, by, reason } => {
                let end = End { code, reason, by };
                self.note_disconnected(client, &end);
                if !self.receipts.is_empty() {
                    self.tell_dropped(client, DropReason::Closed);
                }
                if let Some(member) = self.member(client).filter(|_| self.ends.is_some()).cloned() {
                    self.ends.get_or_insert_default().push(member);
                }
                self.end_place(client);
                self.notify(client, Notice::Disconnected(end));
                self.wake_waiters(client);
                if self.hub.connection_of(client).is_none() {
                    self.end_detached(client);
                }
            }
            Action::Away { client, code, by, reason } => self.tell_away(client, End { code, reason, by }),
            Action::Resumed { client, connection } => self.tell_resumed(client, connection),
            Action::Expiring { client, at } => self.tell_expiring(client, at),
            Action::AskEnded { ask, why, .. } => {
                self.asks.end(ask, Err(AskError::of_end(why)), &mut self.wakes);
            }
            Action::AskAgain { client, ask } => self.asks.ask_again(client, ask),
            Action::Replaced { connection, .. } => {
                self.set_and_wake(connection, ConnectionShared::set_replaced);
            }
            Action::OutboxLow { client } => self.wake_waiters(client),
            Action::PresenceChanged { room, change } => self.tell_presence(room, change),
            Action::StoodStill { time } => self.wakes.stood_still = Some(time),
            Action::Resume { connection } => self.set_and_wake(connection, ConnectionShared::set_resumed),
            Action::Abort { connection } => self.set_and_wake(connection, ConnectionShared::set_aborted),
            Action::Stopped => {
                self.stopped = true;
                self.note_stopped();
                self.stop_presence();
                self.stop_occupancy();
                self.stop_node();
                self.stop_waiters.wake_all(&mut self.wakes);
            }
            Action::RoomOccupied { room } => self.tell_occupancy(room, Occupancy::Occupied),
            Action::RoomVacated { room } => self.tell_occupancy(room, Occupancy::Vacated),
            Action::RoomCounted { room, clients, users } => self.note_counted(&room, clients, users),
            Action::MemberPresent { room, member } => self.note_present(&room, &member),
            Action::MemberAbsent { room, client } => self.note_absent(&room, client),
            Action::UserPresent { user } => self.note_interest(Topic::User(&user), true),
            Action::UserAbsent { user } => self.note_interest(Topic::User(&user), false),
            // The core adds no action without a change here.
            _ => debug_assert!(false, "{action:?}"),
        }
    }

    pub(crate) fn tell_more_dropped(&mut self, client: ClientId, dropped: DropNotice) {
        self.notify(client, Notice::Dropped(dropped));
    }

    /// Wakes everything that waits for a drain, to check again.
    pub(crate) fn release_drains(&mut self) {
        self.stop_waiters.wake_all(&mut self.wakes);
    }

    /// Counts a connection whose last hook has returned.
    pub(crate) fn has_ended(&mut self) {
        self.ending -= 1;
        if self.is_over() {
            self.release_drains();
        }
    }

    /// Whether a drain or shutdown is complete: last hooks have returned, and the node has left its cluster.
    pub(crate) fn is_over(&self) -> bool {
        self.stopped && self.ending == 0 && self.node.as_ref().is_none_or(|node| node.has_left())
    }

    pub(crate) fn notify(&mut self, client: ClientId, notice: Notice) {
        self.notify_and_set(client, notice, |_| ());
    }

    /// Puts a notice into a client's mailbox, and wakes the task of its connection. If the connection has just ended, the
    /// hub names none: the task that ended it takes what is left in the mailbox, or hands the client over to one that is woken.
    fn notify_and_set(&mut self, client: ClientId, notice: Notice, set: impl FnOnce(&ConnectionShared)) {
        let Some(state) = self.client_state(client) else { return };
        state.mailbox.push(notice);
        if let Some(connection) = self.hub.connection_of(client) {
            self.set_and_wake(connection, set);
        } else {
            self.wake_attendant(client);
        }
    }

    /// Sets something in a connection's state, and wakes its task to look at it.
    pub(crate) fn set_and_wake(&mut self, connection: ConnectionId, set: impl FnOnce(&ConnectionShared)) {
        let Some(ConnectionState { shared: Some(shared), task }) = self.connections.get(connection.index())
        else {
            return;
        };
        if shared.id != connection {
            return;
        }
        set(shared);
        // If the flag was still set, the task was woken before and has not looked yet.
        if !shared.has_notices.swap(true, Ordering::AcqRel)
            && let Some(task) = task
        {
            self.wakes.push(task.clone());
        }
    }

    fn wake_waiters(&mut self, client: ClientId) {
        if let Some(state) = self.clients.get_mut(client.index())
            && state.member.as_ref().is_some_and(|member| member.id == client)
            && let Some(rare) = &mut state.rare
        {
            rare.waiters.wake_all(&mut self.wakes);
        }
    }

    /// Enters a connection that the hub has accepted.
    pub(crate) fn insert_connection(&mut self, shared: Arc<ConnectionShared>) {
        let index = shared.id.index();
        if self.connections.len() <= index {
            self.connections.resize_with(index + 1, ConnectionState::default);
        }
        self.connections[index] = ConnectionState { shared: Some(shared), task: None };
    }

    /// Forgets a connection. Drop the result after the lock is released.
    pub(crate) fn remove_connection(&mut self, connection: ConnectionId) -> ConnectionState {
        self.connection_state(connection).map(mem::take).unwrap_or_default()
    }

    pub(crate) fn connection_state(&mut self, connection: ConnectionId) -> Option<&mut ConnectionState> {
        let state = self.connections.get_mut(connection.index())?;
        state.shared.as_ref().is_some_and(|shared| shared.id == connection).then_some(state)
    }

    /// Forgets a client. Returns what is left in its mailbox; drop it after the lock is released.
    pub(crate) fn remove_client(&mut self, client: ClientId) -> Option<(Mailbox, ClientState)> {
        self.client_state(client)?;
        let mut state = mem::take(&mut self.clients[client.index()]);
        if let Some(rare) = &mut state.rare {
            rare.waiters.wake_all(&mut self.wakes);
        }
        Some((mem::take(&mut state.mailbox), state))
    }

    pub(crate) fn client_state(&mut self, client: ClientId) -> Option<&mut ClientState> {
        let state = self.clients.get_mut(client.index())?;
        state.member.as_ref().is_some_and(|member| member.id == client).then_some(state)
    }

    pub(crate) fn member(&self, client: ClientId) -> Option<&Arc<Member>> {
        self.clients.get(client.index())?.member.as_ref().filter(|member| member.id == client)
    }
}

impl ConnectionState {
    /// Sets the task to wake. Drop the returned waker after the lock is released.
    pub(crate) fn set_task(&mut self, waker: &Waker) -> Option<Waker> {
        replace(&mut self.task, waker)
    }
}

impl ClientState {
    pub(crate) fn mailbox(&mut self) -> &mut Mailbox {
        &mut self.mailbox
    }

    /// The futures that wait for the outbox to become low, or for the client's end.
    pub(crate) fn waiters(&mut self) -> &mut Waiters {
        &mut self.rare.get_or_insert_default().waiters
    }

    /// Drop the returned waker after the lock is released.
    pub(crate) fn stop_waiting(&mut self, ticket: u32) -> Option<Waker> {
        self.rare.as_mut()?.waiters.leave(ticket)
    }
}
