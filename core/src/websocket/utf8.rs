//! Checks UTF-8 that arrives in pieces (RFC 6455 section 8.1).

use super::pieces::Pieces;
use alloc::string::String;

/// The bytes cannot be the beginning of a UTF-8 text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotUtf8;

/// The most bytes of an incomplete character.
const MAX_TAIL: usize = 3;

/// Collects a text from pieces that may end in the middle of a character.
///
/// Each piece is checked when it is pushed, so that `finish` needs no second check.
#[derive(Debug, Default)]
pub(super) struct TextBuffer {
    text: Pieces<String>,
    /// The bytes of an incomplete character.
    tail: [u8; MAX_TAIL],
    tail_len: u8,
}

impl TextBuffer {
    /// Appends `bytes` of a text of at most `bound` bytes. Fails at the first byte that cannot be part of UTF-8 text,
    /// whatever follows. O(n).
    pub(super) fn push(&mut self, mut bytes: &[u8], bound: usize) -> Result<(), NotUtf8> {
        self.text.reserve(usize::from(self.tail_len) + bytes.len(), bound);
        while self.tail_len > 0 {
            let Some((&byte, rest)) = bytes.split_first() else { return Ok(()) };
            bytes = rest;
            self.extend_tail(byte, bound)?;
        }
        let (whole, tail) = split_tail(bytes);
        self.text.push(simdutf8::basic::from_utf8(whole).map_err(|_| NotUtf8)?, bound);
        for &byte in tail {
            self.extend_tail(byte, bound)?;
        }
        Ok(())
    }

    /// The text, unless it ends in the middle of a character.
    pub(super) fn finish(self) -> Result<String, NotUtf8> {
        if self.tail_len == 0 { Ok(self.text.join()) } else { Err(NotUtf8) }
    }

    pub(super) fn capacity(&self) -> usize {
        self.text.capacity()
    }

    fn extend_tail(&mut self, byte: u8, bound: usize) -> Result<(), NotUtf8> {
        let len = usize::from(self.tail_len);
        let mut character = [0; MAX_TAIL + 1];
        character[..len].copy_from_slice(&self.tail[..len]);
        character[len] = byte;
        match core::str::from_utf8(&character[..=len]) {
            Ok(text) => {
                self.text.push(text, bound);
                self.tail_len = 0;
            }
            // No `error_len` means that the character is incomplete, so there are at most three bytes.
            Err(error) if error.error_len().is_none() && len < MAX_TAIL => {
                self.tail[len] = byte;
                self.tail_len += 1;
            }
            Err(_) => return Err(NotUtf8),
        }
        Ok(())
    }
}

/// Splits off an incomplete character at the end of `bytes`. Reads at most three bytes and does not check that
/// either part is UTF-8.
fn split_tail(bytes: &[u8]) -> (&[u8], &[u8]) {
    for back in 1..=bytes.len().min(MAX_TAIL) {
        let at = bytes.len() - back;
        let character_len = match bytes[at] {
            0x80..=0xbf => continue,
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xff => 4,
            _ => 1,
        };
        return if character_len > back { bytes.split_at(at) } else { (bytes, &[]) };
    }
    (bytes, &[])
}
