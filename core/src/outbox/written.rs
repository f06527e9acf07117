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
    /// It is broken.
    Failed,
}
