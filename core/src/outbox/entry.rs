//! The part of a connection that every recipient of every publish touches: one cache line.

use crate::id::ClientId;
use alloc::vec::Vec;
use core::hint::black_box;
use core::ops::{Index, IndexMut};

/// No index.
pub(crate) const NONE: u32 = u32::MAX;

/// How far a connection is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Nobody's entry.
    Vacant,
    /// Handshake.
    Accepted,
    /// Admitted, the 101 is on its way.
    Reserved,
    /// A client.
    Open,
    /// A client that is marked to be ended: it takes and gets nothing more, and its turn comes.
    Ending,
    /// No client any more: what is queued and the close frame are still written.
    Closing,
}

impl Phase {
    /// Whether the application has been told that it is a client, and not that it has ended.
    pub(crate) const fn is_client(self) -> bool {
        matches!(self, Self::Open | Self::Ending)
    }
}

/// Who may write, and whether there is anything to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sending {
    /// Nothing waits.
    Idle,
    /// Something waits; the entry is in a ready list of its lane.
    Ready,
    /// The host is writing.
    Leased,
    /// The transport takes nothing.
    Blocked,
    /// Nothing may be written yet, for the rate of messages.
    Paced,
    /// The close frame was written, or the transport failed: nothing is written any more.
    Ended,
}

/// Bits of an entry that are rarely set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags(pub(super) u8);

impl Flags {
    /// A frame was refused under `Policy::Wait`, and the low watermark is to be told.
    pub(crate) const AWAITED: u8 = 1;
    /// The transport became writable while a lease was out.
    pub(crate) const WRITABLE: u8 = 2;
    /// In the bulk list, not in the prompt one.
    pub(crate) const BULK: u8 = 4;
    /// `poll_ready` has named it since it became ready.
    pub(crate) const OFFERED: u8 = 8;
    /// A write deadline runs.
    pub(crate) const WRITE_DEADLINE: u8 = 16;
    /// What comes back from the lease unwritten is dropped.
    pub(crate) const DISCARD: u8 = 32;
    /// Those because of which a lease that comes back means more than that it is over.
    pub(crate) const TO_SEE_TO: u8 = Self::AWAITED | Self::WRITABLE | Self::WRITE_DEADLINE | Self::DISCARD;
    /// All of them.
    #[cfg(feature = "trace")]
    pub(super) const ALL: u8 = 63;

    pub(crate) fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }
    pub(crate) fn set(&mut self, bit: u8) {
        self.0 |= bit;
    }
    pub(crate) fn clear(&mut self, bit: u8) {
        self.0 &= !bit;
    }
}

/// The hot state of one connection.
///
/// Its queue is a list of [spans](super::nodes::Span). The last span stands here; only when there are several
/// do the older ones stand in nodes. So a publish to those whom the last one reached, too, touches this line and
/// no other memory.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(crate) struct Entry {
    /// When something was last queued for it.
    pub(crate) last_out: u64,
    /// The last publish that reached, or was kept from, this client.
    pub(crate) mark: u32,
    pub(crate) generation: u32,
    pub(crate) phase: Phase,
    pub(crate) sending: Sending,
    pub(crate) flags: Flags,
    pub(crate) lane: u8,
    /// First and last node of the older spans; while vacant, `head` links the free entries.
    pub(crate) head: u32,
    pub(crate) tail: u32,
    /// The last span: its first and last frame, and how many it has; 0: the queue is empty.
    pub(crate) first: u32,
    pub(crate) last: u32,
    pub(crate) count: u32,
    /// Messages queued or on lease.
    pub(crate) messages: u32,
    /// Their bytes, each frame in full.
    pub(crate) bytes: u32,
    /// While ready, the place in the list; while leased, the run.
    pub(crate) link: u32,
    /// The tally of drops that is not polled yet.
    pub(crate) tally: u32,
    /// Control frames, and how much of the first item is written.
    pub(crate) extras: u32,
    /// While a write deadline runs: bytes that the transport has taken since it was set.
    pub(crate) taken: u32,
}

const _: () = assert!(size_of::<Entry>() == 64, "an entry is one cache line");

impl Entry {
    pub(super) fn vacant(next_free: u32) -> Self {
        Self {
            last_out: 0,
            mark: 0,
            generation: 0,
            phase: Phase::Vacant,
            sending: Sending::Idle,
            flags: Flags(0),
            lane: 0,
            head: next_free,
            tail: NONE,
            first: NONE,
            last: NONE,
            count: 0,
            messages: 0,
            bytes: 0,
            link: NONE,
            tally: NONE,
            extras: NONE,
            taken: 0,
        }
    }

    /// Whether anything is left to write. Extras exist only while a control frame waits, or the first item is
    /// half written.
    pub(crate) fn has_pending(&self) -> bool {
        self.count > 0 || self.extras != NONE
    }
}

/// All entries, reused under new generations.
#[derive(Clone, Debug)]
pub(crate) struct Entries {
    pub(super) list: Vec<Entry>,
    pub(super) free: u32,
}

impl Entries {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { list: Vec::with_capacity(capacity), free: NONE }
    }

    /// A fresh entry in phase `Accepted`; `None` when 2³² are in use.
    pub(crate) fn insert(&mut self, lane: u8) -> Option<ClientId> {
        let index = if self.free == NONE {
            let index = u32::try_from(self.list.len()).ok().filter(|&index| index < NONE)?;
            self.list.push(Entry::vacant(NONE));
            index
        } else {
            let index = self.free;
            self.free = self[index].head;
            index
        };
        let entry = &mut self[index];
        let generation = entry.generation;
        *entry = Entry { generation, phase: Phase::Accepted, lane, ..Entry::vacant(NONE) };
        Some(ClientId { index, generation })
    }

    /// Gives an entry back. What it queued must have been let go of before.
    pub(crate) fn remove(&mut self, index: u32) {
        let next = self.free;
        let entry = &mut self[index];
        let generation = entry.generation.wrapping_add(1);
        *entry = Entry { generation, ..Entry::vacant(next) };
        self.free = index;
    }

    /// The entry of an id, if that is not stale.
    #[inline]
    pub(crate) fn get_mut(&mut self, client: ClientId) -> Option<&mut Entry> {
        self.list.get_mut(client.index as usize).filter(|entry| entry.generation == client.generation)
    }

    /// The index of a live id.
    #[inline]
    pub(crate) fn find(&self, client: ClientId) -> Option<u32> {
        let entry = self.list.get(client.index as usize)?;
        (entry.generation == client.generation && entry.phase != Phase::Vacant).then_some(client.index)
    }

    /// Has the machine fetch entries that will be needed: in a loop that does nothing else it fetches many at once
    /// instead of waiting for each.
    #[inline]
    pub(crate) fn warm(&self, indexes: &[u32]) {
        let generations = indexes.iter().filter_map(|&index| self.list.get(index as usize));
        black_box(generations.fold(0, |sum: u32, entry| sum.wrapping_add(entry.generation)));
    }

    pub(crate) fn id(&self, index: u32) -> ClientId {
        ClientId { index, generation: self[index].generation }
    }

    /// Forgets whom any publish reached: the marks begin anew.
    pub(crate) fn clear_marks(&mut self) {
        for entry in &mut self.list {
            entry.mark = 0;
        }
    }

    /// Entries, vacant ones included.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }
}

impl Index<u32> for Entries {
    type Output = Entry;
    #[inline]
    fn index(&self, index: u32) -> &Entry {
        &self.list[index as usize]
    }
}

impl IndexMut<u32> for Entries {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut Entry {
        &mut self.list[index as usize]
    }
}
