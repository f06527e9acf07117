//! The clients that have something to write, in fair order.
//!
//! Each lane has two lists. Clients that a large publish reached go to the *bulk* list, all others to the
//! *prompt* list, so that a message between two clients does not wait behind a broadcast to ten thousand. A list
//! is first come, first served. If both lists have clients, a transmit takes three prompt clients for each bulk
//! client, so that neither list starves.

use super::entry::{Entries, Entry, Flags, NONE, Sending};
use alloc::vec::Vec;

/// A publish to more clients than this goes to the bulk lists.
pub(crate) const BULK: usize = 256;

/// One of the two ready lists of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Prompt,
    Bulk,
}

/// Clients in the order in which they became ready. The list is not linked through the entries, so that the next
/// clients are known before their entries are loaded from memory.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    /// The clients' indexes, `NONE` where one was removed from the middle. Places before `head` are done.
    pub(super) places: Vec<u32>,
    /// The position of the first client, never of a gap; the end of `places` if the list is empty.
    pub(super) head: usize,
    /// The number of `places[0]`. A place keeps its number when those before it are removed. Wraps around.
    pub(super) base: u32,
    pub(super) gaps: usize,
    /// The positions that `poll_ready` has passed; may be less than `head`.
    pub(super) offered: usize,
}

/// Done places or gaps may exceed half of a list by this many before it is compacted.
const SLACK: usize = 64;

impl List {
    #[inline]
    fn front(&self) -> Option<u32> {
        self.places.get(self.head).copied()
    }

    /// Adds a client at the back and returns the number of its place.
    #[inline]
    fn push(&mut self, index: u32) -> u32 {
        let place = self.base.wrapping_add(self.places.len() as u32);
        self.places.push(index);
        place
    }

    /// Removes the first client. Amortized O(1).
    #[inline]
    fn pop(&mut self) {
        self.head += 1;
        while self.front() == Some(NONE) {
            self.head += 1;
            self.gaps -= 1;
        }
        let len = self.places.len();
        if self.head == len || self.head > len / 2 + SLACK {
            self.let_go();
        }
    }

    /// Removes the places before `head`.
    fn let_go(&mut self) {
        self.places.drain(..self.head);
        self.base = self.base.wrapping_add(self.head as u32);
        self.offered = self.offered.saturating_sub(self.head);
        self.head = 0;
    }

    /// Removes the client at a place. Amortized O(1).
    fn remove(&mut self, place: u32, entries: &mut Entries) {
        let at = place.wrapping_sub(self.base) as usize;
        if at == self.head {
            return self.pop();
        }
        self.places[at] = NONE;
        self.gaps += 1;
        if self.gaps > (self.places.len() - self.head) / 2 + SLACK {
            self.close_gaps(entries);
        }
    }

    /// Removes the gaps, which would pile up while no client is taken from the front.
    fn close_gaps(&mut self, entries: &mut Entries) {
        self.let_go();
        self.offered = self.places.iter().take(self.offered).filter(|&&index| index != NONE).count();
        self.places.retain(|&index| index != NONE);
        self.gaps = 0;
        for (at, &index) in self.places.iter().enumerate() {
            entries[index].link = self.base.wrapping_add(at as u32);
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    pub(super) prompt: List,
    pub(super) bulk: List,
    /// Prompt clients taken since the last bulk one.
    pub(super) turn: u8,
    /// Since the lane's last transmit something was queued for a ready client whose outbox is half full.
    pub(super) is_pressed: bool,
}

/// The ready lists of all lanes.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    pub(super) lanes: Vec<Lane>,
    /// The number of pressed lanes.
    pub(super) pressed: u32,
}

impl Ready {
    pub(crate) fn new(lanes: usize) -> Self {
        Self { lanes: alloc::vec![Lane::default(); lanes], pressed: 0 }
    }

    /// Whether any lane is pressed: the host writes too slowly for it.
    pub(crate) fn is_pressed(&self) -> bool {
        self.pressed > 0
    }

    /// Marks a lane as pressed, until its next transmit.
    #[cold]
    pub(crate) fn press(&mut self, lane: u8) {
        let lane = &mut self.lanes[usize::from(lane)];
        if !core::mem::replace(&mut lane.is_pressed, true) {
            self.pressed += 1;
        }
    }

    /// Marks a lane that transmits as not pressed.
    pub(crate) fn release(&mut self, lane: u8) {
        if let Some(lane) = self.lanes.get_mut(usize::from(lane))
            && core::mem::replace(&mut lane.is_pressed, false)
        {
            self.pressed -= 1;
        }
    }

    pub(crate) fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// The number of entries in the lists of all lanes.
    pub(crate) fn count(&self) -> u32 {
        let waiting = |list: &List| list.places.len() - list.head - list.gaps;
        self.lanes.iter().map(|lane| waiting(&lane.prompt) + waiting(&lane.bulk)).sum::<usize>() as u32
    }

    pub(crate) fn has_ready(&self, lane: u8) -> bool {
        self.lanes
            .get(usize::from(lane))
            .is_some_and(|lane| lane.prompt.front().is_some() || lane.bulk.front().is_some())
    }

    /// Puts an entry at the back of a list of its lane.
    #[inline]
    pub(crate) fn push(&mut self, entry: &mut Entry, index: u32, class: Class) {
        entry.sending = Sending::Ready;
        match class {
            Class::Prompt => entry.flags.clear(Flags::BULK),
            Class::Bulk => entry.flags.set(Flags::BULK),
        }
        entry.link = self.lanes[usize::from(entry.lane)].list(class).push(index);
    }

    /// Takes a ready entry out of its list. The caller must set its `sending`, which is still `Ready`.
    pub(crate) fn remove(&mut self, entries: &mut Entries, index: u32) {
        let entry = &entries[index];
        let (lane, place) = (usize::from(entry.lane), entry.link);
        let class = if entry.flags.has(Flags::BULK) { Class::Bulk } else { Class::Prompt };
        self.lanes[lane].list(class).remove(place, entries);
    }

    /// Moves an entry from the bulk list to the prompt list.
    pub(crate) fn promote(&mut self, entries: &mut Entries, index: u32) {
        self.remove(entries, index);
        self.push(&mut entries[index], index, Class::Prompt);
    }

    /// Takes the next entry of a lane. The caller must set its `sending`, which is still `Ready`.
    #[inline]
    pub(crate) fn take(&mut self, lane: u8) -> Option<u32> {
        const PROMPT_PER_BULK: u8 = 3;
        let lane = self.lanes.get_mut(usize::from(lane))?;
        let list = match (lane.prompt.front(), lane.bulk.front()) {
            (None, None) => return None,
            (None, _) => &mut lane.bulk,
            (_, None) => &mut lane.prompt,
            _ if lane.turn < PROMPT_PER_BULK => {
                lane.turn += 1;
                &mut lane.prompt
            }
            _ => {
                lane.turn = 0;
                &mut lane.bulk
            }
        };
        let index = list.front();
        list.pop();
        index
    }

    /// Loads the next entries of a lane into the cache.
    pub(crate) fn warm(&self, entries: &Entries, lane: u8, clients: u32) {
        let Some(lane) = self.lanes.get(usize::from(lane)) else { return };
        for list in [&lane.prompt, &lane.bulk] {
            let waiting = &list.places[list.head..];
            entries.warm(&waiting[..waiting.len().min(clients as usize)]);
        }
    }

    /// The next entry, of any lane, that was not offered since it became ready.
    pub(crate) fn offer(&mut self, entries: &mut Entries) -> Option<u32> {
        for lane in &mut self.lanes {
            for list in [&mut lane.prompt, &mut lane.bulk] {
                list.offered = list.offered.max(list.head);
                while let Some(&index) = list.places.get(list.offered) {
                    list.offered += 1;
                    if index == NONE {
                        continue;
                    }
                    let flags = &mut entries[index].flags;
                    if !flags.has(Flags::OFFERED) {
                        flags.set(Flags::OFFERED);
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
