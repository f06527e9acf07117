//! What became of a message of which somebody wants to know.

use core::fmt;
use throng_core::hub::DropReason;
use throng_core::id::ClientId;

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Receipt {
    /// The transport has taken all of it: a plain one is the kernel, any other may still hold some of it back. Whether it
    /// arrived, only the peer can say.
    Written,
    /// It was dropped before it was written, and this is why.
    Dropped(DropReason),
    /// The client ended, or its transport broke, before it was written.
    Gone,
}

/// A message that was sent with a receipt: no other has the same, to whomever and whenever it was sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReceiptId {
    pub(crate) client: ClientId,
    /// The number of its publish.
    pub(crate) sequence: u64,
}

impl ReceiptId {
    /// Whom it was sent to.
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
