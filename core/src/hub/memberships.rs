//! Who is in which room: one node for each membership, linked in a list of its client, all from one pool, so that
//! neither joining nor leaving allocates once it is warm.

use crate::outbox::NONE;
use alloc::vec::Vec;

/// A room that a client is in, and where the room lists it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Membership {
    pub(super) room: u32,
    pub(super) position: u32,
    /// The client's next membership; after the last comes the first. In the free list: the next free node.
    pub(super) next: u32,
    /// The client's previous membership; before the first comes the last.
    pub(super) prev: u32,
}

const _: () =
    assert!(size_of::<Membership>() == 16, "with the room's two lists it makes 24 bytes a membership");

/// The memberships of a client, in the order of joining.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    pub(super) first: u32,
    pub(super) len: u32,
}

impl List {
    pub(super) const EMPTY: Self = Self { first: NONE, len: 0 };

    pub(super) fn len(self) -> usize {
        self.len as usize
    }

    /// The oldest membership.
    pub(super) fn first(self) -> Option<u32> {
        (self.len > 0).then_some(self.first)
    }
}

/// The pool. The node freed last is used again first.
#[derive(Clone, Debug)]
pub(super) struct Memberships {
    pub(super) nodes: Vec<Membership>,
    pub(super) free: u32,
    pub(super) len: usize,
}

impl Memberships {
    pub(super) fn new() -> Self {
        Self { nodes: Vec::new(), free: NONE, len: 0 }
    }

    /// Adds a membership to the end of a client's list.
    pub(super) fn insert(&mut self, list: &mut List, room: u32, position: u32) -> u32 {
        let node = self.claim();
        if list.len == 0 {
            list.first = node;
        }
        let next = list.first;
        let prev = if list.len == 0 { node } else { self.nodes[next as usize].prev };
        self.nodes[node as usize] = Membership { room, position, next, prev };
        self.nodes[prev as usize].next = node;
        self.nodes[next as usize].prev = node;
        list.len += 1;
        self.len += 1;
        node
    }

    /// Takes a membership out of the list it is in.
    pub(super) fn remove(&mut self, list: &mut List, node: u32) -> Membership {
        let removed = self.nodes[node as usize];
        self.nodes[removed.prev as usize].next = removed.next;
        self.nodes[removed.next as usize].prev = removed.prev;
        if list.first == node {
            list.first = removed.next;
        }
        self.nodes[node as usize].next = self.free;
        self.free = node;
        list.len -= 1;
        self.len -= 1;
        removed
    }

    /// A node of its own, linked to nothing.
    fn claim(&mut self) -> u32 {
        if self.free != NONE {
            let node = self.free;
            self.free = self.nodes[node as usize].next;
            return node;
        }
        let node = self.nodes.len() as u32;
        self.nodes.push(Membership { room: NONE, position: NONE, next: node, prev: node });
        node
    }

    pub(super) fn set_position(&mut self, node: u32, position: u32) {
        self.nodes[node as usize].position = position;
    }

    /// The memberships of a list, each with its node.
    pub(super) fn iter(&self, list: List) -> impl Iterator<Item = (u32, Membership)> + '_ {
        let mut node = list.first;
        (0..list.len).map(move |_| {
            let at = node;
            let membership = self.nodes[at as usize];
            node = membership.next;
            (at, membership)
        })
    }

    /// The number of memberships of all clients.
    pub(super) fn len(&self) -> usize {
        self.len
    }
}
