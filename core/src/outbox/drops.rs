//! Dropped frames, and why they were dropped.

use super::entry::NONE;
use crate::id::ClientId;
use alloc::vec::Vec;
use slab::Slab;

/// The drops of a client that are not polled yet.
#[derive(Clone, Debug)]
pub(crate) struct Undelivered {
    pub(super) client: ClientId,
    pub(super) dropped: Dropped,
    /// Whether the action for it is queued.
    pub(super) is_announced: bool,
}

/// What was dropped for each client and is not polled yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tallies {
    pub(super) slots: Slab<Undelivered>,
    /// The tally of each client by index, `NONE` if it has none. As long as the highest index that ever had one: a hub
    /// that drops nothing needs no memory for it.
    of: Vec<u32>,
}

impl Tallies {
    /// The tally of a client; `NONE` if it has none.
    pub(super) fn of(&self, index: u32) -> u32 {
        self.of.get(index as usize).copied().unwrap_or(NONE)
    }

    /// The tally of a client, to add to it.
    #[inline]
    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut Dropped> {
        let tally = *self.of.get(index as usize)?;
        self.slots.get_mut(tally as usize).map(|undelivered| &mut undelivered.dropped)
    }

    /// Begins the tally of a client.
    #[inline]
    pub(super) fn insert(&mut self, client: ClientId, dropped: Dropped) {
        let tally = self.slots.insert(Undelivered { client, dropped, is_announced: false }) as u32;
        let index = client.index as usize;
        if self.of.len() <= index {
            self.of.resize(index + 1, NONE);
        }
        self.of[index] = tally;
    }

    /// The tally of a client, if there is one that is not announced. It is now.
    pub(super) fn announce(&mut self, index: u32) -> Option<u32> {
        let tally = self.of(index);
        let untold = self.slots.get_mut(tally as usize).filter(|untold| !untold.is_announced)?;
        untold.is_announced = true;
        Some(tally)
    }

    /// Takes a tally for its action.
    pub(super) fn take(&mut self, tally: u32) -> Option<(ClientId, Dropped)> {
        let Undelivered { client, dropped, .. } = self.slots.try_remove(tally as usize)?;
        // The tally of a client that has ended is no longer the one of its index.
        if self.of(client.index) == tally {
            self.forget(client.index);
        }
        Some((client, dropped))
    }

    /// Lets the next client of this index begin without a tally.
    pub(super) fn forget(&mut self, index: u32) {
        if let Some(tally) = self.of.get_mut(index as usize) {
            *tally = NONE;
        }
    }
}

/// The frames that were dropped for one client, added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dropped {
    /// The number of dropped frames.
    pub frames: u32,
    /// The bytes of the dropped frames.
    pub bytes: u64,
    /// Whether any of these frames was published to a room with a [history](crate::hub::History): the client has missed a message of
    /// it, which it gets if it joins the room again from the position before.
    pub of_history: bool,
    /// Why the last of these frames was dropped.
    pub reason: DropReason,
}

impl Dropped {
    /// Adds frames that were dropped later.
    pub fn add(&mut self, later: Self) {
        self.frames = self.frames.saturating_add(later.frames);
        self.bytes = self.bytes.saturating_add(later.bytes);
        self.of_history |= later.of_history;
        self.reason = later.reason;
    }
}

/// Why a frame was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The client's outbox was full.
    OutboxFull,
    /// A later value of the same key replaced it, under [`Policy::Conflate`](super::Policy::Conflate).
    Conflated,
    /// The hub's budget was used up.
    HubFull,
    /// The client ended, or its transport failed, before the frame was written.
    Closed,
}
