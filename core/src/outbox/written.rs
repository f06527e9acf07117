//! The host's report about a lease.

use crate::id::{ClientId, ConnectionId};

/// The host's report about one lease, for [`Event::Transmitted`](crate::hub::Event::Transmitted).
/// [`Lease::written`](super::Lease::written) makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The connection of the lease.
    pub connection: ConnectionId,
    /// The client of the lease. With both ids the hub finds the lease where the client's queue is, and need not look for
    /// its connection.
    pub client: ClientId,
    /// How much of the lease was written.
    pub progress: Progress,
    /// Whether the transport takes more.
    pub transport: Transport,
}

/// How much of a lease was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Progress {
    /// The whole lease.
    All,
    /// A part of the lease.
    Part {
        /// The number of items that were written completely: the operating system has all of their bytes.
        items: u32,
        /// The bytes written of the items after them, counted from the start of the first.
        bytes: u32,
        /// How many items after the written ones the transport has begun, so that the rest of them must follow: they are not
        /// dropped, whatever happens to the queue, and are the [first](super::Lease::begun) of the next lease. 1 for an item
        /// that is partly written (0 means the same if `bytes` is not 0); more for a transport that joins messages in
        /// a frame, or compresses them, and holds what the system has not taken. Items that were begun before stay so.
        begun: u32,
    },
}

impl Progress {
    /// A part of the lease, written to a transport that begins no item before the one before it is written: `items` whole items and
    /// `bytes` of the next one. `part(0, 0)`: nothing, or nothing more than before.
    #[must_use]
    pub const fn part(items: u32, bytes: u32) -> Self {
        Self::Part { items, bytes, begun: 0 }
    }
}

/// What a transport answered to the last write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// The transport may take more.
    Ready,
    /// The transport would block; the host hands in [`Event::Writable`](crate::hub::Event::Writable) when it takes bytes
    /// again.
    Blocked,
    /// The transport failed and takes nothing more. The hub drops all frames that are queued for the client or published
    /// to it later. An open client does not end yet: the host reads on, so that what the peer sent before is handled, and
    /// then hands in [`Event::PeerClosed`](crate::hub::Event::PeerClosed),
    /// [`Event::HalfClosed`](crate::hub::Event::HalfClosed) or [`Event::Gone`](crate::hub::Event::Gone). If none of them
    /// comes within `deadlines.close`, the hub ends the client.
    Failed,
}
