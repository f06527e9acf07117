//! What the application does when something happens.

pub(crate) mod application;
pub(crate) mod asking;
pub(crate) mod closures;
pub(crate) mod hooks;
pub(crate) mod limit;
pub(crate) mod unset;

use crate::handler::unset::Unset;
use crate::handles::client::Client;
use crate::handshake::authenticating::Authenticating;
use crate::handshake::request::Connecting;
use crate::notice::dropped::Dropped;
use crate::notice::hook::{ClientError, Handled, Left, Rejection, Ruling};
use crate::state::mailbox::Disconnected;
use core::future::Future;
use throng_core::hub::Joined;
use throng_core::websocket::{Message, Refusal};

/// The application's hooks. Each has a body that does nothing, or allows; one that is not written costs nothing, and what
/// it would be told of is not even noted down.
///
/// # Order
///
/// For one client, one hook runs at a time, in this order:
///
/// ```text
///  before_connect         the request is there; nothing has been answered
///        │                what is set here holds from the client's first moment on
///  authenticate           if before_connect asked for it: the WebSocket is open, the client is not yet one
///        │
///  connected              it is a client
///        │
///        ├─▶ joined                                        ┐
///        ├─▶ before_message ─▶ message ─▶ after_message    │ any number, in the order
///        ├─▶ left (Asked, Removed, …)                      │ in which things happened
///        ├─▶ dropped, over_rate                            │
///        ├─▶ error                                         ┘
///        │
///  left (Ended)           for each room that it was in when it ended
///        │
///  disconnected           the last: whatever it says is final
/// ```
///
/// - A connection that is refused has had `before_connect` and nothing else, and one that is rejected `before_connect`
///   and `authenticate`. Whoever has had `connected` will have `disconnected`, unless the host drops its task.
/// - A message that is refused by `before_message` goes on with `after_message`. What one message's hooks have begun
///   is done before anything else of this client is told.
/// - `joined` comes for every join, whoever asked for it: first of all for the rooms named in `before_connect`. `left`
///   comes for every leave. Between the two for one room no others come for this room.
/// - `error` stands before what follows from it: before `left` and `disconnected`, if the client ends by it.
///   Only when one of those itself panics does an `error` come after it, and none comes after `disconnected`.
/// - An evicted client's `disconnected` has returned before the newcomer's `connected` is called; but the newcomer waits no
///   longer for that than a hook may take.
/// - `before_join` and `before_leave` are no notices but questions. They are asked within the call that leads to them,
///   [`Client::join`] and [`Client::leave`], and so maybe within another hook.
///
/// # While a hook runs
///
/// Nothing is read from its client, and only from that one; while it computes without awaiting anything, what is sent to
/// that client through [`Client`] waits as well. No lock of the hub's is held: a hook may call the hub and its client
/// freely, may join, leave, send to or close its own. What that leads to is told after the hook has returned.
///
/// Everything that a client sent before it closed or went away is handled first, and its end is told after that, as long as
/// [`deadlines.close`](throng_core::hub::Deadlines::close) and the hooks' time limits allow. What hooks answer until then is written
/// before our close frame.
///
/// A hook that panics closes its client with 1011 (given `panic = "unwind"`). Each has a time limit, 5 s unless
/// [told](crate::Builder::hook_limit), which says what follows. A hook that has not returned when the transport has
/// ended is dropped, except `disconnected`.
#[allow(unused_variables)]
pub trait Handler: Send + Sync + 'static {
    /// Somebody asks for a WebSocket. May look at method, path, query, headers and address; may name the user, keep
    /// metadata, choose the subprotocol, join rooms, set handlers for this client only, ask for
    /// [authentication](Connecting::authenticate); or refuse, with any status, text and
    /// [headers](Connecting::set_refusal_header).
    ///
    /// What it sets and what the hub allows are one: when the client is there, it has its user, metadata and handlers and
    /// is in its rooms. Runs within `deadlines.handshake`. Over its time limit it refuses, by 503.
    fn before_connect(
        &self,
        connecting: &mut Connecting,
    ) -> impl Future<Output = Result<(), Refusal>> + Send {
        Unset::answering(Ok(()))
    }

    /// The WebSocket is open, and the connection has to say who it is: for those for which
    /// [`Connecting::authenticate`] asked for it. The connection holds a place in the hub, and is no client yet: it is in
    /// no room, and nothing is broadcast to it.
    ///
    /// Runs under a deadline of its own, [`Builder::authentication_limit`](crate::Builder::authentication_limit). The one
    /// that is not written lets nobody in.
    ///
    /// # Errors
    /// The connection is closed with this code and reason.
    fn authenticate(
        &self,
        session: &mut Authenticating<'_>,
    ) -> impl Future<Output = Result<(), Rejection>> + Send {
        Unset::answering(Err(Rejection::default()))
    }

    /// A client is open. No message of it is handled before this has returned. Over its time limit the client is closed
    /// with 1011, as it has not been made ready for what follows.
    fn connected(&self, client: &Client) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// A message arrived and may be changed or refused before it is handled. Over its time limit it is refused.
    fn before_message(&self, client: &Client, message: &Message) -> impl Future<Output = Ruling> + Send {
        Unset::answering(Ruling::Pass)
    }

    /// A message arrived. Over its time limit this is ended and the client goes on: it is the application that is slow, and
    /// whatever the peer sends next is a message of its own.
    fn message(&self, client: &Client, message: Message) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// A message was handled, or will not be: once for each, also if a hook of it panicked. Only with this the clock is asked
    /// for each message, twice.
    fn after_message(&self, client: &Client, handled: &Handled) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// The client wants to join a room: asked by [`Client::join`], not by
    /// [`Hub::join`](crate::Hub::join). Over its time limit it denies.
    fn before_join(&self, client: &Client, room: &str) -> impl Future<Output = Result<(), Denied>> + Send {
        Unset::answering(Ok(()))
    }

    /// The client is in a room. It may be out of it again by the time of this call; then [`left`](Self::left) follows.
    ///
    /// Somebody who joins and leaves thousands of times while a hook waits is told of the last ones: a join and a leave
    /// of one room of which neither has been told yet may both go untold.
    fn joined(&self, client: &Client, room: &str, joined: Joined) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// The client is about to leave a room, by [`Client::leave`] or [`Client::leave_all`]. It is still in it, and cannot be
    /// kept. Over its time limit this is ended, and the client leaves.
    fn before_leave(&self, client: &Client, room: &str) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// The client is out of a room, whatever the reason.
    fn left(&self, client: &Client, room: &str, left: Left) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// Messages for the client were dropped since the last such call: how many and why, and which of those that were
    /// [sent with a receipt](Client::send_with_receipt).
    fn dropped(&self, client: &Client, dropped: Dropped) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// So many messages of the client were dropped for being over its rate since the last such call.
    fn over_rate(&self, client: &Client, messages: u32) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// Something went wrong with the client. Whatever follows from that follows by itself.
    fn error(&self, client: &Client, error: &ClientError) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }

    /// The client has ended: once, the last hook.
    fn disconnected(&self, client: &Client, disconnected: Disconnected) -> impl Future<Output = ()> + Send {
        Unset::answering(())
    }
}

/// The application does not let a client into a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Denied;

impl core::fmt::Display for Denied {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the application does not allow it")
    }
}

impl core::error::Error for Denied {}

/// Does nothing, and allows everything.
pub(crate) struct NoHandler;

impl Handler for NoHandler {}
