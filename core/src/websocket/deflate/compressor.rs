//! Deflates messages (RFC 7692 section 7.2.1).

use super::config::MOST_BITS;
use super::negotiate::Context;
use crate::frame::{Frame, Place};
use crate::websocket::encode::encode_compressed;
use alloc::vec::Vec;
use bytes::Bytes;
use core::fmt;
use flate2::{Compress, Compression as Level, FlushCompress, Status};

/// The end of a sync flush, which is not sent (section 7.2.1).
pub(super) const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
/// A compressor keeps its output buffer up to this many bytes.
const KEPT: usize = 64 << 10;
/// Bytes of the head of a stored block that begins with a byte (RFC 1951 section 3.2.4).
const STORED_HEAD: usize = 5;
/// The smallest window of flate2's compressor, as a power of two.
const LEAST_BITS: u8 = 9;

/// Deflates one message after another.
///
/// A compressor holds some 370 KiB with the largest window and 250 KiB with the smallest. Hosts therefore keep
/// compressors in a pool; only a connection that keeps its context needs its own.
pub struct Compressor {
    deflate: Compress,
    context: Context,
    out: Vec<u8>,
}

impl Compressor {
    /// Makes a compressor of independent messages (context dropped). `level` is 0 to 9.
    #[must_use]
    pub fn new(level: u8) -> Self {
        Self::with(level, Context::Dropped, MOST_BITS)
    }

    /// Makes a compressor whose messages may refer to earlier ones (context kept) in a window of `window_bits`, 9 to 15.
    #[must_use]
    pub fn keeping(level: u8, window_bits: u8) -> Self {
        Self::with(level, Context::Kept, window_bits)
    }

    fn with(level: u8, context: Context, window_bits: u8) -> Self {
        let bits = window_bits.clamp(LEAST_BITS, MOST_BITS);
        let deflate = Compress::new_with_window_bits(Level::new(level.min(9).into()), false, bits);
        Self { deflate, context, out: Vec::new() }
    }

    /// The deflated payload, for a frame with RSV1. `None` if messages are independent and this one would not get
    /// shorter: send it as it is. O(bytes): some 8 µs, and
    /// 2 to 10 ns a byte.
    pub fn compress(&mut self, payload: &[u8]) -> Option<&[u8]> {
        self.out.clear();
        if payload.is_empty() {
            // An empty message is one empty block (section 7.2.3.6).
            return (self.context == Context::Kept).then_some(&[0x00]);
        }
        let most = match self.context {
            Context::Dropped => payload.len() + TAIL.len(),
            // The peer must get it deflated, even if longer, since later messages refer to it.
            Context::Kept => usize::MAX,
        };
        let is_done = self.deflate(payload, most);
        if self.context == Context::Dropped {
            self.deflate.reset();
        }
        let deflated = self.out.strip_suffix(&TAIL).filter(|_| is_done)?;
        let is_worth_it = self.context == Context::Kept || deflated.len() < payload.len();
        is_worth_it.then_some(deflated)
    }

    /// Deflates the payload into `out` with one sync flush; `false` if the output gets longer than `most`.
    fn deflate(&mut self, payload: &[u8], most: usize) -> bool {
        let mut rest = payload;
        loop {
            let room = (rest.len() / 2 + 64).min(most.saturating_sub(self.out.len()));
            if self.out.len() == self.out.capacity() {
                if room == 0 {
                    return false;
                }
                self.out.reserve(room);
            }
            let before = self.deflate.total_in();
            match self.deflate.compress_vec(rest, &mut self.out, FlushCompress::Sync) {
                Ok(Status::Ok | Status::BufError) => {}
                Ok(Status::StreamEnd) | Err(_) => return false,
            }
            rest = &rest[(self.deflate.total_in() - before) as usize..];
            // If the buffer is full, there may be more output.
            if rest.is_empty() && self.out.len() < self.out.capacity() {
                return true;
            }
        }
    }

    /// The deflated variant of a message's frame. `None` if it does not get shorter, or if the frame is not a whole message
    /// ([`Frame::kind`]).
    ///
    /// If the frame has a [place](Frame::with_place) for an offset, the variant has one too, and all bytes before it are
    /// uncompressed, so the offset should be near the start of the payload. With more than 64 KiB before the place there
    /// is no variant. (A compressor that keeps its context compresses the offset with the rest, since its variant is for
    /// one recipient only.)
    pub fn compress_frame(&mut self, frame: &Frame) -> Option<Frame> {
        let kind = frame.kind()?;
        let (deflated, place) = match (frame.place(), self.context) {
            (None, _) => (self.compress(frame.payload()).map(Bytes::copy_from_slice), None),
            (Some(place), Context::Dropped) => self.compress_behind(place, frame.payload()).unzip(),
            (Some(_), Context::Kept) => {
                let mut sealed = Vec::new();
                frame.append_payload(frame, &mut sealed);
                (self.compress(&sealed).map(Bytes::copy_from_slice), None)
            }
        };
        self.let_go();
        let frame = encode_compressed(kind, deflated?).ok()?;
        match place {
            Some(place) => frame.with_place(place).ok(),
            None => Some(frame),
        }
    }

    /// The payload, of which what is before the end of a place stands in a stored block (RFC 1951 section 3.2.4), and where
    /// the place is in that. What follows was compressed without it, so it refers to nothing before it: the bytes of the place
    /// can change.
    fn compress_behind(&mut self, place: Place, payload: &[u8]) -> Option<(Bytes, Place)> {
        let (stored, rest) = payload.split_at_checked(place.end())?;
        let len = u16::try_from(stored.len()).ok()?;
        let rest = self.compress(rest)?;
        let mut out = Vec::with_capacity(STORED_HEAD + stored.len() + rest.len());
        // Not the last block, stored; the rest of the byte is not used.
        out.push(0);
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&(!len).to_le_bytes());
        out.extend_from_slice(stored);
        out.extend_from_slice(rest);
        Some((out.into(), Place::new(STORED_HEAD + place.start(), place.format())))
    }

    /// Frees the output buffer if it is larger than 64 KiB; of a compressor that keeps its context always.
    pub fn let_go(&mut self) {
        if self.context == Context::Kept || self.out.capacity() > KEPT {
            self.out = Vec::new();
        }
    }

    /// The capacity of the output buffer in bytes.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.out.capacity()
    }
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressor").field("context", &self.context).finish_non_exhaustive()
    }
}
