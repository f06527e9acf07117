//! What comes deflated, inflated. Thousands get the same bytes: they are inflated once.

use throng_core::MessageKind;
use throng_core::websocket::deflate::Inflater;

/// The longest message that is taken for one.
const MOST: u32 = 1 << 30;

#[derive(Debug, Default)]
pub(crate) struct Inflating {
    inflater: Inflater,
    /// What was inflated last, and to what.
    deflated: Vec<u8>,
    inflated: Vec<u8>,
}

impl Inflating {
    /// The message of a payload; none if that is not deflated data.
    pub(crate) fn inflate(&mut self, deflated: &[u8]) -> Option<&[u8]> {
        if self.deflated != deflated || self.inflated.is_empty() {
            let message = self.inflater.inflate(MessageKind::Binary, deflated, MOST).ok()?;
            self.inflated = message.as_bytes().to_vec();
            self.deflated.clear();
            self.deflated.extend_from_slice(deflated);
        }
        Some(&self.inflated)
    }
}
