//! What happens at which moment, besides timers.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Something that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due<T> {
    /// Bytes arrive at the hub's end of a wire.
    ToHub(usize),
    /// Bytes arrive at the peer's end of a wire.
    ToPeer(usize),
    /// A transport that said "pending" for no reason may be read again.
    Readable(usize),
    /// The same for writing.
    Writable(usize),
    /// There is room for what a peer has to send.
    Room(usize),
    /// Whatever the simulation has put in.
    Own(T),
}

/// In the order of time, and of what was put in first.
pub struct Schedule<T> {
    heap: BinaryHeap<Reverse<(u64, u64, Due<T>)>>,
    next: u64,
}

impl<T: Ord> Default for Schedule<T> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), next: 0 }
    }
}

impl<T: Ord> Schedule<T> {
    /// This is due at that moment.
    pub fn put(&mut self, at: u64, due: Due<T>) {
        self.heap.push(Reverse((at, self.next, due)));
        self.next += 1;
    }

    /// When the next thing is due.
    pub fn next(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    /// The next thing that is due by `now`.
    pub fn pop(&mut self, now: u64) -> Option<Due<T>> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse((.., due))| due)
    }
}
