//! What the application does when something happens.

use super::client::Client;
use super::mailbox::Disconnected;
use super::request::Connecting;
use crate::hub::Dropped;
use crate::websocket::{Message, Refusal};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::future::{Future, ready};
use core::pin::Pin;

/// The application's hooks. Each has a body that does nothing, or allows.
///
/// For one client, one hook runs at a time, in this order: `before_connect`, `connected`, then messages and
/// notices, `left` for each room it was in when it ended, `disconnected`. While a hook of a client runs, nothing
/// is read from that client, and only from that one; while it computes without awaiting anything, what is sent to that
/// client through [`Client`] waits as well. A hook that panics closes its client with 1011 (given
/// `panic = "unwind"`). A hook that has not returned when the transport has ended is dropped, except
/// `disconnected`.
#[allow(unused_variables)]
pub trait Handler: Send + Sync + 'static {
    /// Somebody asks for a WebSocket. May name the user, keep metadata, choose the subprotocol, join rooms; or
    /// refuse. Runs within `deadlines.handshake`.
    fn before_connect(
        &self,
        connecting: &mut Connecting,
    ) -> impl Future<Output = Result<(), Refusal>> + Send {
        ready(Ok(()))
    }

    /// A client is open. No message of it is handled before this has returned.
    fn connected(&self, client: &Client) -> impl Future<Output = ()> + Send {
        ready(())
    }

    /// A message arrived.
    fn message(&self, client: &Client, message: Message) -> impl Future<Output = ()> + Send {
        ready(())
    }

    /// The client wants to join a room: asked by [`Client::join`], not by
    /// [`Hub::join`](super::Hub::join).
    fn before_join(&self, client: &Client, room: &str) -> impl Future<Output = Result<(), Denied>> + Send {
        ready(Ok(()))
    }

    /// Frames for the client were dropped since the last such call.
    fn dropped(&self, client: &Client, dropped: Dropped) -> impl Future<Output = ()> + Send {
        ready(())
    }

    /// So many messages of the client were dropped for being over its rate since the last such call.
    fn over_rate(&self, client: &Client, messages: u32) -> impl Future<Output = ()> + Send {
        ready(())
    }

    /// The client is out of a room because it ended. (A leave that was asked for has no hook.)
    fn left(&self, client: &Client, room: &str) -> impl Future<Output = ()> + Send {
        ready(())
    }

    /// The client has ended: once, the last hook.
    fn disconnected(&self, client: &Client, disconnected: Disconnected) -> impl Future<Output = ()> + Send {
        ready(())
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

/// A hook under way.
pub(super) type Running<T = ()> = Pin<Box<dyn Future<Output = T> + Send>>;
/// A hook under way that borrows what it was given.
pub(super) type Borrowing<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The hooks without their types. `None`: it is done already, and nothing was allocated.
pub(super) trait Hooks: Send + Sync {
    fn before_connect<'a>(&'a self, connecting: &'a mut Connecting) -> Borrowing<'a, Result<(), Refusal>>;
    fn connected(&self, client: &Client) -> Option<Running>;
    fn message(&self, client: &Client, message: Message) -> Option<Running>;
    fn before_join<'a>(&'a self, client: &'a Client, room: &'a str) -> Borrowing<'a, Result<(), Denied>>;
    fn dropped(&self, client: &Client, dropped: Dropped) -> Option<Running>;
    fn over_rate(&self, client: &Client, messages: u32) -> Option<Running>;
    fn left(&self, client: &Client, room: &str) -> Option<Running>;
    fn disconnected(&self, client: &Client, disconnected: Disconnected) -> Option<Running>;
}

/// A [`Handler`], each of whose hooks owns what it works with.
pub(super) struct Owned<H>(pub(super) Arc<H>);

impl<H: Handler> Hooks for Owned<H> {
    fn before_connect<'a>(&'a self, connecting: &'a mut Connecting) -> Borrowing<'a, Result<(), Refusal>> {
        Box::pin(self.0.before_connect(connecting))
    }

    fn connected(&self, client: &Client) -> Option<Running> {
        let (handler, client) = (Arc::clone(&self.0), client.clone());
        Some(Box::pin(async move { handler.connected(&client).await }))
    }

    fn message(&self, client: &Client, message: Message) -> Option<Running> {
        let (handler, client) = (Arc::clone(&self.0), client.clone());
        Some(Box::pin(async move { handler.message(&client, message).await }))
    }

    fn before_join<'a>(&'a self, client: &'a Client, room: &'a str) -> Borrowing<'a, Result<(), Denied>> {
        Box::pin(self.0.before_join(client, room))
    }

    fn dropped(&self, client: &Client, dropped: Dropped) -> Option<Running> {
        let (handler, client) = (Arc::clone(&self.0), client.clone());
        Some(Box::pin(async move { handler.dropped(&client, dropped).await }))
    }

    fn over_rate(&self, client: &Client, messages: u32) -> Option<Running> {
        let (handler, client) = (Arc::clone(&self.0), client.clone());
        Some(Box::pin(async move { handler.over_rate(&client, messages).await }))
    }

    fn left(&self, client: &Client, room: &str) -> Option<Running> {
        let (handler, client, room) = (Arc::clone(&self.0), client.clone(), String::from(room));
        Some(Box::pin(async move { handler.left(&client, &room).await }))
    }

    fn disconnected(&self, client: &Client, disconnected: Disconnected) -> Option<Running> {
        let (handler, client) = (Arc::clone(&self.0), client.clone());
        Some(Box::pin(async move { handler.disconnected(&client, disconnected).await }))
    }
}

/// Does nothing, and allows everything.
pub(super) struct NoHandler;

impl Handler for NoHandler {}
