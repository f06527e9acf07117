//! The application's side: hooks that are called when something happens.

pub(crate) mod application;
pub(crate) mod asking;
pub(crate) mod closures;
pub(crate) mod cluster;
pub(crate) mod hooks;
pub(crate) mod limit;
pub(crate) mod occupancy;
pub(crate) mod presence;
pub(crate) mod turns;
pub(crate) mod unset;

use crate::handler::unset::Unset;
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
use core::future::Future;
use throng_core::CloseFrame;
use throng_core::hub::{Joined, PresenceChange};
use throng_core::websocket::Message;
use throng_core::websocket::handshake::Refusal;

/// The application's hooks. Every hook has a default that does nothing or allows. A hook that is not written costs
/// nothing: the hub does not even record the events for it.
///
/// # Order
///
/// For one client, one hook runs at a time, in this order:
///
/// ```text
///  before_connect         the request has arrived and is not answered yet
///        │                what it sets applies from the client's first moment on
///  authenticate           if before_connect asked for it: the WebSocket is open, the client is not open yet
///        │
///  connected              the client is open
///        │
///        ├─▶ joined                                        ┐
///        ├─▶ before_message ─▶ message ─▶ after_message    │ any number, in the order
///        ├─▶ unmatched_reply                               │ in place of the hooks of a message
///        ├─▶ left (Asked, Removed, …)                      │ of the events
///        ├─▶ dropped, over_rate                            │
///        ├─▶ error                                         │
///        ├─▶ expiring                                      │ before its authorisation ends
///        ├─▶ away ─▶ resumed                               ┘ with a session
///        │
///  left (Ended)           for each room that it was in when it ended
///        │
///  disconnected           the last hook; its counters are final
/// ```
///
/// - A refused connection gets only `before_connect`, and a rejected one `before_connect` and `authenticate`. A client
///   that got `connected` gets `disconnected`, unless the host drops its task.
/// - A message that `before_message` refuses continues with `after_message`. The hooks of one message finish before
///   anything else of this client is told.
/// - `joined` is called for every join, whoever caused it, beginning with the rooms named in `before_connect`; `left`
///   is called for every leave. The calls for one room alternate.
/// - `error` is called before its consequences: before `left` and `disconnected` if the error ends the client. The
///   exception is a panic in one of those two; no `error` follows `disconnected`.
/// - A client with a session may lose its connection and continue on another one: `away` and `resumed` alternate, except that a connection
///   which takes over a live client brings only `resumed`. The hooks of one client run one at a time across its connections, too: a hook
///   that runs when the connection is lost goes on, and `resumed` waits for it. `left` and `disconnected` come when the client ends, not when a
///   connection does.
/// - An evicted client's `disconnected` has returned before the newcomer's `connected` is called, but the newcomer
///   waits for it no longer than a hook may take.
/// - `before_join` and `before_leave` are questions, not notices. [`Client::join`] and [`Client::leave`] call them
///   directly, possibly inside another hook.
///
/// # While a hook runs
///
/// Nothing is read from the hook's client; other clients are not affected. If the hook computes without awaiting,
/// messages sent to its client through [`Client`] wait, too. No lock of the hub is held: a hook may call the hub and
/// its client freely, and may join, leave, send to or close its own client. The hooks for the consequences run after
/// the hook has returned.
///
/// All messages that a client sent before it closed or vanished are handled before its end is told, as far as
/// [`deadlines.close`](throng_core::hub::Deadlines::close) and the hooks' time limits allow. Answers that hooks send
/// until then are written before our close frame.
///
/// A hook that panics closes its client with 1011 (only with `panic = "unwind"`). Each hook has a time limit, 5 s by
/// default; [`Builder::hook_limit`](crate::Builder::hook_limit) says what follows. If a hook other than `disconnected`
/// still runs when the transport has ended, the hook is dropped.
#[allow(unused_variables)]
pub trait Handler: Send + Sync + 'static {
    /// A client asks for a WebSocket. The hook may read method, path, query, headers and address. It may set the user,
    /// store metadata, choose the subprotocol, join rooms, set handlers for this client only, or ask for
    /// [authentication](Connecting::authenticate). Or it refuses, with any [status and text](Refusal::custom) and with
    /// [headers](Connecting::set_refusal_header).
    ///
    /// The settings apply together with the hub's admission: once the client exists it has its user, metadata, handlers
    /// and rooms. The hook runs within `deadlines.handshake`. Over its time limit the request is refused with 503.
    fn before_connect(
        &self,
        connecting: &mut Connecting,
    ) -> impl Future<Output = Result<(), Refusal>> + Send {
        Unset::answering(Ok(()))
    }

    /// Authenticates a connection whose WebSocket is already open; called if [`Connecting::authenticate`] asked for it.
    /// The client is reserved in the hub but not open yet: it is in no room and gets no broadcasts.
    ///
    /// The hook's time limit is [`Builder::authentication_limit`](crate::Builder::authentication_limit). The default
    /// implementation rejects every connection.
    ///
    /// # Errors
    /// The connection is closed with this code and reason.
    fn authenticate(
        &self,
        session: &mut Authenticating<'_>,
    ) -> impl Future<Output = Result<(), CloseFrame>> + Send {
        Unset::answering(Err(CloseFrame::default()))
    }

    /// A client is open. Its messages are handled only after this hook has returned. Over its time limit the client is
    /// closed with 1011, because the hook has not prepared it.
    fn connected(&self, client: &Client) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// A message has arrived; the hook may change or refuse it before it is handled. Over its time limit the message is
    /// refused.
    fn before_message(&self, client: &Client, message: &Message) -> impl Future<Output = Ruling> + Send {
        Unset::answering(Ruling::Pass)
    }

    /// A message has arrived. Over its time limit the hook is dropped and the client lives on: the slowness is the
    /// application's, and the peer's next message is independent.
    fn message(&self, client: &Client, message: Message) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// A message was handled or refused. Called once per message, even if one of its hooks panicked. Implementing this
    /// hook costs two clock reads per message.
    fn after_message(&self, client: &Client, handled: &Handled) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// The client wants to join a room. Called by [`Client::join`], not by [`Hub::join`](crate::Hub::join). Over its
    /// time limit the join is denied.
    fn before_join(&self, client: &Client, room: &str) -> impl Future<Output = Result<(), Denied>> + Send {
        Unset::answering(Ok(()))
    }

    /// The client has joined a room. It may have left again by the time of this call; then [`left`](Self::left)
    /// follows.
    ///
    /// If a client joins and leaves thousands of times while a hook waits, only the latest changes are told: a join and
    /// a leave of one room that both wait to be told may cancel each other.
    fn joined(&self, client: &Client, room: &str, joined: Joined) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// The client is about to leave a room by [`Client::leave`] or [`Client::leave_all`]. It is still a member, and the
    /// hook cannot prevent the leave. Over its time limit the hook is dropped, and the client leaves.
    fn before_leave(&self, client: &Client, room: &str) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// The client has left a room, for whatever reason. It may have ended: to tell the others in the room, publish by
    /// [`Client::hub`], not by [`Client::publish`]. [`Client::user`] still tells its user.
    fn left(&self, client: &Client, room: &str, left: Left) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// Messages for the client were dropped since the last call: how many, why, and which of those that were [sent with
    /// a receipt](Client::send_with_receipt).
    fn dropped(&self, client: &Client, dropped: DropNotice) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// This many messages of the client were dropped since the last call because the client was over its rate.
    fn over_rate(&self, client: &Client, messages: u32) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// Something went wrong with the client. The hub acts on it by itself; the hook need not.
    fn error(&self, client: &Client, error: &ClientError) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// A client with a [session](Connecting::set_session) has lost its connection and stays, for
    /// [`sessions.grace`](throng_core::hub::Sessions::grace): it is still in its rooms, and what is sent to it waits. If it returns,
    /// [`resumed`](Self::resumed) follows, else [`left`](Self::left) and [`disconnected`](Self::disconnected).
    fn away(&self, client: &Client, away: Away) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// A message of the client [replies](crate::Builder::replies_by) to no question that the client was asked and that is still open: the reply is late,
    /// or the peer repeats it, or has made it up. Called in place of [`message`](Self::message); the default does nothing. The hub counts
    /// it ([`Refusal::NoSuchAsk`](throng_core::hub::Refusal::NoSuchAsk)).
    fn unmatched_reply(&self, client: &Client, reply: UnmatchedReply) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// The client's [authorisation](Client::set_expiry) ends soon: this long before it as
    /// [`deadlines.expiry_notice`](throng_core::hub::Deadlines::expiry_notice) says, 25 s by default, or after half of its time if that is
    /// shorter. The hook may renew it, by [`Client::set_expiry`], or ask the peer for a new token. Without that the client ends at its
    /// expiry. Called once for each expiry that is set, also while the client is away.
    fn expiring(&self, client: &Client, expiring: Expiring) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// The [presence](throng_core::hub::Presence) of a room has changed, and members
    /// [watch](Client::watch_presence) it: make a message of the change and [send it to them](Hub::send_to_watchers). Called at most once
    /// for each room and tick, whatever the number of changes and watchers.
    ///
    /// It is a hook of the hub and not of a client: one call at a time, in the order of the changes, beside the hooks of clients. While a call
    /// waits, further changes of one room are told as one. A hook that panics or exceeds its time limit is dropped and reported, and the
    /// next change is told.
    fn presence_changed(
        &self,
        hub: &Hub,
        room: &str,
        change: PresenceChange,
    ) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// Something has happened in the [cluster](crate::cluster) of the hub: its link to the broker, other nodes, messages that were lost
    /// between nodes. It is a hook of the hub: one call at a time, in the order of the events. If too many wait, the oldest are not told,
    /// and [`ClusterEvent::Lagged`] says how many.
    fn cluster_changed(&self, hub: &Hub, event: ClusterEvent) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// A room has got its first member, or lost its last one: [`Occupancy`]. Only members of this hub count, not those of other
    /// nodes of a cluster. The calls for one room alternate, beginning with [`Occupied`](Occupancy::Occupied).
    ///
    /// It is a hook of the hub: one call at a time, in the order of the changes, beside the hooks of clients. A room that is
    /// vacated and occupied again, or occupied and vacated, while an earlier call waits is told of by none. A hook that panics
    /// or exceeds its time limit is dropped and reported, and the next change is told.
    fn occupancy_changed(
        &self,
        hub: &Hub,
        room: &str,
        occupancy: Occupancy,
    ) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// A client has another connection: it has returned, or the new connection has taken it over from one that was still open, for which no
    /// [`away`](Self::away) was told. [`Client::request`] is the new request. [`connected`](Self::connected) is not called again. The client's
    /// messages are handled only after this hook has returned.
    fn resumed(&self, client: &Client, resumed: Resumed) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// The client has ended. This is its last hook, called once. [`Client::user`] still tells its user, and the values stored with
    /// the client are still there; it is in no room.
    fn disconnected(&self, client: &Client, disconnected: Disconnected) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }
}

/// The application does not allow a client to join a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Denied;

impl core::fmt::Display for Denied {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the application does not allow it")
    }
}

impl core::error::Error for Denied {}

/// A handler that does nothing and allows everything.
pub(crate) struct NoHandler;

impl Handler for NoHandler {}
