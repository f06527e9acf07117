//! The subjects to which this node subscribes, and how far it has come with that on the link.

use super::address::Place;
use super::subject::Subject;
use super::traffic::Command;
use crate::id::Name;
use crate::pool::Pool;
use crate::time::Instant;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

/// Subscriptions by subject, in slots that are used again.
///
/// Nothing is done for each subscription when a link comes up: a subscription knows the number of the link on which it was asked for, and a
/// cursor goes through the slots, batch by batch.
#[derive(Debug)]
pub(super) struct Interests {
    by_subject: BTreeMap<Subject, u32>,
    slots: Pool<Subscription>,
    /// Slots to subscribe or unsubscribe, each once.
    queue: VecDeque<u32>,
    /// Up to where the slots were asked for on this link.
    cursor: u32,
    /// Asked for, and not confirmed yet, since when.
    unconfirmed: BTreeSet<(Instant, u32)>,
    /// Without interest, and until when they stay.
    lingering: BTreeSet<(Instant, u32)>,
    link: u64,
}

/// What a subscription is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    All,
    Node,
    Room,
    User,
}

#[derive(Debug)]
struct Subscription {
    subject: Subject,
    what: What,
    /// The rooms or users: one, or more if their hashes are equal, or none while it lingers.
    names: Vec<Name>,
    is_queued: bool,
    lingers_until: Option<Instant>,
    /// The link on which it was asked for, and when.
    asked: (u64, Instant),
    is_confirmed: bool,
}

impl Subscription {
    fn is_wanted(&self) -> bool {
        !self.names.is_empty() || matches!(self.what, What::All | What::Node)
    }
}

impl Interests {
    /// Those of each node, in this order: all nodes, and the node itself.
    pub(super) fn new(all: Subject, node: Subject) -> Self {
        let mut interests = Self {
            by_subject: BTreeMap::new(),
            slots: Pool::default(),
            queue: VecDeque::new(),
            cursor: 0,
            unconfirmed: BTreeSet::new(),
            lingering: BTreeSet::new(),
            link: 0,
        };
        interests.insert(all, What::All, Vec::new());
        interests.insert(node, What::Node, Vec::new());
        interests
    }

    fn insert(&mut self, subject: Subject, what: What, names: Vec<Name>) -> u32 {
        let subscription = Subscription {
            subject: subject.clone(),
            what,
            names,
            is_queued: false,
            lingers_until: None,
            asked: (0, Instant::ORIGIN),
            is_confirmed: false,
        };
        let slot = self.slots.insert(subscription);
        self.by_subject.insert(subject, slot);
        slot
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn find(&self, subject: &str) -> Option<u32> {
        self.by_subject.get(subject).copied()
    }

    pub(super) fn what(&self, slot: u32) -> Option<What> {
        self.slots.get(slot).map(|subscription| subscription.what)
    }

    /// The name of a room or user in which the node is interested, on this subscription. O(1).
    pub(super) fn name(&self, slot: u32, name: &str) -> Option<Name> {
        let names = &self.slots.get(slot)?.names;
        names.iter().find(|wanted| &***wanted == name).cloned()
    }

    /// Any of the names of a subscription that is wanted.
    pub(super) fn any_name(&self, slot: u32) -> Option<Name> {
        self.slots.get(slot)?.names.first().cloned()
    }

    /// Interest in a room or user begins. `false` if there are so many already. O(log n).
    pub(super) fn want(&mut self, subject: &str, place: Place<'_>, limit: u32) -> bool {
        let (what, name) = match place {
            Place::Room(name) => (What::Room, name),
            Place::User(name) => (What::User, name),
            Place::All | Place::Node(_) => return true,
        };
        let Some(slot) = self.find(subject) else {
            // Besides those of each node.
            if self.slots.len() >= limit as usize + 2 {
                return false;
            }
            let slot = self.insert(Subject::made(subject), what, [name.into()].into());
            self.enqueue(slot);
            return true;
        };
        let Some(subscription) = self.slots.get_mut(slot) else { return true };
        if !subscription.names.iter().any(|wanted| &**wanted == name) {
            subscription.names.push(name.into());
        }
        if let Some(until) = subscription.lingers_until.take() {
            self.lingering.remove(&(until, slot));
        }
        self.enqueue(slot);
        true
    }

    /// Interest in a room or user ends. The subscription stays until `until`. O(log n).
    pub(super) fn unwant(&mut self, subject: &str, name: &str, until: Instant) {
        let Some(slot) = self.find(subject) else { return };
        let Some(subscription) = self.slots.get_mut(slot) else { return };
        subscription.names.retain(|wanted| &**wanted != name);
        if !subscription.is_wanted() && subscription.lingers_until.is_none() {
            subscription.lingers_until = Some(until);
            self.lingering.insert((until, slot));
        }
    }

    /// Something is to be done for this slot with the next batches, perhaps.
    fn enqueue(&mut self, slot: u32) {
        if let Some(subscription) = self.slots.get_mut(slot)
            && !core::mem::replace(&mut subscription.is_queued, true)
        {
            self.queue.push_back(slot);
        }
    }

    /// A link without subscriptions is up. Those that were unconfirmed are bounded by [`take`](Self::take). O(unconfirmed).
    pub(super) fn link_up(&mut self, link: u64) {
        self.link = link;
        self.cursor = 0;
        self.unconfirmed.clear();
    }

    /// The link is gone.
    pub(super) fn link_down(&mut self) {
        self.link = 0;
        self.unconfirmed.clear();
    }

    /// Subscribes and unsubscribes, with at most `most` commands, and while at most `unconfirmed` subscriptions are not confirmed. Adds
    /// the subscriptions that have ended to `removed`.
    pub(super) fn take(
        &mut self,
        now: Instant,
        most: usize,
        unconfirmed: usize,
        commands: &mut Vec<Command>,
        removed: &mut Vec<u32>,
    ) {
        // So many slots are looked at, at most: those with nothing to do cost, too.
        let mut steps = 8 * most;
        while commands.len() < most && steps > 0 && self.unconfirmed.len() < unconfirmed {
            steps -= 1;
            let slot = if (self.cursor as usize) < self.slots.slots() {
                self.cursor += 1;
                self.cursor - 1
            } else if let Some(slot) = self.queue.pop_front() {
                if let Some(subscription) = self.slots.get_mut(slot) {
                    subscription.is_queued = false;
                }
                slot
            } else {
                return;
            };
            self.step(slot, now, commands, removed);
        }
    }

    fn step(&mut self, slot: u32, now: Instant, commands: &mut Vec<Command>, removed: &mut Vec<u32>) {
        let Some(subscription) = self.slots.get_mut(slot) else { return };
        let is_asked = subscription.asked.0 == self.link;
        if subscription.is_wanted() {
            if !is_asked {
                subscription.asked = (self.link, now);
                subscription.is_confirmed = false;
                commands.push(Command::Subscribe(subscription.subject.clone()));
                self.unconfirmed.insert((now, slot));
            }
        } else if subscription.lingers_until.is_some_and(|until| until <= now) {
            // The confirmation comes first, or it would be taken for that of a later subscription to this subject.
            if is_asked && !subscription.is_confirmed {
                return;
            }
            if is_asked {
                commands.push(Command::Unsubscribe(subscription.subject.clone()));
            }
            self.remove(slot, removed);
        }
    }

    fn remove(&mut self, slot: u32, removed: &mut Vec<u32>) {
        if let Some(subscription) = self.slots.get(slot)
            && !subscription.is_queued
            && let Some(subscription) = self.slots.remove(slot)
        {
            self.by_subject.remove(&subscription.subject);
            if let Some(until) = subscription.lingers_until {
                self.lingering.remove(&(until, slot));
            }
            removed.push(slot);
        }
    }

    /// The broker has confirmed a subscription; returns its slot if it was asked for on this link. O(log n).
    pub(super) fn confirmed(&mut self, subject: &str) -> Option<u32> {
        let slot = self.find(subject)?;
        let subscription = self.slots.get_mut(slot)?;
        if subscription.asked.0 != self.link || subscription.is_confirmed {
            return None;
        }
        subscription.is_confirmed = true;
        self.unconfirmed.remove(&(subscription.asked.1, slot));
        if !subscription.is_wanted() {
            // It may have been waiting for this.
            self.enqueue(slot);
        }
        Some(slot)
    }

    /// Passes slots with nothing to do, at most so many, so that they do not keep the node from being settled.
    pub(super) fn skip(&mut self, now: Instant, steps: usize) {
        for _ in 0..steps {
            let is_of_cursor = (self.cursor as usize) < self.slots.slots();
            let next = if is_of_cursor { Some(self.cursor) } else { self.queue.front().copied() };
            let Some(slot) = next else { return };
            let Some(subscription) = self.slots.get_mut(slot) else {
                if is_of_cursor {
                    self.cursor += 1;
                } else {
                    self.queue.pop_front();
                }
                continue;
            };
            let is_asked = subscription.asked.0 == self.link;
            let is_over = subscription.lingers_until.is_some_and(|until| until <= now)
                && (!is_asked || subscription.is_confirmed);
            if if subscription.is_wanted() { !is_asked } else { is_over } {
                return;
            }
            if is_of_cursor {
                self.cursor += 1;
            } else {
                subscription.is_queued = false;
                self.queue.pop_front();
            }
        }
    }

    /// Whether all is asked for on this link, and confirmed. O(1).
    pub(super) fn is_settled(&self) -> bool {
        self.cursor as usize >= self.slots.slots() && self.queue.is_empty() && self.unconfirmed.is_empty()
    }

    /// Whether there may be something to subscribe or unsubscribe. O(1).
    pub(super) fn has_work(&self, unconfirmed: usize) -> bool {
        self.unconfirmed.len() < unconfirmed
            && ((self.cursor as usize) < self.slots.slots() || !self.queue.is_empty())
    }

    /// Since when a subscription waits to be confirmed. O(log n).
    pub(super) fn unconfirmed_since(&self) -> Option<Instant> {
        self.unconfirmed.first().map(|(asked, _)| *asked)
    }

    /// When the next subscription has lingered long enough. O(log n).
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.lingering.first().map(|(until, _)| *until)
    }

    /// Ends subscriptions that have lingered long enough, at most so many: those of no link at once, others with the next batch.
    pub(super) fn expire(&mut self, now: Instant, most: u32, removed: &mut Vec<u32>) {
        for _ in 0..most {
            let Some(&(until, slot)) = self.lingering.first() else { return };
            if until > now {
                return;
            }
            self.lingering.pop_first();
            let is_asked = self.slots.get(slot).is_some_and(|of| of.asked.0 == self.link && of.asked.0 > 0);
            if is_asked { self.enqueue(slot) } else { self.remove(slot, removed) }
        }
    }

    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.by_subject.len() != self.slots.len() {
            return Err("each subscription has its subject");
        }
        let mut unconfirmed = 0;
        for (slot, subscription) in self.slots.iter() {
            if self.find(subscription.subject.as_str()) != Some(slot) {
                return Err("a subject leads to its subscription");
            }
            let is_asked = self.link > 0 && subscription.asked.0 == self.link;
            unconfirmed += usize::from(is_asked && !subscription.is_confirmed);
            if subscription.is_wanted() && subscription.lingers_until.is_some() {
                return Err("what is wanted does not linger");
            }
            let is_known = is_asked || subscription.is_queued || slot >= self.cursor || self.link == 0;
            if subscription.is_wanted() && !is_known {
                return Err("what is wanted is asked for, or will be");
            }
        }
        if unconfirmed == self.unconfirmed.len() { Ok(()) } else { Err("what is unconfirmed is known to be") }
    }
}
