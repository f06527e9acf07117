//! The schedule of a simulation: the times at which things happen, except for timers.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Something that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due<T> {
    /// Bytes arrive at the hub's end of a wire.
    ToHub(usize),
    /// Bytes arrive at the peer's end of a wire.
    ToPeer(usize),
    /// A transport whose read returned `Pending` as a simulated fault may be read again.
    Readable(usize),
    /// A transport whose write returned `Pending` as a simulated fault may be written again.
    Writable(usize),
    /// A wire has room again for bytes that its peer wants to send.
    Room(usize),
    /// An event of the simulation's own.
    Own(T),
}

/// Things that are due, in the order of their times; at the same time, in the order in which they were put in.
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
    /// Puts in something that is due at the time `at`, in nanoseconds.
    pub fn put(&mut self, at: u64, due: Due<T>) {
        self.heap.push(Reverse((at, self.next, due)));
        self.next += 1;
    }

    /// The time at which the next thing is due.
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
