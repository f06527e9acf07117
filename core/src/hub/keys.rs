//! The idempotency keys of the last publishes to rooms with a history, each with what the first publish with it led to.

use super::Published;
use crate::id::Name;
use crate::position::Epoch;
use crate::time::Instant;
use alloc::collections::VecDeque;
use core::hash::Hasher;
use core::time::Duration;
use hashbrown::HashTable;
use siphasher::sip::SipHasher13;

/// Keys that are forgotten with one publish at most.
const FORGOTTEN_AT_ONCE: u32 = 64;

/// All keys, the oldest first.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    entries: VecDeque<Entry>,
    /// The number of the first entry: as many were before it.
    first: u64,
    /// From a key to the number of its entry. Hashed under the hub's key, since peers may choose keys.
    table: HashTable<u64>,
    hash_key: [u64; 2],
}

/// A key and what it stands for.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The history that the message was published to.
    pub(super) epoch: Epoch,
    pub(super) key: Name,
    /// When, in the hub's time.
    pub(super) at: Instant,
    pub(super) published: Published,
}

impl Keys {
    pub(super) fn new(hash_key: [u64; 2]) -> Self {
        Self { entries: VecDeque::new(), first: 0, table: HashTable::new(), hash_key }
    }

    /// What the publish with this key led to, unless that was `age` ago or longer.
    pub(super) fn find(&self, epoch: Epoch, key: &str, now: Instant, age: Duration) -> Option<Published> {
        let is_it = |number: &u64| {
            let entry = &self.entries[(number - self.first) as usize];
            entry.epoch == epoch && *entry.key == *key && entry.at + age > now
        };
        let number = self.table.find(hash(self.hash_key, epoch, key), is_it)?;
        Some(self.entries[(number - self.first) as usize].published)
    }

    pub(super) fn insert(&mut self, epoch: Epoch, key: &str, at: Instant, published: Published) {
        self.push(Entry { epoch, key: key.into(), at, published });
    }

    pub(super) fn push(&mut self, entry: Entry) {
        let (hash_key, first, number) = (self.hash_key, self.first, self.first + self.entries.len() as u64);
        let hashed = hash(hash_key, entry.epoch, &entry.key);
        self.entries.push_back(entry);
        let entries = &self.entries;
        self.table.insert_unique(hashed, number, |number| {
            let entry = &entries[(number - first) as usize];
            hash(hash_key, entry.epoch, &entry.key)
        });
    }

    /// Forgets the oldest keys that are `age` old.
    pub(super) fn forget_expired(&mut self, now: Instant, age: Duration) {
        for _ in 0..FORGOTTEN_AT_ONCE {
            let Some(oldest) = self.entries.front().filter(|entry| entry.at + age <= now) else { return };
            let (hashed, first) = (hash(self.hash_key, oldest.epoch, &oldest.key), self.first);
            if let Ok(found) = self.table.find_entry(hashed, |number| *number == first) {
                found.remove();
            }
            self.entries.pop_front();
            self.first += 1;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the table has each key, once.
    pub(super) fn check(&self) -> bool {
        let is_found = |(number, entry): (u64, &Entry)| {
            let hashed = hash(self.hash_key, entry.epoch, &entry.key);
            self.table.find(hashed, |other| *other == number).is_some()
        };
        self.table.len() == self.entries.len() && (self.first..).zip(&self.entries).all(is_found)
    }

    #[cfg(feature = "trace")]
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.entries.iter()
    }
}

fn hash(hash_key: [u64; 2], epoch: Epoch, key: &str) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(hash_key[0], hash_key[1]);
    hasher.write_u64(epoch.to_u64());
    hasher.write(key.as_bytes());
    hasher.finish()
}
