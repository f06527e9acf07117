//! Finding the end of an HTTP/1.1 head, within bounds (RFC 9112).

use alloc::vec::Vec;
use core::mem;

/// Headers of a request at most.
pub const MAX_HEADERS: usize = 100;

/// Bytes of a request's head at most, the empty line included.
pub const MAX_HEAD: usize = 8 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadError {
    Malformed,
    TooLong,
    TooManyHeaders,
}

/// Collects a head, in whatever pieces it comes: at most [`MAX_HEAD`] bytes. Every byte is looked at once: O(n), even
/// byte by byte. A head that comes in one piece is not copied.
#[derive(Debug, Default)]
pub(super) struct HeadReader {
    held: Vec<u8>,
    lines: Lines,
}

impl HeadReader {
    pub(super) const fn new() -> Self {
        Self { held: Vec::new(), lines: Lines::START }
    }

    /// Takes input until the head is complete, or all of it. To be called no more once there is a head or an error.
    pub(super) fn receive<'a, 'b: 'a>(
        &'a mut self,
        input: &mut &'b mut [u8],
    ) -> Result<Option<&'a [u8]>, HeadError> {
        let room = input.len().min(MAX_HEAD - self.held.len());
        let end = self.lines.find_end(&input[..room])?;
        if end.is_none() && self.held.len() + room == MAX_HEAD {
            return Err(HeadError::TooLong);
        }
        let (taken, rest) = mem::take(input).split_at_mut(end.unwrap_or(room));
        *input = rest;
        if end.is_some() && self.held.is_empty() {
            return Ok(Some(taken));
        }
        self.held.extend_from_slice(taken);
        Ok(end.is_some().then_some(self.held.as_slice()))
    }
}

/// Where in its lines the search for the empty one stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lines {
    /// Bytes of the current line so far.
    len: usize,
    /// Whether the last of them is a carriage return.
    after_return: bool,
    complete: usize,
}

impl Lines {
    const START: Self = Self { len: 0, after_return: false, complete: 0 };

    /// The end of the head, if it is in `bytes`. A line must end in CR LF: a bare LF, which RFC 9112 section 2.2
    /// lets a server take, is taken for different things by different parsers, so it is refused.
    fn find_end(&mut self, bytes: &[u8]) -> Result<Option<usize>, HeadError> {
        let mut from = 0;
        for at in memchr::memchr_iter(b'\n', bytes) {
            let line = &bytes[from..at];
            let ends_in_return = line.last().map_or(self.after_return, |&byte| byte == b'\r');
            if !ends_in_return {
                return Err(HeadError::Malformed);
            }
            let len = self.len + line.len();
            *self = Self { complete: self.complete + 1, ..Self::START };
            from = at + 1;
            if len == 1 {
                return Ok(Some(from));
            }
            // The request line comes before the headers.
            if self.complete > MAX_HEADERS + 1 {
                return Err(HeadError::TooManyHeaders);
            }
        }
        if let Some(&last) = bytes[from..].last() {
            self.len += bytes.len() - from;
            self.after_return = last == b'\r';
        }
        Ok(None)
    }
}
