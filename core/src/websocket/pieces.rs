//! The received part of a message, in pieces, so that memory grows little faster than the bytes received.
//!
//! A single buffer that doubles would hold up to twice the bytes received and fragment the allocator. Here full pieces stay
//! in place, and the message is joined once, after its last piece.

use alloc::string::String;
use alloc::vec::Vec;

/// The length of a piece of a long message in bytes, which is also the most memory beyond the bytes received.
pub(super) const PIECE: usize = 16 << 10;

/// A growable buffer: `Vec<u8>` or `String`.
pub(super) trait Buffer: Default {
    /// The borrowed form: `[u8]` or `str`.
    type Part: ?Sized;

    fn len(&self) -> usize;
    fn capacity(&self) -> usize;
    fn reserve_exact(&mut self, additional: usize);
    fn append(&mut self, part: &Self::Part);
    fn shrink_to_fit(&mut self);
    /// The content.
    fn part(&self) -> &Self::Part;
    fn len_of(part: &Self::Part) -> usize;
    /// Splits after at most `most` bytes.
    fn split(part: &Self::Part, most: usize) -> (&Self::Part, &Self::Part);
}

/// The pieces of a message.
#[derive(Debug, Default)]
pub(super) struct Pieces<B> {
    /// The full pieces, and their bytes.
    full: Vec<B>,
    full_len: usize,
    last: B,
}

impl<B: Buffer> Pieces<B> {
    pub(super) fn capacity(&self) -> usize {
        self.full.iter().map(B::capacity).sum::<usize>() + self.last.capacity()
    }

    /// Reserves memory for `more` bytes of a message of at most `bound` bytes, up to the end of the piece. Small buffers
    /// double, so that growing costs O(bytes received) in total, but never beyond `bound`.
    pub(super) fn reserve(&mut self, more: usize, bound: usize) {
        let (len, capacity) = (self.last.len(), self.last.capacity());
        let needed = len + more;
        if needed > capacity && needed <= PIECE {
            let left = bound.saturating_sub(self.full_len);
            self.last.reserve_exact(needed.max((2 * capacity).min(left).min(PIECE)) - len);
        }
    }

    /// Appends a part. `bound` is the longest that the message can be, in bytes. O(part).
    pub(super) fn push(&mut self, part: &B::Part, bound: usize) {
        self.reserve(B::len_of(part), bound);
        let (fits, rest) = B::split(part, self.last.capacity() - self.last.len());
        self.last.append(fits);
        let more = B::len_of(rest);
        if more == 0 {
            return;
        }
        if self.last.len() > 0 {
            self.full_len += self.last.len();
            self.full.push(core::mem::take(&mut self.last));
        }
        let left = bound.saturating_sub(self.full_len);
        self.last.reserve_exact(more.max(PIECE.min(left)));
        self.last.append(rest);
    }

    /// Joins the pieces without spare capacity, which would live as long as the message.
    pub(super) fn join(self) -> B {
        let Self { full, full_len, mut last } = self;
        if full.is_empty() {
            last.shrink_to_fit();
            return last;
        }
        let mut whole = B::default();
        whole.reserve_exact(full_len + last.len());
        for piece in full {
            whole.append(piece.part());
        }
        whole.append(last.part());
        whole
    }
}

impl Buffer for Vec<u8> {
    type Part = [u8];

    fn len(&self) -> usize {
        self.len()
    }
    fn capacity(&self) -> usize {
        self.capacity()
    }
    fn reserve_exact(&mut self, additional: usize) {
        self.reserve_exact(additional);
    }
    fn append(&mut self, part: &[u8]) {
        self.extend_from_slice(part);
    }
    fn shrink_to_fit(&mut self) {
        self.shrink_to_fit();
    }
    fn part(&self) -> &[u8] {
        self
    }
    fn len_of(part: &[u8]) -> usize {
        part.len()
    }
    fn split(part: &[u8], most: usize) -> (&[u8], &[u8]) {
        part.split_at(most.min(part.len()))
    }
}

impl Buffer for String {
    type Part = str;

    fn len(&self) -> usize {
        self.len()
    }
    fn capacity(&self) -> usize {
        self.capacity()
    }
    fn reserve_exact(&mut self, additional: usize) {
        self.reserve_exact(additional);
    }
    fn append(&mut self, part: &str) {
        self.push_str(part);
    }
    fn shrink_to_fit(&mut self) {
        self.shrink_to_fit();
    }
    fn part(&self) -> &str {
        self
    }
    fn len_of(part: &str) -> usize {
        part.len()
    }
    fn split(part: &str, most: usize) -> (&str, &str) {
        part.split_at(part.floor_char_boundary(most))
    }
}
