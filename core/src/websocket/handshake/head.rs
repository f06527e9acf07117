//! Finds the end of an HTTP/1.1 head, within bounds (RFC 9112).

use alloc::vec::Vec;
use core::mem;

/// Limits of the head of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeadLimits {
    /// The most bytes, the empty line at the end included. Default: 8 KiB.
    pub max_bytes: u32,
    /// The most headers. Default: 100.
    pub max_headers: u32,
}

impl HeadLimits {
    const DEFAULT: Self = Self { max_bytes: 8 * 1024, max_headers: 100 };
}

impl Default for HeadLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadError {
    Malformed,
    TooLong,
    TooManyHeaders,
}

/// A head whose lines have been counted, and not yet parsed.
pub(super) struct Head<'a> {
    pub(super) bytes: &'a [u8],
    /// The number of headers, or more.
    pub(super) headers: usize,
}

/// Collects a head that comes in any pieces. It reads every byte once: O(n), even byte by byte. A head that
/// comes in one piece is not copied.
#[derive(Debug)]
pub(super) struct HeadReader {
    held: Vec<u8>,
    lines: Lines,
    method: SeenMethod,
    limits: HeadLimits,
}

impl HeadReader {
    /// Reads a request, which may follow an empty line (RFC 9112 section 2.2).
    pub(super) const fn of_request(limits: HeadLimits) -> Self {
        Self::beginning(Lines { may_skip: true, ..Lines::START }, limits)
    }

    /// Reads a response, which may not follow an empty line.
    pub(super) const fn of_response(limits: HeadLimits) -> Self {
        Self::beginning(Lines::START, limits)
    }

    const fn beginning(lines: Lines, limits: HeadLimits) -> Self {
        Self { held: Vec::new(), lines, method: SeenMethod::Unknown(0), limits }
    }

    /// Whether the request's method is HEAD, by the bytes read so far.
    pub(super) const fn method(&self) -> SeenMethod {
        self.method
    }

    /// Frees the bytes that are held.
    pub(super) fn clear(&mut self) {
        self.held = Vec::new();
    }

    /// Takes input until the head is complete or the input is used up. Do not call it again after a head or an
    /// error.
    pub(super) fn receive<'a, 'b: 'a>(
        &'a mut self,
        input: &mut &'b mut [u8],
    ) -> Result<Option<Head<'a>>, HeadError> {
        let max_bytes = self.limits.max_bytes as usize;
        let room = input.len().min(max_bytes - self.held.len());
        self.method.look(&input[..room]);
        let end = self.lines.find_end(&input[..room], self.limits.max_headers as usize)?;
        if end.is_none() && self.held.len() + room == max_bytes {
            return Err(HeadError::TooLong);
        }
        let (taken, rest) = mem::take(input).split_at_mut(end.unwrap_or(room));
        *input = rest;
        let headers = self.lines.complete;
        if end.is_some() && self.held.is_empty() {
            return Ok(Some(Head { bytes: taken, headers }));
        }
        self.held.extend_from_slice(taken);
        Ok(end.map(|_| Head { bytes: &self.held, headers }))
    }
}

/// The method of a request by its first bytes, known also for a request that is refused before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SeenMethod {
    /// All bytes so far, this many, match `HEAD `.
    Unknown(u8),
    Head,
    /// Any other method.
    Other,
}

impl SeenMethod {
    const HEAD: &[u8] = b"HEAD ";

    fn look(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            let Self::Unknown(seen) = *self else { return };
            *self = match (Self::HEAD.get(usize::from(seen)), seen) {
                (Some(&expected), _) if expected == byte && expected == b' ' => Self::Head,
                (Some(&expected), _) if expected == byte => Self::Unknown(seen + 1),
                // Skips the empty line before the request.
                (_, 0) if matches!(byte, b'\r' | b'\n') => Self::Unknown(0),
                _ => Self::Other,
            };
        }
    }
}

/// The progress of the search for the empty line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lines {
    /// An empty first line may still be skipped.
    may_skip: bool,
    /// The bytes of the current line so far.
    len: usize,
    /// Whether the last byte is a carriage return.
    after_return: bool,
    complete: usize,
}

impl Lines {
    const START: Self = Self { may_skip: false, len: 0, after_return: false, complete: 0 };

    /// The end of the head, if it is in `bytes`. A line must end in CR LF. RFC 9112 section 2.2 lets a server
    /// accept a bare LF, but parsers differ about it, so it is refused.
    fn find_end(&mut self, bytes: &[u8], max_headers: usize) -> Result<Option<usize>, HeadError> {
        let mut from = 0;
        for at in memchr::memchr_iter(b'\n', bytes) {
            let line = &bytes[from..at];
            let ends_in_return = line.last().map_or(self.after_return, |&byte| byte == b'\r');
            if !ends_in_return {
                return Err(HeadError::Malformed);
            }
            let len = self.len + line.len();
            from = at + 1;
            if len == 1 && self.may_skip {
                *self = Self::START;
                continue;
            }
            *self = Self { complete: self.complete + 1, ..Self::START };
            if len == 1 {
                return Ok(Some(from));
            }
            // The request line comes before the headers.
            if self.complete - 1 > max_headers {
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
