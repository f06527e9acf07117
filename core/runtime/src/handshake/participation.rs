//! What makes a client a participant of a room: its place, and the hooks of its route.

use crate::handles::client::Client;
use crate::host::running::Running;
use crate::notice::hook::Left;
use crate::state::mailbox::Disconnected;
use crate::state::session_name;
use alloc::string::String;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};
use throng_core::Name;

/// Who asks to enter a room: the argument of [`Hooks::resolve`](crate::participants::Hooks::resolve).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The authenticated user. The participant's client belongs to this user. `None`: nobody has logged in.
    pub user: Option<String>,
    /// The session as the application knows it, such as the value of a cookie. throng only hands it on.
    pub session: Option<String>,
}

/// A participant: its room, its id, and how far it has come. Stored with its client.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) room: Name,
    pub(crate) id: Name,
    /// Who came with the latest connection.
    identity: Mutex<Arc<Identity>>,
    standing: AtomicU8,
}

/// How far a participant has come. One hook of a client runs at a time, so the steps do not race.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Standing {
    /// `join` has not been called.
    New,
    /// `join` has been called and has not refused: `leave` will be called.
    Joined,
    /// `join` has refused the participant, or `leave` has been called.
    Over,
}

/// The hooks of a participant, as its client's task calls them.
pub(crate) trait Participation: Send + Sync {
    /// The client has opened, or has another connection.
    fn join(&mut self, client: &Client, reconnect: bool) -> Option<Running>;
    /// The client has left a room.
    fn left(&mut self, client: &Client, room: &str, left: Left);
    /// The client has ended.
    fn disconnected(&mut self, client: &Client, end: &Disconnected) -> Option<Running>;
}

impl Place {
    pub(crate) fn new(room: &str, id: &str, identity: Identity) -> Self {
        let identity = Mutex::new(Arc::new(identity));
        Self { room: room.into(), id: id.into(), identity, standing: AtomicU8::new(Standing::New as u8) }
    }

    /// The name of the participant's session.
    pub(crate) fn session(&self) -> String {
        session_name::of_participant(&self.room, &self.id)
    }

    pub(crate) fn identity(&self) -> Arc<Identity> {
        Arc::clone(&self.identity.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The client of this place continues on a connection that was resolved to `other`, the same place.
    pub(crate) fn continue_as(&self, other: &Self) {
        let identity = other.identity();
        *self.identity.lock().unwrap_or_else(PoisonError::into_inner) = identity;
    }

    pub(crate) fn is(&self, standing: Standing) -> bool {
        self.standing.load(Ordering::Relaxed) == standing as u8
    }

    pub(crate) fn set(&self, standing: Standing) {
        self.standing.store(standing as u8, Ordering::Relaxed);
    }
}
