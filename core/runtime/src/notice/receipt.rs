//! The fate of messages that were sent with a receipt.

use core::fmt;
use throng_core::ClientId;
use throng_core::hub::DropReason;

/// The fate of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Receipt {
    /// The transport has taken the whole message. A plain socket hands it to the kernel; other transports may still
    /// buffer a part. Only the peer can confirm that it arrived.
    Written,
    /// The message was dropped before it was written, for this reason.
    Dropped(DropReason),
    /// The client ended, or its transport failed, before the message was written.
    Gone,
}

/// The id of a message sent with a receipt. Ids are unique: no two messages share one, whatever their clients.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReceiptId {
    pub(crate) client: ClientId,
    /// The sequence number of its publish.
    pub(crate) sequence: u64,
}

impl ReceiptId {
    /// The client that the message was sent to.
    #[must_use]
    pub const fn client(self) -> ClientId {
        self.client
    }
}

impl fmt::Display for ReceiptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.client, self.sequence)
    }
}

impl fmt::Debug for ReceiptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
