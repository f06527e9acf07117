//! Several clients of one user: what the application is asked when one more comes, and what it says.

use crate::handles::client::Client;
use crate::handshake::request::{Connecting, Request};
use crate::notice::hook::Rejection;
use alloc::sync::Arc;
use alloc::vec::Vec;
use http::StatusCode;
use throng_core::id::ClientId;

/// The application's function.
pub(crate) type Placing = dyn Fn(&Newcomer<'_>, &[Client]) -> Placement + Send + Sync;

/// Who comes: what [`Builder::per_user`](crate::Builder::per_user) decides about.
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
    /// The user it is to be of.
    #[must_use]
    pub fn user(&self) -> &str {
        self.user
    }

    /// A copy of the value of this type that is kept with it.
    #[must_use]
    pub fn get<T: Clone + 'static>(&self) -> Option<T> {
        match self.who {
            Who::Connecting(connecting) => connecting.get().cloned(),
            Who::Client(client) => client.get(),
        }
    }

    /// The request that asked for the WebSocket, for as long as it is kept.
    #[must_use]
    pub fn request(&self) -> Option<Arc<Request>> {
        match self.who {
            Who::Connecting(connecting) => Some(Arc::clone(&connecting.request)),
            Who::Client(client) => client.request(),
        }
    }
}

/// What becomes of a newcomer and of the clients that its user has already.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Placement {
    /// It is a client beside the others.
    Admit,
    /// It is a client, and these are closed first. Who is none of the user's clients is passed over.
    Evict {
        /// Whom.
        clients: Vec<ClientId>,
        /// With what.
        rejection: Rejection,
    },
    /// It is no client of this user.
    Refuse {
        /// The status of the HTTP answer, if there has been none yet. The reason is its body.
        status: StatusCode,
        /// The close frame otherwise.
        rejection: Rejection,
    },
}

impl Placement {
    /// The newcomer is a client, and these are closed first, what is queued for them before that.
    pub fn evict<'a>(clients: impl IntoIterator<Item = &'a Client>, rejection: Rejection) -> Self {
        Self::Evict { clients: clients.into_iter().map(Client::id).collect(), rejection }
    }

    /// The newcomer is refused: by HTTP's 409 before the WebSocket is open, by this close frame afterwards.
    #[must_use]
    pub const fn refuse(rejection: Rejection) -> Self {
        Self::Refuse { status: StatusCode::CONFLICT, rejection }
    }
}
