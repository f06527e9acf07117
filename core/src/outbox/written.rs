//! What the host did with what it had on lease.

use crate::id::ClientId;

/// What became of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Whose lease.
    pub client: ClientId,
    /// How much was written.
    pub progress: Progress,
    /// What the transport says now.
    pub transport: Transport,
}

/// How much of a lease was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Progress {
    /// All of it.
    All,
    /// So many whole items, and so many bytes of the next one, counted from its start.
    Part {
        /// Whole items.
        items: u32,
        /// Bytes of the item after them.
        bytes: u32,
    },
}

/// What a transport said to the last write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// It may take more.
    Ready,
    /// It would block; [`Event::Writable`](crate::hub::Event::Writable) follows.
    Blocked,
    /// It takes nothing any more, ever. What was queued for it is dropped, and whatever is published to it from now on. An
    /// open client does not end by that: the host reads on, so that what the peer sent before is handled and its close frame
    /// is told, and says [`Event::PeerClosed`](crate::hub::Event::PeerClosed),
    /// [`Event::HalfClosed`](crate::hub::Event::HalfClosed) or [`Event::Gone`](crate::hub::Event::Gone). If none of them
    /// comes within `deadlines.close`, the hub ends the client.
    Failed,
}
