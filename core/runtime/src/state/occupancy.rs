//! Rooms that were occupied or vacated, as they wait for the hook.
//!
//! At most one change waits for each room: the opposite one cancels it. So no more changes wait than there are rooms, and rooms
//! of which the application was told that they are occupied.

use crate::notice::occupancy::Occupancy;
use crate::state::types::Inner;
use crate::state::wakes::replace;
use alloc::collections::BTreeMap;
use core::task::{Poll, Waker};
use throng_core::Name;
use throng_core::cluster::Topic;

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
    fn push(&mut self, room: Name, occupancy: Occupancy) -> Option<Waker> {
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

    fn pop(&mut self) -> Next {
        let (_, next) = self.changes.pop_first()?;
        self.numbers.remove(&next.0);
        Some(next)
    }
}

impl Inner {
    /// A room is occupied or vacated: the node in the cluster is told, and the hook.
    #[cold]
    pub(crate) fn tell_occupancy(&mut self, room: Name, occupancy: Occupancy) {
        self.note_interest(Topic::Room(&room), occupancy == Occupancy::Occupied);
        if self.written_hooks.occupancy_changed
            && let Some(waker) = self.occupancy.push(room, occupancy)
        {
            self.wakes.push(waker);
        }
    }

    /// The next change for the hook. Drop the returned waker after the lock is released.
    pub(crate) fn next_occupancy(&mut self, waker: &Waker) -> (Poll<Next>, Option<Waker>) {
        match self.occupancy.pop() {
            Some(next) => (Poll::Ready(Some(next)), None),
            None if self.stopped => (Poll::Ready(None), None),
            None => (Poll::Pending, replace(&mut self.occupancy.waker, waker)),
        }
    }

    /// Wakes the task of the hook, which ends when the hub has stopped.
    pub(crate) fn stop_occupancy(&mut self) {
        if let Some(waker) = self.occupancy.waker.take() {
            self.wakes.push(waker);
        }
    }
}
