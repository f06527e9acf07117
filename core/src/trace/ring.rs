//! The memory of a flight recorder: a ring buffer of records, divided into segments.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Records in a buffer that never grows. When it is full, the oldest segment is overwritten as a whole, so that the
/// rest begins with the first record of a segment.
#[derive(Clone, Debug)]
pub(super) struct Ring {
    bytes: VecDeque<u8>,
    /// The capacity in bytes.
    most: usize,
    segments: VecDeque<Segment>,
    overwritten: Overwritten,
}

/// Records that are kept or overwritten together.
#[derive(Clone, Copy, Debug, Default)]
struct Segment {
    bytes: usize,
    /// The bytes of its first record.
    head: usize,
    events: u64,
}

/// The records that a flight recorder has overwritten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overwritten {
    /// The number of overwritten events.
    pub events: u64,
    /// The bytes of all overwritten records, events and others.
    pub bytes: u64,
}

impl Ring {
    /// Makes a ring of `most` bytes, which are allocated at once.
    pub(super) fn new(most: usize) -> Self {
        Self {
            bytes: VecDeque::with_capacity(most),
            most,
            segments: VecDeque::new(),
            overwritten: Overwritten::default(),
        }
    }

    /// Whether a segment should begin with the next event: there is none, or the last one is a quarter of the ring and
    /// twice its first record.
    pub(super) fn wants_segment(&self) -> bool {
        const SEGMENTS: usize = 4;
        self.segments.back().is_none_or(|last| last.bytes >= (self.most / SEGMENTS).max(2 * last.head))
    }

    /// Begins a segment with a record that is not an event.
    pub(super) fn begin(&mut self, record: [&[u8]; 2]) {
        self.segments.push_back(Segment::default());
        self.append(record);
        if let Some(last) = self.segments.back_mut() {
            last.head = last.bytes;
        }
    }

    /// Adds a record, in two parts, to the last segment. If the record does not fit beside the rest of that segment, the
    /// ring is emptied, and the next event begins a new segment.
    pub(super) fn push(&mut self, record: [&[u8]; 2], events: u64) {
        match self.segments.back_mut() {
            Some(last) => last.events += events,
            None => self.overwritten.events += events,
        }
        self.append(record);
    }

    fn append(&mut self, record: [&[u8]; 2]) {
        let len = record[0].len() + record[1].len();
        while !self.segments.is_empty() && self.bytes.len() + len > self.most {
            self.overwrite();
        }
        match self.segments.back_mut() {
            Some(last) => {
                last.bytes += len;
                self.bytes.extend(record[0]);
                self.bytes.extend(record[1]);
            }
            None => self.overwritten.bytes += len as u64,
        }
    }

    /// Removes the oldest segment.
    fn overwrite(&mut self) {
        let Some(oldest) = self.segments.pop_front() else { return };
        self.bytes.drain(..oldest.bytes);
        self.overwritten.events += oldest.events;
        self.overwritten.bytes += oldest.bytes as u64;
    }

    pub(super) fn overwritten(&self) -> Overwritten {
        self.overwritten
    }

    /// Appends all records to `log`.
    pub(super) fn copy_to(&self, log: &mut Vec<u8>) {
        let (first, second) = self.bytes.as_slices();
        log.reserve_exact(first.len() + second.len());
        log.extend_from_slice(first);
        log.extend_from_slice(second);
    }

    /// The bytes of memory that the ring holds.
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}
