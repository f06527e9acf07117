//! What was dropped, and why.

use crate::id::ClientId;

/// What was dropped for a client and is not polled yet.
#[derive(Clone, Debug)]
pub(crate) struct Undelivered {
    pub(super) client: ClientId,
    pub(super) dropped: Dropped,
    /// The action that tells it waits to be polled.
    pub(super) is_announced: bool,
}

/// What was dropped for one client, added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dropped {
    /// The number of dropped frames.
    pub frames: u32,
    /// The bytes of the dropped frames.
    pub bytes: u64,
    /// Why the last of these frames was dropped.
    pub reason: DropReason,
}

impl Dropped {
    /// Adds frames that were dropped later.
    pub fn add(&mut self, later: Self) {
        self.frames = self.frames.saturating_add(later.frames);
        self.bytes = self.bytes.saturating_add(later.bytes);
        self.reason = later.reason;
    }
}

/// Why a frame was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The client's outbox was full.
    OutboxFull,
    /// A later value of the same key replaced it, under [`Policy::Conflate`](super::Policy::Conflate).
    Conflated,
    /// The hub's budget was used up.
    HubFull,
    /// The client ended, or its transport failed, before the frame was written.
    Closed,
}
