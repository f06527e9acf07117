//! The short form: closures in place of a handler's hooks.

use super::client::Client;
use super::handler::{Borrowing, Denied, Hooks, Running};
use super::mailbox::Disconnected;
use super::request::Connecting;
use crate::hub::Dropped;
use crate::websocket::{Message, Refusal};
use alloc::boxed::Box;

type Hook<T> = Box<dyn Fn(&Client, T) -> Option<Running> + Send + Sync>;
type Connect = Box<dyn Fn(&mut Connecting) -> Result<(), Refusal> + Send + Sync>;
type Join = Box<dyn Fn(&Client, &str) -> Result<(), Denied> + Send + Sync>;

/// Each closure stands before the handler's hook of the same name.
pub(super) struct Closures {
    pub(super) handler: Box<dyn Hooks>,
    pub(super) before_connect: Option<Connect>,
    pub(super) connected: Option<Hook<()>>,
    pub(super) message: Option<Hook<Message>>,
    pub(super) before_join: Option<Join>,
    pub(super) dropped: Option<Hook<Dropped>>,
    pub(super) disconnected: Option<Hook<Disconnected>>,
}

impl Closures {
    pub(super) fn before(handler: Box<dyn Hooks>) -> Self {
        Self {
            handler,
            before_connect: None,
            connected: None,
            message: None,
            before_join: None,
            dropped: None,
            disconnected: None,
        }
    }
}

impl Hooks for Closures {
    fn before_connect<'a>(&'a self, connecting: &'a mut Connecting) -> Borrowing<'a, Result<(), Refusal>> {
        match &self.before_connect {
            Some(closure) => Box::pin(core::future::ready(closure(connecting))),
            None => self.handler.before_connect(connecting),
        }
    }

    fn connected(&self, client: &Client) -> Option<Running> {
        match &self.connected {
            Some(closure) => closure(client, ()),
            None => self.handler.connected(client),
        }
    }

    fn message(&self, client: &Client, message: Message) -> Option<Running> {
        match &self.message {
            Some(closure) => closure(client, message),
            None => self.handler.message(client, message),
        }
    }

    fn before_join<'a>(&'a self, client: &'a Client, room: &'a str) -> Borrowing<'a, Result<(), Denied>> {
        match &self.before_join {
            Some(closure) => Box::pin(core::future::ready(closure(client, room))),
            None => self.handler.before_join(client, room),
        }
    }

    fn dropped(&self, client: &Client, dropped: Dropped) -> Option<Running> {
        match &self.dropped {
            Some(closure) => closure(client, dropped),
            None => self.handler.dropped(client, dropped),
        }
    }

    fn over_rate(&self, client: &Client, messages: u32) -> Option<Running> {
        self.handler.over_rate(client, messages)
    }

    fn left(&self, client: &Client, room: &str) -> Option<Running> {
        self.handler.left(client, room)
    }

    fn disconnected(&self, client: &Client, disconnected: Disconnected) -> Option<Running> {
        match &self.disconnected {
            Some(closure) => closure(client, disconnected),
            None => self.handler.disconnected(client, disconnected),
        }
    }
}
