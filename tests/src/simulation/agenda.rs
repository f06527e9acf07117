//! What happens at which moment, besides timers.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Something that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
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
    /// A peer's next act.
    Act(usize),
    /// A peer that reads slowly reads on.
    Read(usize),
    /// A peer that stalled goes on.
    Resume(usize),
    /// The application acts without being asked by a peer.
    Application,
    /// The host stands still.
    Jump,
    /// The hub is given another config.
    Reconfigure,
}

/// In the order of time, and of what was put in first.
#[derive(Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<(u64, u64, Due)>>,
    next: u64,
}

impl Agenda {
    pub(super) fn put(&mut self, at: u64, due: Due) {
        self.heap.push(Reverse((at, self.next, due)));
        self.next += 1;
    }

    pub(super) fn next(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    /// The next thing that is due by `now`.
    pub(super) fn pop(&mut self, now: u64) -> Option<Due> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse((.., due))| due)
    }
}
