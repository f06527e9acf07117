//! Inflates messages, within bounds (RFC 7692 section 7.2.2).

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

/// An empty last block, which ends a valid stream. It is a stored block, since its five bytes are unlikely to complete a
/// block that was cut short.
const END: [u8; 5] = [0x01, 0x00, 0x00, 0xff, 0xff];
/// The least that is reserved for a message, in bytes.
const LEAST: usize = 64;
/// The first guess of a message's length is its deflated length times this.
const RATIO: usize = 4;

/// Inflates one message after another: the payload of each [`Item::Compressed`](crate::websocket::Item::Compressed).
///
/// An inflater holds some 47 KiB. Hosts therefore keep inflaters in a pool; only a connection that keeps its
/// context needs its own.
pub struct Inflater {
    inflate: Decompress,
    context: Context,
}

/// How a call of `feed` ended.
enum Fed<'a> {
    /// All input is used up.
    All,
    /// A last block ended before this rest of the input.
    Ended(&'a [u8]),
}

impl Inflater {
    /// Makes an inflater of independent messages (context dropped).
    #[must_use]
    pub fn new() -> Self {
        Self { inflate: Decompress::new(false), context: Context::Dropped }
    }

    /// Makes an inflater of messages that may refer to earlier ones (context kept) in a window of `window_bits`, 8 to 15.
    #[must_use]
    pub fn keeping(window_bits: u8) -> Self {
        // zlib treats a window of 8 bits as one of 9, on both sides.
        let bits = window_bits.clamp(9, MOST_BITS);
        Self { inflate: Decompress::new_with_window_bits(false, bits), context: Context::Kept }
    }

    /// Inflates a message. Memory grows with the inflated bytes, up to `limit` and one byte; the first wrong byte ends it.
    ///
    /// # Errors
    /// [`MessageTooBig`](ProtocolError::MessageTooBig) if the message has more than `limit` bytes,
    /// [`BadCompression`](ProtocolError::BadCompression) if its payload is not deflate data or is incomplete, and
    /// [`TextNotUtf8`](ProtocolError::TextNotUtf8). An inflater that keeps its context cannot be used after an
    /// error.
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
            // More blocks may follow a last one (section 7.2.3.4).
            self.inflate.reset(false);
            if behind.is_empty() {
                // A sender that ends a message by a last block should append a zero byte (section 7.2.1), and some do not.
                return Ok(());
            }
            rest = behind;
        }
        let Fed::All = self.feed(&TAIL, limit, out)? else { return Err(ProtocolError::BadCompression) };
        if self.context == Context::Kept {
            return Ok(());
        }
        // A last block can begin only between blocks; otherwise the message is incomplete.
        match self.feed(&END, limit, out)? {
            Fed::Ended([]) => Ok(()),
            _ => Err(ProtocolError::BadCompression),
        }
    }

    /// Inflates the input until it is used up or a last block ends.
    fn feed<'a>(
        &mut self,
        mut input: &'a [u8],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<Fed<'a>, ProtocolError> {
        loop {
            if out.len() == out.capacity() {
                // One byte over the limit shows that the message is too long.
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
