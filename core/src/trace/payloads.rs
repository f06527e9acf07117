//! Whether a log has the payloads of events.

use super::LONGEST_PAYLOAD;

/// Whether payloads are written to a log. They never enter the [hash](super::Recorder::hash), which is equal for logs of
/// one run with and without them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payloads {
    /// Only the lengths of frames and pings are written. A replay builds frames of zeros.
    #[default]
    Redacted,
    /// Frames and pings are written completely: the log has what people wrote to each other.
    Kept,
}

/// How events are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// The most bytes written of a payload: the hub refuses longer ones, so their rest does not matter.
    pub(super) longest: u32,
    pub(super) payloads: Payloads,
}

impl Style {
    /// Makes the style for a hub that refuses messages longer than `message_bytes`.
    pub(super) fn new(payloads: Payloads, message_bytes: u32) -> Self {
        let refused = message_bytes.saturating_add(1);
        let longest = match payloads {
            // A length takes the same few bytes, however large.
            Payloads::Redacted => refused.max(LONGEST_PAYLOAD),
            Payloads::Kept => refused,
        };
        Self { longest, payloads }
    }
}
