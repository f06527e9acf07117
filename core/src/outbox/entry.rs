//! The part of a client that every recipient of every publish touches: one cache line.

use super::written::Written;
use crate::id::{ClientId, ConnectionId};
use alloc::vec::Vec;
use core::hint::black_box;
use core::ops::{Index, IndexMut};

/// Stands for "no index" in links.
pub(crate) const NONE: u32 = u32::MAX;

/// Stands for "no connection": no connection has this index.
pub(crate) const NOWHERE: ConnectionId = ConnectionId { index: NONE, generation: 0 };

/// The phase of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// The entry is free.
    Vacant,
    /// The client is reserved, and the 101 is being written.
    Reserved,
    /// The client is open and attached to a connection.
    Open,
    /// The client has lost its connection and may return. It is open, too.
    Away,
    /// The client is marked to be ended: it gets nothing more, and a later slice ends it.
    Ending,
    /// The client has ended; the queue and the close frame are still written.
    Closing,
}

impl Phase {
    /// Whether the client is there for the application: told as connected, and not as disconnected.
    pub(crate) const fn is_client(self) -> bool {
        matches!(self, Self::Open | Self::Away | Self::Ending)
    }

    /// Whether the client is open, with or without a connection.
    #[inline]
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Away)
    }
}

/// Whether there is something to write, and who may write it. In order: what comes after `Leased` is not written now,
/// whatever is queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sending {
    /// Nothing is queued.
    Idle,
    /// Something is queued, and the entry is in a ready list of its lane.
    Ready,
    /// The host writes a lease.
    Leased,
    /// The transport is blocked.
    Blocked,
    /// Messages are queued, and the rate allows none yet.
    Paced,
    /// There is no connection, or the transport has failed. What is published waits for the next one.
    Detached,
    /// The close frame was written, or the transport failed: nothing more is written.
    Ended,
}

/// Bits of an entry that are rarely set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags(pub(super) u8);

impl Flags {
    /// A frame was refused under `Policy::Wait`, so that `Action::OutboxLow` must follow.
    pub(crate) const AWAITED: u8 = 1;
    /// The transport became writable while a lease was out.
    pub(crate) const WRITABLE: u8 = 2;
    /// The entry is in the bulk list, not in the prompt one.
    pub(crate) const BULK: u8 = 4;
    /// `poll_ready` has returned the client since it became ready.
    pub(crate) const OFFERED: u8 = 8;
    /// A write deadline runs.
    pub(crate) const WRITE_DEADLINE: u8 = 16;
    /// Frames that come back from the lease unwritten are dropped.
    pub(crate) const DISCARD: u8 = 32;
    /// The flags that need more work when a lease comes back.
    pub(crate) const TO_SEE_TO: u8 = Self::AWAITED | Self::WRITABLE | Self::WRITE_DEADLINE | Self::DISCARD;
    /// All flags.
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
    /// Clears all others.
    pub(crate) fn keep(&mut self, bits: u8) {
        self.0 &= bits;
    }
}

/// The hot state of one client.
///
/// The queue is a list of [spans](super::nodes::Span). The last span is stored here, older ones in nodes. So a
/// publish that reaches the same clients as the one before touches this cache line and no other memory.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(crate) struct Entry {
    /// When a message was last queued, in nanoseconds of the hub's time.
    pub(crate) last_out: u64,
    /// The number of the last publish that reached this client or excepted it.
    pub(crate) mark: u32,
    pub(crate) generation: u32,
    /// The connection that the client is attached to; of index `NONE` if there is none.
    pub(crate) connection: ConnectionId,
    pub(crate) phase: Phase,
    pub(crate) sending: Sending,
    pub(crate) flags: Flags,
    pub(crate) lane: u8,
    /// The first node of the older spans, and `tail` the last; in a vacant entry the next free entry.
    pub(crate) head: u32,
    pub(crate) tail: u32,
    /// The first frame of the last span, `last` its last one and `count` the number of frames. 0: the queue is empty.
    pub(crate) first: u32,
    pub(crate) last: u32,
    pub(crate) count: u32,
    /// Messages queued or on lease.
    pub(crate) messages: u32,
    /// The bytes of these messages, each frame in full.
    pub(crate) bytes: u32,
    /// The place in the list while ready; the run while leased.
    pub(crate) link: u32,
    /// The slot of the control frames and of the progress in a partly written item.
    pub(crate) extras: u32,
}

const _: () = assert!(size_of::<Entry>() == 64, "an entry is one cache line");

impl Entry {
    pub(super) fn vacant(next_free: u32) -> Self {
        Self {
            last_out: 0,
            mark: 0,
            generation: 0,
            connection: NOWHERE,
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
            extras: NONE,
        }
    }

    /// Whether anything is left to write. Extras exist only while a control frame is queued or the first item is
    /// partly written.
    pub(crate) fn has_pending(&self) -> bool {
        self.count > 0 || self.extras != NONE
    }
}

/// All entries. A freed entry is used again under a new generation.
#[derive(Clone, Debug)]
pub(crate) struct Entries {
    pub(super) list: Vec<Entry>,
    pub(super) free: u32,
}

impl Entries {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { list: Vec::with_capacity(capacity), free: NONE }
    }

    /// Makes an entry in phase `Reserved` for a connection; `None` when all 2³² − 1 are in use.
    pub(crate) fn insert(&mut self, connection: ConnectionId, lane: u8) -> Option<ClientId> {
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
        *entry = Entry { generation, phase: Phase::Reserved, connection, lane, ..Entry::vacant(NONE) };
        Some(ClientId { index, generation })
    }

    /// Frees an entry. Its frames must have been released before.
    pub(crate) fn remove(&mut self, index: u32) {
        let next = self.free;
        let entry = &mut self[index];
        let generation = entry.generation.wrapping_add(1);
        *entry = Entry { generation, ..Entry::vacant(next) };
        self.free = index;
    }

    /// The entry that a lease was of; `None` if the client has ended, or is not attached to that connection any more.
    ///
    /// A connection has one client in its life, and perhaps a [rest](super::Outboxes::pass_on) of it. So an entry that is attached
    /// to the connection of a lease is the one that had it, and its generation need not be compared.
    #[inline]
    pub(crate) fn of_lease(&mut self, written: &Written) -> Option<&mut Entry> {
        let connection = written.connection.to_u64();
        self.list
            .get_mut(written.client.index as usize)
            .filter(|entry| entry.connection.to_u64() == connection)
    }

    /// Whether an entry is attached to a connection.
    #[inline]
    pub(crate) fn is_on(&self, index: u32, connection: ConnectionId) -> bool {
        self.list.get(index as usize).is_some_and(|entry| entry.connection == connection)
    }

    /// The phase of a client; `Vacant` if there is none of this index.
    #[inline]
    pub(crate) fn phase(&self, index: u32) -> Phase {
        self.list.get(index as usize).map_or(Phase::Vacant, |entry| entry.phase)
    }

    /// The index of an id; `None` if the id is stale.
    #[inline]
    pub(crate) fn find(&self, client: ClientId) -> Option<u32> {
        let entry = self.list.get(client.index as usize)?;
        (entry.generation == client.generation && entry.phase != Phase::Vacant).then_some(client.index)
    }

    /// Loads entries into the cache before they are needed: a loop that does nothing else loads many at once
    /// instead of waiting for each.
    #[inline]
    pub(crate) fn warm(&self, indexes: &[u32]) {
        let generations = indexes.iter().filter_map(|&index| self.list.get(index as usize));
        black_box(generations.fold(0, |sum: u32, entry| sum.wrapping_add(entry.generation)));
    }

    pub(crate) fn id(&self, index: u32) -> ClientId {
        ClientId { index, generation: self[index].generation }
    }

    /// Clears all marks, when the numbers of publishes begin again.
    pub(crate) fn clear_marks(&mut self) {
        for entry in &mut self.list {
            entry.mark = 0;
        }
    }

    /// The number of entries, vacant ones included.
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
