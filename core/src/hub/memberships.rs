//! Memberships of clients in rooms. Each is a node from one pool, linked in a list of its client, so that joining
//! and leaving do not allocate once the pool is warm.
//!
//! A membership is looked for by its room. In the list of a client that is in few rooms that is a short walk. A client that
//! is in more than [`FEW`] has a hash table beside its list, or joining a thousand rooms would take half a million steps.
//! Tables are hashed under the hub's key: peers choose the rooms that a client joins.

use crate::outbox::NONE;
use alloc::vec::Vec;
use core::hash::Hasher;
use hashbrown::HashTable;
use siphasher::sip::SipHasher13;

/// As many rooms as a client may be in without a table.
pub(super) const FEW: u32 = 32;

/// A room that a client is in, and the client's position in the room's list.
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
    /// The tables of the clients that are in more than [`FEW`] rooms. No order of a table shows.
    tables: HashTable<Table>,
    key: [u64; 2],
}

/// The memberships of one client, hashed by their room.
#[derive(Clone, Debug)]
struct Table {
    client: u32,
    nodes: HashTable<u32>,
}

impl Memberships {
    pub(super) fn new(key: [u64; 2]) -> Self {
        Self { nodes: Vec::new(), free: NONE, len: 0, tables: HashTable::new(), key }
    }

    /// Adds a membership to the end of a client's list. O(1), but for the one that is the first too many for a walk.
    pub(super) fn insert(&mut self, client: u32, list: &mut List, room: u32, position: u32) -> u32 {
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
        if list.len > FEW {
            self.add_to_table(client, *list, node);
        }
        node
    }

    /// Removes a membership from its client's list.
    #[inline]
    pub(super) fn remove(&mut self, client: u32, list: &mut List, node: u32) -> Membership {
        if list.len > FEW {
            self.remove_from_table(client, list.len - 1, node);
        }
        self.unlink(list, node)
    }

    /// Before all memberships of a client end, which [`pop`](Self::pop) then takes one by one.
    pub(super) fn begin_to_pop(&mut self, client: u32, list: List) {
        if list.len > FEW {
            // Nothing that is left of the list is as long as the table.
            self.remove_from_table(client, FEW, list.first);
        }
    }

    /// Takes the membership that has lasted longest out of the list of a client that loses all of them.
    pub(super) fn pop(&mut self, list: &mut List) -> Option<Membership> {
        let first = list.first()?;
        Some(self.unlink(list, first))
    }

    fn unlink(&mut self, list: &mut List, node: u32) -> Membership {
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

    /// The membership of a client in a room. O(1).
    pub(super) fn find(&self, client: u32, list: List, room: u32) -> Option<u32> {
        if list.len <= FEW {
            return self.iter(list).find(|(_, membership)| membership.room == room).map(|(node, _)| node);
        }
        let table = self.tables.find(hash(self.key, client), |table| table.client == client)?;
        let is_it = |&node: &u32| self.nodes[node as usize].room == room;
        table.nodes.find(hash(self.key, room), is_it).copied()
    }

    /// Adds the last of a list to the client's table, or all of it to a new one.
    #[cold]
    fn add_to_table(&mut self, client: u32, list: List, node: u32) {
        let (key, nodes) = (self.key, &self.nodes);
        let by_room = |&node: &u32| hash(key, nodes[node as usize].room);
        if let Some(table) = self.tables.find_mut(hash(key, client), |table| table.client == client) {
            table.nodes.insert_unique(by_room(&node), node, by_room);
            return;
        }
        let mut table = Table { client, nodes: HashTable::with_capacity(list.len()) };
        for (node, _) in self.iter(list) {
            table.nodes.insert_unique(by_room(&node), node, by_room);
        }
        self.tables.insert_unique(hash(key, client), table, |table| hash(key, table.client));
    }

    /// Takes a membership out of the client's table. With `left` others the client may need none any more.
    #[cold]
    fn remove_from_table(&mut self, client: u32, left: u32, node: u32) {
        let room = hash(self.key, self.nodes[node as usize].room);
        let table = self.tables.find_entry(hash(self.key, client), |table| table.client == client);
        let Ok(mut table) = table else { return };
        if left <= FEW {
            table.remove();
        } else if let Ok(entry) = table.get_mut().nodes.find_entry(room, |&other| other == node) {
            entry.remove();
        }
    }

    /// Clients that have a table.
    pub(super) fn tables(&self) -> usize {
        self.tables.len()
    }

    /// Memberships in the table of a client; 0 if it has none.
    pub(super) fn in_table(&self, client: u32) -> usize {
        let table = self.tables.find(hash(self.key, client), |table| table.client == client);
        table.map_or(0, |table| table.nodes.len())
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

fn hash(key: [u64; 2], number: u32) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(key[0], key[1]);
    hasher.write(&number.to_le_bytes());
    hasher.finish()
}
