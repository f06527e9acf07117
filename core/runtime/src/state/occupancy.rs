//! Rooms that were occupied or vacated, as they wait for the hook.
//!
//! At most one change waits for each room: the opposite one cancels it. So no more changes wait than there are rooms, and rooms
//! of which the application was told that they are occupied.

use crate::notice::occupancy::Occupancy;
use crate::state::wakes::replace;
use alloc::collections::BTreeMap;
use core::task::Waker;
use throng_core::Name;

/// The next change and its room; `None` if no other will come.
pub(crate) type Next = Option<(Name, Occupancy)>;

/// Changes in their order, and the number of the change of each room.
#[derive(Default)]
pub(crate) struct OccupancyChanges {
    changes: BTreeMap<u64, (Name, Occupancy)>,
    numbers: BTreeMap<Name, u64>,
    /// The number of the latest change.
    latest: u64,
    waker: Option<Waker>,
}

impl OccupancyChanges {
    /// Adds a change, or removes the opposite one of this room.
    pub(crate) fn push(&mut self, room: Name, occupancy: Occupancy) -> Option<Waker> {
        if let Some(number) = self.numbers.remove(&room) {
            // For each room the two alternate.
            self.changes.remove(&number);
            return None;
        }
        self.latest += 1;
        self.numbers.insert(Name::clone(&room), self.latest);
        self.changes.insert(self.latest, (room, occupancy));
        self.waker.take()
    }

    /// Takes the next change.
    pub(crate) fn pop(&mut self) -> Next {
        let (_, next) = self.changes.pop_first()?;
        self.numbers.remove(&next.0);
        Some(next)
    }

    /// Wakes this task when a change comes. Drop the returned waker after the lock is released.
    pub(crate) fn wait(&mut self, waker: &Waker) -> Option<Waker> {
        replace(&mut self.waker, waker)
    }

    /// The task that waits, to be woken.
    pub(crate) fn take_waker(&mut self) -> Option<Waker> {
        self.waker.take()
    }
}
