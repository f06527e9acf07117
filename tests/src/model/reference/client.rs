//! One client: the member, with its user, its rooms and its outbox.

use super::outbox::{Outbox, Sending};
use super::rates::Bucket;
use throng_core::{ClientId, ConnectionId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Reserved,
    Open,
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

#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) id: ClientId,
    /// It ends with its connection, so that it always has one.
    pub(crate) connection: ConnectionId,
    pub(crate) phase: Phase,
    pub(crate) user: Option<String>,
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
        self.phase == Phase::Open && self.outbox.sending == Sending::Ended
    }

    /// The rooms that it is in.
    pub(crate) fn rooms(&self) -> Vec<String> {
        let open = self.rooms.iter().filter(|one| one.closed.is_none());
        open.map(|one| one.room.clone()).collect()
    }
}
