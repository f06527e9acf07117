//! The one timer structure of the core: a hierarchical timing wheel that fires in an exact order.
//!
//! Time is divided into ticks of 2^20 ns (about a millisecond). A level has 64 slots, each as wide as the whole level
//! below it. A timer is at the level of the highest base-64 digit in which its tick differs from the wheel's tick. So
//! its slot depends only on its deadline, and timers of one tick always share a list, in the order in which they were
//! set. When the wheel enters a slot, the slot's timers move down a level or more; those of the current tick move to a
//! heap, which sorts the few timers of one tick by their nanoseconds. Setting and cancelling are O(1); firing costs
//! O(log k) for k timers of one tick.
//!
//! A slot may hold a hundred thousand timers. They move down in parts: the caller limits the steps, and until all timers
//! of a slot have moved, the wheel asks to be called again at once. A timer that is set meanwhile and belongs to that
//! slot goes behind those that have not moved, so that the order stays exact.

use alloc::boxed::Box;
use alloc::collections::BinaryHeap;
use alloc::vec;
use core::cmp::Reverse;

use slab::Slab;

use crate::time::Instant;

mod check;
#[cfg(feature = "trace")]
mod snapshot;
#[cfg(test)]
mod tests;

/// A tick is 2^20 ns. Finer ticks would only need more levels, since the order within a tick is exact.
const TICK_BITS: u32 = 20;
/// 64 slots a level, so that one `u64` has a bit for each.
const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
/// Enough for the tick of any `u64` of nanoseconds.
const LEVELS: usize = (u64::BITS - TICK_BITS).div_ceil(DIGIT_BITS) as usize;
/// The end of a list.
const NIL: u32 = u32::MAX;
/// The heap is swept when its cancelled timers exceed the live ones by this number.
const CANCELLED_SLACK: usize = 64;

/// A timer of a [`Wheel`], valid until its owner removes it.
///
/// It has no generation: an owner must remove each of its timers exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timer(u32);

/// Timers by deadline, each with an owner.
///
/// A timer fires at the first [`pop`](Self::pop) at or after its deadline, never before. Timers fire in the order of
/// (deadline, last set), whatever the steps in which time advances. A timer with the deadline
/// [`Instant::FAR_FUTURE`] never fires.
#[derive(Clone, Debug)]
pub(crate) struct Wheel<T> {
    nodes: Slab<Node<T>>,
    /// The tick up to which slots have been entered. Every timer in a slot is of this tick or a later one; overdue
    /// timers count as of this tick.
    tick: u64,
    /// For each level a bit for each slot, set if the slot is not empty.
    occupied: [u64; LEVELS],
    /// `LEVELS * SLOTS` lists, level by level.
    slots: Box<[Slot]>,
    /// The rest of the slot that the wheel entered last, while its timers move down.
    spreading: Option<Spreading>,
    /// Timers of this tick or an earlier one, and what is left of those cancelled since they came here.
    due: BinaryHeap<Reverse<Due>>,
    /// How many entries of `due` are not cancelled.
    due_live: usize,
    /// The number of timers ever added to `due`, which orders equal deadlines.
    due_count: u64,
}

#[derive(Clone, Debug)]
struct Node<T> {
    deadline: Instant,
    owner: T,
    link: Link,
}

/// The place of a node.
#[derive(Clone, Copy, Debug)]
enum Link {
    /// In no list: the timer has fired, or never fires.
    Idle,
    /// In the list of its deadline's slot.
    Slot { prev: u32, next: u32 },
    /// In the heap, as the entry with this order. Other entries of the node are cancelled.
    Due { order: u64 },
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    head: u32,
    tail: u32,
    /// The earliest deadline added since the slot was last empty. Too early if that timer was cancelled, never too late.
    soonest: Instant,
}

/// Timers of a slot that are still to move down.
#[derive(Clone, Copy, Debug)]
struct Spreading {
    /// The number of low bits of a tick that the slot ignores.
    shift: u32,
    head: u32,
    tail: u32,
}

const EMPTY: Slot = Slot { head: NIL, tail: NIL, soonest: Instant::FAR_FUTURE };

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Due {
    deadline: Instant,
    order: u64,
    node: u32,
}

impl<T: Copy> Wheel<T> {
    /// Makes a wheel without timers, at the origin of time. Its slots take 8 KiB.
    pub(crate) fn new() -> Self {
        Self {
            nodes: Slab::new(),
            tick: 0,
            occupied: [0; LEVELS],
            slots: vec![EMPTY; LEVELS * SLOTS].into_boxed_slice(),
            spreading: None,
            due: BinaryHeap::new(),
            due_live: 0,
            due_count: 0,
        }
    }

    /// Reserves memory for `timers` more, so that inserting them does not allocate.
    pub(crate) fn reserve(&mut self, timers: usize) {
        self.nodes.reserve(timers);
    }

    /// The next timer whose deadline is not after `now`, with that deadline. `None` if there is none, or if `steps` are
    /// used up: the next call continues, and [`poll_timeout`](Self::poll_timeout) asks for it in time.
    ///
    /// A timer that moves down takes a step for each level; a cancelled timer takes one step.
    ///
    /// The timer stays allocated until its owner resets or removes it. A timer that is reset to a moment not after `now`
    /// is popped again: a caller that pops until there is none must not always do that.
    ///
    /// O(log k) for k timers of one tick, and amortized O(levels) for moving a timer down. Empty slots cost nothing,
    /// however far `now` is ahead.
    pub(crate) fn pop(&mut self, now: Instant, steps: &mut u32) -> Option<(Instant, T)> {
        loop {
            if !self.spread(steps) || !self.gather(steps) || !self.discard(steps) {
                return None;
            }
            // Every timer in the heap is earlier than every timer in a slot.
            if let Some(&Reverse(first)) = self.due.peek() {
                if first.deadline > now {
                    return None;
                }
                self.due.pop();
                self.due_live -= 1;
                let node = &mut self.nodes[first.node as usize];
                node.link = Link::Idle;
                return Some((first.deadline, node.owner));
            }
            if !self.advance(tick_of(now)) {
                return None;
            }
        }
    }

    /// When to call [`pop`](Self::pop) next; `None` if no timer is set. O(1).
    ///
    /// Never late. Early only where the earliest timer of a slot was cancelled, or timers are on their way down. After
    /// `pop(now)` has found no more with steps left, it is after `now`, so that a caller who sleeps until then never spins.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        if self.spreading.is_some() {
            return Some(Instant::ORIGIN);
        }
        let due = self.due.peek().map(|Reverse(first)| first.deadline);
        let waiting = self.first_slot().map(|(level, slot)| self.slots[level * SLOTS + slot].soonest);
        match (due, waiting) {
            (Some(due), Some(waiting)) => Some(due.min(waiting)),
            (due, waiting) => due.or(waiting),
        }
    }

    /// Makes a timer. If its deadline has passed, it fires at the next [`pop`](Self::pop). O(1).
    pub(crate) fn insert(&mut self, deadline: Instant, owner: T) -> Timer {
        let key = self.nodes.insert(Node { deadline, owner, link: Link::Idle });
        assert!(key < NIL as usize, "a wheel holds fewer than 2^32 - 1 timers");
        self.link(key as u32);
        Timer(key as u32)
    }

    /// Gives a timer, pending or fired, a new deadline, behind timers already set to the same moment.
    /// Amortized O(1).
    pub(crate) fn reset(&mut self, timer: Timer, deadline: Instant) {
        self.unlink(timer.0);
        self.nodes[timer.0 as usize].deadline = deadline;
        self.link(timer.0);
    }

    /// Removes a timer, pending or fired. Amortized O(1).
    pub(crate) fn remove(&mut self, timer: Timer) {
        self.unlink(timer.0);
        self.nodes.remove(timer.0 as usize);
    }

    /// When a timer fires, or has fired.
    #[cfg(test)]
    pub(crate) fn deadline(&self, timer: Timer) -> Instant {
        self.nodes[timer.0 as usize].deadline
    }

    /// Enters the next occupied slot that begins at or before tick `target`. If there is none, moves the wheel to
    /// `target` and returns `false`.
    fn advance(&mut self, target: u64) -> bool {
        if let Some((level, slot)) = self.first_slot() {
            let shift = level as u32 * DIGIT_BITS;
            let above = self.tick >> (shift + DIGIT_BITS) << (shift + DIGIT_BITS);
            let start = above | (slot as u64) << shift;
            if start <= target {
                self.tick = start;
                // A slot of level 0 is the tick itself: `gather` takes it, not `spread`.
                if level > 0 {
                    let tail = self.slots[level * SLOTS + slot].tail;
                    let head = self.take(level, slot);
                    self.spreading = Some(Spreading { shift, head, tail });
                }
                return true;
            }
        }
        self.tick = self.tick.max(target);
        false
    }

    /// Moves the timers of the slot entered last to the levels below it. Returns whether all have moved.
    fn spread(&mut self, steps: &mut u32) -> bool {
        while let Some(Spreading { head, .. }) = self.spreading {
            if !take_step(steps) {
                return false;
            }
            self.unlink(head);
            self.link_at_place(head);
        }
        true
    }

    /// Moves the timers of the wheel's own tick into the heap. Returns whether all have moved.
    fn gather(&mut self, steps: &mut u32) -> bool {
        let slot = digit(self.tick, 0);
        if self.occupied[0] & 1 << slot == 0 {
            return true;
        }
        self.sweep();
        while self.occupied[0] & 1 << slot != 0 {
            if !take_step(steps) {
                return false;
            }
            let node = self.slots[slot].head;
            self.unlink(node);
            let entry = &mut self.nodes[node as usize];
            entry.link = Link::Due { order: self.due_count };
            self.due.push(Reverse(Due { deadline: entry.deadline, order: self.due_count, node }));
            self.due_count += 1;
            self.due_live += 1;
        }
        true
    }

    /// Removes cancelled entries from the heap, which would pile up while time does not advance.
    fn sweep(&mut self) {
        if self.due.len() > 2 * self.due_live + CANCELLED_SLACK {
            let nodes = &self.nodes;
            self.due.retain(|Reverse(due)| is_live(nodes, due));
        }
    }

    /// Removes cancelled entries from the top of the heap. Returns whether none is left there.
    fn discard(&mut self, steps: &mut u32) -> bool {
        while let Some(Reverse(first)) = self.due.peek() {
            if is_live(&self.nodes, first) {
                return true;
            }
            if !take_step(steps) {
                return false;
            }
            self.due.pop();
        }
        true
    }

    /// The first occupied slot in time: all slots of a level come before those of the next.
    fn first_slot(&self) -> Option<(usize, usize)> {
        let level = self.occupied.iter().position(|&slots| slots != 0)?;
        Some((level, self.occupied[level].trailing_zeros() as usize))
    }

    /// The slot of a deadline, as level and number.
    fn place(&self, deadline: Instant) -> (usize, usize) {
        let tick = tick_of(deadline).max(self.tick);
        // Setting the lowest digit makes the result level 0 if no digit differs.
        let differing = (tick ^ self.tick) | (SLOTS as u64 - 1);
        let level = (differing.ilog2() / DIGIT_BITS) as usize;
        (level, digit(tick, level))
    }

    /// Empties a slot and returns its first node, which still links to the others.
    fn take(&mut self, level: usize, slot: usize) -> u32 {
        self.occupied[level] &= !(1 << slot);
        core::mem::replace(&mut self.slots[level * SLOTS + slot], EMPTY).head
    }

    fn next(&self, node: u32) -> u32 {
        match self.nodes[node as usize].link {
            Link::Slot { next, .. } => next,
            Link::Idle | Link::Due { .. } => NIL,
        }
    }

    /// Appends a node to the slot of its deadline, or to the timers that still move down from it.
    fn link(&mut self, node: u32) {
        let tick = tick_of(self.nodes[node as usize].deadline).max(self.tick);
        let is_never = self.nodes[node as usize].deadline == Instant::FAR_FUTURE;
        match &mut self.spreading {
            Some(Spreading { shift, tail, .. }) if !is_never && (tick ^ self.tick) >> *shift == 0 => {
                let prev = core::mem::replace(tail, node);
                self.nodes[node as usize].link = Link::Slot { prev, next: NIL };
                self.set_next(prev, node);
            }
            _ => self.link_at_place(node),
        }
    }

    fn link_at_place(&mut self, node: u32) {
        let deadline = self.nodes[node as usize].deadline;
        if deadline == Instant::FAR_FUTURE {
            self.nodes[node as usize].link = Link::Idle;
            return;
        }
        let (level, number) = self.place(deadline);
        self.occupied[level] |= 1 << number;
        let slot = &mut self.slots[level * SLOTS + number];
        let prev = core::mem::replace(&mut slot.tail, node);
        slot.soonest = slot.soonest.min(deadline);
        self.nodes[node as usize].link = Link::Slot { prev, next: NIL };
        if prev == NIL {
            slot.head = node;
        } else {
            self.set_next(prev, node);
        }
    }

    fn set_next(&mut self, node: u32, after: u32) {
        if let Link::Slot { next, .. } = &mut self.nodes[node as usize].link {
            *next = after;
        }
    }

    fn set_prev(&mut self, node: u32, before: u32) {
        if let Link::Slot { prev, .. } = &mut self.nodes[node as usize].link {
            *prev = before;
        }
    }

    /// Removes a node from its list or the heap.
    fn unlink(&mut self, node: u32) {
        let Node { deadline, link, .. } = self.nodes[node as usize];
        self.nodes[node as usize].link = Link::Idle;
        match link {
            Link::Idle => {}
            // The entry stays in the heap until it is popped or swept.
            Link::Due { .. } => self.due_live -= 1,
            Link::Slot { prev, next } => {
                if prev != NIL {
                    self.set_next(prev, next);
                }
                if next != NIL {
                    self.set_prev(next, prev);
                }
                if prev == NIL || next == NIL {
                    self.unlink_end(node, deadline, prev, next);
                }
            }
        }
    }

    /// Updates the ends of a list after its first or last node was removed: a slot's list, or that of timers that move
    /// down.
    fn unlink_end(&mut self, node: u32, deadline: Instant, prev: u32, next: u32) {
        if let Some(Spreading { head, tail, .. }) = &mut self.spreading
            && (*head == node || *tail == node)
        {
            if *head == node {
                *head = next;
            }
            if *tail == node {
                *tail = prev;
            }
            if *head == NIL {
                self.spreading = None;
            }
            return;
        }
        let (level, number) = self.place(deadline);
        let slot = &mut self.slots[level * SLOTS + number];
        if prev == NIL {
            slot.head = next;
        }
        if next == NIL {
            slot.tail = prev;
        }
        if slot.head == NIL {
            self.take(level, number);
        }
    }
}

/// Takes a step; `false` if none is left.
fn take_step(steps: &mut u32) -> bool {
    *steps = match steps.checked_sub(1) {
        Some(left) => left,
        None => return false,
    };
    true
}

fn is_live<T>(nodes: &Slab<Node<T>>, due: &Due) -> bool {
    matches!(
        nodes.get(due.node as usize),
        Some(Node { link: Link::Due { order }, .. }) if *order == due.order
    )
}

const fn tick_of(moment: Instant) -> u64 {
    moment.as_nanos() >> TICK_BITS
}

const fn digit(tick: u64, level: usize) -> usize {
    (tick >> (level as u32 * DIGIT_BITS)) as usize & (SLOTS - 1)
}
