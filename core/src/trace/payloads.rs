//! What a log keeps of an event, beside names, ids and sizes.

use super::LONGEST_PAYLOAD;

/// Whether payloads are written to a log. They never enter the [hash](super::Recorder::hash): a log with them and one
/// without, of the same run, lead to the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payloads {
    /// Only the lengths of frames and pings are written. A replay builds frames of zeros.
    #[default]
    Redacted,
    /// Frames and pings are written whole: what people said to each other is in the log.
    Kept,
}

/// How an event is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// Frames are written as if no longer than this: what the hub refuses anyway need not be as long as it was.
    pub(super) longest: u32,
    pub(super) payloads: Payloads,
}

impl Style {
    /// For a hub that refuses longer messages than these.
    pub(super) fn new(payloads: Payloads, message_bytes: u32) -> Self {
        let refused = message_bytes.saturating_add(1);
        let longest = match payloads {
            // A length takes no more room however long.
            Payloads::Redacted => refused.max(LONGEST_PAYLOAD),
            Payloads::Kept => refused,
        };
        Self { longest, payloads }
    }
}
