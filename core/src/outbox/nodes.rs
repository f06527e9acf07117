//! The pool of nodes, which hold the older spans of all queues.

use super::entry::NONE;
use alloc::vec::Vec;

/// Consecutive frames in the log of a room. Clients that get the same messages have equal spans, which shows that
/// they can share a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// The slot of the first frame.
    pub(crate) first: u32,
    /// The number of frames, at least one.
    pub(crate) count: u32,
}

/// A span in a queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    /// The next node in the queue or in the free list.
    pub(crate) next: u32,
}

/// The pool. The node freed last is used again first, so that a warm hub allocates nothing.
#[derive(Clone, Debug)]
pub(crate) struct Nodes {
    pub(super) list: Vec<Node>,
    pub(super) free: u32,
    pub(super) used: u32,
}

impl Nodes {
    pub(crate) fn new() -> Self {
        Self { list: Vec::new(), free: NONE, used: 0 }
    }

    pub(crate) fn insert(&mut self, span: Span, next: u32) -> u32 {
        self.used += 1;
        let node = Node { span, next };
        if self.free == NONE {
            let index = self.list.len() as u32;
            self.list.push(node);
            index
        } else {
            let index = self.free;
            let slot = &mut self.list[index as usize];
            self.free = slot.next;
            *slot = node;
            index
        }
    }

    pub(crate) fn remove(&mut self, index: u32) {
        self.list[index as usize].next = self.free;
        self.free = index;
        self.used -= 1;
    }

    pub(crate) fn get(&self, index: u32) -> Node {
        self.list[index as usize]
    }

    pub(crate) fn get_mut(&mut self, index: u32) -> &mut Node {
        &mut self.list[index as usize]
    }

    /// The number of nodes in queues.
    pub(crate) fn used(&self) -> u32 {
        self.used
    }
}
