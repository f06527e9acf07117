//! Closures in place of a handler's hooks.

use crate::handler::Denied;
use crate::handler::hooks::{Asked, Borrowing, Hooks, Running, WrittenHooks};
use crate::handles::client::Client;
use crate::handles::hub::Hub;
use crate::handshake::authenticating::Authenticating;
use crate::handshake::request::Connecting;
use crate::notice::ask::UnmatchedReply;
use crate::notice::cluster::ClusterEvent;
use crate::notice::dropped::DropNotice;
use crate::notice::expiry::Expiring;
use crate::notice::hook::{ClientError, Handled, Left};
use crate::notice::occupancy::Occupancy;
use crate::state::mailbox::{Away, Disconnected, Resumed};
use alloc::boxed::Box;
use core::future::ready;
use throng_core::hub::{Joined, PresenceChange};
use throng_core::websocket::Message;
use throng_core::websocket::handshake::Refusal;
use throng_core::{CloseFrame, Name};

/// A closure in place of a hook.
pub(crate) type Closure<T> = Box<dyn Fn(&Client, T) -> Option<Running> + Send + Sync>;

type Connect = Box<dyn Fn(&mut Connecting) -> Borrowing<'_, Result<(), Refusal>> + Send + Sync>;
type Authenticate =
    Box<dyn for<'a> Fn(&'a mut Authenticating<'_>) -> Borrowing<'a, Result<(), CloseFrame>> + Send + Sync>;
type Ask = Box<dyn Fn(&Client, Message) -> Asked + Send + Sync>;
type Join = Box<dyn for<'a> Fn(&'a Client, &'a str) -> Borrowing<'a, Result<(), Denied>> + Send + Sync>;
type Leave = Box<dyn for<'a> Fn(&'a Client, &'a str) -> Borrowing<'a, ()> + Send + Sync>;

type Presence = Box<dyn for<'a> Fn(&'a Hub, &'a str, PresenceChange) -> Borrowing<'a, ()> + Send + Sync>;
type Occupied = Box<dyn for<'a> Fn(&'a Hub, &'a str, Occupancy) -> Borrowing<'a, ()> + Send + Sync>;
type OfCluster = Box<dyn for<'a> Fn(&'a Hub, ClusterEvent) -> Borrowing<'a, ()> + Send + Sync>;

/// Each closure replaces the handler's hook of the same name as its field.
pub(crate) struct Closures {
    pub(crate) handler: Box<dyn Hooks>,
    pub(crate) before_connect: Option<Connect>,
    pub(crate) authenticate: Option<Authenticate>,
    pub(crate) connected: Option<Closure<()>>,
    pub(crate) before_message: Option<Ask>,
    pub(crate) message: Option<Closure<Message>>,
    pub(crate) after_message: Option<Closure<Handled>>,
    pub(crate) before_join: Option<Join>,
    pub(crate) joined: Option<Closure<(Name, Joined)>>,
    pub(crate) before_leave: Option<Leave>,
    pub(crate) left: Option<Closure<(Name, Left)>>,
    pub(crate) dropped: Option<Closure<DropNotice>>,
    pub(crate) over_rate: Option<Closure<u32>>,
    pub(crate) error: Option<Closure<ClientError>>,
    pub(crate) away: Option<Closure<Away>>,
    pub(crate) resumed: Option<Closure<Resumed>>,
    pub(crate) expiring: Option<Closure<Expiring>>,
    pub(crate) unmatched_reply: Option<Closure<UnmatchedReply>>,
    pub(crate) disconnected: Option<Closure<Disconnected>>,
    pub(crate) presence_changed: Option<Presence>,
    pub(crate) cluster_changed: Option<OfCluster>,
    pub(crate) occupancy_changed: Option<Occupied>,
}

impl Closures {
    pub(crate) fn before(handler: Box<dyn Hooks>) -> Self {
        Self {
            handler,
            before_connect: None,
            authenticate: None,
            connected: None,
            before_message: None,
            message: None,
            after_message: None,
            before_join: None,
            joined: None,
            before_leave: None,
            left: None,
            dropped: None,
            over_rate: None,
            error: None,
            away: None,
            resumed: None,
            expiring: None,
            unmatched_reply: None,
            disconnected: None,
            presence_changed: None,
            cluster_changed: None,
            occupancy_changed: None,
        }
    }
}

impl Hooks for Closures {
    fn written_hooks(&self) -> WrittenHooks {
        let written_hooks = self.handler.written_hooks();
        WrittenHooks {
            before_message: written_hooks.before_message || self.before_message.is_some(),
            after_message: written_hooks.after_message || self.after_message.is_some(),
            before_join: written_hooks.before_join || self.before_join.is_some(),
            joined: written_hooks.joined || self.joined.is_some(),
            before_leave: written_hooks.before_leave || self.before_leave.is_some(),
            left: written_hooks.left || self.left.is_some(),
            dropped: written_hooks.dropped || self.dropped.is_some(),
            error: written_hooks.error || self.error.is_some(),
            presence_changed: written_hooks.presence_changed || self.presence_changed.is_some(),
            cluster_changed: written_hooks.cluster_changed || self.cluster_changed.is_some(),
            occupancy_changed: written_hooks.occupancy_changed || self.occupancy_changed.is_some(),
        }
    }

    fn before_connect<'a>(&'a self, connecting: &'a mut Connecting) -> Borrowing<'a, Result<(), Refusal>> {
        match &self.before_connect {
            Some(closure) => closure(connecting),
            None => self.handler.before_connect(connecting),
        }
    }

    fn authenticate<'a>(
        &'a self,
        session: &'a mut Authenticating<'_>,
    ) -> Borrowing<'a, Result<(), CloseFrame>> {
        match &self.authenticate {
            Some(closure) => closure(session),
            None => self.handler.authenticate(session),
        }
    }

    fn connected(&self, client: &Client) -> Option<Running> {
        match &self.connected {
            Some(closure) => closure(client, ()),
            None => self.handler.connected(client),
        }
    }

    fn before_message(&self, client: &Client, message: Message) -> Asked {
        match &self.before_message {
            Some(closure) => closure(client, message),
            None => self.handler.before_message(client, message),
        }
    }

    fn message(&self, client: &Client, message: Message) -> Option<Running> {
        match &self.message {
            Some(closure) => closure(client, message),
            None => self.handler.message(client, message),
        }
    }

    fn after_message(&self, client: &Client, handled: Handled) -> Option<Running> {
        match &self.after_message {
            Some(closure) => closure(client, handled),
            None => self.handler.after_message(client, handled),
        }
    }

    fn before_join<'a>(&'a self, client: &'a Client, room: &'a str) -> Borrowing<'a, Result<(), Denied>> {
        match &self.before_join {
            Some(closure) => closure(client, room),
            None => self.handler.before_join(client, room),
        }
    }

    fn joined(&self, client: &Client, room: Name, joined: Joined) -> Option<Running> {
        match &self.joined {
            Some(closure) => closure(client, (room, joined)),
            None => self.handler.joined(client, room, joined),
        }
    }

    fn before_leave<'a>(&'a self, client: &'a Client, room: &'a str) -> Borrowing<'a, ()> {
        match &self.before_leave {
            Some(closure) => closure(client, room),
            None => self.handler.before_leave(client, room),
        }
    }

    fn left(&self, client: &Client, room: Name, left: Left) -> Option<Running> {
        match &self.left {
            Some(closure) => closure(client, (room, left)),
            None => self.handler.left(client, room, left),
        }
    }

    fn dropped(&self, client: &Client, dropped: DropNotice) -> Option<Running> {
        match &self.dropped {
            Some(closure) => closure(client, dropped),
            None => self.handler.dropped(client, dropped),
        }
    }

    fn over_rate(&self, client: &Client, messages: u32) -> Option<Running> {
        match &self.over_rate {
            Some(closure) => closure(client, messages),
            None => self.handler.over_rate(client, messages),
        }
    }

    fn error(&self, client: &Client, error: ClientError) -> Option<Running> {
        match &self.error {
            Some(closure) => closure(client, error),
            None => self.handler.error(client, error),
        }
    }

    fn away(&self, client: &Client, away: Away) -> Option<Running> {
        match &self.away {
            Some(closure) => closure(client, away),
            None => self.handler.away(client, away),
        }
    }

    fn resumed(&self, client: &Client, resumed: Resumed) -> Option<Running> {
        match &self.resumed {
            Some(closure) => closure(client, resumed),
            None => self.handler.resumed(client, resumed),
        }
    }

    fn expiring(&self, client: &Client, expiring: Expiring) -> Option<Running> {
        match &self.expiring {
            Some(closure) => closure(client, expiring),
            None => self.handler.expiring(client, expiring),
        }
    }

    fn unmatched_reply(&self, client: &Client, reply: UnmatchedReply) -> Option<Running> {
        match &self.unmatched_reply {
            Some(closure) => closure(client, reply),
            None => self.handler.unmatched_reply(client, reply),
        }
    }

    fn disconnected(&self, client: &Client, disconnected: Disconnected) -> Option<Running> {
        match &self.disconnected {
            Some(closure) => closure(client, disconnected),
            None => self.handler.disconnected(client, disconnected),
        }
    }

    fn presence_changed<'a>(
        &'a self,
        hub: &'a Hub,
        room: &'a str,
        change: PresenceChange,
    ) -> Borrowing<'a, ()> {
        match &self.presence_changed {
            Some(closure) => closure(hub, room, change),
            None => self.handler.presence_changed(hub, room, change),
        }
    }

    fn cluster_changed<'a>(&'a self, hub: &'a Hub, event: ClusterEvent) -> Borrowing<'a, ()> {
        match &self.cluster_changed {
            Some(closure) => closure(hub, event),
            None => self.handler.cluster_changed(hub, event),
        }
    }

    fn occupancy_changed<'a>(
        &'a self,
        hub: &'a Hub,
        room: &'a str,
        occupancy: Occupancy,
    ) -> Borrowing<'a, ()> {
        match &self.occupancy_changed {
            Some(closure) => closure(hub, room, occupancy),
            None => self.handler.occupancy_changed(hub, room, occupancy),
        }
    }
}

/// Wraps the answer of a closure that does not wait as a future.
pub(crate) fn at_once<'a, T: Send + 'a>(answer: T) -> Borrowing<'a, T> {
    Box::pin(ready(answer))
}
