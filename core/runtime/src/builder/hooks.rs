//! Closures in place of a handler's hooks.

use super::Builder;
use crate::handler::Denied;
use crate::handler::closures::at_once;
use crate::handler::hooks::Asked;
use crate::handles::client::Client;
use crate::handles::hub::Hub;
use crate::handshake::authenticating::Authenticating;
use crate::handshake::request::Connecting;
use crate::notice::ask::UnmatchedReply;
use crate::notice::cluster::ClusterEvent;
use crate::notice::dropped::DropNotice;
use crate::notice::expiry::Expiring;
use crate::notice::hook::{ClientError, Handled, Left, Ruling};
use crate::notice::occupancy::Occupancy;
use crate::state::mailbox::{Away, Disconnected, Resumed};
use alloc::boxed::Box;
use core::future::Future;
use core::pin::Pin;
use throng_core::CloseFrame;
#[cfg(feature = "router")]
use throng_core::Name;
use throng_core::hub::{AskId, Joined, PresenceChange};
use throng_core::websocket::Message;
use throng_core::websocket::handshake::Refusal;

/// A future that borrows what its closure was given.
type Answering<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Hooks as closures.
///
/// Each method sets a closure in place of the hook of the [handler](Self::handler) that its docs name;
/// [`on_join`](Self::on_join), for example, replaces [`joined`](crate::Handler::joined). A plain method's closure
/// returns at once, and calling it for a message allocates nothing. A closure that waits is set by the method whose
/// name ends in `_async`, where there is one.
impl Builder {
    /// [`Handler::before_connect`](crate::Handler::before_connect), by a closure that does not wait.
    pub fn before_connect<F>(mut self, closure: F) -> Self
    where
        F: Fn(&mut Connecting) -> Result<(), Refusal> + Send + Sync + 'static,
    {
        self.hooks.before_connect = Some(Box::new(move |connecting| at_once(closure(connecting))));
        self
    }

    /// [`Handler::before_connect`](crate::Handler::before_connect), by a closure that may wait:
    /// `|connecting| Box::pin(async move { … })`.
    pub fn before_connect_async<F>(mut self, closure: F) -> Self
    where
        F: for<'a> Fn(&'a mut Connecting) -> Answering<'a, Result<(), Refusal>> + Send + Sync + 'static,
    {
        self.hooks.before_connect = Some(Box::new(closure));
        self
    }

    /// [`Handler::authenticate`](crate::Handler::authenticate), by a closure:
    /// `|session| Box::pin(async move { … })`.
    pub fn authenticate<F>(mut self, closure: F) -> Self
    where
        F: for<'a> Fn(&'a mut Authenticating<'_>) -> Answering<'a, Result<(), CloseFrame>>
            + Send
            + Sync
            + 'static,
    {
        self.hooks.authenticate = Some(Box::new(closure));
        self
    }

    /// [`Handler::connected`](crate::Handler::connected), by a closure that does not wait.
    pub fn on_connect<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client) + Send + Sync + 'static,
    {
        self.hooks.connected = Some(Box::new(move |client, ()| {
            closure(client);
            None
        }));
        self
    }

    /// [`Handler::connected`](crate::Handler::connected), by a closure that may wait.
    pub fn on_connect_async<F, Fut>(mut self, closure: F) -> Self
    where
        F: Fn(Client) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.hooks.connected = Some(Box::new(move |client, ()| Some(Box::pin(closure(client.clone())))));
        self
    }

    /// [`Handler::before_message`](crate::Handler::before_message), by a closure that does not wait.
    pub fn before_message<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client, &Message) -> Ruling + Send + Sync + 'static,
    {
        self.hooks.before_message = Some(Box::new(move |client, message| {
            let ruling = closure(client, &message);
            Asked::Ruled(message, ruling)
        }));
        self
    }

    /// [`Handler::before_message`](crate::Handler::before_message), by a closure that may wait. The closure receives a
    /// clone of the message, which costs one reference count.
    pub fn before_message_async<F, Fut>(mut self, closure: F) -> Self
    where
        F: Fn(Client, Message) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Ruling> + Send + 'static,
    {
        self.hooks.before_message = Some(Box::new(move |client, message| {
            let asked = closure(client.clone(), message.clone());
            Asked::Running(Box::pin(async move { (message, asked.await) }))
        }));
        self
    }

    /// [`Handler::message`](crate::Handler::message), by a closure that does not wait. The call allocates nothing.
    pub fn on_message<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client, Message) + Send + Sync + 'static,
    {
        self.hooks.message = Some(Box::new(move |client, message| {
            closure(client, message);
            None
        }));
        self
    }

    /// [`Handler::message`](crate::Handler::message), by a closure that may wait. Until it returns, nothing is read
    /// from its client.
    pub fn on_message_async<F, Fut>(mut self, closure: F) -> Self
    where
        F: Fn(Client, Message) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.hooks.message =
            Some(Box::new(move |client, message| Some(Box::pin(closure(client.clone(), message)))));
        self
    }

    /// [`Handler::after_message`](crate::Handler::after_message), by a closure that does not wait.
    pub fn after_message<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client, &Handled) + Send + Sync + 'static,
    {
        self.hooks.after_message = Some(Box::new(move |client, handled| {
            closure(client, &handled);
            None
        }));
        self
    }

    /// [`Handler::before_join`](crate::Handler::before_join), by a closure that does not wait.
    pub fn before_join<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client, &str) -> Result<(), Denied> + Send + Sync + 'static,
    {
        self.hooks.before_join = Some(Box::new(move |client, room| at_once(closure(client, room))));
        self
    }

    /// [`Handler::before_join`](crate::Handler::before_join), by a closure that may wait:
    /// `|client, room| Box::pin(async move { … })`.
    pub fn before_join_async<F>(mut self, closure: F) -> Self
    where
        F: for<'a> Fn(&'a Client, &'a str) -> Answering<'a, Result<(), Denied>> + Send + Sync + 'static,
    {
        self.hooks.before_join = Some(Box::new(closure));
        self
    }

    /// [`Handler::joined`](crate::Handler::joined), by a closure that does not wait.
    pub fn on_join<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client, &str, Joined) + Send + Sync + 'static,
    {
        self.hooks.joined = Some(Box::new(move |client, (room, joined)| {
            closure(client, &room, joined);
            None
        }));
        self
    }

    /// [`Handler::before_leave`](crate::Handler::before_leave), by a closure that does not wait.
    pub fn before_leave<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client, &str) + Send + Sync + 'static,
    {
        self.hooks.before_leave = Some(Box::new(move |client, room| {
            closure(client, room);
            at_once(())
        }));
        self
    }

    /// [`Handler::left`](crate::Handler::left), by a closure that does not wait.
    pub fn on_leave<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client, &str, Left) + Send + Sync + 'static,
    {
        self.hooks.left = Some(Box::new(move |client, (room, left)| {
            closure(client, &room, left);
            None
        }));
        self
    }

    /// [`Handler::dropped`](crate::Handler::dropped), by a closure that does not wait.
    pub fn on_dropped<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client, DropNotice) + Send + Sync + 'static,
    {
        self.hooks.dropped = Some(Box::new(move |client, dropped| {
            closure(client, dropped);
            None
        }));
        self
    }

    /// [`Handler::over_rate`](crate::Handler::over_rate), by a closure that does not wait.
    pub fn on_over_rate<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client, u32) + Send + Sync + 'static,
    {
        self.hooks.over_rate = Some(Box::new(move |client, messages| {
            closure(client, messages);
            None
        }));
        self
    }

    /// [`Handler::error`](crate::Handler::error), by a closure that does not wait.
    pub fn on_error<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client, &ClientError) + Send + Sync + 'static,
    {
        self.hooks.error = Some(Box::new(move |client, error| {
            closure(client, &error);
            None
        }));
        self
    }

    /// [`Handler::away`](crate::Handler::away), by a closure that does not wait.
    pub fn on_away<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client, &Away) + Send + Sync + 'static,
    {
        self.hooks.away = Some(Box::new(move |client, away| {
            closure(client, &away);
            None
        }));
        self
    }

    /// [`Handler::away`](crate::Handler::away), by a closure that may wait.
    pub fn on_away_async<F, Fut>(mut self, closure: F) -> Self
    where
        F: Fn(Client, Away) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.hooks.away = Some(Box::new(move |client, away| Some(Box::pin(closure(client.clone(), away)))));
        self
    }

    /// [`Handler::resumed`](crate::Handler::resumed), by a closure that does not wait.
    pub fn on_resumed<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client, Resumed) + Send + Sync + 'static,
    {
        self.hooks.resumed = Some(Box::new(move |client, resumed| {
            closure(client, resumed);
            None
        }));
        self
    }

    /// [`Handler::resumed`](crate::Handler::resumed), by a closure that may wait.
    pub fn on_resumed_async<F, Fut>(mut self, closure: F) -> Self
    where
        F: Fn(Client, Resumed) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.hooks.resumed =
            Some(Box::new(move |client, resumed| Some(Box::pin(closure(client.clone(), resumed)))));
        self
    }

    /// Says how the hub finds, in a message of a peer, the id of the [question](Client::ask_with) to which the message replies; `None` for a message
    /// that is no reply. The closure sees every message and should be quick. Replies reach the future of their question and no hook for messages;
    /// those that match no open question of their client go to [`Handler::unmatched_reply`](crate::Handler::unmatched_reply). For JSON
    /// there is `Builder::asks`.
    ///
    /// ```
    /// use throng_runtime::Hub;
    /// use throng_core::hub::AskId;
    ///
    /// // "re 17 yes" replies to question 17.
    /// let builder = Hub::builder().replies_by(|message| {
    ///     let text = str::from_utf8(message.as_bytes()).ok()?;
    ///     text.strip_prefix("re ")?.split(' ').next()?.parse().ok().map(AskId::from_u64)
    /// });
    /// # let _ = builder;
    /// ```
    pub fn replies_by<F>(mut self, find: F) -> Self
    where
        F: Fn(&Message) -> Option<AskId> + Send + Sync + 'static,
    {
        self.settings.replies = Some(Box::new(find));
        self
    }

    /// Sets the field of a question's id in JSON.
    #[cfg(feature = "router")]
    pub(crate) fn set_ask_field(&mut self, field: Name) {
        self.settings.ask_field = Some(field);
    }

    /// [`Handler::unmatched_reply`](crate::Handler::unmatched_reply), by a closure that does not wait.
    pub fn on_unmatched_reply<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client, UnmatchedReply) + Send + Sync + 'static,
    {
        self.hooks.unmatched_reply = Some(Box::new(move |client, reply| {
            closure(client, reply);
            None
        }));
        self
    }

    /// [`Handler::expiring`](crate::Handler::expiring), by a closure that does not wait.
    pub fn on_expiring<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client, Expiring) + Send + Sync + 'static,
    {
        self.hooks.expiring = Some(Box::new(move |client, expiring| {
            closure(client, expiring);
            None
        }));
        self
    }

    /// [`Handler::expiring`](crate::Handler::expiring), by a closure that may wait.
    pub fn on_expiring_async<F, Fut>(mut self, closure: F) -> Self
    where
        F: Fn(Client, Expiring) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.hooks.expiring =
            Some(Box::new(move |client, expiring| Some(Box::pin(closure(client.clone(), expiring)))));
        self
    }

    /// [`Handler::presence_changed`](crate::Handler::presence_changed), by a closure that does not wait.
    pub fn on_presence_change<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Hub, &str, PresenceChange) + Send + Sync + 'static,
    {
        self.hooks.presence_changed = Some(Box::new(move |hub, room, change| {
            closure(hub, room, change);
            at_once(())
        }));
        self
    }

    /// [`Handler::presence_changed`](crate::Handler::presence_changed), by a closure that may wait:
    /// `|hub, room, change| Box::pin(async move { … })`.
    pub fn on_presence_change_async<F>(mut self, closure: F) -> Self
    where
        F: for<'a> Fn(&'a Hub, &'a str, PresenceChange) -> Answering<'a, ()> + Send + Sync + 'static,
    {
        self.hooks.presence_changed = Some(Box::new(closure));
        self
    }

    /// [`Handler::cluster_changed`](crate::Handler::cluster_changed), by a closure that does not wait.
    pub fn on_cluster_change<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Hub, ClusterEvent) + Send + Sync + 'static,
    {
        self.hooks.cluster_changed = Some(Box::new(move |hub, event| {
            closure(hub, event);
            at_once(())
        }));
        self
    }

    /// [`Handler::cluster_changed`](crate::Handler::cluster_changed), by a closure that may wait:
    /// `|hub, event| Box::pin(async move { … })`.
    pub fn on_cluster_change_async<F>(mut self, closure: F) -> Self
    where
        F: for<'a> Fn(&'a Hub, ClusterEvent) -> Answering<'a, ()> + Send + Sync + 'static,
    {
        self.hooks.cluster_changed = Some(Box::new(closure));
        self
    }

    /// [`Handler::occupancy_changed`](crate::Handler::occupancy_changed), by a closure that does not wait.
    pub fn on_occupancy_change<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Hub, &str, Occupancy) + Send + Sync + 'static,
    {
        self.hooks.occupancy_changed = Some(Box::new(move |hub, room, occupancy| {
            closure(hub, room, occupancy);
            at_once(())
        }));
        self
    }

    /// [`Handler::occupancy_changed`](crate::Handler::occupancy_changed), by a closure that may wait:
    /// `|hub, room, occupancy| Box::pin(async move { … })`.
    pub fn on_occupancy_change_async<F>(mut self, closure: F) -> Self
    where
        F: for<'a> Fn(&'a Hub, &'a str, Occupancy) -> Answering<'a, ()> + Send + Sync + 'static,
    {
        self.hooks.occupancy_changed = Some(Box::new(closure));
        self
    }

    /// [`Handler::disconnected`](crate::Handler::disconnected), by a closure that does not wait.
    pub fn on_disconnect<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client, Disconnected) + Send + Sync + 'static,
    {
        self.hooks.disconnected = Some(Box::new(move |client, disconnected| {
            closure(client, disconnected);
            None
        }));
        self
    }

    /// [`Handler::disconnected`](crate::Handler::disconnected), by a closure that may wait.
    pub fn on_disconnect_async<F, Fut>(mut self, closure: F) -> Self
    where
        F: Fn(Client, Disconnected) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.hooks.disconnected =
            Some(Box::new(move |client, disconnected| Some(Box::pin(closure(client.clone(), disconnected)))));
        self
    }
}
