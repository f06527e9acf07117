//! Changes of presence that wait for the hook: at most one for each room, since those of one room are made one.

use crate::state::wakes::replace;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use core::task::Waker;
use throng_core::Name;
use throng_core::hub::PresenceChange;

/// The next change and its room; `None` if no other will come.
pub(crate) type Next = Option<(Name, Box<PresenceChange>)>;

/// Changes by their room, and the rooms in the order in which their first change came.
#[derive(Default)]
pub(crate) struct PresenceChanges {
    changes: BTreeMap<Name, Box<PresenceChange>>,
    order: VecDeque<Name>,
    waker: Option<Waker>,
}

impl PresenceChanges {
    /// Adds a change, which becomes one with an earlier one of its room. `most` is the most users of which it may tell then.
    pub(crate) fn push(&mut self, room: Name, change: Box<PresenceChange>, most: u32) -> Option<Waker> {
        match self.changes.get_mut(&room) {
            Some(earlier) => earlier.append(*change, most),
            None => {
                self.order.push_back(Name::clone(&room));
                self.changes.insert(room, change);
            }
        }
        self.waker.take()
    }

    /// Takes the next change.
    pub(crate) fn pop(&mut self) -> Next {
        let room = self.order.pop_front()?;
        let change = self.changes.remove(&room)?;
        Some((room, change))
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
