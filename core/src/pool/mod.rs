//! A pool: values in numbered slots that are used again, with a free list that can be read.
//!
//! A trace's snapshot holds the order in which free slots will be used, because slots decide the order of rooms and users
//! and so of what a replay does. The crate slab does not show that order, so what a snapshot must bring back slot by slot is in
//! a pool; extras, tallies and timers, whose slots show nowhere, are in slabs.

#[cfg(feature = "trace")]
use crate::field::{Field, Input, Wrong};
use alloc::vec::Vec;
use core::mem;
use core::ops::{Index, IndexMut};

#[cfg(test)]
mod tests;

/// Values in slots. The slot freed last is used first.
#[derive(Clone, Debug)]
pub(crate) struct Pool<T> {
    slots: Vec<Slot<T>>,
    /// The first free slot; the number of slots if there is none.
    free: u32,
    len: u32,
}

#[derive(Clone, Debug)]
enum Slot<T> {
    Used(T),
    /// The next free slot; after the last one the number of slots.
    Free(u32),
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: 0, len: 0 }
    }
}

impl<T> Pool<T> {
    /// Stores a value; returns its slot. Memory runs out before all 2³² − 1 slots are in use: a value takes at least 8 bytes,
    /// and the hub has limits on what it stores.
    #[inline(always)]
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        let slot = self.free;
        self.len += 1;
        // Not `mem::replace`, which would copy what is there, too.
        if let Some(place) = self.slots.get_mut(slot as usize)
            && let Slot::Free(next) = *place
        {
            self.free = next;
            *place = Slot::Used(value);
        } else {
            self.slots.push(Slot::Used(value));
            self.free = self.slots.len() as u32;
        }
        slot
    }

    /// Frees a slot; `None` if it is free.
    #[inline]
    pub(crate) fn remove(&mut self, slot: u32) -> Option<T> {
        let place = self.slots.get_mut(slot as usize)?;
        match mem::replace(place, Slot::Free(self.free)) {
            Slot::Used(value) => {
                self.free = slot;
                self.len -= 1;
                Some(value)
            }
            free @ Slot::Free(_) => {
                *place = free;
                None
            }
        }
    }

    /// Frees a slot and drops its value where it is. Nothing happens if it is free.
    #[inline]
    pub(crate) fn discard(&mut self, slot: u32) {
        if let Some(place @ Slot::Used(_)) = self.slots.get_mut(slot as usize) {
            *place = Slot::Free(self.free);
            self.free = slot;
            self.len -= 1;
        }
    }

    #[inline]
    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        match self.slots.get(slot as usize)? {
            Slot::Used(value) => Some(value),
            Slot::Free(_) => None,
        }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        match self.slots.get_mut(slot as usize)? {
            Slot::Used(value) => Some(value),
            Slot::Free(_) => None,
        }
    }

    /// The number of values.
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// All values with their slots, in the order of the slots.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.slots.iter().zip(0..).filter_map(|(place, slot)| match place {
            Slot::Used(value) => Some((slot, value)),
            Slot::Free(_) => None,
        })
    }

    /// All values, in the order of the slots.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.slots.iter_mut().filter_map(|place| match place {
            Slot::Used(value) => Some(value),
            Slot::Free(_) => None,
        })
    }

    /// The number of slots, free ones included.
    pub(crate) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// The free slots, in the order in which they will be used.
    #[cfg(feature = "trace")]
    fn free_slots(&self) -> impl Iterator<Item = u32> {
        let mut next = self.free;
        core::iter::from_fn(move || {
            let slot = next;
            match self.slots.get(slot as usize)? {
                Slot::Free(after) => {
                    next = *after;
                    Some(slot)
                }
                Slot::Used(_) => None,
            }
        })
    }
}

/// For slots whose owner knows that they are in use.
impl<T> Index<u32> for Pool<T> {
    type Output = T;
    #[inline]
    fn index(&self, slot: u32) -> &T {
        match &self.slots[slot as usize] {
            Slot::Used(value) => value,
            Slot::Free(_) => panic!("slot {slot} is free"),
        }
    }
}

impl<T> IndexMut<u32> for Pool<T> {
    #[inline]
    fn index_mut(&mut self, slot: u32) -> &mut T {
        match &mut self.slots[slot as usize] {
            Slot::Used(value) => value,
            Slot::Free(_) => panic!("slot {slot} is free"),
        }
    }
}

/// Writing to and reading from snapshots.
#[cfg(feature = "trace")]
impl<T> Pool<T> {
    /// Writes the values with their slots, and the free slots in the order in which they will be used. `None` if more than `most`
    /// bytes would be written.
    pub(crate) fn put(&self, log: &mut Vec<u8>, most: usize, put: impl Fn(&T, &mut Vec<u8>)) -> Option<()> {
        (self.len() as u64).put(log);
        for (slot, value) in self.iter() {
            slot.put(log);
            put(value, log);
            within(log, most)?;
        }
        ((self.slots.len() - self.len()) as u64).put(log);
        for slot in self.free_slots() {
            slot.put(log);
            within(log, most)?;
        }
        Some(())
    }

    /// Reads what [`put`](Self::put) wrote.
    pub(crate) fn take<'a>(
        input: &mut Input<'a>,
        take: impl Fn(&mut Input<'a>) -> Result<T, Wrong>,
    ) -> Result<Self, Wrong> {
        let used = (0..input.count()?)
            .map(|_| Ok((u32::take(input)?, take(input)?)))
            .collect::<Result<Vec<_>, Wrong>>()?;
        let free = (0..input.count()?).map(|_| u32::take(input)).collect::<Result<Vec<_>, Wrong>>()?;
        let (len, end) = (used.len() as u32, used.len() + free.len());
        let mut places: Vec<Option<Slot<T>>> = Vec::new();
        places.resize_with(end, || None);
        let after = free.iter().copied().skip(1).chain([end as u32]);
        let links = free.iter().zip(after).map(|(&slot, after)| (slot, Slot::Free(after)));
        for (slot, place) in used.into_iter().map(|(slot, value)| (slot, Slot::Used(value))).chain(links) {
            let there = places.get_mut(slot as usize).ok_or(Wrong::Malformed)?;
            if there.replace(place).is_some() {
                return Err(Wrong::Malformed);
            }
        }
        // As many places as were filled, each once: none is left empty.
        let slots = places.into_iter().collect::<Option<Vec<_>>>().ok_or(Wrong::Malformed)?;
        Ok(Self { slots, free: free.first().copied().unwrap_or(end as u32), len })
    }
}

/// `None` if more than `most` bytes have been written.
#[cfg(feature = "trace")]
pub(crate) fn within(log: &[u8], most: usize) -> Option<()> {
    (log.len() <= most).then_some(())
}
