//! Who has something to write, in fair order.
//!
//! Each lane has two lists. Clients that a large publish reached go to the *bulk* list, all others to the
//! *prompt* one, so that a word between two clients does not wait behind a broadcast to ten thousand. Within
//! a list it is first come, first served; when both have clients, a transmit takes three prompt ones for each
//! bulk one, so that neither starves.

use super::entry::{Entries, Flags, NONE, Sending};
use alloc::vec::Vec;

/// A publish to more clients than this goes to the bulk lists.
pub(crate) const BULK: usize = 256;

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Prompt,
    Bulk,
}

/// A list linked through the entries.
#[derive(Clone, Copy, Debug)]
struct List {
    head: u32,
    tail: u32,
    /// The first that `poll_ready` has not passed yet.
    unoffered: u32,
}

#[derive(Clone, Copy, Debug)]
struct Lane {
    prompt: List,
    bulk: List,
    /// Prompt clients taken since the last bulk one.
    turn: u8,
}

/// The ready lists of all lanes.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    lanes: Vec<Lane>,
}

impl Ready {
    pub(crate) fn new(lanes: usize) -> Self {
        let list = List { head: NONE, tail: NONE, unoffered: NONE };
        Self { lanes: alloc::vec![Lane { prompt: list, bulk: list, turn: 0 }; lanes] }
    }

    pub(crate) fn lanes(&self) -> usize {
        self.lanes.len()
    }

    pub(crate) fn has_ready(&self, lane: u8) -> bool {
        self.lanes
            .get(usize::from(lane))
            .is_some_and(|lane| lane.prompt.head != NONE || lane.bulk.head != NONE)
    }

    /// Puts an entry at the back of a list of its lane.
    #[inline]
    pub(crate) fn push(&mut self, entries: &mut Entries, index: u32, class: Class) {
        let entry = &mut entries[index];
        entry.sending = Sending::Ready;
        match class {
            Class::Prompt => entry.flags.clear(Flags::BULK),
            Class::Bulk => entry.flags.set(Flags::BULK),
        }
        let list = self.lanes[usize::from(entry.lane)].list(class);
        let tail = list.tail;
        entry.ready_prev = tail;
        entry.link = NONE;
        list.tail = index;
        if list.unoffered == NONE {
            list.unoffered = index;
        }
        if tail == NONE {
            list.head = index;
        } else {
            entries[tail].link = index;
        }
    }

    /// Takes a ready entry out of its list. It stays marked as ready: the caller says what it is now.
    pub(crate) fn remove(&mut self, entries: &mut Entries, index: u32) {
        let entry = &entries[index];
        let (next, prev) = (entry.link, entry.ready_prev);
        let class = if entry.flags.has(Flags::BULK) { Class::Bulk } else { Class::Prompt };
        let list = self.lanes[usize::from(entry.lane)].list(class);
        if list.unoffered == index {
            list.unoffered = next;
        }
        if prev == NONE {
            list.head = next;
        } else {
            entries[prev].link = next;
        }
        if next == NONE {
            list.tail = prev;
        } else {
            entries[next].ready_prev = prev;
        }
    }

    /// Something prompt came for an entry in the bulk list.
    pub(crate) fn promote(&mut self, entries: &mut Entries, index: u32) {
        self.remove(entries, index);
        self.push(entries, index, Class::Prompt);
    }

    /// The next of a lane; it stays in its list.
    pub(crate) fn next(&mut self, lane: u8) -> Option<u32> {
        const PROMPT_PER_BULK: u8 = 3;
        let lane = self.lanes.get_mut(usize::from(lane))?;
        let index = match (lane.prompt.head, lane.bulk.head) {
            (NONE, bulk) => bulk,
            (prompt, NONE) => prompt,
            (prompt, _) if lane.turn < PROMPT_PER_BULK => {
                lane.turn += 1;
                prompt
            }
            (_, bulk) => {
                lane.turn = 0;
                bulk
            }
        };
        (index != NONE).then_some(index)
    }

    /// The next, of any lane, that was not offered since it became ready.
    pub(crate) fn offer(&mut self, entries: &mut Entries) -> Option<u32> {
        for lane in &mut self.lanes {
            for list in [&mut lane.prompt, &mut lane.bulk] {
                while list.unoffered != NONE {
                    let index = list.unoffered;
                    let entry = &mut entries[index];
                    list.unoffered = entry.link;
                    if !entry.flags.has(Flags::OFFERED) {
                        entry.flags.set(Flags::OFFERED);
                        return Some(index);
                    }
                }
            }
        }
        None
    }
}

impl Lane {
    #[inline]
    fn list(&mut self, class: Class) -> &mut List {
        match class {
            Class::Prompt => &mut self.prompt,
            Class::Bulk => &mut self.bulk,
        }
    }
}
