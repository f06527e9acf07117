//! Type-erased hooks.

use crate::handler::unset::{takes_one, takes_three, takes_two};
use crate::handler::{Denied, Handler};
use crate::handles::client::Client;
use crate::handles::hub::Hub;
use crate::handshake::authenticating::Authenticating;
use crate::handshake::request::Connecting;
pub(crate) use crate::host::running::{Borrowing, Running};
use crate::notice::ask::UnmatchedReply;
use crate::notice::cluster::ClusterEvent;
use crate::notice::dropped::DropNotice;
use crate::notice::expiry::Expiring;
use crate::notice::hook::{ClientError, Handled, Left, Ruling};
use crate::notice::occupancy::Occupancy;
pub(crate) use crate::notice::written_hooks::WrittenHooks;
use crate::state::mailbox::{Away, Disconnected, Resumed};
use alloc::boxed::Box;
use alloc::sync::Arc;
use throng_core::hub::{Joined, PresenceChange};
use throng_core::websocket::Message;
use throng_core::websocket::handshake::Refusal;
use throng_core::{CloseFrame, Name};

/// The answer of `before_message`, or the future of it.
pub(crate) enum Asked {
    /// The answer is known, and nothing was allocated.
    Ruled(Message, Ruling),
    Running(Running<(Message, Ruling)>),
}

/// Type-erased hooks. `None` means that the hook has finished and nothing was allocated.
pub(crate) trait Hooks: Send + Sync {
    fn written_hooks(&self) -> WrittenHooks;
    fn before_connect<'a>(&'a self, connecting: &'a mut Connecting) -> Borrowing<'a, Result<(), Refusal>>;
    fn authenticate<'a>(
        &'a self,
        session: &'a mut Authenticating<'_>,
    ) -> Borrowing<'a, Result<(), CloseFrame>>;
    fn connected(&self, client: &Client) -> Option<Running>;
    fn before_message(&self, client: &Client, message: Message) -> Asked;
    fn message(&self, client: &Client, message: Message) -> Option<Running>;
    fn after_message(&self, client: &Client, handled: Handled) -> Option<Running>;
    fn before_join<'a>(&'a self, client: &'a Client, room: &'a str) -> Borrowing<'a, Result<(), Denied>>;
    fn joined(&self, client: &Client, room: Name, joined: Joined) -> Option<Running>;
    fn before_leave<'a>(&'a self, client: &'a Client, room: &'a str) -> Borrowing<'a, ()>;
    fn left(&self, client: &Client, room: Name, left: Left) -> Option<Running>;
    fn dropped(&self, client: &Client, dropped: DropNotice) -> Option<Running>;
    fn over_rate(&self, client: &Client, messages: u32) -> Option<Running>;
    fn error(&self, client: &Client, error: ClientError) -> Option<Running>;
    fn away(&self, client: &Client, away: Away) -> Option<Running>;
    fn resumed(&self, client: &Client, resumed: Resumed) -> Option<Running>;
    fn expiring(&self, client: &Client, expiring: Expiring) -> Option<Running>;
    fn unmatched_reply(&self, client: &Client, reply: UnmatchedReply) -> Option<Running>;
    fn disconnected(&self, client: &Client, disconnected: Disconnected) -> Option<Running>;
    fn presence_changed<'a>(
        &'a self,
        hub: &'a Hub,
        room: &'a str,
        change: PresenceChange,
    ) -> Borrowing<'a, ()>;
    fn cluster_changed<'a>(&'a self, hub: &'a Hub, event: ClusterEvent) -> Borrowing<'a, ()>;
    fn occupancy_changed<'a>(
        &'a self,
        hub: &'a Hub,
        room: &'a str,
        occupancy: Occupancy,
    ) -> Borrowing<'a, ()>;
}

/// A [`Handler`] whose hooks each own the references that they use.
pub(crate) struct Owned<H>(pub(crate) Arc<H>);

impl<H: Handler> Owned<H> {
    /// The references that a hook's future owns.
    fn with(&self, client: &Client) -> (Arc<H>, Client) {
        (Arc::clone(&self.0), client.clone())
    }
}

impl<H: Handler> Hooks for Owned<H> {
    fn written_hooks(&self) -> WrittenHooks {
        WrittenHooks {
            before_message: takes_two(H::before_message),
            after_message: takes_two(H::after_message),
            before_join: takes_two(H::before_join),
            joined: takes_three(H::joined),
            before_leave: takes_two(H::before_leave),
            left: takes_three(H::left),
            dropped: takes_two(H::dropped),
            error: takes_two(H::error),
            presence_changed: takes_three(H::presence_changed),
            cluster_changed: takes_two(H::cluster_changed),
            occupancy_changed: takes_three(H::occupancy_changed),
        }
    }

    fn before_connect<'a>(&'a self, connecting: &'a mut Connecting) -> Borrowing<'a, Result<(), Refusal>> {
        Box::pin(self.0.before_connect(connecting))
    }

    fn authenticate<'a>(
        &'a self,
        session: &'a mut Authenticating<'_>,
    ) -> Borrowing<'a, Result<(), CloseFrame>> {
        Box::pin(self.0.authenticate(session))
    }

    fn connected(&self, client: &Client) -> Option<Running> {
        if !takes_one(H::connected) {
            return None;
        }
        let (handler, client) = self.with(client);
        Some(Box::pin(async move { handler.connected(&client).await }))
    }

    fn before_message(&self, client: &Client, message: Message) -> Asked {
        let (handler, client) = self.with(client);
        Asked::Running(Box::pin(async move {
            let ruling = handler.before_message(&client, &message).await;
            (message, ruling)
        }))
    }

    fn message(&self, client: &Client, message: Message) -> Option<Running> {
        if !takes_two(H::message) {
            return None;
        }
        let (handler, client) = self.with(client);
        Some(Box::pin(async move { handler.message(&client, message).await }))
    }

    fn after_message(&self, client: &Client, handled: Handled) -> Option<Running> {
        let (handler, client) = self.with(client);
        Some(Box::pin(async move { handler.after_message(&client, &handled).await }))
    }

    fn before_join<'a>(&'a self, client: &'a Client, room: &'a str) -> Borrowing<'a, Result<(), Denied>> {
        Box::pin(self.0.before_join(client, room))
    }

    fn joined(&self, client: &Client, room: Name, joined: Joined) -> Option<Running> {
        let (handler, client) = self.with(client);
        Some(Box::pin(async move { handler.joined(&client, &room, joined).await }))
    }

    fn before_leave<'a>(&'a self, client: &'a Client, room: &'a str) -> Borrowing<'a, ()> {
        Box::pin(self.0.before_leave(client, room))
    }

    fn left(&self, client: &Client, room: Name, left: Left) -> Option<Running> {
        let (handler, client) = self.with(client);
        Some(Box::pin(async move { handler.left(&client, &room, left).await }))
    }

    fn dropped(&self, client: &Client, dropped: DropNotice) -> Option<Running> {
        if !takes_two(H::dropped) {
            return None;
        }
        let (handler, client) = self.with(client);
        Some(Box::pin(async move { handler.dropped(&client, dropped).await }))
    }

    fn over_rate(&self, client: &Client, messages: u32) -> Option<Running> {
        if !takes_two(H::over_rate) {
            return None;
        }
        let (handler, client) = self.with(client);
        Some(Box::pin(async move { handler.over_rate(&client, messages).await }))
    }

    fn error(&self, client: &Client, error: ClientError) -> Option<Running> {
        if !takes_two(H::error) {
            return None;
        }
        let (handler, client) = self.with(client);
        Some(Box::pin(async move { handler.error(&client, &error).await }))
    }

    fn away(&self, client: &Client, away: Away) -> Option<Running> {
        if !takes_two(H::away) {
            return None;
        }
        let (handler, client) = self.with(client);
        Some(Box::pin(async move { handler.away(&client, away).await }))
    }

    fn resumed(&self, client: &Client, resumed: Resumed) -> Option<Running> {
        if !takes_two(H::resumed) {
            return None;
        }
        let (handler, client) = self.with(client);
        Some(Box::pin(async move { handler.resumed(&client, resumed).await }))
    }

    fn expiring(&self, client: &Client, expiring: Expiring) -> Option<Running> {
        if !takes_two(H::expiring) {
            return None;
        }
        let (handler, client) = self.with(client);
        Some(Box::pin(async move { handler.expiring(&client, expiring).await }))
    }

    fn unmatched_reply(&self, client: &Client, reply: UnmatchedReply) -> Option<Running> {
        if !takes_two(H::unmatched_reply) {
            return None;
        }
        let (handler, client) = self.with(client);
        Some(Box::pin(async move { handler.unmatched_reply(&client, reply).await }))
    }

    fn disconnected(&self, client: &Client, disconnected: Disconnected) -> Option<Running> {
        if !takes_two(H::disconnected) {
            return None;
        }
        let (handler, client) = self.with(client);
        Some(Box::pin(async move { handler.disconnected(&client, disconnected).await }))
    }

    fn presence_changed<'a>(
        &'a self,
        hub: &'a Hub,
        room: &'a str,
        change: PresenceChange,
    ) -> Borrowing<'a, ()> {
        Box::pin(self.0.presence_changed(hub, room, change))
    }

    fn cluster_changed<'a>(&'a self, hub: &'a Hub, event: ClusterEvent) -> Borrowing<'a, ()> {
        Box::pin(self.0.cluster_changed(hub, event))
    }

    fn occupancy_changed<'a>(
        &'a self,
        hub: &'a Hub,
        room: &'a str,
        occupancy: Occupancy,
    ) -> Borrowing<'a, ()> {
        Box::pin(self.0.occupancy_changed(hub, room, occupancy))
    }
}
