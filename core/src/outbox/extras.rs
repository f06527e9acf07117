//! State that few clients need at a time: queued control frames, and what their transport has begun to write.

use super::controls::Controls;
use super::runs::Items;

#[derive(Clone, Debug, Default)]
pub(crate) struct Extras {
    pub(super) controls: Controls,
    pub(super) begun: Begun,
}

impl Extras {
    pub(super) fn is_empty(&self) -> bool {
        self.begun.count == 0 && self.controls.is_empty()
    }
}

/// Items that the transport has begun to write: the rest of them must follow, whatever happens to the queue. Mostly it is one
/// item that is partly written; a transport that joins or compresses messages begins several at once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Begun {
    /// The items, in the order in which they were leased. While a lease is out they are the first items of its run, and not here.
    pub(super) items: Items,
    /// How many they are.
    pub(super) count: u32,
    /// How many bytes the transport has written of them.
    pub(super) bytes: u32,
}
