//! One direction of a wire.

use std::collections::VecDeque;

/// Bytes that fly, then wait to be read; of both together there are at most `capacity`.
#[derive(Debug)]
pub(super) struct Pipe {
    in_transit: VecDeque<(u64, InTransit)>,
    arrived: VecDeque<u8>,
    held: usize,
    capacity: usize,
    end: Option<End>,
}

#[derive(Debug)]
pub(super) enum InTransit {
    Bytes(Vec<u8>),
    End(End),
}

/// How a direction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// After all that was sent.
    Finished,
    /// After all that was sent, by somebody who is there no more: whatever is written to it from then on fails, also while
    /// something that it sent is still to be read.
    Gone,
    /// At once; what was not read is lost.
    Reset,
}

impl Pipe {
    pub(super) fn new(capacity: usize) -> Self {
        Self { in_transit: VecDeque::new(), arrived: VecDeque::new(), held: 0, capacity, end: None }
    }

    pub(super) fn room(&self) -> usize {
        self.capacity.saturating_sub(self.held)
    }

    /// Sends something that arrives at `at`, or after what was sent before; says when.
    pub(super) fn send(&mut self, at: u64, in_transit: InTransit) -> u64 {
        if let InTransit::Bytes(bytes) = &in_transit {
            self.held += bytes.len();
        }
        let at = self.in_transit.back().map_or(at, |(last, _)| at.max(*last));
        self.in_transit.push_back((at, in_transit));
        at
    }

    /// What has flown long enough arrives.
    pub(super) fn arrive(&mut self, now: u64) {
        while self.in_transit.front().is_some_and(|(at, _)| *at <= now) {
            match self.in_transit.pop_front() {
                Some((_, InTransit::Bytes(bytes))) => self.arrived.extend(bytes),
                Some((_, InTransit::End(End::Reset))) => self.reset(),
                Some((_, InTransit::End(end))) => self.end = Some(self.end.unwrap_or(end)),
                None => {}
            }
        }
    }

    pub(super) fn reset(&mut self) {
        self.clear();
        self.end = Some(End::Reset);
    }

    /// Whatever is under way is lost.
    pub(super) fn clear(&mut self) {
        self.in_transit.clear();
        self.arrived.clear();
        self.held = 0;
    }

    /// Takes at most `most` of what has arrived.
    pub(super) fn take(&mut self, most: usize) -> Vec<u8> {
        let count = most.min(self.arrived.len());
        self.held -= count;
        self.arrived.drain(..count).collect()
    }

    /// The same, into a buffer.
    pub(super) fn take_into(&mut self, into: &mut [u8]) {
        let count = into.len();
        self.held -= count;
        for (place, byte) in into.iter_mut().zip(self.arrived.drain(..count)) {
            *place = byte;
        }
    }

    pub(super) fn arrived(&self) -> usize {
        self.arrived.len()
    }

    /// Everything in it, in_transit or arrived.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Whether nobody is there who sent it.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self.end, Some(End::Gone | End::Reset))
    }

    /// How it ended, once all that came before was read.
    pub(super) fn end(&self) -> Option<End> {
        self.end.filter(|end| *end == End::Reset || self.arrived.is_empty())
    }
}
