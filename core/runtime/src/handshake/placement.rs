//! Several clients of one user: the question to the application when one more connects, and the answer.

use crate::handles::client::Client;
use crate::handshake::request::{Connecting, Request};
use alloc::sync::Arc;
use alloc::vec::Vec;
use http::StatusCode;
use throng_core::{ClientId, CloseFrame};

/// The application's closure.
pub(crate) type Placing = dyn Fn(&Newcomer<'_>, &[Client]) -> Placement + Send + Sync;

/// A connection or client that is to belong to a user: [`Builder::per_user`](crate::Builder::per_user) decides about
/// it.
#[derive(Debug)]
pub struct Newcomer<'a> {
    user: &'a str,
    who: Who<'a>,
}

#[derive(Debug)]
enum Who<'a> {
    Connecting(&'a Connecting),
    Client(&'a Client),
}

impl<'a> Newcomer<'a> {
    pub(crate) const fn connecting(user: &'a str, connecting: &'a Connecting) -> Self {
        Self { user, who: Who::Connecting(connecting) }
    }

    pub(crate) const fn client(user: &'a str, client: &'a Client) -> Self {
        Self { user, who: Who::Client(client) }
    }
}

impl Newcomer<'_> {
    /// The user to which the newcomer is to belong.
    #[must_use]
    pub fn user(&self) -> &str {
        self.user
    }

    /// A clone of the newcomer's stored value of this type.
    #[must_use]
    pub fn get<T: Clone + 'static>(&self) -> Option<T> {
        match self.who {
            Who::Connecting(connecting) => connecting.get().cloned(),
            Who::Client(client) => client.get(),
        }
    }

    /// The request that asked for the WebSocket, as long as it is kept.
    #[must_use]
    pub fn request(&self) -> Option<Arc<Request>> {
        match self.who {
            Who::Connecting(connecting) => Some(Arc::clone(&connecting.request)),
            Who::Client(client) => client.request(),
        }
    }
}

/// The decision about a newcomer and its user's present clients.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Placement {
    /// Admit the newcomer beside the others.
    Admit,
    /// Admit the newcomer, and close these clients first. Ids of other users' clients are ignored.
    Evict {
        /// The clients to close.
        clients: Vec<ClientId>,
        /// The close frame that they get.
        close: CloseFrame,
    },
    /// Refuse the newcomer.
    Refuse {
        /// The status of the HTTP answer, if none was sent yet. The reason is its body.
        status: StatusCode,
        /// The close frame otherwise.
        close: CloseFrame,
    },
}

impl Placement {
    /// Admits the newcomer, and closes these clients first, after their queued messages are written.
    pub fn evict<'a>(clients: impl IntoIterator<Item = &'a Client>, close: CloseFrame) -> Self {
        Self::Evict { clients: clients.into_iter().map(Client::id).collect(), close }
    }

    /// Refuses the newcomer: with HTTP status 409 before the WebSocket is open, with this close frame afterwards.
    #[must_use]
    pub const fn refuse(close: CloseFrame) -> Self {
        Self::Refuse { status: StatusCode::CONFLICT, close }
    }
}
