//! Notices of dropped messages.

use crate::notice::receipt::ReceiptId;
use alloc::vec;
use alloc::vec::Vec;
use throng_core::hub;
use throng_core::hub::DropReason;

/// The messages dropped for one client since the last call of [`Handler::dropped`](crate::Handler::dropped).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DropNotice {
    /// Number of messages.
    pub frames: u32,
    /// Bytes of their frames.
    pub bytes: u64,
    /// Whether any of them was published to a room with a [history](throng_core::hub::History): the client has missed it, and gets it if it joins
    /// the room again from the position before.
    pub of_history: bool,
    /// Why the last of them was dropped.
    pub reason: DropReason,
    /// The dropped messages that were [sent with a receipt](crate::Client::send_with_receipt) which is awaited or
    /// [detached](crate::ReceiptWait::detach): the first 1,024, in the order of discovery.
    pub receipts: Vec<ReceiptId>,
    /// Number of such messages beyond the first 1,024. Only a hook that is called very late misses any.
    pub unnamed: u32,
}

/// Receipts named per call.
const NAMED: usize = 1024;

impl DropNotice {
    pub(crate) fn new(dropped: hub::Dropped, receipts: Vec<ReceiptId>) -> Self {
        let hub::Dropped { frames, bytes, of_history, reason } = dropped;
        let mut new = Self { frames, bytes, of_history, reason, receipts, unnamed: 0 };
        new.keep_to_bound();
        new
    }

    /// Names the receipt of a dropped message that is already counted.
    pub(crate) fn named(reason: DropReason, id: ReceiptId) -> Self {
        Self { frames: 0, bytes: 0, of_history: false, reason, receipts: vec![id], unnamed: 0 }
    }

    /// Adds a later notice.
    pub(crate) fn add(&mut self, later: Self) {
        self.frames = self.frames.saturating_add(later.frames);
        self.bytes = self.bytes.saturating_add(later.bytes);
        self.of_history |= later.of_history;
        self.reason = later.reason;
        self.receipts.extend(later.receipts);
        self.unnamed = self.unnamed.saturating_add(later.unnamed);
        self.keep_to_bound();
    }

    fn keep_to_bound(&mut self) {
        let more = self.receipts.len().saturating_sub(NAMED);
        self.receipts.truncate(NAMED);
        self.unnamed = self.unnamed.saturating_add(more as u32);
    }
}
