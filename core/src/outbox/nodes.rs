//! The queue entries of all outboxes: eight bytes each, from one pool.

use super::entry::NONE;
use alloc::vec::Vec;

/// One queued frame of one client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// Which frame.
    pub(crate) frame: u32,
    /// The node after it in its queue, or in the free list.
    pub(crate) next: u32,
}

/// The pool. Freed nodes are used again, last first, so that a warm hub allocates nothing.
#[derive(Clone, Debug)]
pub(crate) struct Nodes {
    list: Vec<Node>,
    free: u32,
    used: u32,
}

impl Nodes {
    pub(crate) fn new() -> Self {
        Self { list: Vec::new(), free: NONE, used: 0 }
    }

    #[inline]
    pub(crate) fn insert(&mut self, frame: u32, next: u32) -> u32 {
        self.used += 1;
        let node = Node { frame, next };
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

    /// Gives back a chain of `count` nodes from `first` to `last`.
    #[inline]
    pub(crate) fn remove_chain(&mut self, first: u32, last: u32, count: u32) {
        self.list[last as usize].next = self.free;
        self.free = first;
        self.used -= count;
    }

    #[inline]
    pub(crate) fn get(&self, index: u32) -> Node {
        self.list[index as usize]
    }

    #[inline]
    pub(crate) fn set_next(&mut self, index: u32, next: u32) {
        self.list[index as usize].next = next;
    }

    /// Nodes in queues.
    pub(crate) fn used(&self) -> u32 {
        self.used
    }
}
