//! The cold state of a client, which a broadcast does not touch.

use super::memberships::List;
use crate::outbox::NONE;
use crate::rate::Bucket;

pub(super) use super::connection::NEVER;

/// The cold state of one client, beside its hot [entry](crate::outbox::Entry). What belongs to its transport is in its
/// [connection](super::connection::Connection).
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) memberships: List,
    /// The number of clients opened before this one.
    pub(super) opened: u64,
    /// The user's slot. `user_position` is the position in the user's list of clients.
    pub(super) user: u32,
    pub(super) user_position: u32,
    /// The position in the list of all clients.
    pub(super) position: u32,
    /// The slot of the session.
    pub(super) session: u32,
}

const _: () = assert!(size_of::<Client>() <= 32, "a client is small");

/// What a client has used of its message rates. Kept only if such rates are configured, or were.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    pub(super) messages: Bucket,
    pub(super) bytes: Bucket,
    /// When reading continues; `NEVER` if it is not paused.
    pub(super) resume_at: u64,
    /// Dropped messages over the rate that are not reported yet.
    pub(super) over_rate: u32,
}

impl Usage {
    pub(super) const NONE: Self =
        Self { messages: Bucket::new(), bytes: Bucket::new(), resume_at: NEVER, over_rate: 0 };
}

impl Client {
    pub(super) const NEW: Self = Self {
        memberships: List::EMPTY,
        opened: 0,
        user: NONE,
        user_position: NONE,
        position: NONE,
        session: NONE,
    };
}
