//! One client: the member, with its user, its rooms and its outbox.

use super::outbox::{Outbox, Sending};
use super::rates::Bucket;
use throng_core::hub::{AskId, OnResume};
use throng_core::{Address, ClientId, CloseCode, ConnectionId};

/// Stands for "no connection": none has this id.
pub(crate) const NOWHERE: ConnectionId = ConnectionId::from_u64(u64::MAX);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Reserved,
    Open,
    /// Open, and without a connection.
    Away,
    /// To be ended, and its turn has not come.
    Marked,
    Closing,
}

/// Being in a room, or in one that was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct In {
    pub(super) room: String,
    /// The number of the close.
    pub(super) closed: Option<u64>,
}

/// A client that may return.
#[derive(Clone, Debug)]
pub(crate) struct Away {
    pub(super) until: u64,
    pub(super) lasts: u64,
    /// From where its last connection was.
    pub(super) address: Option<Address>,
    /// When the hub looks at it, and the number of the setting of that timer.
    pub(super) timer: (u64, u64),
}

/// A question without a reply.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) id: AskId,
    pub(super) until: u64,
    pub(super) lasts: u64,
    pub(super) on_resume: OnResume,
    /// On which connection it was asked, if on any.
    pub(super) asked_on: Option<ConnectionId>,
}

/// The expiry of a client.
#[derive(Clone, Debug)]
pub(crate) struct Expiry {
    pub(crate) at: u64,
    /// When the application is to be told; `NEVER` if it was, or is not to be.
    pub(super) tell: u64,
    /// With what the client is closed, if the application has said it.
    pub(super) close: Option<(CloseCode, String)>,
    /// When the hub looks at it, and the number of the setting of that timer.
    pub(super) timer: (u64, u64),
}

#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) id: ClientId,
    /// [`NOWHERE`] if it is away, or was when it was marked.
    pub(crate) connection: ConnectionId,
    pub(crate) phase: Phase,
    pub(crate) user: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) away: Option<Away>,
    pub(crate) expiry: Option<Expiry>,
    /// In the order of asking.
    pub(crate) asks: Vec<Ask>,
    /// When the hub looks at them, and the number of the setting of that timer.
    pub(super) asks_timer: (u64, u64),
    /// Not a client, but what a connection that was separated from its client has left to write.
    pub(crate) is_rest: bool,
    /// Clients opened before it.
    pub(super) opened: u64,
    /// In the order of joining. What was closed is there until it is told.
    pub(super) rooms: Vec<In>,
    pub(crate) outbox: Outbox,
    /// When something was last queued.
    pub(super) last_out: u64,
    pub(super) messages: Bucket,
    pub(super) bytes: Bucket,
    /// Messages that were written to it.
    pub(super) written: Bucket,
}

impl Client {
    pub(super) fn new(id: ClientId, connection: ConnectionId) -> Self {
        Self {
            id,
            connection,
            phase: Phase::Reserved,
            user: None,
            session: None,
            away: None,
            expiry: None,
            asks: Vec::new(),
            asks_timer: (u64::MAX, 0),
            is_rest: false,
            opened: 0,
            rooms: Vec::new(),
            outbox: Outbox::default(),
            last_out: 0,
            messages: Bucket::default(),
            bytes: Bucket::default(),
            written: Bucket::default(),
        }
    }

    /// Whether nothing can be written to an open client any more.
    pub(crate) fn has_failed(&self) -> bool {
        self.phase == Phase::Open && matches!(self.outbox.sending, Sending::Ended | Sending::Held)
    }

    /// The connection that it has.
    pub(crate) fn on(&self) -> Option<ConnectionId> {
        (self.connection != NOWHERE).then_some(self.connection)
    }

    /// The rooms that it is in.
    pub(crate) fn rooms(&self) -> Vec<String> {
        let open = self.rooms.iter().filter(|one| one.closed.is_none());
        open.map(|one| one.room.clone()).collect()
    }
}
