//! Deflated messages become messages again, within bounds (RFC 7692 section 7.2.2).

use super::compressor::TAIL;
use super::config::MOST_BITS;
use super::negotiate::Context;
use crate::MessageKind;
use crate::websocket::error::ProtocolError;
use crate::websocket::item::Message;
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use flate2::{Decompress, FlushDecompress, Status};
use tungstenite::Utf8Bytes;

/// An empty last block: what ends a stream that is in order. One that is stored, whose five bytes cannot well be the end of
/// another block that was cut short.
const END: [u8; 5] = [0x01, 0x00, 0x00, 0xff, 0xff];
/// The least that is reserved for a message.
const LEAST: usize = 64;
/// So much longer than deflated a message is taken to be at first.
const RATIO: usize = 4;

/// Inflates one message after another: the payload of each [`Item::Compressed`](crate::websocket::Item::Compressed).
///
/// It holds some 47 KiB, which is why they are kept in a pool, and why a connection has one of its own
/// only if it keeps its context.
pub struct Inflater {
    inflate: Decompress,
    context: Context,
}

/// Where the input stands.
enum Fed<'a> {
    /// All of it is taken.
    All,
    /// A last block ended, and this follows.
    Ended(&'a [u8]),
}

impl Inflater {
    /// An inflater of messages that stand for themselves.
    #[must_use]
    pub fn new() -> Self {
        Self { inflate: Decompress::new(false), context: Context::Dropped }
    }

    /// An inflater of messages that refer back to those before them, within a window of so many bits: 8 to 15.
    #[must_use]
    pub fn keeping(window_bits: u8) -> Self {
        // zlib makes nine of eight, on either side.
        let bits = window_bits.clamp(9, MOST_BITS);
        Self { inflate: Decompress::new_with_window_bits(false, bits), context: Context::Kept }
    }

    /// The message. Memory grows with what is inflated, and never over `limit` bytes; whatever is wrong is found no later.
    ///
    /// # Errors
    /// [`MessageTooBig`](ProtocolError::MessageTooBig) if the message has more than `limit` bytes,
    /// [`BadCompression`](ProtocolError::BadCompression) if its payload is not deflated data, or is cut short, and
    /// [`TextNotUtf8`](ProtocolError::TextNotUtf8). After an error an inflater of messages that refer back is good for
    /// nothing.
    pub fn inflate(
        &mut self,
        kind: MessageKind,
        payload: &[u8],
        limit: u32,
    ) -> Result<Message, ProtocolError> {
        let mut bytes = Vec::new();
        let result = self.inflate_all(payload, limit as usize, &mut bytes);
        if self.context == Context::Dropped {
            self.inflate.reset(false);
        }
        result?;
        bytes.shrink_to_fit();
        let bytes = Bytes::from(bytes);
        match kind {
            MessageKind::Binary => Ok(Message::Binary(bytes)),
            MessageKind::Text => {
                Utf8Bytes::try_from(bytes).map(Message::Text).map_err(|_| ProtocolError::TextNotUtf8)
            }
        }
    }

    pub(super) fn inflate_all(
        &mut self,
        payload: &[u8],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), ProtocolError> {
        let mut rest = payload;
        while let Fed::Ended(behind) = self.feed(rest, limit, out)? {
            // Blocks may go on behind a last one (section 7.2.3.4).
            self.inflate.reset(false);
            if behind.is_empty() {
                // Who ends a message by a last block should put a zero behind it (section 7.2.1), and some do not.
                return Ok(());
            }
            rest = behind;
        }
        let Fed::All = self.feed(&TAIL, limit, out)? else { return Err(ProtocolError::BadCompression) };
        if self.context == Context::Kept {
            return Ok(());
        }
        // Only between blocks can a last one begin: else the message was cut short.
        match self.feed(&END, limit, out)? {
            Fed::Ended([]) => Ok(()),
            _ => Err(ProtocolError::BadCompression),
        }
    }

    /// Inflates what is in the input, until it is used up or a last block ends.
    fn feed<'a>(
        &mut self,
        mut input: &'a [u8],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<Fed<'a>, ProtocolError> {
        loop {
            if out.len() == out.capacity() {
                // One more than there may be shows that there are too many.
                let most = limit.saturating_add(1);
                let wanted = (2 * out.len()).max(RATIO * input.len()).max(LEAST);
                out.reserve_exact(wanted.min(most) - out.len());
            }
            let (taken, made) = (self.inflate.total_in(), out.len());
            let status = self
                .inflate
                .decompress_vec(input, out, FlushDecompress::Sync)
                .map_err(|_| ProtocolError::BadCompression)?;
            let taken = (self.inflate.total_in() - taken) as usize;
            input = &input[taken..];
            if out.len() > limit {
                return Err(ProtocolError::MessageTooBig);
            }
            if status == Status::StreamEnd {
                return Ok(Fed::Ended(input));
            }
            if out.len() < out.capacity() {
                if input.is_empty() {
                    return Ok(Fed::All);
                }
                if taken == 0 && out.len() == made {
                    return Err(ProtocolError::BadCompression);
                }
            }
        }
    }
}

impl Default for Inflater {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater").field("context", &self.context).finish_non_exhaustive()
    }
}
