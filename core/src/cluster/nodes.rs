//! The other nodes of the cluster, as far as they have been heard.

use super::action::{Departure, Totals};
use super::event::Counts;
use super::heard::{Heard, Verdict};
use super::node_id::NodeId;
use crate::pool::Pool;
use crate::time::Instant;
use alloc::collections::BTreeMap;
use core::time::Duration;

/// A bounded table of nodes: those that are present, and those that left and are not forgotten yet.
#[derive(Debug)]
pub(super) struct Nodes {
    by_id: BTreeMap<NodeId, u32>,
    slots: Pool<Node>,
    limit: u32,
    /// The sums over all nodes, this one included.
    totals: Totals,
    own: Counts,
    streams: usize,
    streams_limit: usize,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: NodeId,
    pub(super) incarnation: u64,
    is_present: bool,
    /// It said goodbye: no heartbeat of this incarnation brings it back.
    has_left: bool,
    beat: u64,
    heard_at: Instant,
    counts: Counts,
    /// By the slot of the subscription.
    streams: BTreeMap<u32, Heard>,
}

/// Who sent a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// A node of this slot. If it has started again, the incarnation that is gone.
    Known { slot: u32, replaced: Option<u64> },
    /// An earlier incarnation of a node.
    Outdated,
    /// There is no room for another node.
    Refused,
}

impl Nodes {
    pub(super) fn new(limit: u32, streams_limit: u32) -> Self {
        let totals = Totals { nodes: 1, counts: Counts::default() };
        Self {
            by_id: BTreeMap::new(),
            slots: Pool::default(),
            limit,
            totals,
            own: Counts::default(),
            streams: 0,
            streams_limit: streams_limit as usize,
        }
    }

    pub(super) const fn totals(&self) -> Totals {
        self.totals
    }

    pub(super) const fn present(&self) -> u64 {
        self.totals.nodes - 1
    }

    pub(super) const fn streams(&self) -> usize {
        self.streams
    }

    pub(super) const fn own(&self) -> Counts {
        self.own
    }

    pub(super) fn set_own(&mut self, counts: Counts) {
        self.totals.counts = exchanged(self.totals.counts, self.own, counts);
        self.own = counts;
    }

    /// The nodes that are present, in the order of their ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&NodeId, u64, Counts)> + '_ {
        let nodes = self.by_id.values().filter_map(|slot| self.slots.get(*slot));
        nodes.filter(|node| node.is_present).map(|node| (&node.id, node.incarnation, node.counts))
    }

    pub(super) fn get(&self, slot: u32) -> Option<&Node> {
        self.slots.get(slot)
    }

    /// The incarnation of a node, and whether it is present. O(log n).
    pub(super) fn find(&self, id: &str) -> Option<(u64, bool)> {
        let node = self.slots.get(*self.by_id.get(id)?)?;
        Some((node.incarnation, node.is_present))
    }

    /// A message of this node and incarnation has come. O(log n), and O(nodes) if the table is full and the node unknown.
    pub(super) fn heard(&mut self, id: &str, incarnation: u64, now: Instant) -> Sender {
        if let Some(&slot) = self.by_id.get(id)
            && let Some(node) = self.slots.get_mut(slot)
        {
            if incarnation < node.incarnation {
                return Sender::Outdated;
            }
            if !node.is_present {
                node.heard_at = now;
            }
            let mut replaced = None;
            if incarnation > node.incarnation {
                replaced = node.is_present.then_some(node.incarnation);
                node.incarnation = incarnation;
                node.has_left = false;
                node.beat = 0;
                node.heard_at = now;
                node.streams.values_mut().for_each(Heard::restart);
                self.set_absent(slot);
            }
            return Sender::Known { slot, replaced };
        }
        if self.slots.len() >= self.limit as usize && !self.forget_one() {
            return Sender::Refused;
        }
        let Ok(id) = NodeId::new(id) else { return Sender::Refused };
        let slot = self.slots.insert(Node {
            id: id.clone(),
            incarnation,
            is_present: false,
            has_left: false,
            beat: 0,
            heard_at: now,
            counts: Counts::default(),
            streams: BTreeMap::new(),
        });
        self.by_id.insert(id, slot);
        Sender::Known { slot, replaced: None }
    }

    /// Takes in a heartbeat; `None` if it is a repeat or of a node that has left, else whether the node is present by it. O(1).
    pub(super) fn beat(&mut self, slot: u32, beat: u64, counts: Counts, now: Instant) -> Option<bool> {
        let node = self.slots.get_mut(slot)?;
        if node.has_left || beat <= node.beat {
            return None;
        }
        node.beat = beat;
        node.heard_at = now;
        self.totals.counts = exchanged(self.totals.counts, node.counts, counts);
        node.counts = counts;
        let joins = !core::mem::replace(&mut node.is_present, true);
        self.totals.nodes += u64::from(joins);
        Some(joins)
    }

    /// A node says goodbye; returns whether it was present. O(1).
    pub(super) fn goodbye(&mut self, slot: u32, now: Instant) -> bool {
        let Some(node) = self.slots.get_mut(slot) else { return false };
        node.has_left = true;
        node.heard_at = now;
        let was_present = node.is_present;
        self.set_absent(slot);
        was_present
    }

    /// The node counts no more. Its streams are kept, so that what comes late or again is known.
    fn set_absent(&mut self, slot: u32) {
        let Some(node) = self.slots.get_mut(slot) else { return };
        let counts = core::mem::take(&mut node.counts);
        self.totals.counts = exchanged(self.totals.counts, counts, Counts::default());
        let was_present = core::mem::replace(&mut node.is_present, false);
        self.totals.nodes -= u64::from(was_present);
    }

    /// Evicts a node that is silent for `silence`, counted at the earliest from `since` on; forgets those that are absent for `forget`.
    /// To be called until there is none. O(nodes).
    pub(super) fn evict(
        &mut self,
        now: Instant,
        since: Instant,
        silence: Duration,
        forget: Duration,
    ) -> Option<(NodeId, u64, Departure)> {
        while let Some(slot) = self.find_absent(|node| node.heard_at + forget <= now) {
            self.remove(slot);
        }
        let is_silent = |node: &Node| node.is_present && node.heard_at.max(since) + silence <= now;
        let slot = self.slots.iter().find(|(_, node)| is_silent(node)).map(|(slot, _)| slot)?;
        self.set_absent(slot);
        let node = self.slots.get(slot)?;
        Some((node.id.clone(), node.incarnation, Departure::Silent))
    }

    fn find_absent(&self, is_it: impl Fn(&Node) -> bool) -> Option<u32> {
        let mut nodes = self.slots.iter();
        nodes.find(|(_, node)| !node.is_present && is_it(node)).map(|(slot, _)| slot)
    }

    /// Makes room for another node: the absent one that was not heard for longest is forgotten.
    fn forget_one(&mut self) -> bool {
        let absent = self.slots.iter().filter(|(_, node)| !node.is_present);
        let Some((slot, _)) = absent.min_by_key(|(slot, node)| (node.heard_at, *slot)) else { return false };
        self.remove(slot);
        true
    }

    fn remove(&mut self, slot: u32) {
        if let Some(node) = self.slots.remove(slot) {
            self.by_id.remove(&node.id);
            self.streams -= node.streams.len();
        }
    }

    /// Takes in the number of a message; `None` if there is no room to remember it. O(log streams).
    pub(super) fn number(&mut self, slot: u32, on: u32, stream: u64, sequence: u64) -> Option<Verdict> {
        let node = self.slots.get_mut(slot)?;
        if let Some(heard) = node.streams.get_mut(&on) {
            return Some(heard.check(stream, sequence));
        }
        self.begin(slot, on, Heard::first(stream, sequence)).then_some(Verdict::New { lost: 0 })
    }

    /// Takes in that the last message of a stream has this number; returns how many are lost. O(log streams).
    pub(super) fn tail(&mut self, slot: u32, on: u32, stream: u64, top: u64) -> u64 {
        let Some(node) = self.slots.get_mut(slot) else { return 0 };
        if let Some(heard) = node.streams.get_mut(&on) {
            return heard.tail(stream, top);
        }
        self.begin(slot, on, Heard::told(stream, top));
        0
    }

    fn begin(&mut self, slot: u32, on: u32, heard: Heard) -> bool {
        let has_room = self.streams < self.streams_limit;
        if has_room && let Some(node) = self.slots.get_mut(slot) {
            node.streams.insert(on, heard);
            self.streams += 1;
        }
        has_room
    }

    /// A subscription has ended. O(nodes · log streams).
    pub(super) fn unsubscribed(&mut self, on: u32) {
        for node in self.slots.values_mut() {
            self.streams -= usize::from(node.streams.remove(&on).is_some());
        }
    }

    pub(super) fn check(&self) -> Result<(), &'static str> {
        let mut totals = Totals { nodes: 1, counts: self.own };
        let mut streams = 0;
        for (_, node) in self.slots.iter() {
            streams += node.streams.len();
            totals.nodes += u64::from(node.is_present);
            totals.counts = exchanged(totals.counts, Counts::default(), node.counts);
        }
        if totals != self.totals {
            return Err("the totals are the sums over the nodes that are present");
        }
        if streams != self.streams || streams > self.streams_limit {
            return Err("the streams are counted, and within their bound");
        }
        let is_bounded = self.slots.len() <= self.limit as usize && self.by_id.len() == self.slots.len();
        if is_bounded { Ok(()) } else { Err("the table of nodes is within its bound, and each has its id") }
    }
}

/// A sum in which one part is exchanged. Wrapping, so that a node that claims too much cannot spoil it for longer than it is there.
const fn exchanged(sum: Counts, old: Counts, new: Counts) -> Counts {
    const fn one(sum: u64, old: u64, new: u64) -> u64 {
        sum.wrapping_sub(old).wrapping_add(new)
    }
    Counts {
        clients: one(sum.clients, old.clients, new.clients),
        users: one(sum.users, old.users, new.users),
        rooms: one(sum.rooms, old.rooms, new.rooms),
    }
}
