//! Tells which rooms are occupied and vacated: the node in the cluster, and the hook.

use crate::notice::occupancy::Occupancy;
use crate::state::occupancy::Next;
use crate::state::types::Inner;
use core::task::{Poll, Waker};
use throng_core::Name;
use throng_core::cluster::Topic;

impl Inner {
    /// A room is occupied or vacated: the node in the cluster is told, and the hook.
    #[cold]
    pub(crate) fn tell_occupancy(&mut self, room: Name, occupancy: Occupancy) {
        match occupancy {
            Occupancy::Occupied => self.note_interest(Topic::Room(&room), true),
            Occupancy::Vacated => self.note_vacated(&room),
        }
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
            None => (Poll::Pending, self.occupancy.wait(waker)),
        }
    }

    /// Wakes the task of the hook, which ends when the hub has stopped.
    pub(crate) fn stop_occupancy(&mut self) {
        if let Some(waker) = self.occupancy.take_waker() {
            self.wakes.push(waker);
        }
    }
}
