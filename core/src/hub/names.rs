//! Interned names: a table from a name to the slot of the room, user or address.

#[cfg(feature = "trace")]
use crate::field::{Input, Wrong};
use crate::id::Name;
use crate::pool::Pool;
#[cfg(feature = "trace")]
use alloc::vec::Vec;
use core::hash::Hasher;
use hashbrown::HashTable;
use siphasher::sip::SipHasher13;

/// A value that is found by its name.
pub(super) trait Named {
    fn name(&self) -> &[u8];

    /// Whether the table leads from a slot's name to the slot.
    #[cfg(feature = "trace")]
    fn is_listed(&self) -> bool {
        true
    }
}

/// Values by name, in slots that are used again. Hashing is keyed, so that a peer cannot choose names that
/// collide. The order of the table is never visible.
#[derive(Clone, Debug)]
pub(super) struct Names<T> {
    table: HashTable<u32>,
    slots: Pool<T>,
    key: [u64; 2],
}

impl<T: Named> Names<T> {
    pub(super) fn new(key: [u64; 2]) -> Self {
        Self { table: HashTable::new(), slots: Pool::default(), key }
    }

    fn hash(key: [u64; 2], name: &[u8]) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(key[0], key[1]);
        hasher.write(name);
        hasher.finish()
    }

    pub(super) fn find(&self, name: &[u8]) -> Option<u32> {
        let hash = Self::hash(self.key, name);
        self.table.find(hash, |&slot| self.slots[slot].name() == name).copied()
    }

    /// Adds a value whose name is not in the table yet.
    pub(super) fn insert(&mut self, named: T) -> u32 {
        let hash = Self::hash(self.key, named.name());
        let slot = self.slots.insert(named);
        let (slots, key) = (&self.slots, self.key);
        self.table.insert_unique(hash, slot, |&slot| Self::hash(key, slots[slot].name()));
        slot
    }

    pub(super) fn remove(&mut self, slot: u32) -> Option<T> {
        self.unlist(slot);
        self.slots.remove(slot)
    }

    /// Removes a slot's name from the table, and keeps the slot.
    pub(super) fn unlist(&mut self, slot: u32) {
        let Some(named) = self.slots.get(slot) else { return };
        let hash = Self::hash(self.key, named.name());
        if let Ok(entry) = self.table.find_entry(hash, |&other| other == slot) {
            entry.remove();
        }
    }

    pub(super) fn get(&self, slot: u32) -> Option<&T> {
        self.slots.get(slot)
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.slots.get_mut(slot)
    }

    /// The number of names in the table.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Writes all values and free slots; see [`Pool::put`].
    #[cfg(feature = "trace")]
    pub(super) fn snapshot(
        &self,
        log: &mut Vec<u8>,
        most: usize,
        put: impl Fn(&T, &mut Vec<u8>),
    ) -> Option<()> {
        self.slots.put(log, most, put)
    }

    /// Reads what [`snapshot`](Self::snapshot) wrote. If two values have one name, only the first is found.
    #[cfg(feature = "trace")]
    pub(super) fn restore<'a>(
        key: [u64; 2],
        input: &mut Input<'a>,
        take: impl Fn(&mut Input<'a>) -> Result<T, Wrong>,
    ) -> Result<Self, Wrong> {
        let slots = Pool::take(input, take)?;
        let mut table = HashTable::new();
        for (slot, named) in slots.iter().filter(|(_, named)| named.is_listed()) {
            let hash = Self::hash(key, named.name());
            table.insert_unique(hash, slot, |&slot| Self::hash(key, slots[slot].name()));
        }
        Ok(Self { table, slots, key })
    }

    /// All values in the order of the slots.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().map(|(_, named)| named)
    }

    /// All values in the order of the slots. The caller must not change their names.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.slots.values_mut()
    }

    /// All values with their slots, in the order of the slots.
    pub(super) fn slots(&self) -> impl Iterator<Item = (u32, &T)> {
        self.slots.iter()
    }
}

/// The bytes of a textual name.
pub(super) fn bytes(name: &Name) -> &[u8] {
    name.as_bytes()
}
